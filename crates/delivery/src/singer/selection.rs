//! Parses the selections of a Singer catalog: streams, their fields and the replication method.

use std::collections::BTreeSet;

use people::Kind;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::AUTOMATIC;
use crate::catalog::{Error, SEQ, stream};

/// The replication method of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replication {
    /// A full read every time.
    FullTable,
    /// Only records that changed since the bookmark.
    Incremental,
}

/// A selected stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// The stream.
    pub kind: Kind,
    /// Its replication method.
    pub replication: Replication,
    /// The fields that are deselected.
    unwanted: BTreeSet<String>,
}

impl Selected {
    /// Whether a field is selected.
    pub fn is_wanted(&self, field: &str) -> bool {
        !self.unwanted.contains(field)
    }

    /// Whether every field is selected.
    pub fn is_whole(&self) -> bool {
        self.unwanted.is_empty()
    }
}

/// The selected streams, in the catalog's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection(pub Vec<Selected>);

#[derive(Deserialize)]
struct Catalog {
    streams: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    tap_stream_id: String,
    #[serde(default)]
    metadata: Vec<Metadata>,
    /// Older catalogs have it here; metadata takes precedence.
    #[serde(default)]
    selected: Option<bool>,
    #[serde(default)]
    replication_method: Option<String>,
    #[serde(default)]
    replication_key: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    breadcrumb: Vec<String>,
    metadata: Map<String, Value>,
}

impl Selection {
    /// Parses a catalog; returns an error for unsupported selections. `is_kept` as for [`super::catalog`].
    pub fn parse(text: &str, is_kept: bool) -> Result<Self, Error> {
        let catalog: Catalog =
            serde_json::from_str(text).map_err(|error| Error::malformed("catalog", &error))?;
        let mut selected = Vec::new();
        for entry in catalog.streams {
            if entry.is_selected() {
                selected.push(entry.read(is_kept)?);
            }
        }
        Ok(Self(selected))
    }
}

impl Entry {
    /// A member of the stream's own metadata.
    fn of_stream(&self, name: &str) -> Option<&Value> {
        self.metadata.iter().find(|entry| entry.breadcrumb.is_empty())?.metadata.get(name)
    }

    fn is_selected(&self) -> bool {
        let flag = |name| self.of_stream(name).and_then(Value::as_bool);
        // A stream without any selection is not selected.
        flag("selected").or(self.selected).or_else(|| flag("selected-by-default")).unwrap_or(false)
    }

    fn read(&self, is_kept: bool) -> Result<Selected, Error> {
        let kind = stream(&self.tap_stream_id)?;
        let text = |name| self.of_stream(name).and_then(Value::as_str);
        let method = text("replication-method").or(self.replication_method.as_deref());
        let replication = match method {
            None if is_kept => Replication::Incremental,
            None | Some("FULL_TABLE") => Replication::FullTable,
            Some("INCREMENTAL") if is_kept => Replication::Incremental,
            Some("INCREMENTAL") => return Err(Error::NotIncremental(kind.name())),
            Some(_) => {
                let problem = format!("the replication method of {kind} must be INCREMENTAL or FULL_TABLE");
                return Err(Error::Malformed { what: "catalog", problem });
            }
        };
        let key = text("replication-key").or(self.replication_key.as_deref());
        if replication == Replication::Incremental && key.is_some_and(|key| key != SEQ) {
            return Err(Error::OtherCursor(kind.name()));
        }
        let unwanted = self.metadata.iter().filter_map(Metadata::unwanted).map(str::to_owned).collect();
        Ok(Selected { kind, replication, unwanted })
    }
}

impl Metadata {
    /// The field that this metadata deselects.
    fn unwanted(&self) -> Option<&str> {
        let [properties, field] = &self.breadcrumb[..] else { return None };
        let flag = |name| self.metadata.get(name).and_then(Value::as_bool);
        let is_unwanted = flag("selected").or_else(|| flag("selected-by-default")) == Some(false)
            || self.metadata.get("inclusion").and_then(Value::as_str) == Some("unsupported");
        let is_optional = !AUTOMATIC.contains(&field.as_str());
        (properties == "properties" && is_unwanted && is_optional).then_some(field)
    }
}
