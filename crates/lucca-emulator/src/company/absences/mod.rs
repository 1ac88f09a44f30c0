//! Absences: periods, their half-days, and their requests. Source: absences.md §2.
//!
//! Included: the records, kept small (some 45 bytes a half-day), and values derived from them. Not included:
//! generation (`generate`), working days (`calendar`), the wire format (`resources::absences`).

pub(crate) mod accounts;
pub(crate) mod calendar;
mod generate;
pub(crate) mod period_log;
pub(crate) mod rules;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{
    SignedDuration, ToSpan as _,
    civil::{Date, DateTime, date},
};

pub(crate) use self::generate::{RECOVERY, approver, generate, hr};

/// All absences of the tenant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Absences {
    /// Ascending ids.
    pub(crate) periods: Vec<Period>,
    /// Half-days, those of one period adjacent, in the order of the periods.
    pub(crate) halves: Vec<Half>,
    /// Indices of periods, by owner and then by index.
    pub(crate) by_owner: Vec<u32>,
    /// Half-days deleted one by one: index → time and user of the deletion.
    pub(crate) dropped: BTreeMap<u32, (Moment, u32)>,
    /// Comments, by number.
    pub(crate) comments: Vec<String>,
    /// The last ids assigned; an id is never assigned again.
    pub(crate) last_period: u32,
    pub(crate) last_request: u32,
    pub(crate) last_decision: u32,
    /// Seed of the entitlements.
    pub(crate) seed: u64,
    /// Corrections of balances, by owner and account, in parts of the account's unit.
    pub(crate) credits: BTreeMap<(u32, i64), i32>,
    pub(crate) closures: Vec<Closure>,
    /// Ids of periods that no balance includes.
    pub(crate) uncounted: BTreeSet<u32>,
}

/// A moment in Paris local time, in milliseconds since 2000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(i64);

const EPOCH: DateTime = date(2000, 1, 1).at(0, 0, 0, 0);

impl Moment {
    pub(crate) fn of(at: DateTime) -> Self {
        Self(i64::try_from(EPOCH.duration_until(at).as_millis()).unwrap_or(0))
    }

    pub(crate) fn at(self) -> DateTime {
        EPOCH.checked_add(SignedDuration::from_millis(self.0)).unwrap_or(EPOCH)
    }

    pub(crate) fn has_fraction(self) -> bool {
        self.0.rem_euclid(1000) != 0
    }
}

/// The stage of a request; the numbers are those on the wire (source: absences.md §2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Pending = 0,
    Approved = 2,
    Denied = 3,
    Cancelled = 4,
    CancellationPending = 5,
}

/// A continuous absence of one person.
#[derive(Debug, Clone)]
pub(crate) struct Period {
    pub(crate) id: u32,
    pub(crate) owner: u32,
    /// Id of the request; none if HR entered the absence.
    pub(crate) request: Option<u32>,
    pub(crate) starts: Date,
    pub(crate) ends: Date,
    /// Begins in the morning.
    pub(crate) starts_am: bool,
    /// Ends at noon.
    pub(crate) ends_am: bool,
    pub(crate) stage: Stage,
    /// Approvals that it needs.
    pub(crate) levels: u8,
    pub(crate) comment: Option<u16>,
    /// Index of the first half-day, and their number.
    pub(crate) first: u32,
    pub(crate) count: u16,
    pub(crate) created: Moment,
    pub(crate) confirmed: Option<Moment>,
    /// Time of its cancellation or denial, and the user who did it.
    pub(crate) closed: Option<(Moment, u32)>,
    pub(crate) next_approver: Option<u32>,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) withdrawal: Option<Box<Withdrawal>>,
}

/// One step of an approval.
#[derive(Debug, Clone)]
pub(crate) struct Decision {
    pub(crate) id: u32,
    pub(crate) approver: u32,
    pub(crate) substituted: Option<u32>,
    pub(crate) comment: Option<u16>,
    pub(crate) approved: bool,
    pub(crate) at: Moment,
}

