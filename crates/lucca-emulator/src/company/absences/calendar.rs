//! The half-days that an employee works: weekends, public holidays, part-time days.

use jiff::civil::{Date, Weekday, date};

use crate::company::{dates::add_days, model::Person};

/// The part-time work cycle of the tenant.
const PART_TIME: i64 = 14;
/// The cycle counted in days instead of hours.
pub(crate) const IN_DAYS: i64 = 9;

/// Easter Sunday of the Gregorian calendar (Meeus, Jones, Butcher).
fn easter(year: i16) -> Date {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let days = h + l - 7 * m + 114;
    let part = |n: i32| i8::try_from(n).unwrap_or(1);
    Date::new(year, part(days / 31), part(days % 31 + 1)).unwrap_or(date(year, 4, 1))
}

/// Whether the day is a public holiday of a calendar: 1 France, 2 Alsace-Moselle, 3 Switzerland,
/// 4 Spain. Holidays of cantons and regions are left out.
pub(crate) fn is_holiday(calendar: i64, day: Date) -> bool {
    let fixed: &[(i8, i8)] = match calendar {
        3 => &[(1, 1), (8, 1), (12, 25)],
        4 => &[(1, 1), (1, 6), (5, 1), (8, 15), (10, 12), (11, 1), (12, 6), (12, 8), (12, 25)],
        2 => &[(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25), (12, 26)],
        _ => &[(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)],
    };
    if fixed.contains(&(day.month(), day.day())) {
        return true;
    }
    // Good Friday -2, Easter Monday 1, Ascension 39, Whit Monday 50.
    let moving: &[i32] = match calendar {
        3 => &[-2, 1, 39, 50],
        4 => &[-2],
        2 => &[-2, 1, 39, 50],
        _ => &[1, 39, 50],
    };
    matches!(day.month(), 3..=6) && {
        let sunday = easter(day.year());
        moving.iter().any(|days| add_days(sunday, *days) == day)
    }
}

/// The work cycle of an employee on a day.
pub(crate) fn cycle_on(person: &Person, day: Date) -> i64 {
    person
        .work_cycles
        .iter()
        .find(|span| (span.starts..=span.ends).contains(&day))
        .map_or(6, |span| span.cycle)
}

pub(crate) fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// Whether an employee works that half-day, absences aside.
pub(crate) fn works(person: &Person, day: Date, am: bool) -> bool {
    if is_weekend(day) || is_holiday(person.calendar.unwrap_or(1), day) {
        return false;
    }
    if cycle_on(person, day) != PART_TIME {
        return true;
    }
    // A fifth of the week is off: a day, or two half-days.
    match person.id.rem_euclid(3) {
        0 => day.weekday() != Weekday::Wednesday,
        1 => day.weekday() != Weekday::Friday,
        _ => am || !matches!(day.weekday(), Weekday::Wednesday | Weekday::Friday),
    }
}

/// Whether a person is employed that day: under a contract, or by the dates of a record without one.
fn is_employed(person: &Person, day: Date) -> bool {
    if person.contracts.is_empty() {
        return person.starts.is_none_or(|from| from <= day) && person.ends.is_none_or(|to| day <= to);
    }
    person.contracts.iter().any(|one| one.starts <= day && one.ends.is_none_or(|end| day <= end))
}

/// Whether a person is employed and works that half-day. unverified: that nothing is worked outside of
/// contracts.
pub(crate) fn works_while_employed(person: &Person, day: Date, am: bool) -> bool {
    works(person, day, am) && is_employed(person, day)
}

/// Planned work from a minute of the day on, for some minutes.
#[derive(Clone, Copy)]
pub(crate) struct PlannedWork {
    /// Minute of the day.
    pub(crate) starts: i64,
    pub(crate) minutes: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holidays_of_2026() {
        let days = |calendar| -> Vec<String> {
            let all = (0..365).map(|n| add_days(date(2026, 1, 1), n));
            all.filter(|day| is_holiday(calendar, *day))
                .map(|day| day.strftime("%m-%d").to_string())
                .collect()
        };
        let french = [
            "01-01", "04-06", "05-01", "05-08", "05-14", "05-25", "07-14", "08-15", "11-01", "11-11", "12-25",
        ];
        assert_eq!(days(1), french);
        assert_eq!(days(2).len(), french.len() + 2);
        assert_eq!(easter(2025), date(2025, 4, 20));
        assert_eq!(easter(2027), date(2027, 3, 28));
    }
}
