//! Texts, numbers, truth values, dates and ids, in every observed form.

use compact_str::CompactString;
use std::borrow::Cow;

use jiff::civil::{Date, DateTime, Time};
use people::{RemoteId, SourceTime};

/// A JSON value that is neither null, nor an object, nor a list.
pub(crate) enum Scalar<'a> {
    Text(Cow<'a, str>),
    /// A number as it was written.
    Number(&'a str),
    Flag(bool),
}

impl<'a> Scalar<'a> {
    /// `text`: valid JSON.
    pub(crate) fn of(text: &'a str) -> Option<Self> {
        match text.as_bytes().first()? {
            b'"' => {
                let inner = text.get(1..text.len().checked_sub(1)?)?;
                if inner.contains('\\') {
                    serde_json::from_str(text).ok().map(|text: String| Self::Text(Cow::Owned(text)))
                } else {
                    Some(Self::Text(Cow::Borrowed(inner)))
                }
            }
            b'-' | b'0'..=b'9' => Some(Self::Number(text)),
            b't' => Some(Self::Flag(true)),
            b'f' => Some(Self::Flag(false)),
            _ => None,
        }
    }

    /// The text, without an allocation of its own if it is short.
    pub(crate) fn into_compact(self) -> CompactString {
        match self {
            Self::Text(text) => text.into(),
            other => other.into_text().into(),
        }
    }

    pub(crate) fn into_text(self) -> String {
        match self {
            Self::Text(text) => text.into_owned(),
            Self::Number(number) => whole_number(number).unwrap_or_else(|| number.to_owned()),
            Self::Flag(flag) => flag.to_string(),
        }
    }

    pub(crate) fn is_blank(&self) -> bool {
        matches!(self, Self::Text(text) if text.trim().is_empty())
    }

    /// An id: a whole number in any notation, or a text. Source: directory.md §12 (id types).
    pub(crate) fn id(&self) -> Option<RemoteId> {
        match self {
            Self::Text(text) => {
                let text = text.trim();
                (!text.is_empty()).then(|| RemoteId::from(text))
            }
            Self::Number(number) if is_plain(number) => Some(RemoteId::from(*number)),
            Self::Number(number) => whole_number(number).map(RemoteId::from),
            Self::Flag(_) => None,
        }
    }

    /// `Some(None)` is an empty text.
    pub(crate) fn integer(&self) -> Option<Option<i64>> {
        self.number(|text| text.parse().ok())
    }

    pub(crate) fn large_integer(&self) -> Option<Option<u128>> {
        self.number(|text| text.parse().ok())
    }

    fn number<N>(&self, parse: impl FnOnce(&str) -> Option<N>) -> Option<Option<N>> {
        let text = match self {
            Self::Text(text) => text.trim(),
            Self::Number(number) => number,
            Self::Flag(_) => return None,
        };
        if text.is_empty() { Some(None) } else { parse(&whole_number(text)?).map(Some) }
    }

    pub(crate) fn flag(&self) -> Option<Option<bool>> {
        match self {
            Self::Flag(flag) => Some(Some(*flag)),
            Self::Number("1") => Some(Some(true)),
            Self::Number("0") => Some(Some(false)),
            Self::Number(_) => None,
            Self::Text(text) => match text.trim() {
                "" => Some(None),
                text if text.eq_ignore_ascii_case("true") => Some(Some(true)),
                text if text.eq_ignore_ascii_case("false") => Some(Some(false)),
                _ => None,
            },
        }
    }

    pub(crate) fn date(&self) -> Option<Option<Date>> {
        let Self::Text(text) = self else { return None };
        let text = text.trim();
        if text.is_empty() {
            return Some(None);
        }
        let (day, rest) = text.split_at_checked(10)?;
        let date = Some(plain_date(day)?).filter(|date| *date != NO_DATE);
        match rest.as_bytes().first() {
            None => Some(date),
            // Only the day counts, but the rest must still be a time.
            Some(b'T' | b't' | b' ') if rest.get(1..) == Some("00:00:00") => Some(date),
            Some(b'T' | b't' | b' ') => time_of(text).map(|_| date),
            Some(_) => None,
        }
    }

    /// A duration (`03:30:00`, `1.02:00:00`, `PT3H30M`), or a plain number. `Some(None)` is an empty text.
    pub(crate) fn measure(&self) -> Option<Option<Measure>> {
        let text = match self {
            Self::Text(text) => text.trim(),
            Self::Number(number) => number,
            Self::Flag(_) => return None,
        };
        if text.is_empty() {
            return Some(None);
        }
        let minutes = || time_span(text).or_else(|| iso_duration(text)).map(Measure::Minutes);
        let number = || text.parse().ok().filter(|number: &f64| number.is_finite()).map(Measure::Number);
        minutes().or_else(number).map(Some)
    }

    pub(crate) fn time(&self) -> Option<Option<SourceTime>> {
        let Self::Text(text) = self else { return None };
        let text = text.trim();
        let is_none = text.split_at_checked(10).is_some_and(|(day, _)| plain_date(day) == Some(NO_DATE));
        match time_of(text) {
            _ if text.is_empty() => Some(None),
            Some(_) if is_none => Some(None),
            time => time.map(Some),
        }
    }
}

/// .NET's value for a date that was never set.
// unverified: whether Lucca sends it; no date in personnel data is in the year 1.
const NO_DATE: Date = Date::constant(1, 1, 1);

/// A quantity, in whole minutes or in an unnamed unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Measure {
    Minutes(i64),
    Number(f64),
}

