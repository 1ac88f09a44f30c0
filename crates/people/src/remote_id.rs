//! The id of a record in Lucca.
//!
//! The field with an id determines the kind of record that it identifies.

use std::borrow::Borrow;
use std::fmt;

use compact_str::{CompactString, ToCompactString};
use serde::{Deserialize, Serialize};

/// A record's id in Lucca, stored as text.
///
/// Lucca sends ids as numbers (users, departments), as GUIDs (files) and as strings (leaves), and an id of
/// `0` is real, so no numeric type fits all and none is a sentinel. The text is the id's decimal form for
/// numbers, the string itself otherwise. Texts of up to 24 bytes, which nearly all ids are, need no memory of
/// their own: a tenant may have millions of them.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RemoteId(CompactString);

impl RemoteId {
    /// Wraps the text of an id.
    pub fn new(text: impl Into<CompactString>) -> Self {
        Self(text.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key that puts numeric ids in numeric order, before all others.
    pub fn sort_key(&self) -> (bool, u128, &str) {
        match self.0.parse::<u128>() {
            Ok(number) => (false, number, ""),
            Err(_) => (true, 0, &self.0),
        }
    }
}

impl fmt::Display for RemoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RemoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

impl From<i64> for RemoteId {
    fn from(id: i64) -> Self {
        Self(id.to_compact_string())
    }
}

impl From<&str> for RemoteId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

impl From<String> for RemoteId {
    fn from(id: String) -> Self {
        Self(id.into())
    }
}

impl Borrow<str> for RemoteId {
    fn borrow(&self) -> &str {
        &self.0
    }
}