/// A request to cancel an approved absence.
#[derive(Debug, Clone)]
pub(crate) struct Withdrawal {
    pub(crate) id: u32,
    pub(crate) author: u32,
    pub(crate) comment: Option<u16>,
    pub(crate) granted: bool,
    pub(crate) next_approver: Option<u32>,
    pub(crate) at: Moment,
}

/// A half-day: twelve bytes, as there are millions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Half {
    pub(crate) date: Date,
    /// Index of the period.
    pub(crate) period: u32,
    pub(crate) account: u16,
    pub(crate) am: bool,
    /// Duration in quarters of an hour, if the account counts hours; else 0.
    pub(crate) quarters: u8,
}

/// Days on which an account can't be used.
#[derive(Debug, Clone)]
pub(crate) struct Closure {
    pub(crate) account: i64,
    pub(crate) from: Date,
    pub(crate) to: Date,
    pub(crate) message: String,
}

/// Converts a number to an index.
pub(crate) fn place(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}
pub(crate) fn number(n: impl TryInto<u32>) -> u32 {
    n.try_into().unwrap_or(u32::MAX)
}

impl Period {
    /// False once cancelled or denied.
    pub(crate) fn is_active(&self) -> bool {
        !matches!(self.stage, Stage::Cancelled | Stage::Denied)
    }

    pub(crate) fn places(&self) -> std::ops::Range<u32> {
        self.first..self.first.saturating_add(u32::from(self.count))
    }

    /// The id of one of its leaves, `{period}-{yyyyMMdd}-{AM|PM}` (source: absences.md §0).
    pub(crate) fn leave_id(&self, half: Half) -> String {
        let (date, am) = (half.date, if half.am { "AM" } else { "PM" });
        format!("{}-{:04}{:02}{:02}-{am}", self.id, date.year(), date.month(), date.day())
    }
}

impl Absences {
    pub(crate) fn place_of(&self, id: i64) -> Option<usize> {
        let id = u32::try_from(id).ok()?;
        self.periods.binary_search_by_key(&id, |period| period.id).ok()
    }

    pub(crate) fn period_of(&self, half: Half) -> Option<&Period> {
        self.periods.get(place(half.period))
    }

    /// Time and user of a half-day's end: its own, or its period's.
    pub(crate) fn end_of(&self, at: u32, period: &Period) -> Option<(Moment, u32)> {
        self.dropped.get(&at).copied().or(period.closed)
    }

    pub(crate) fn is_active(&self, at: u32, period: &Period) -> bool {
        period.is_active() && !self.dropped.contains_key(&at)
    }

    pub(crate) fn comment(&self, number: Option<u16>) -> Option<&str> {
        self.comments.get(usize::from(number?)).map(String::as_str)
    }

    /// The number of a comment, stored if it is new.
    pub(crate) fn keep_comment(&mut self, text: &str) -> Option<u16> {
        let known = self.comments.iter().position(|one| one == text);
        let at = known.unwrap_or_else(|| {
            self.comments.push(text.to_owned());
            self.comments.len() - 1
        });
        u16::try_from(at).ok()
    }

    /// The index of a half-day by its id, `{period}-{yyyyMMdd}-{AM|PM}` in any case.
    pub(crate) fn half_by_id(&self, id: &str) -> Option<u32> {
        let mut parts = id.split('-');
        let (period, day, half) = (parts.next()?, parts.next()?, parts.next()?);
        let period = self.periods.get(self.place_of(period.parse().ok()?)?)?;
        let am = half.eq_ignore_ascii_case("am");
        if parts.next().is_some() || !(am || half.eq_ignore_ascii_case("pm")) {
            return None;
        }
        period.places().find(|at| {
            self.halves
                .get(place(*at))
                .is_some_and(|one| one.am == am && day == one.date.strftime("%Y%m%d").to_string())
        })
    }

