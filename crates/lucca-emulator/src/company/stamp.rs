//! A time as records of the tenant hold it. Not included: absences, which hold a smaller one
//! (`company::absences::Moment`).

use std::fmt;

use jiff::civil::{Date, DateTime, Time};

/// A time without zone, written with at most the given number of fractional digits: trailing zeros are
/// trimmed, as recorded, so that real records mix lengths (source: directory.md §6.7, §12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) at: DateTime,
    pub(crate) digits: u8,
}

impl Stamp {
    pub(crate) fn midnight(date: Date) -> Self {
        Self { at: date.to_datetime(Time::midnight()), digits: 0 }
    }

    /// A time as the records of v3 store it: in steps of 1/300 s, which print as milliseconds that end in 0,
    /// 3 or 7. All 206 recorded stamps of users do.
    pub(crate) fn coarse(at: DateTime) -> Self {
        let ticks = (i64::from(at.subsec_nanosecond()) * 3).div_euclid(10_000_000);
        let nanosecond = (ticks * 10 + 1).div_euclid(3) * 1_000_000;
        let at = at.with().subsec_nanosecond(i32::try_from(nanosecond).unwrap_or(0)).build().unwrap_or(at);
        Self { at, digits: 3 }
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at;
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            at.year(),
            at.month(),
            at.day(),
            at.hour(),
            at.minute(),
            at.second()
        )?;
        let fraction = format!("{:09}", at.subsec_nanosecond());
        let fraction = fraction.get(..usize::from(self.digits).min(9)).unwrap_or("").trim_end_matches('0');
        if fraction.is_empty() { Ok(()) } else { write!(f, ".{fraction}") }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, datetime};

    use super::*;

    #[test]
    fn stamps_are_trimmed() {
        let at = datetime(2021, 11, 8, 17, 48, 18, 120_000_000);
        assert_eq!(Stamp { at, digits: 7 }.to_string(), "2021-11-08T17:48:18.12");
        assert_eq!(Stamp { at: at.date().at(1, 2, 3, 0), digits: 3 }.to_string(), "2021-11-08T01:02:03");
        let steps: Vec<String> = [0, 4_000_000, 8_000_000, 11_000_000, 999_999_999]
            .map(|nanosecond| Stamp::coarse(at.date().at(1, 2, 3, nanosecond)).to_string())
            .into();
        assert_eq!(
            steps,
            [
                "2021-11-08T01:02:03",
                "2021-11-08T01:02:03.003",
                "2021-11-08T01:02:03.007",
                "2021-11-08T01:02:03.01",
                "2021-11-08T01:02:03.997"
            ]
        );
    }

    #[test]
    fn stamps_carry_their_own_precision() {
        let at = datetime(2021, 11, 8, 17, 48, 18, 123_456_700);
        let printed: Vec<String> = [0, 2, 3, 7].map(|digits| Stamp { at, digits }.to_string()).into();
        assert_eq!(printed[0], "2021-11-08T17:48:18");
        assert_eq!(printed[1], "2021-11-08T17:48:18.12");
        assert_eq!(printed[2], "2021-11-08T17:48:18.123");
        assert_eq!(printed[3], "2021-11-08T17:48:18.1234567");
        assert_eq!(Stamp::midnight(date(9999, 12, 31)).to_string(), "9999-12-31T00:00:00");
    }
}
