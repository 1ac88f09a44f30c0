//! The half-day: the unit of absences in Lucca. No calendar is used here: every half-day counts, worked or
//! not.

use std::fmt;
use std::iter::FusedIterator;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The morning or the afternoon of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Half {
    /// Until noon.
    Am,
    /// From noon on.
    Pm,
}

impl Half {
    /// The names in JSON, in order.
    pub(crate) const NAMES: &[&str] = &["am", "pm"];

    /// Both, in order.
    pub const BOTH: [Self; 2] = [Self::Am, Self::Pm];
}

impl fmt::Display for Half {
    /// `AM` or `PM`, as in Lucca's own ids.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Am => "AM",
            Self::Pm => "PM",
        })
    }
}

/// The morning or the afternoon of a date, in the calendar of the employee's place of work.
///
/// As text, and in JSON, it is `2026-05-04 AM`: short, and for four-digit years the texts sort in order of
/// time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HalfDay {
    /// The day.
    pub date: Date,
    /// The half of the day.
    pub half: Half,
}

impl HalfDay {
    /// The given half of a date.
    pub fn new(date: Date, half: Half) -> Self {
        Self { date, half }
    }

    /// The half-day after this one. `None` at the end of the calendar, in the year 9999.
    pub fn next(self) -> Option<Self> {
        match self.half {
            Half::Am => Some(Self::new(self.date, Half::Pm)),
            Half::Pm => Some(Self::new(self.date.tomorrow().ok()?, Half::Am)),
        }
    }

    /// The half-day before this one. `None` at the start of the calendar.
    pub fn previous(self) -> Option<Self> {
        match self.half {
            Half::Am => Some(Self::new(self.date.yesterday().ok()?, Half::Pm)),
            Half::Pm => Some(Self::new(self.date, Half::Am)),
        }
    }
}

impl fmt::Display for HalfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.date, self.half)
    }
}

/// Error: the text is not a half-day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAHalfDay;

impl fmt::Display for NotAHalfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be a half-day such as 2026-05-04 AM")
    }
}

impl std::error::Error for NotAHalfDay {}

impl FromStr for HalfDay {
    type Err = NotAHalfDay;

    /// Parses the text that `Display` writes; the half in any case.
    fn from_str(text: &str) -> Result<Self, NotAHalfDay> {
        let (date, half) = text.trim().rsplit_once(' ').ok_or(NotAHalfDay)?;
        let half = match half {
            half if half.eq_ignore_ascii_case("am") => Half::Am,
            half if half.eq_ignore_ascii_case("pm") => Half::Pm,
            _ => return Err(NotAHalfDay),
        };
        Ok(Self::new(date.trim_end().parse().map_err(|_| NotAHalfDay)?, half))
    }
}

impl Serialize for HalfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HalfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// Every half-day from the first to the last, both included, worked or not: an iterator of known length.
/// Empty if the last is before the first.
pub fn half_days_between(first: HalfDay, last: HalfDay) -> HalfDays {
    HalfDays { next: Some(first).filter(|first| *first <= last), last }
}

/// Consecutive half-days, from [`half_days_between`].
#[derive(Clone, Debug)]
pub struct HalfDays {
    next: Option<HalfDay>,
    last: HalfDay,
}

impl Iterator for HalfDays {
    type Item = HalfDay;

    fn next(&mut self) -> Option<HalfDay> {
        let at = self.next?;
        self.next = at.next().filter(|next| *next <= self.last);
        Some(at)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let Some(first) = self.next else { return (0, Some(0)) };
        let days = (self.last.date - first.date).get_days();
        let halves = 2 * days + i32::from(self.last.half == Half::Pm) - i32::from(first.half == Half::Pm) + 1;
        let halves = usize::try_from(halves).unwrap_or(0);
        (halves, Some(halves))
    }
}

impl ExactSizeIterator for HalfDays {}

impl FusedIterator for HalfDays {}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn half_days() -> impl Strategy<Value = HalfDay> {
        (0i32..40_000, any::<bool>()).prop_map(|(days, is_am)| {
            let date = date(1990, 1, 1).checked_add(days.days()).unwrap();
            HalfDay::new(date, if is_am { Half::Am } else { Half::Pm })
        })
    }

    #[test]
    fn text_is_read_back_and_nothing_else_is() {
        let noon = HalfDay::new(date(2026, 5, 4), Half::Pm);
        assert_eq!(noon.to_string(), "2026-05-04 PM");
        assert_eq!(serde_json::to_string(&noon).unwrap(), r#""2026-05-04 PM""#);
        assert_eq!("2026-05-04 pm".parse(), Ok(noon));
        for text in ["2026-05-04", "2026-05-04 noon", "AM", "2026-02-30 AM", "2026-05-04PM"] {
            assert_eq!(text.parse::<HalfDay>(), Err(NotAHalfDay), "{text}");
        }
    }

    #[test]
    fn the_calendar_has_two_ends() {
        assert_eq!(HalfDay::new(Date::MAX, Half::Pm).next(), None);
        assert_eq!(HalfDay::new(Date::MIN, Half::Am).previous(), None);
        let whole = half_days_between(HalfDay::new(Date::MIN, Half::Am), HalfDay::new(Date::MAX, Half::Pm));
        assert_eq!(whole.len() % 2, 0);
        let last = HalfDay::new(Date::MAX, Half::Pm);
        assert_eq!(half_days_between(last, last).collect::<Vec<_>>(), [last]);
    }

    proptest! {
        #[test]
        fn next_and_previous_undo_each_other(at in half_days()) {
            let next = at.next().unwrap();
            prop_assert!(at < next);
            prop_assert_eq!(next.previous(), Some(at));
        }

        #[test]
        fn text_keeps_value_and_order(a in half_days(), b in half_days()) {
            prop_assert_eq!(a.to_string().parse(), Ok(a));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }

        #[test]
        fn half_days_between_is_complete_and_counted(a in half_days(), length in 0usize..300) {
            let last = (0..length).try_fold(a, |at, _| at.next()).unwrap();
            let between = half_days_between(a, last);
            prop_assert_eq!(between.len(), length + 1);
            let all: Vec<HalfDay> = between.collect();
            prop_assert_eq!(all.len(), length + 1);
            prop_assert_eq!((all[0], all[length]), (a, last));
            prop_assert!(all.windows(2).all(|pair| pair[0].next() == Some(pair[1])));
            if length > 0 {
                prop_assert_eq!(half_days_between(last, a).len(), 0);
            }
        }
    }
}