    /// The periods of one person, with their indices.
    pub(crate) fn of(&self, owner: i64) -> impl Iterator<Item = (u32, &Period)> {
        let owner_of = |at: &u32| self.periods.get(place(*at)).map_or(i64::MAX, |one| one.owner.into());
        let from = self.by_owner.partition_point(|at| owner_of(at) < owner);
        let places = self.by_owner.get(from..).unwrap_or(&[]);
        places
            .iter()
            .map(|at| (*at, self.periods.get(place(*at))))
            .map_while(|(at, one)| one.map(|one| (at, one)))
            .take_while(move |(_, one)| i64::from(one.owner) == owner)
    }

    /// Rebuilds the index by owner.
    pub(crate) fn index(&mut self) {
        let mut places: Vec<u32> = (0..number(self.periods.len())).collect();
        places.sort_by_key(|at| self.periods.get(place(*at)).map_or(u32::MAX, |one| one.owner));
        self.by_owner = places;
    }

    /// Adds a period to the indexed ones; returns its id.
    pub(crate) fn add(&mut self, period: Period, halves: impl IntoIterator<Item = Half>) -> u32 {
        let owner = period.owner;
        let id = self.push(period, halves);
        let at = number(self.periods.len() - 1);
        let owner_of = |at: &u32| self.periods.get(place(*at)).map_or(u32::MAX, |one| one.owner);
        let before = self.by_owner.partition_point(|at| owner_of(at) <= owner);
        self.by_owner.insert(before, at);
        id
    }

    /// Adds a period with these half-days, outside the index; assigns the ids.
    pub(crate) fn push(&mut self, mut period: Period, halves: impl IntoIterator<Item = Half>) -> u32 {
        self.last_period += 1;
        period.id = self.last_period;
        if period.request.is_some() {
            self.last_request += 1;
            period.request = Some(self.last_request);
        }
        for decision in &mut period.decisions {
            self.last_decision += 1;
            decision.id = self.last_decision;
        }
        if let Some(withdrawal) = &mut period.withdrawal {
            self.last_decision += 1;
            withdrawal.id = self.last_decision;
        }
        period.first = number(self.halves.len());
        let of = number(self.periods.len());
        self.halves.extend(halves.into_iter().map(|half| Half { period: of, ..half }));
        period.count = u16::try_from(self.halves.len() - place(period.first)).unwrap_or(0);
        let id = period.id;
        self.periods.push(period);
        id
    }

    /// Removes all records of one person.
    pub(crate) fn forget(&mut self, owner: i64) {
        let old = std::mem::take(&mut self.periods);
        let halves = std::mem::take(&mut self.halves);
        let dropped = std::mem::take(&mut self.dropped);
        for mut period in old.into_iter().filter(|period| i64::from(period.owner) != owner) {
            let of = number(self.periods.len());
            let first = number(self.halves.len());
            for at in period.places() {
                if let Some(half) = halves.get(place(at)) {
                    if let Some(end) = dropped.get(&at) {
                        self.dropped.insert(number(self.halves.len()), *end);
                    }
                    self.halves.push(Half { period: of, ..*half });
                }
            }
            period.first = first;
            self.periods.push(period);
        }
        self.credits.retain(|(of, _), _| i64::from(*of) != owner);
        self.index();
    }
}

/// The half-days from one to another, both included.
pub(crate) fn span(
    starts: Date,
    starts_am: bool,
    ends: Date,
    ends_am: bool,
) -> impl Iterator<Item = (Date, bool)> {
    let days = std::iter::successors(Some(starts), move |day| day.checked_add(1.day()).ok());
    days.take_while(move |day| *day <= ends).flat_map(move |day| {
        [true, false]
            .into_iter()
            .filter(move |am| (day != starts || starts_am || !am) && (day != ends || !ends_am || *am))
            .map(move |am| (day, am))
    })
}
