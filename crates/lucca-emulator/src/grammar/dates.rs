//! Dates in queries, parsed into Paris local time.
//!
//! Source: wire-grammar.md §1.4 (spellings accepted and refused), directory.md §5.3 (keywords).

use jiff::{
    ToSpan as _,
    civil::{Date, DateTime, Time},
    tz::{Offset, TimeZone},
};

use crate::{
    clock::PARIS,
    switches::{AbsenceStamps, SinceReading, Switches},
};

/// A time in Paris local time, converted to the zone in which the tenant stores stamps of absences.
pub(crate) fn kept(at: DateTime, switches: &Switches) -> DateTime {
    if switches.absence_stamps == AbsenceStamps::Paris {
        return at;
    }
    let instant = PARIS.to_ambiguous_timestamp(at).compatible();
    instant.map_or(at, |instant| instant.to_zoned(TimeZone::UTC).datetime())
}

/// Parses a date for comparison with a stamp of an absence.
pub(crate) fn read_stamp(text: &str, now: DateTime, switches: &Switches) -> Option<DateTime> {
    let zone_at = text.rfind(['T', 't', ' ']).and_then(|at| {
        let zone = text.get(at..)?.find(['Z', 'z', '+', '-'])?;
        Some(at + zone)
    });
    match zone_at {
        Some(at) if switches.absence_since == SinceReading::AsWritten => read(text.get(..at)?, now),
        // Keywords and zoned times are parsed into Paris time here, and converted to the tenant's zone.
        Some(_) => read(text, now).map(|at| kept(at, switches)),
        None if matches!(text.trim(), "now") => Some(kept(now, switches)),
        None => read(text, now),
    }
}

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Parses a date like the tenant; `now` is its clock, in Paris local time.
///
/// Values with `Z` or an offset are converted to Paris local time before the comparison.
pub(crate) fn read(text: &str, now: DateTime) -> Option<DateTime> {
    let text = text.trim();
    let midnight = now.date().to_datetime(Time::midnight());
    match text {
        "today" => return Some(midnight),
        "now" => return Some(now),
        "tomorrow" => return midnight.checked_add(1.day()).ok(),
        "yesterday" => return midnight.checked_sub(1.day()).ok(),
        _ => {}
    }
    if !text.is_ascii() {
        return None;
    }
    if let Some(at) = month_name(text) {
        return Some(at);
    }
    // A time of the day alone means today.
    if text.find(':').is_some_and(|colon| colon <= 2) {
        return time(text).map(|clock| now.date().to_datetime(clock));
    }
    let (day, rest) = match text.find(['T', 't', ' ']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let date = date(day)?;
    let rest = rest.trim_start_matches(['T', 't', ' ']);
    if rest.is_empty() {
        return (day.len() == text.len()).then(|| date.to_datetime(Time::midnight()));
    }
    let zone_at = rest.find(['Z', 'z', '+', '-']);
    let (clock, zone) = rest.split_at(zone_at.unwrap_or(rest.len()));
    let local = date.to_datetime(time(clock)?);
    if zone.is_empty() {
        return Some(local);
    }
    let instant = offset(zone)?.to_timestamp(local).ok()?;
    Some(instant.to_zoned(PARIS.clone()).datetime())
}

fn date(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    let (year, month, day) = match parts.as_slice() {
        [year, month] if year.len() == 4 && text.contains('-') => (*year, *month, "1"),
        [year, month, day] if year.len() == 4 => (*year, *month, *day),
        [month, day, year] if year.len() == 4 && text.contains('/') => (*year, *month, *day),
        _ => return None,
    };
    Date::new(number(year, 4)?, i8::try_from(number(month, 2)?).ok()?, i8::try_from(number(day, 2)?).ok()?)
        .ok()
}

/// `Jan 5 2021` and `5 Jan 2021`.
fn month_name(text: &str) -> Option<DateTime> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [first, second, year] = words.as_slice() else { return None };
    let month_of = |word: &str| MONTHS.iter().position(|known| word.eq_ignore_ascii_case(known));
    let (month, day) = match (month_of(first), month_of(second)) {
        (Some(month), None) => (month, second),
        (None, Some(month)) => (month, first),
        _ => return None,
    };
    let day = i8::try_from(number(day, 2)?).ok()?;
    let date = Date::new(number(year, 4)?, i8::try_from(month + 1).ok()?, day).ok()?;
    Some(date.to_datetime(Time::midnight()))
}

