//! A Singer sync: emits the schema and the records of each selected stream, and a bookmark after each page.

use std::io::Write;

use jiff::Timestamp;
use people::Kind;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Replication, Selected, Selection};
use crate::catalog::{Error, KEY, Reader, SEQ, schema_as};
use crate::mapping::Mapping;

/// The state of a tap: how far each stream was emitted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bookmarks(Map<String, Value>);

impl Bookmarks {
    /// Parses a state. An empty text and `{}` mean no state.
    pub fn parse(text: &str) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct State {
            #[serde(default)]
            bookmarks: Map<String, Value>,
        }
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let state: State = serde_json::from_str(text).map_err(|error| Error::malformed("state", &error))?;
        Ok(Self(state.bookmarks))
    }

    fn of(&self, kind: Kind) -> Option<&Value> {
        let is_place = |place: &&Value| place.as_object().is_none_or(|members| !members.is_empty());
        self.0.get(kind.name()).filter(|place| !place.is_null()).filter(is_place)
    }
}

/// Emits the selected streams to `out`, each record with the time of `now`. Bookmarks of other streams stay.
/// `is_kept` as for [`super::catalog`]; without it there are no bookmarks.
pub async fn sync<W: Write>(
    reader: &Reader<'_>,
    is_kept: bool,
    selection: &Selection,
    mut bookmarks: Bookmarks,
    now: &(dyn Fn() -> Timestamp + Sync),
    out: &mut W,
) -> Result<(), Error> {
    // Check every state before the first record, so that an unusable state fails before the target writes
    // tables.
    let mut places = Vec::new();
    for Selected { kind, replication, .. } in &selection.0 {
        let kept = match bookmarks.of(*kind).filter(|_| is_kept) {
            Some(place) => Some(reader.resume(*kind, place)?),
            None => None,
        };
        // A full-table stream starts over; only an interrupted first read resumes.
        let kept = kept.filter(|place| *replication == Replication::Incremental || place.is_in_first_read());
        places.push(kept.unwrap_or_else(|| reader.start()));
    }
    for (selected, mut place) in selection.0.iter().zip(places) {
        let kind = selected.kind;
        message(out, &schema_message(selected, reader.mapping()))?;
        while let Some(page) = reader.page(kind, &place).await? {
            let at = now();
            for row in &page.rows {
                let record = if selected.is_whole() {
                    row.json(kind)?
                } else {
                    row.json_of(kind, |field| selected.is_wanted(field))?
                };
                writeln!(
                    out,
                    r#"{{"type":"RECORD","stream":"{kind}","record":{record},"time_extracted":"{at}"}}"#
                )?;
            }
            place = page.then;
            if is_kept {
                bookmarks.0.insert(kind.name().to_owned(), json!(place));
                message(out, &state_message(&bookmarks, Some(kind)))?;
            }
        }
        if is_kept && selected.replication == Replication::FullTable {
            // The read is complete, so there is no position to resume from.
            bookmarks.0.remove(kind.name());
        }
    }
    message(out, &state_message(&bookmarks, None))?;
    Ok(())
}

fn schema_message(selected: &Selected, mapping: &Mapping) -> Value {
    let mut schema = schema_as(selected.kind, mapping);
    if let Some(members) = schema["properties"].as_object_mut() {
        members.retain(|name, _| selected.is_wanted(name));
    }
    let mut message = json!({
        "type": "SCHEMA",
        "stream": selected.kind.name(),
        "schema": schema,
        "key_properties": [KEY],
    });
    if selected.replication == Replication::Incremental {
        message["bookmark_properties"] = json!([SEQ]);
    }
    message
}

fn state_message(bookmarks: &Bookmarks, reading: Option<Kind>) -> Value {
    let mut value = json!({ "bookmarks": bookmarks.0 });
    if let Some(kind) = reading {
        value["currently_syncing"] = json!(kind.name());
    }
    json!({ "type": "STATE", "value": value })
}

fn message(out: &mut impl Write, message: &Value) -> Result<(), Error> {
    writeln!(out, "{message}")?;
    out.flush()?;
    Ok(())
}
