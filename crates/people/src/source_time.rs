//! Points in time as Lucca writes them: with or without a zone.
//!
//! Dates such as those of employments are `jiff::civil::Date` and are not here.

use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::tz::{self, TimeZone};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A point in time from Lucca; its variant shows whether its zone is known.
///
/// Lucca's v3 API and its work contracts write timestamps without an offset; its organisation API writes
/// `+00:00`. The zone of the former is documented nowhere.
// unverified: the zone of timestamps without an offset. Server-local time (Europe/Paris) is likely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceTime {
    /// Written with an offset or `Z`: one instant.
    Exact(Timestamp),
    /// Written without an offset: a wall-clock time in an unnamed zone.
    Unzoned(DateTime),
}

impl SourceTime {
    /// The earliest possible instant: the wall clock at +14:00 if the zone is unknown.
    pub fn earliest(self) -> Timestamp {
        match self {
            Self::Exact(at) => at,
            Self::Unzoned(wall) => at_offset(wall, 14),
        }
    }

    /// The latest possible instant: the wall clock at -12:00 if the zone is unknown.
    pub fn latest(self) -> Timestamp {
        match self {
            Self::Exact(at) => at,
            Self::Unzoned(wall) => at_offset(wall, -12),
        }
    }
}

fn at_offset(wall: DateTime, hours: i8) -> Timestamp {
    TimeZone::fixed(tz::offset(hours)).to_timestamp(wall).unwrap_or_else(|_| {
        // Only at the far ends of the calendar, years -9999 and 9999.
        if wall.year() > 0 { Timestamp::MAX } else { Timestamp::MIN }
    })
}

impl fmt::Display for SourceTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(at) => at.fmt(f),
            Self::Unzoned(wall) => wall.fmt(f),
        }
    }
}

/// Error: the text is not a date-time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotATime;

impl fmt::Display for NotATime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be a date-time such as 2025-01-31T08:45:23")
    }
}

impl std::error::Error for NotATime {}

impl FromStr for SourceTime {
    type Err = NotATime;

    /// Parses `YYYY-MM-DD`, with or without a time, with 0 to 9 fraction digits, with or without a zone.
    fn from_str(text: &str) -> Result<Self, NotATime> {
        let text = text.trim();
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(Self::Exact(at));
        }
        // `DateTime` would accept and drop a trailing zone, so the instant is tried first.
        if let Ok(wall) = text.parse::<DateTime>() {
            return Ok(Self::Unzoned(wall));
        }
        // A leap second or `24:00:00` at a day's end: the next midnight.
        let day = text.strip_suffix("T24:00:00").ok_or(NotATime)?;
        let day: jiff::civil::Date = day.parse().map_err(|_| NotATime)?;
        let next = day.checked_add(1.day()).map_err(|_| NotATime)?;
        Ok(Self::Unzoned(next.to_datetime(jiff::civil::Time::midnight())))
    }
}

impl Serialize for SourceTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SourceTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