/// .NET's notation, `[-][days.]hours:minutes[:seconds[.fraction]]`, in whole minutes.
fn time_span(text: &str) -> Option<i64> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut parts = text.split(':');
    let (first, minutes) = (parts.next()?, parts.next()?);
    let (days, hours) = first.split_once('.').unwrap_or(("0", first));
    let seconds = parts.next().unwrap_or("0");
    let whole_seconds = seconds.split_once('.').map_or(Some(seconds), |(whole, fraction)| {
        fraction.bytes().all(|byte| byte.is_ascii_digit()).then_some(whole)
    })?;
    let number = |text: &str, below: i64| {
        let is_number = (1..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { text.parse::<i64>().ok().filter(|number| *number < below) } else { None }
    };
    number(whole_seconds, 60)?;
    if parts.next().is_some() {
        return None;
    }
    Some(sign * ((number(days, i64::MAX)? * 24 + number(hours, 25)?) * 60 + number(minutes, 60)?))
}

/// `PT3H30M`, in whole minutes; a duration of months has none.
fn iso_duration(text: &str) -> Option<i64> {
    let looks_so = text.trim_start_matches(['-', '+']).starts_with(['P', 'p']);
    let span: jiff::Span = if looks_so { text.parse().ok()? } else { return None };
    Some(span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?.as_mins())
}

fn time_of(text: &str) -> Option<SourceTime> {
    if let Some(wall) = plain_time(text) {
        return Some(SourceTime::Unzoned(wall));
    }
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    // jiff holds nanoseconds: further digits of a fraction are cut off.
    let dot = text.rfind('.')?;
    let (head, fraction) = text.split_at(dot + 1);
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, zone) = fraction.split_at(digits);
    format!("{head}{}{zone}", digits.get(..9)?).parse().ok()
}

