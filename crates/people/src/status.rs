//! Employment status on a given day, and the meaning of its changes.

use std::fmt;

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

/// Whether an employee is employed on a day, will be, or was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmployeeStatus {
    /// A contract covers the day.
    Active,
    /// No contract covers the day, and one begins after it.
    Future,
    /// Every contract ended before the day.
    Former,
}

crate::names! { EmployeeStatus: "employee status" { Active = "active", Future = "future", Former = "former" } }

/// The meaning of a change of an employee's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transition {
    /// They are employed now.
    Started,
    /// They are no longer employed, or the planned employment was dropped. Another contract may follow.
    Ended,
    /// A former employee will come back.
    Planned,
}

impl Transition {
    /// The transition's name, as JSON writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Ended => "ended",
            Self::Planned => "planned",
        }
    }
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The meaning of a change of an employee's status from `before` to `after`. `None` if both are the same.
///
/// From active to future is an end too: the employee is not employed until the next contract begins.
pub fn transition(before: EmployeeStatus, after: EmployeeStatus) -> Option<Transition> {
    use EmployeeStatus::{Active, Former, Future};
    match (before, after) {
        (Active, Active) | (Future, Future) | (Former, Former) => None,
        (Future | Former, Active) => Some(Transition::Started),
        (Former, Future) => Some(Transition::Planned),
        (Active | Future, Former) | (Active, Future) => Some(Transition::Ended),
    }
}

/// A span of days, both ends inclusive; an absent end is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    starts_on: Option<Date>,
    ends_on: Option<Date>,
}

/// Lucca writes "without end" as this day in some places and as null in others.
const NO_END: Date = date(9999, 12, 31);

impl Period {
    /// A period from its first to its last day. A last day of 9999-12-31 means open.
    pub fn new(starts_on: Option<Date>, ends_on: Option<Date>) -> Self {
        Self { starts_on, ends_on: ends_on.filter(|&day| day < NO_END) }
    }

    /// First day, absent if unknown.
    pub fn starts_on(self) -> Option<Date> {
        self.starts_on
    }

    /// Last day, absent if open.
    pub fn ends_on(self) -> Option<Date> {
        self.ends_on
    }

    /// The status on `day` of an employee with this period alone.
    fn status_on(self, day: Date) -> EmployeeStatus {
        if self.ends_on.is_some_and(|end| end < day) {
            EmployeeStatus::Former
        } else if self.starts_on.is_some_and(|start| start > day) {
            EmployeeStatus::Future
        } else {
            EmployeeStatus::Active
        }
    }
}

/// An employee's status on `day`: by their employments if any are known, else by the dates of the applicable
/// contract, else (both dates unknown) active.
pub fn status_on(
    day: Date,
    contract: Period,
    employments: impl IntoIterator<Item = Period>,
) -> EmployeeStatus {
    // The order of the variants is the order of precedence: active, then future, then former.
    employments
        .into_iter()
        .map(|period| period.status_on(day))
        .min()
        .unwrap_or_else(|| contract.status_on(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(start: Date, end: Option<Date>) -> Period {
        Period::new(Some(start), end)
    }

    const TODAY: Date = date(2026, 6, 15);

    #[test]
    fn last_day_is_still_employed() {
        let contract = period(date(2020, 1, 1), Some(TODAY));
        assert_eq!(status_on(TODAY, contract, []), EmployeeStatus::Active);
        assert_eq!(status_on(TODAY.tomorrow().unwrap(), contract, []), EmployeeStatus::Former);
    }

    #[test]
    fn first_day_is_employed() {
        let contract = period(TODAY, None);
        assert_eq!(status_on(TODAY, contract, []), EmployeeStatus::Active);
        assert_eq!(status_on(TODAY.yesterday().unwrap(), contract, []), EmployeeStatus::Future);
    }

    #[test]
    fn planned_rehire_is_future() {
        let past = period(date(2019, 1, 1), Some(date(2020, 12, 31)));
        let next = period(date(2026, 9, 1), None);
        assert_eq!(status_on(TODAY, past, [past, next]), EmployeeStatus::Future);
    }

    #[test]
    fn employments_override_applicable_contract() {
        let stale = period(date(2019, 1, 1), Some(date(2020, 12, 31)));
        let running = period(date(2021, 1, 1), None);
        assert_eq!(status_on(TODAY, stale, [stale, running]), EmployeeStatus::Active);
    }

    #[test]
    fn rehire_starts_and_ends_twice() {
        use EmployeeStatus::{Active, Former, Future};
        let life = [Future, Active, Active, Former, Future, Active, Future, Former];
        let told: Vec<_> =
            life.windows(2).map(|pair| transition(pair[0], pair[1]).map(Transition::name)).collect();
        let expected = ["started", "", "ended", "planned", "started", "ended", "ended"];
        assert_eq!(told, expected.map(|name| Some(name).filter(|name| !name.is_empty())));
    }

    #[test]
    fn sentinel_end_is_open_unknown_dates_active() {
        let open = period(date(2020, 1, 1), Some(NO_END));
        assert_eq!(open.ends_on(), None);
        assert_eq!(status_on(TODAY, open, []), EmployeeStatus::Active);
        assert_eq!(status_on(TODAY, Period::new(None, None), []), EmployeeStatus::Active);
    }
}
