//! A record as it is handed to other tools: the model's members and the columns of ours.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use people::{Kind, RemoteId};
use serde_json::value::{RawValue, to_raw_value};

use super::{DELETED_AT, Error, KEY, SEQ, STATE};
use crate::mapping::Mapping;

/// How a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowState {
    /// In Lucca when it was last looked for.
    Present,
    /// No longer shown to the API key, which seems to have lost a permission. Nothing says that it is gone.
    Hidden,
    /// No longer in Lucca. The content is what it was last.
    Gone,
    /// No longer delivered, because the customer has declined it or the account's filter does not pick the person. Only
    /// its id is left.
    Excluded,
    /// Of a person who was erased: whatever is kept of them is to be erased. Only the id is left.
    Erased,
}

impl RowState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Present, Self::Hidden, Self::Gone, Self::Excluded, Self::Erased];

    /// The state's name, as the column has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Hidden => "hidden",
            Self::Gone => "gone",
            Self::Excluded => "excluded",
            Self::Erased => "erased",
        }
    }
}

/// A record to hand over.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its id.
    pub id: RemoteId,
    /// The model as JSON; absent where only the id is left.
    pub body: Option<String>,
    /// How far the change log was, at least, when the record was read.
    pub seq: i64,
    /// How it stands.
    pub state: RowState,
    /// Since when it is gone, excluded or erased, UTC.
    pub deleted_at: Option<Timestamp>,
    /// What of it is delivered.
    pub(crate) mapping: Arc<Mapping>,
}

impl Row {
    /// The record as one JSON object without line breaks, every member in the model's order.
    pub fn json(&self, kind: Kind) -> Result<String, Error> {
        let mut text = match &self.body {
            Some(body) => {
                let body = self.mapping.body(kind, body);
                let body = body.trim_end().strip_suffix('}').filter(|body| body.starts_with("{\""));
                body.ok_or(Error::CorruptRecord { stream: kind.name() })?.to_owned()
            }
            None => format!("{{\"{KEY}\":{}", serde_json::Value::from(self.id.as_str())),
        };
        text.push_str(&format!(
            ",\"{SEQ}\":{},\"{STATE}\":\"{}\",\"{DELETED_AT}\":",
            self.seq,
            self.state.name()
        ));
        match self.deleted_at {
            Some(at) => text.push_str(&format!("\"{at}\"}}")),
            None => text.push_str("null}"),
        }
        Ok(text)
    }

    /// The same, of those members only that are wanted.
    pub fn json_of(&self, kind: Kind, is_wanted: impl Fn(&str) -> bool) -> Result<String, Error> {
        let corrupt = |_| Error::CorruptRecord { stream: kind.name() };
        let whole = self.json(kind)?;
        let mut members: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(&whole).map_err(corrupt)?;
        members.retain(|name, _| is_wanted(name));
        Ok(to_raw_value(&members).map_err(corrupt)?.get().to_owned())
    }
}
