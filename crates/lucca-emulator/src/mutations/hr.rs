//! Actions of HR that change absences without the employee: moving them, correcting balances, closing
//! accounts.

use jiff::civil::Date;

use super::absences::enter;
use crate::{
    changes::{
        ChangeError,
        absences::{AbsenceIds, NewAbsence},
    },
    company::absences::{Closure, Moment, Stage, accounts::terms, hr, number, place},
    tenant::Tenant,
};

impl Tenant {
    /// HR moves an absence: the period is cancelled, and a confirmed one entered on the account of its first
    /// half-day (source: absences.md §2.4: an absence is not edited, but created again). If the new one does
    /// not fit, the old one stays.
    pub fn move_absence(
        &self,
        period: i64,
        (starts_on, starts_pm): (Date, bool),
        (ends_on, ends_am): (Date, bool),
    ) -> Result<AbsenceIds, ChangeError> {
        let today = self.state().now().date();
        self.alter(|company, stamp| {
            let created = Moment::of(stamp.at);
            let by = hr(company, today);
            let all = &mut company.absences;
            let at = all.place_of(period).ok_or(ChangeError::NoSuch("leave period"))?;
            let old = all.periods.get_mut(at).ok_or(ChangeError::NoSuch("leave period"))?;
            if !old.is_active() {
                return Err(ChangeError::Conflict("it is over already"));
            }
            let before = old.clone();
            old.stage = Stage::Cancelled;
            old.closed = Some((created, by));
            old.next_approver = None;
            if let Some(withdrawal) = &mut old.withdrawal {
                withdrawal.next_approver = None;
            }
            let first = all.halves.get(place(before.first)).copied();
            let new = NewAbsence {
                starts_pm,
                ends_am,
                by_hr: true,
                minutes: first.filter(|half| half.quarters > 0).map(|half| u16::from(half.quarters) * 15),
                comment: all.comment(before.comment).map(str::to_owned),
                ..NewAbsence::days(
                    before.owner.into(),
                    first.map_or(0, |half| half.account.into()),
                    starts_on,
                    ends_on,
                )
            };
            let entered = enter(company, created, today, &new);
            if entered.is_err()
                && let Some(slot) = company.absences.periods.get_mut(at)
            {
                *slot = before;
            }
            entered
        })
    }

    /// HR corrects a balance by `amount` days, or hours for an account in hours; negative to reduce it.
    pub fn credit(&self, owner: i64, account: i64, amount: f64) -> Result<(), ChangeError> {
        let parts = f64::from(terms(account).unit.parts());
        let found = (-4000..=4000).find(|n| (f64::from(*n) / parts - amount).abs() < 1e-6);
        let found =
            found.ok_or(ChangeError::Conflict("only half-days or quarters of an hour are credited"))?;
        self.alter(|company, _| {
            company.person(owner).ok_or(ChangeError::NoSuch("user"))?;
            if !company.leave_accounts.iter().any(|one| one.id == account) {
                return Err(ChangeError::NoSuch("leave account"));
            }
            if terms(account).entitlement.is_none() {
                return Err(ChangeError::Conflict("the account has no balance"));
            }
            *company.absences.credits.entry((number(owner), account)).or_default() += found;
            Ok(())
        })
    }

    /// HR closes an account for new requests on some days; existing absences stay.
    pub fn close_account(
        &self,
        account: i64,
        from: Date,
        to: Date,
        message: &str,
    ) -> Result<(), ChangeError> {
        self.alter(|company, _| {
            if !company.leave_accounts.iter().any(|one| one.id == account) {
                return Err(ChangeError::NoSuch("leave account"));
            }
            company.absences.closures.push(Closure { account, from, to, message: message.to_owned() });
            Ok(())
        })
    }
}