fn time(text: &str) -> Option<Time> {
    let text = text.trim_end();
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    if text.ends_with('.') || fraction.len() > 9 {
        return None;
    }
    let mut parts = clock.split(':');
    let hour = number(parts.next()?, 2)?;
    let minute = number(parts.next()?, 2)?;
    let second = parts.next().map_or(Some(0), |second| number(second, 2))?;
    if parts.next().is_some() {
        return None;
    }
    let nanosecond = if fraction.is_empty() {
        0
    } else if fraction.bytes().all(|b| b.is_ascii_digit()) {
        format!("{fraction:0<9}").parse().ok()?
    } else {
        return None;
    };
    Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, i8::try_from(second).ok()?, nanosecond)
        .ok()
}

fn offset(text: &str) -> Option<Offset> {
    if text.eq_ignore_ascii_case("z") {
        return Some(Offset::UTC);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits = text.get(1..)?;
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) => (hours, minutes),
        None if digits.len() == 4 => digits.split_at(2),
        None => (digits, "0"),
    };
    let seconds = i32::from(number(hours, 2)?) * 3600 + i32::from(number(minutes, 2)?) * 60;
    Offset::from_seconds(sign * seconds).ok()
}

/// Up to `digits` ASCII digits and nothing else.
fn number(text: &str, digits: usize) -> Option<i16> {
    let fits = (1..=digits).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use jiff::civil::datetime;
    use proptest::prelude::*;

    use super::*;

    const NOW: DateTime = datetime(2026, 11, 23, 9, 30, 0, 0);

    #[test]
    fn accepted_spellings() {
        let midnight = datetime(2021, 1, 31, 0, 0, 0, 0);
        for text in
            ["2021-01-31", "2021-1-31", "2021-01-31T00:00:00", "2021/01/31", "01/31/2021", "Jan 31 2021"]
                .into_iter()
                .chain(["31 Jan 2021", "2021.01.31"])
        {
            assert_eq!(read(text, NOW), Some(midnight), "{text}");
        }
        assert_eq!(read("2021-01", NOW), Some(datetime(2021, 1, 1, 0, 0, 0, 0)));
        assert_eq!(read("2021-01-01 08:45", NOW), Some(datetime(2021, 1, 1, 8, 45, 0, 0)));
        assert_eq!(read("2021-01-01T08:45:23.123", NOW), Some(datetime(2021, 1, 1, 8, 45, 23, 123_000_000)));
        assert_eq!(read("08:45", NOW), Some(datetime(2026, 11, 23, 8, 45, 0, 0)));
        assert_eq!(read("today", NOW), Some(datetime(2026, 11, 23, 0, 0, 0, 0)));
        assert_eq!(read("now", NOW), Some(NOW));
        assert_eq!(read("tomorrow", NOW), Some(datetime(2026, 11, 24, 0, 0, 0, 0)));
        assert_eq!(read("yesterday", NOW), Some(datetime(2026, 11, 22, 0, 0, 0, 0)));
    }

    #[test]
    fn zones_become_paris_time() {
        assert_eq!(read("2021-01-01T08:45:23Z", NOW), Some(datetime(2021, 1, 1, 9, 45, 23, 0)));
        assert_eq!(read("2021-07-01T08:45:23+00:00", NOW), Some(datetime(2021, 7, 1, 10, 45, 23, 0)));
        assert_eq!(read("2021-07-01T08:45:23-0530", NOW), Some(datetime(2021, 7, 1, 16, 15, 23, 0)));
    }

    #[test]
    fn refused_spellings() {
        for text in
            ["20210101", "31/01/2021", "2021", "2021-13-01", "2021-02-30", "Today", "2021-01-01T", "", "é"]
        {
            assert_eq!(read(text, NOW), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in r"[0-9A-Za-z:\-/+. ]{0,30}") {
            let _ = read(&text, NOW);
        }
    }
}