/// `YYYY-MM-DDTHH:MM:SS` with up to nine digits of a fraction and no zone, as nearly all times arrive.
fn plain_time(text: &str) -> Option<DateTime> {
    let (day, time) = text.split_at_checked(10)?;
    let time = time.strip_prefix('T')?;
    let (time, fraction) = time.split_at_checked(8)?;
    let bytes = time.as_bytes();
    if bytes.get(2) != Some(&b':') || bytes.get(5) != Some(&b':') {
        return None;
    }
    let digits = |digits: &[u8]| {
        digits
            .iter()
            .try_fold(0, |sum: i32, byte| byte.is_ascii_digit().then(|| sum * 10 + i32::from(byte - b'0')))
    };
    let part = |from: usize| i8::try_from(digits(bytes.get(from..from + 2)?)?).ok();
    let nanoseconds = match fraction.strip_prefix('.').map(str::as_bytes) {
        None if fraction.is_empty() => 0,
        Some(fraction) if (1..=9).contains(&fraction.len()) => {
            let zeros = u32::try_from(9 - fraction.len()).ok()?;
            digits(fraction)? * 10_i32.pow(zeros)
        }
        _ => return None,
    };
    let time = Time::new(part(0)?, part(3)?, part(6)?, nanoseconds).ok()?;
    Some(plain_date(day)?.to_datetime(time))
}

/// `YYYY-MM-DD`.
fn plain_date(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let digits = |from: usize, to: usize| -> Option<i16> {
        bytes
            .get(from..to)?
            .iter()
            .try_fold(0_i16, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i16::from(byte - b'0')))
    };
    let month = i8::try_from(digits(5, 7)?).ok()?;
    let day = i8::try_from(digits(8, 10)?).ok()?;
    Date::new(digits(0, 4)?, month, day).ok()
}

/// Whether a JSON number is already in the form of ids.
fn is_plain(number: &str) -> bool {
    number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The decimal digits of a whole number, in any notation (`12`, `12.0`, `1E+19`); at most 39 of them, the
/// limit of 128 bits.
fn whole_number(text: &str) -> Option<String> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut digits = format!("{whole}{fraction}");
    let shift = i64::from(exponent) - i64::try_from(fraction.len()).ok()?;
    if digits.bytes().all(|byte| byte == b'0') {
        return Some("0".to_owned());
    }
    if shift >= 0 {
        let zeros = usize::try_from(shift).ok().filter(|zeros| *zeros <= 39)?;
        digits.extend(std::iter::repeat_n('0', zeros));
    } else {
        let cut = digits.len().checked_sub(usize::try_from(-shift).ok()?)?;
        if digits.split_off(cut).bytes().any(|byte| byte != b'0') {
            return None;
        }
    }
    let digits = digits.trim_start_matches('0');
    (digits.len() <= 39).then(|| if negative { format!("-{digits}") } else { digits.to_owned() })
}

