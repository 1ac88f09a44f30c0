//! Values of placeholders, and their formats.

use std::borrow::Cow;

use jiff::Timestamp;

/// The value of a placeholder.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// Inserted unchanged.
    Text(Cow<'a, str>),
    /// A number: selects a plural form, and is shown with thousands separators.
    Count(u64),
    /// Shown as a date and time in the tenants' time zone.
    Moment(Timestamp),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<u64> for Value<'_> {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(at: Timestamp) -> Self {
        Self::Moment(at)
    }
}

impl From<usize> for Value<'_> {
    fn from(count: usize) -> Self {
        Self::Count(count as u64)
    }
}

/// For selectors: `yes` or `no`.
impl From<bool> for Value<'_> {
    fn from(is_true: bool) -> Self {
        Self::Text(if is_true { "yes" } else { "no" }.into())
    }
}

/// Inserts the separator between groups of three digits.
pub(crate) fn grouped(digits: &str, separator: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 * separator.len());
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push_str(separator);
        }
        text.push(digit);
    }
    text
}
