//! A record as outputs emit it: the model's members plus the connector's columns.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use people::{Kind, RemoteId};
use serde_json::value::{RawValue, to_raw_value};

use super::{DELETED_AT, Error, KEY, SEQ, STATE};
use crate::mapping::Mapping;

/// The state of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowState {
    /// Lucca listed it in the last read.
    Present,
    /// The API key no longer sees it, probably because it lost a permission. The record may still exist.
    Hidden,
    /// No longer in Lucca. The content is the last one known.
    Gone,
    /// No longer delivered: the customer declined it, or the account's filter does not select the employee.
    /// Only the id is left.
    Excluded,
    /// Belongs to an erased employee: the receiver has to erase its copy. Only the id is left.
    Erased,
}

people::names! {
    RowState: "row state" {
        Present = "present",
        Hidden = "hidden",
        Gone = "gone",
        Excluded = "excluded",
        Erased = "erased",
    }
}

/// A record to emit.
#[derive(Clone, Debug)]
pub struct Row {
    /// The record's id in Lucca.
    pub id: RemoteId,
    /// The model as JSON; `None` if only the id is stored.
    pub body: Option<String>,
    /// The change log's sequence number at the time the record was read; the record may be newer.
    pub seq: i64,
    /// The record's state.
    pub state: RowState,
    /// When it was deleted, excluded or erased, UTC.
    pub deleted_at: Option<Timestamp>,
    /// The delivery rules to apply.
    pub(crate) mapping: Arc<Mapping>,
}

impl Row {
    /// The record as one JSON object without line breaks, members in the model's order.
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

    /// The record with the selected members only.
    pub fn json_of(&self, kind: Kind, is_wanted: impl Fn(&str) -> bool) -> Result<String, Error> {
        let corrupt = |_| Error::CorruptRecord { stream: kind.name() };
        let whole = self.json(kind)?;
        let mut members: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(&whole).map_err(corrupt)?;
        members.retain(|name, _| is_wanted(name));
        Ok(to_raw_value(&members).map_err(corrupt)?.get().to_owned())
    }
}
