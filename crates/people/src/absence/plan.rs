//! The working half-days that an absence from one half-day to another would take. Pure.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Half, HalfDay, WorkingDay, WorkingPattern, half_days_between};

/// The reason why a half-day is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayOff {
    /// A public holiday of the employee's calendar.
    PublicHoliday,
    /// Weekly rest, such as Saturday and Sunday.
    WeeklyRest,
    /// The employee does not work then: part-time, or no contract.
    NotWorked,
}

/// A half-day that needs no absence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OffHalfDay {
    /// The half-day.
    pub at: HalfDay,
    /// The reason.
    pub why: DayOff,
}

/// The half-days that an absence would take.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The half-days that would be taken, in order.
    pub taken: Vec<HalfDay>,
    /// The half-days in between that would not be taken.
    pub off: Vec<OffHalfDay>,
    /// Whether part of the plan assumes Monday to Friday because Lucca sent no data about a day.
    pub is_estimated: bool,
}

/// The plan of an absence from the first to the last half-day, both included. `day` returns the known facts
/// of a date; a date without any is worked from Monday to Friday, and makes the plan an estimate.
pub fn plan(first: HalfDay, last: HalfDay, day: impl Fn(Date) -> Option<WorkingDay>) -> Plan {
    let usual = WorkingPattern::weekdays();
    let mut plan = Plan::default();
    let mut known: Option<(Date, Option<WorkingDay>)> = None;
    for at in half_days_between(first, last) {
        let of_date = match &known {
            Some((date, of_date)) if *date == at.date => of_date,
            _ => &known.insert((at.date, day(at.date))).1,
        };
        let why = match of_date {
            Some(day) if day.is_public_holiday => Some(DayOff::PublicHoliday),
            Some(day) if day.is_weekly_rest => Some(DayOff::WeeklyRest),
            Some(day) => match day.works_on(at.half) {
                Some(true) => None,
                Some(false) => Some(DayOff::NotWorked),
                None => {
                    plan.is_estimated = true;
                    (!usual.works_on(at)).then_some(DayOff::WeeklyRest)
                }
            },
            None => {
                plan.is_estimated = true;
                (!usual.works_on(at)).then_some(DayOff::WeeklyRest)
            }
        };
        match why {
            None => plan.taken.push(at),
            Some(why) => plan.off.push(OffHalfDay { at, why }),
        }
    }
    plan
}

impl Plan {
    /// The taken half-days that are also in `others`.
    pub fn overlap(&self, others: &BTreeSet<HalfDay>) -> Vec<HalfDay> {
        self.taken.iter().copied().filter(|at| others.contains(at)).collect()
    }

    /// Length in days.
    #[expect(clippy::cast_precision_loss, reason = "an absence is not that long")]
    pub fn days(&self) -> f64 {
        self.taken.len() as f64 / 2.0
    }
}

/// Parses the beginning of a period: a date alone means its morning.
pub fn first_half_day(text: &str) -> Option<HalfDay> {
    half_day(text, Half::Am)
}

/// Parses the end of a period: a date alone means its afternoon.
pub fn last_half_day(text: &str) -> Option<HalfDay> {
    half_day(text, Half::Pm)
}

fn half_day(text: &str, otherwise: Half) -> Option<HalfDay> {
    let text = text.trim();
    // `2026-05-04 AM` and `2026-05-04AM`, in any case; a `T` may be between them, as ISO writes it before a
    // time.
    let (date, half) = match text.get(..10).zip(text.get(10..)) {
        Some((date, rest)) => (date, rest.trim_start_matches(['T', 't', ' ']).trim()),
        None => return None,
    };
    let half = match half {
        "" => otherwise,
        half if half.eq_ignore_ascii_case("am") => Half::Am,
        half if half.eq_ignore_ascii_case("pm") => Half::Pm,
        _ => return None,
    };
    Some(HalfDay::new(date.parse().ok()?, half))
}

#[cfg(test)]
mod tests;
