//! Worked half-days, from a weekly pattern with holidays or from Lucca's calendar. The caller chooses between
//! the two.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Half, HalfDay, half_days_between};
use crate::RemoteId;
use crate::catalog::model;

/// A repeating week, with additional days off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkingPattern {
    /// Whether each half-day is worked: Monday to Sunday, morning and afternoon.
    pub weekly: [[bool; 2]; 7],
    /// Days without work for everyone, such as public holidays.
    pub holidays: BTreeSet<Date>,
}

impl WorkingPattern {
    /// The pattern of Monday to Friday, all day, without holidays.
    pub fn weekdays() -> Self {
        let mut weekly = [[true; 2]; 7];
        weekly[5..].fill([false; 2]);
        Self { weekly, holidays: BTreeSet::new() }
    }

    /// Whether this half-day is worked.
    pub fn works_on(&self, at: HalfDay) -> bool {
        let day = usize::try_from(at.date.weekday().to_monday_zero_offset()).unwrap_or(0);
        let half = usize::from(at.half == Half::Pm);
        self.weekly[day][half] && !self.holidays.contains(&at.date)
    }

    /// The worked half-days from the first to the last, both included.
    pub fn working_half_days(&self, first: HalfDay, last: HalfDay) -> impl Iterator<Item = HalfDay> {
        half_days_between(first, last).filter(|at| self.works_on(*at))
    }
}

model! {
    /// A date in the calendar of the employees who share a public-holiday calendar and a work cycle; Lucca
    /// reports it for each of them.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub struct WorkingDay {
        /// The connector's own id, `{calendar}:{work cycle}:{date}`: Lucca has a record per employee and
        /// date.
        id: RemoteId = made("computed: {calendar}:{work cycle}:{date}");
        /// The public-holiday calendar.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        calendar_id: Option<RemoteId> = made("the calendar of the day's employees");
        /// The work cycle.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        work_cycle_id: Option<RemoteId> = made("the work cycle of the day's employees");
        /// The day.
        date: Date = lucca(&[wire("date")]);
        /// Whether Lucca marks the date as a public holiday.
        is_public_holiday: bool = lucca(&[wire("isHoliday")]);
        /// Whether Lucca marks the date as weekly rest.
        is_weekly_rest: bool = lucca(&[wire("isWeeklyRest")]);
        /// Theoretical working time of the morning; absent if Lucca sends none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        am_minutes: Option<i64> = made("computed from am: its duration");
        /// Theoretical working time of the afternoon; absent if Lucca sends none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pm_minutes: Option<i64> = made("computed from pm: its duration");
    }
}

impl WorkingDay {
    /// The id of a date in a calendar and a work cycle: `{calendar}:{work cycle}:{date}`. An unknown part is
    /// empty.
    pub fn id_of(calendar: Option<&RemoteId>, work_cycle: Option<&RemoteId>, date: Date) -> RemoteId {
        let text = |id: Option<&RemoteId>| id.map_or("", RemoteId::as_str).to_owned();
        format!("{}:{}:{date}", text(calendar), text(work_cycle)).into()
    }

    /// A day on which the employee has no contract.
    pub fn outside_contracts(date: Date) -> Self {
        Self {
            id: Self::id_of(None, None, date),
            calendar_id: None,
            work_cycle_id: None,
            date,
            is_public_holiday: false,
            is_weekly_rest: false,
            am_minutes: Some(0),
            pm_minutes: Some(0),
        }
    }

    /// Whether this half of the day is worked. `None` if Lucca sends neither a day off nor a working time.
    pub fn works_on(&self, half: Half) -> Option<bool> {
        if self.is_public_holiday || self.is_weekly_rest {
            return Some(false);
        }
        let minutes = match half {
            Half::Am => self.am_minutes,
            Half::Pm => self.pm_minutes,
        };
        minutes.map(|minutes| minutes > 0)
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn half(day: i8, half: Half) -> HalfDay {
        HalfDay::new(date(2026, 5, day), half)
    }

    #[test]
    fn ascension_week_has_eight_worked_half_days() {
        let mut pattern = WorkingPattern::weekdays();
        pattern.holidays.insert(date(2026, 5, 14));
        let worked: Vec<_> = pattern.working_half_days(half(11, Half::Am), half(17, Half::Pm)).collect();
        assert_eq!(worked.len(), 8);
        assert_eq!((worked[5], worked[6]), (half(13, Half::Pm), half(15, Half::Am)));
    }

    #[test]
    fn a_part_timer_is_off_on_wednesday_afternoons() {
        let mut pattern = WorkingPattern::weekdays();
        pattern.weekly[2][1] = false;
        assert!(pattern.works_on(half(13, Half::Am)));
        assert!(!pattern.works_on(half(13, Half::Pm)));
    }

    #[test]
    fn day_off_is_known_without_minutes() {
        let mut day = WorkingDay {
            id: WorkingDay::id_of(Some(&3.into()), None, date(2026, 5, 14)),
            calendar_id: Some(3.into()),
            work_cycle_id: None,
            date: date(2026, 5, 14),
            is_public_holiday: true,
            is_weekly_rest: false,
            am_minutes: None,
            pm_minutes: None,
        };
        assert_eq!(day.id.as_str(), "3::2026-05-14");
        assert_eq!(day.works_on(Half::Am), Some(false));
        day.is_public_holiday = false;
        assert_eq!(day.works_on(Half::Am), None);
        day.pm_minutes = Some(0);
        assert_eq!(day.works_on(Half::Pm), Some(false));
        day.am_minutes = Some(240);
        assert_eq!(day.works_on(Half::Am), Some(true));
    }

    proptest! {
        #[test]
        fn each_whole_week_has_the_pattern_once(
            weekly in any::<[[bool; 2]; 7]>(),
            start in 0i32..20_000,
            weeks in 1i64..20,
            holiday in 0i64..140,
        ) {
            let first = date(2000, 1, 1).checked_add(start.days()).unwrap();
            let last = first.checked_add((7 * weeks - 1).days()).unwrap();
            let mut pattern = WorkingPattern { weekly, holidays: BTreeSet::new() };
            let count = |pattern: &WorkingPattern| {
                let span = (HalfDay::new(first, Half::Am), HalfDay::new(last, Half::Pm));
                i64::try_from(pattern.working_half_days(span.0, span.1).count()).unwrap()
            };
            let per_week = i64::try_from(weekly.iter().flatten().filter(|works| **works).count()).unwrap();
            prop_assert_eq!(count(&pattern), weeks * per_week);

            let holiday = first.checked_add(holiday.days()).unwrap();
            let lost = Half::BOTH.iter().filter(|half| pattern.works_on(HalfDay::new(holiday, **half))).count();
            pattern.holidays.insert(holiday);
            let lost = if holiday <= last { i64::try_from(lost).unwrap() } else { 0 };
            prop_assert_eq!(count(&pattern), weeks * per_week - lost);
        }
    }
}
