//! A record as an enumeration yields it: its raw JSON, and what could be read of it.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use people::RemoteId;
use serde_json::value::RawValue;

/// What one answer of the server held that was not yielded before.
#[derive(Debug)]
pub struct Page<T> {
    /// The records, in the server's order.
    pub items: Vec<Item<T>>,
    /// The zero-based offset the page was asked at.
    pub offset: u64,
}

/// One record.
#[derive(Debug)]
pub struct Item<T> {
    /// The record's id, where one could be read.
    pub id: Option<RemoteId>,
    /// The record as the server sent it, byte for byte, if it was kept. A department of a tree has its parent's
    /// id added, as `parentLuccaId`: the tree says it by nesting.
    pub raw: Raw,
    /// What was read of it.
    pub outcome: Result<Read<T>, Unreadable>,
}

/// A record's JSON. Of an enumeration [`without_raw`](crate::Enumeration::without_raw) only what could not be
/// read is kept; the others read as `null`.
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

/// A record that could be read, and the fields of it that could not.
#[derive(Clone, Debug, PartialEq)]
pub struct Read<T> {
    /// The record.
    pub value: T,
    /// Fields that were there, but not in any form known; they are `None` or empty in `value`.
    pub problems: Vec<FieldProblem>,
}

/// A field that could not be read. Its value is not in here: it may be personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// The field's name as Lucca documents it.
    pub field: Cow<'static, str>,
    /// What is wrong with it, as a sentence fragment.
    pub reason: String,
}

/// Why a record can't be used at all. No value is in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The field at fault, as Lucca documents it; empty when the record as a whole is.
    pub field: Cow<'static, str>,
    /// What is wrong, as a sentence fragment.
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
