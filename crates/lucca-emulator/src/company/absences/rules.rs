//! The judgement of an absence request: its half-days, and its warnings.
//!
//! Included: judging a request or a discovery, from the records alone. Not included: requests and answers
//! (`absence_apis`), changes (`mutations`), accounts (`accounts`).
//!
//! Two warnings were observed: the late request, which needs confirmation (rule 1), and the ceiling, which
//! only informs (rule 49; source: absences.md §5.1). unverified: the numbers and texts of all others, and
//! that a tenant sends them as warnings.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{
    Half,
    accounts::{Balance, Unit, balance, terms},
    calendar, place, span,
};
use crate::company::{
    dates::add_days,
    model::{Company, Person},
};

/// The requested period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) starts: Date,
    pub(crate) starts_am: bool,
    pub(crate) ends: Date,
    /// Ends at noon.
    pub(crate) ends_am: bool,
}

/// The part of a request on one account, in parts of the account's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) account: i64,
    pub(crate) amount: i32,
}

/// The effect of a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Blocks,
    Informs,
    ToConfirm,
}

/// A warning about a request (source: absences.md §5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warning {
    pub(crate) rule: i64,
    pub(crate) text: String,
    pub(crate) weight: Weight,
    pub(crate) account: Option<i64>,
}

pub(crate) const LATE: i64 = 1;
const CEILING: i64 = 49;

fn blocks(rule: i64, account: Option<i64>, text: impl Into<String>) -> Warning {
    Warning { rule, text: text.into(), weight: Weight::Blocks, account }
}

/// Half-days, by day, mornings first.
pub(crate) type Days = Vec<(Date, bool)>;

/// The longest period that is accepted, in days.
const LONGEST: i32 = 400;

impl Extent {
    pub(crate) fn is_readable(&self) -> bool {
        let days = self.starts.until(self.ends).map_or(-1, |span| span.get_days());
        (0..=LONGEST).contains(&days)
    }

    /// The half-days of it that a person works.
    pub(crate) fn worked_by(&self, person: &Person) -> Days {
        if !self.is_readable() {
            return Days::new();
        }
        span(self.starts, self.starts_am, self.ends, self.ends_am)
            .filter(|(day, am)| calendar::works_while_employed(person, *day, *am))
            .collect()
    }
}

/// The half-days on which a person is absent already.
pub(crate) fn taken(company: &Company, owner: i64) -> BTreeSet<(Date, bool)> {
    let all = &company.absences;
    let active = all.of(owner).flat_map(|(_, period)| {
        period
            .places()
            .filter(move |at| all.is_active(*at, period))
            .filter_map(|at| all.halves.get(place(at)))
    });
    active.map(|half| (half.date, half.am)).collect()
}

/// The warnings about the period, for any account.
pub(crate) fn of_period(
    extent: &Extent,
    worked: &Days,
    taken: &BTreeSet<(Date, bool)>,
    today: Date,
) -> Vec<Warning> {
    let mut said = Vec::new();
    if !extent.is_readable() {
        said.push(blocks(101, None, "La période demandée n'est pas valide."));
    } else if worked.is_empty() {
        said.push(blocks(102, None, "Aucune demi-journée travaillée sur cette période."));
    }
    if worked.iter().any(|half| taken.contains(half)) {
        said.push(blocks(103, None, "Une absence est déjà posée sur cette période."));
    }
    if extent.starts < today {
        said.push(Warning {
            rule: LATE,
            text: "La demande est faite en retard. Souhaitez-vous continuer malgré tout ?".to_owned(),
            weight: Weight::ToConfirm,
            account: None,
        });
    }
    said
}

/// The warnings about an account that bears these half-days, out of all worked ones.
pub(crate) fn of_account(
    company: &Company,
    person: &Person,
    account: i64,
    borne: &Days,
    amount: i32,
) -> Vec<Warning> {
    let terms = terms(account);
    let all = &company.absences;
    let mut said = Vec::new();
    let outside = |day: Date| terms.window.is_some_and(|(from, to)| !(from..=to).contains(&day));
    if borne.iter().any(|(day, _)| outside(*day)) {
        said.push(blocks(104, Some(account), "Le compte n'est pas utilisable sur ces dates."));
    }
    if let Some(closure) = borne.iter().find_map(|(day, _)| all.closure_on(account, *day)) {
        said.push(blocks(105, Some(account), closure.message.clone()));
    }
    let halved = |day: Date| {
        [true, false]
            .into_iter()
            .any(|am| calendar::works_while_employed(person, day, am) && !borne.contains(&(day, am)))
    };
    if !terms.half_day && borne.iter().any(|(day, _)| halved(*day)) {
        said.push(blocks(106, Some(account), "Ce compte se pose par journées entières."));
    }
    if terms.unit == Unit::Hours {
        said.extend(of_hours(account, borne, amount));
    }
    let left = balance(company, person.id, account, Date::MAX).map(Balance::left);
    if !terms.debit && left.is_some_and(|left| amount > left) {
        said.push(blocks(107, Some(account), "Le solde du compte est insuffisant."));
    }
    if company.leave_accounts.iter().any(|one| one.id == account && one.remote_work) {
        said.extend(ceiling(company, person, account, borne));
    }
    said
}

