//! A record as an enumeration yields it: its raw JSON, and the values read from it.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use people::RemoteId;
use serde_json::value::RawValue;

/// The records of one answer that were not yielded before.
#[derive(Debug)]
pub struct Page<T> {
    /// The records, in the server's order.
    pub items: Vec<Item<T>>,
    /// The zero-based offset of the request.
    pub offset: u64,
}

/// One record.
#[derive(Debug)]
pub struct Item<T> {
    /// The record's id, if readable.
    pub id: Option<RemoteId>,
    /// The record as the server sent it, byte for byte, if kept. A department of a tree has its parent's id
    /// added as `parentLuccaId`: the tree expresses it by nesting.
    pub raw: Raw,
    /// The values read from it.
    pub outcome: Result<Read<T>, Unreadable>,
}

/// A record's JSON. After [`without_raw`](crate::Enumeration::without_raw) only unreadable records keep it;
/// the others read as `null`.
#[derive(Clone, Debug, Default)]
pub struct Raw(Option<Box<RawValue>>);

impl Raw {
    /// Whether the JSON was kept.
    pub const fn is_kept(&self) -> bool {
        self.0.is_some()
    }
}

impl From<Box<RawValue>> for Raw {
    fn from(raw: Box<RawValue>) -> Self {
        Self(Some(raw))
    }
}

impl Deref for Raw {
    type Target = RawValue;

    fn deref(&self) -> &RawValue {
        self.0.as_deref().unwrap_or(RawValue::NULL)
    }
}

/// A readable record, and its unreadable fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Read<T> {
    /// The record.
    pub value: T,
    /// Fields that were present, but in an unknown form; they are `None` or empty in `value`.
    pub problems: Vec<FieldProblem>,
}

/// An unreadable field. Its value is left out: it may be personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// The field's name as Lucca documents it.
    pub field: Cow<'static, str>,
    /// The problem, as a sentence fragment.
    pub reason: String,
}

/// The reason why a record can't be used at all. It holds no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The field that is unreadable, as Lucca documents it; empty if the record as a whole is.
    pub field: Cow<'static, str>,
    /// The problem, as a sentence fragment.
    pub reason: String,
}

impl fmt::Display for FieldProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.reason)
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            f.write_str(&self.reason)
        } else {
            write!(f, "{}: {}", self.field, self.reason)
        }
    }
}

impl std::error::Error for Unreadable {}
