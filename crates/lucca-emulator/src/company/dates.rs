//! Days and times that a company is built from. Not included: working days and holidays
//! (`company::absences::calendar`).

use jiff::{ToSpan as _, civil::Date};

use super::stamp::Stamp;
use crate::dice::Dice;

/// The day `days` later, or earlier if negative.
pub(crate) fn add_days(day: Date, days: i32) -> Date {
    day.checked_add(i64::from(days).days()).unwrap_or(day)
}

/// A random time of that day in working hours, with 0, 2, 3 or 7 fractional digits.
pub(crate) fn working_time(dice: &mut Dice, day: Date) -> Stamp {
    let digits = [0, 2, 3, 7][dice.below(4)];
    let part = |dice: &mut Dice, to| i8::try_from(dice.between(0, to)).unwrap_or(0);
    let (hour, minute, second) = (part(dice, 9) + 8, part(dice, 59), part(dice, 59));
    let nanosecond = dice.between(0, 9_999_999) * 100;
    Stamp { at: day.at(hour, minute, second, nanosecond), digits }
}
