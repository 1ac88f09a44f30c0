//! Leave accounts: their units, terms and balances.
//!
//! All of it is a plausible invention: tenants configure their accounts freely, and only the names of the
//! fields that hold the configuration are known (source: absences.md §5.1, §8).

use jiff::civil::{Date, date};

use super::{Absences, Closure, number, place};
use crate::{
    company::model::{Company, LeaveAccount},
    dice::Dice,
};

/// The unit of an account; the numbers are those on the wire (source: absences.md §5.1). unverified: 1 and 3;
/// 3 counts worked half-days here, as 0 does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Days = 0,
    Hours = 1,
    BusinessDays = 3,
}

impl Unit {
    /// The smallest amounts in one day or hour: half-days, or quarters of an hour.
    pub(crate) fn parts(self) -> i32 {
        if self == Self::Hours { 4 } else { 2 }
    }
}

/// The terms of an account; amounts in parts of its unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) unit: Unit,
    /// Smallest and largest entitlement of an employee; none without balance management.
    pub(crate) entitlement: Option<(i32, i32)>,
    pub(crate) half_day: bool,
    /// Smallest request in hours, and its step.
    pub(crate) least: i32,
    pub(crate) step: i32,
    /// Whether the balance may go below zero.
    pub(crate) debit: bool,
    /// First and last day of use.
    pub(crate) window: Option<(Date, Date)>,
    /// Approvals that a request needs.
    pub(crate) levels: u8,
}

const UNPAID: i64 = 5;
const CHILD: i64 = 8;
const RECOVERY: i64 = 41;

/// The terms of an account, by its id: yearly accounts count up from 1123 (paid leave of 2025, June to
/// May) and from 1224 (reduction of working time of 2026).
pub(crate) fn terms(account: i64) -> Terms {
    let common = Terms {
        unit: Unit::Days,
        entitlement: None,
        half_day: true,
        least: 4,
        step: 2,
        debit: true,
        window: None,
        levels: 1,
    };
    let year = |id: i64| i16::try_from(id).unwrap_or(2026);
    match account {
        UNPAID => Terms { half_day: false, levels: 3, ..common },
        CHILD => Terms { unit: Unit::BusinessDays, ..common },
        RECOVERY => Terms { unit: Unit::Hours, entitlement: Some((80, 160)), ..common },
        1100..=1199 => {
            let year = year(account - 1123 + 2025);
            let window = Some((date(year, 6, 1), date(year + 1, 5, 31)));
            Terms { entitlement: Some((50, 60)), debit: false, window, levels: 2, ..common }
        }
        1200..=1299 => {
            let year = year(account - 1224 + 2026);
            let window = Some((date(year, 1, 1), date(year, 12, 31)));
            Terms { entitlement: Some((16, 24)), debit: false, window, ..common }
        }
        _ => common,
    }
}

/// The last week of the year is closed for the reduction of working time.
pub(crate) fn usual_closures(accounts: &[LeaveAccount]) -> Vec<Closure> {
    let yearly = accounts.iter().filter(|one| (1200..=1299).contains(&one.id));
    let closures = yearly.filter_map(|one| {
        let (_, last) = terms(one.id).window?;
        let message = "Les RTT ne peuvent pas être posés en fin d'année.".to_owned();
        Some(Closure { account: one.id, from: date(last.year(), 12, 24), to: last, message })
    });
    closures.collect()
}

/// An employee's entitlement to an account and its use; in parts of the account's unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Balance {
    pub(crate) entitlement: i32,
    /// Taken up to the given day, and in total.
    pub(crate) taken_by_then: i32,
    pub(crate) taken: i32,
}

impl Balance {
    pub(crate) fn left(self) -> i32 {
        self.entitlement - self.taken
    }
    pub(crate) fn left_by_then(self) -> i32 {
        self.entitlement - self.taken_by_then
    }
}

/// The balance of an account, pending absences deducted too; none without balance management.
pub(crate) fn balance(company: &Company, owner: i64, account: i64, day: Date) -> Option<Balance> {
    let terms = terms(account);
    let (least, most) = terms.entitlement?;
    let all = &company.absences;
    let mut dice = Dice::new(all.seed, 0xBA1A ^ owner.unsigned_abs() ^ (account.unsigned_abs() << 32));
    let credited = all.credits.get(&(number(owner), account)).copied().unwrap_or(0);
    let mut balance =
        Balance { entitlement: dice.between(least, most) + credited, taken_by_then: 0, taken: 0 };
    for (_, period) in all.of(owner).filter(|(_, period)| !all.uncounted.contains(&period.id)) {
        for at in period.places().filter(|at| all.is_active(*at, period)) {
            let Some(half) = all.halves.get(place(at)).filter(|half| i64::from(half.account) == account)
            else {
                continue;
            };
            let amount = if terms.unit == Unit::Hours { i32::from(half.quarters) } else { 1 };
            balance.taken += amount;
            balance.taken_by_then += if half.date <= day { amount } else { 0 };
        }
    }
    Some(balance)
}

impl Absences {
    /// The closure of an account that contains a day.
    pub(crate) fn closure_on(&self, account: i64, day: Date) -> Option<&Closure> {
        self.closures.iter().find(|one| one.account == account && (one.from..=one.to).contains(&day))
    }
}