/// Hours are requested within one day, three and a half hours per half-day at most.
fn of_hours(account: i64, borne: &Days, amount: i32) -> Option<Warning> {
    let terms = terms(account);
    let most = 14 * i32::try_from(borne.len()).unwrap_or(0);
    let text = if borne.first().map(|half| half.0) != borne.last().map(|half| half.0) {
        "Une absence en heures se pose sur une seule journée."
    } else if amount < terms.least || amount % terms.step != 0 || amount > most {
        "La durée en heures n'est pas valide."
    } else {
        return None;
    };
    Some(blocks(108, Some(account), text))
}

/// More than two days of remote work in a week.
fn ceiling(company: &Company, person: &Person, account: i64, borne: &Days) -> Option<Warning> {
    let all = &company.absences;
    let monday = |day: Date| add_days(day, -i32::from(day.weekday().to_monday_zero_offset()));
    let mut halves: BTreeSet<(Date, bool)> = borne.iter().copied().collect();
    for (_, period) in all.of(person.id) {
        let places = period.places().filter(|at| all.is_active(*at, period));
        let remote = places.filter_map(|at| all.halves.get(place(at)));
        halves.extend(remote.filter(|one| i64::from(one.account) == account).map(|one| (one.date, one.am)));
    }
    let above = borne
        .iter()
        .any(|(day, _)| halves.iter().filter(|(other, _)| monday(*other) == monday(*day)).count() > 4);
    above.then(|| Warning {
        rule: CEILING,
        text: "Le plafond est de 2 jours par semaine.".to_owned(),
        weight: Weight::Informs,
        account: Some(account),
    })
}

/// The half-days of an account's window.
pub(crate) fn offered(account: i64, worked: &Days) -> Days {
    let window = terms(account).window;
    let inside = |day: Date| window.is_none_or(|(from, to)| (from..=to).contains(&day));
    worked.iter().filter(|(day, _)| inside(*day)).copied().collect()
}

/// Distributes the worked half-days over the accounts, in the order given and by their amounts; returns the
/// warning if it can't. unverified: that a tenant distributes them so.
pub(crate) fn deal(company: &Company, worked: &Days, shares: &[Share]) -> Result<Vec<(i64, Days)>, Warning> {
    for share in shares {
        if !company.leave_accounts.iter().any(|one| one.id == share.account) {
            return Err(blocks(109, Some(share.account), "Le compte n'est pas disponible."));
        }
    }
    let mismatch = || blocks(110, None, "La durée répartie ne correspond pas à la durée de la demande.");
    if let [only] = shares
        && terms(only.account).unit == Unit::Hours
    {
        return Ok(vec![(only.account, worked.clone())]);
    }
    let mut rest = worked.iter().copied();
    let mut dealt = Vec::new();
    for share in shares {
        // A half-day has only one leave: hours and days do not mix (source: absences.md §2).
        if terms(share.account).unit == Unit::Hours {
            return Err(mismatch());
        }
        let wanted = usize::try_from(share.amount).unwrap_or(0);
        let borne: Days = rest.by_ref().take(wanted).collect();
        if borne.is_empty() || borne.len() != wanted {
            return Err(mismatch());
        }
        dealt.push((share.account, borne));
    }
    if rest.next().is_some() || dealt.is_empty() { Err(mismatch()) } else { Ok(dealt) }
}

/// The half-days that result from a request. Hours are spread evenly over them. unverified: how a tenant
/// spreads hours over a whole day.
pub(crate) fn halves(dealt: &[(i64, Days)], shares: &[Share]) -> Vec<Half> {
    let mut all = Vec::new();
    for ((account, borne), share) in dealt.iter().zip(shares) {
        let in_hours = terms(*account).unit == Unit::Hours;
        let mut rest = if in_hours { share.amount } else { 0 };
        for (at, (date, am)) in borne.iter().enumerate() {
            let among = i32::try_from(borne.len() - at).unwrap_or(1);
            let part = (rest + among - 1) / among;
            rest -= part;
            all.push(Half {
                date: *date,
                period: 0,
                account: u16::try_from(*account).unwrap_or(u16::MAX),
                am: *am,
                quarters: u8::try_from(part).unwrap_or(u8::MAX),
            });
        }
    }
    all
}

/// A judged request: its half-days, if the accounts can bear them, and all warnings.
pub(crate) struct Judgement {
    pub(crate) halves: Vec<Half>,
    pub(crate) warnings: Vec<Warning>,
}

impl Judgement {
    pub(crate) fn blocks(&self) -> bool {
        self.warnings.iter().any(|one| one.weight == Weight::Blocks)
    }
}

pub(crate) fn judge(
    company: &Company,
    person: &Person,
    extent: &Extent,
    shares: &[Share],
    today: Date,
) -> Judgement {
    let worked = extent.worked_by(person);
    let mut warnings = of_period(extent, &worked, &taken(company, person.id), today);
    let halves = match deal(company, &worked, shares) {
        Ok(dealt) => {
            for ((account, borne), share) in dealt.iter().zip(shares) {
                warnings.extend(of_account(company, person, *account, borne, share.amount));
            }
            halves(&dealt, shares)
        }
        // Without half-days there is nothing to distribute, and a warning says so already.
        Err(_) if worked.is_empty() => Vec::new(),
        Err(warning) => {
            warnings.push(warning);
            Vec::new()
        }
    };
    Judgement { halves, warnings }
}