/// A count: a whole number that is not negative.
pub(crate) fn unsigned(raw: &str) -> Option<u64> {
    let number = Scalar::of(raw)?.large_integer()??;
    u64::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn fast_path_for_times_matches_slow_path(
            text in "[12][0-9]{3}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,10})?(Z|\\+02:00)?",
        ) {
            if let Some(wall) = plain_time(&text) {
                prop_assert_eq!(text.parse(), Ok(SourceTime::Unzoned(wall)));
            } else {
                // The fast path leaves these forms out on purpose.
                let reads_as_wall = matches!(text.parse(), Ok(SourceTime::Unzoned(_)));
                prop_assert!(!reads_as_wall || !text.contains('T') || text.contains(":60"), "{}", text);
            }
        }
    }

    fn raw(json: &str) -> String {
        json.to_owned()
    }

    fn id(json: &str) -> Option<String> {
        Some(Scalar::of(&raw(json))?.id()?.to_string())
    }

    #[test]
    fn ids_in_every_notation() {
        for (json, expected) in [
            ("0", Some("0")),
            ("12", Some("12")),
            ("12.0", Some("12")),
            ("1.2e1", Some("12")),
            ("1E3", Some("1000")),
            ("18446744073709551616", Some("18446744073709551616")),
            ("-1", Some("-1")),
            (r#"" 12 ""#, Some("12")),
            (r#""007""#, Some("007")),
            (r#""32710-20220711-PM""#, Some("32710-20220711-PM")),
            (r#""\u0061""#, Some("a")),
            ("12.5", None),
            ("1e99", None),
            ("1e999999999999", None),
            (r#""""#, None),
            (r#""\ud800""#, None),
            ("true", None),
            ("null", None),
            ("[1]", None),
            (r#"{"id":1}"#, None),
        ] {
            assert_eq!(id(json).as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn numbers_beyond_64_bits() {
        for json in
            ["10000000000000000000", "1E19", "1e+19", "10000000000000000000.0", r#""10000000000000000000""#]
        {
            assert_eq!(
                Scalar::of(&raw(json)).unwrap().large_integer(),
                Some(Some(10_u128.pow(19))),
                "{json}"
            );
        }
        assert_eq!(Scalar::of(&raw("1E20")).unwrap().large_integer(), Some(Some(10_u128.pow(20))));
        assert_eq!(Scalar::of(&raw("-1")).unwrap().large_integer(), None);
        assert_eq!(Scalar::of(&raw("1E19")).unwrap().integer(), None);
        assert_eq!(Scalar::of(&raw(r#""""#)).unwrap().integer(), Some(None));
        assert_eq!(Scalar::of(&raw("0e5")).unwrap().integer(), Some(Some(0)));
    }

    #[test]
    fn dates_with_and_without_everything() {
        let day = Date::constant(2015, 9, 7);
        for json in [
            "2015-09-07",
            "2015-09-07T00:00:00",
            "2015-09-07T10:20:06.5",
            "2015-09-07T10:20:06.123456789",
            "2015-09-07T10:20:06.1234567891",
            "2015-09-07T23:59:59Z",
            "2015-09-07T00:00:00.000+02:00",
            "2015-09-07 08:45",
            " 2015-09-07 ",
        ] {
            let json = raw(&format!("{json:?}"));
            assert_eq!(Scalar::of(&json).unwrap().date(), Some(Some(day)), "{json}");
        }
        for json in [
            "2015-13-01",
            "2015-02-30",
            "2015-9-7",
            "07/09/2015",
            "2015-09-07X",
            "2015-09-07T25:00",
            "é015-09-07",
        ] {
            let json = raw(&format!("{json:?}"));
            assert_eq!(Scalar::of(&json).unwrap().date(), None, "{json}");
        }
        assert_eq!(Scalar::of(&raw("20150907")).unwrap().date(), None);
        for json in ["0001-01-01", "0001-01-01T00:00:00", "0001-01-01T00:00:00Z"] {
            let json = raw(&format!("{json:?}"));
            assert_eq!(Scalar::of(&json).unwrap().date(), Some(None), "{json}");
        }
    }

    #[test]
    fn times_keep_whether_their_zone_is_known() {
        let unset = raw(r#""0001-01-01T00:00:00""#);
        assert_eq!(Scalar::of(&unset).unwrap().time(), Some(None));
        let time = |text: &str| Scalar::of(&raw(&format!("{text:?}"))).unwrap().time().flatten();
        assert!(matches!(time("2015-09-07T10:20:06.583"), Some(SourceTime::Unzoned(_))));
        assert!(matches!(time("2020-01-08T21:45:27.2983351"), Some(SourceTime::Unzoned(_))));
        assert!(matches!(time("2000-01-01T00:00:00+00:00"), Some(SourceTime::Exact(_))));
        assert!(matches!(time("2023-11-07T05:31:56Z"), Some(SourceTime::Exact(_))));
        assert_eq!(time("yesterday"), None);
    }

    #[test]
    fn truth_values() {
        for (json, expected) in [("true", true), ("0", false), (r#""False""#, false), ("1", true)] {
            assert_eq!(Scalar::of(&raw(json)).unwrap().flag(), Some(Some(expected)));
        }
        assert_eq!(Scalar::of(&raw(r#""yes""#)).unwrap().flag(), None);
    }
}
