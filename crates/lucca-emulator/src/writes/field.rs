//! One key of a body, read as a type. Not included: which keys a record has (`writes`).

use jiff::civil::Date;
use serde_json::Value as Json;

use crate::errors::Refusal;

/// One key of a body. A value that is not accepted is answered 400; unverified: the message.
pub(super) struct BodyField<'a> {
    pub(super) key: &'a str,
    pub(super) value: &'a Json,
}

impl BodyField<'_> {
    pub(super) fn invalid(&self) -> Refusal {
        Refusal::bad_request(format!("The value of {} is not valid", self.key))
    }
    pub(super) fn not_kept(&self) -> Refusal {
        Refusal::not_kept(format!("The emulator does not keep {}", self.key))
    }
    pub(super) fn unless<T>(&self, refused: bool, value: T) -> Result<T, Refusal> {
        if refused { Err(self.invalid()) } else { Ok(value) }
    }
    /// None for `null`, otherwise the result of `read`.
    fn maybe<T>(&self, read: impl FnOnce(&Self) -> Result<T, Refusal>) -> Result<Option<T>, Refusal> {
        if self.value.is_null() { Ok(None) } else { read(self).map(Some) }
    }
    pub(super) fn text(&self) -> Result<String, Refusal> {
        self.value.as_str().map(str::to_owned).ok_or_else(|| self.invalid())
    }
    pub(super) fn maybe_text(&self) -> Result<Option<String>, Refusal> {
        self.maybe(Self::text)
    }
    /// Texts documented as at least one character long.
    pub(super) fn filled(&self) -> Result<String, Refusal> {
        let text = self.text()?;
        self.unless(text.is_empty(), text)
    }
    pub(super) fn maybe_filled(&self) -> Result<Option<String>, Refusal> {
        self.maybe(Self::filled)
    }
    pub(super) fn int(&self) -> Result<i64, Refusal> {
        self.value.as_i64().ok_or_else(|| self.invalid())
    }
    pub(super) fn known(&self, known: impl Fn(i64) -> bool) -> Result<i64, Refusal> {
        let id = self.int()?;
        self.unless(!known(id), id)
    }
    pub(super) fn maybe_known(&self, known: impl Fn(i64) -> bool) -> Result<Option<i64>, Refusal> {
        self.maybe(|field| field.known(known))
    }
    /// A day, with or without a time, which is dropped.
    pub(super) fn date(&self) -> Result<Date, Refusal> {
        self.text()?.parse().map_err(|_| self.invalid())
    }
    pub(super) fn maybe_date(&self) -> Result<Option<Date>, Refusal> {
        self.maybe(Self::date)
    }
}
