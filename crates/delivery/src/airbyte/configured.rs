//! Parses the input of an Airbyte read: the configured catalog and the state of each stream. Not here:
//! reading records (`read`).

use std::collections::HashMap;

use people::Kind;
use serde::Deserialize;
use serde_json::Value;

use super::Mode;
use crate::catalog::{Error, SEQ, stream};

/// The sync mode of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncMode {
    /// Reads every record.
    FullRefresh,
    /// Reads only records that changed since the state.
    Incremental,
}

/// A stream that the configured catalog selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelectedStream {
    /// The selected stream.
    pub kind: Kind,
    /// Its sync mode.
    pub sync_mode: SyncMode,
}

/// The configured catalog: the selected streams, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalog(pub Vec<SelectedStream>);

#[derive(Deserialize)]
struct ConfiguredCatalog {
    streams: Vec<ConfiguredStream>,
}

#[derive(Deserialize)]
struct ConfiguredStream {
    stream: Named,
    sync_mode: SyncMode,
    #[serde(default)]
    cursor_field: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

impl Catalog {
    /// Parses a configured catalog; returns an error for unsupported sync modes and cursors.
    pub fn parse(text: &str, mode: Mode) -> Result<Self, Error> {
        let catalog: ConfiguredCatalog =
            serde_json::from_str(text).map_err(|error| Error::malformed("catalog", &error))?;
        let wanted = |configured: ConfiguredStream| {
            let wanted =
                SelectedStream { kind: stream(&configured.stream.name)?, sync_mode: configured.sync_mode };
            if wanted.sync_mode == SyncMode::Incremental {
                if mode == Mode::Direct {
                    return Err(Error::NotIncremental(wanted.kind.name()));
                }
                let cursor = configured.cursor_field.unwrap_or_default();
                if !cursor.is_empty() && cursor != [SEQ] {
                    return Err(Error::OtherCursor(wanted.kind.name()));
                }
            }
            Ok(wanted)
        };
        Ok(Self(catalog.streams.into_iter().map(wanted).collect::<Result<_, _>>()?))
    }
}

/// The state of each stream, as the source last emitted it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct States(HashMap<Kind, Value>);

/// Airbyte passes a list of state messages; a single one and an empty object are accepted too.
#[derive(Deserialize)]
#[serde(untagged)]
enum StateInput {
    Several(Vec<State>),
    One(State),
    Empty {},
}

#[derive(Deserialize)]
struct State {
    stream: StreamState,
}

#[derive(Deserialize)]
struct StreamState {
    stream_descriptor: Named,
    #[serde(default)]
    stream_state: Option<Value>,
}

impl States {
    /// Parses states. An empty text, `{}` and `[]` mean no state.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let malformed = |error| Error::malformed("state", &error);
        let value: Value = serde_json::from_str(text).map_err(malformed)?;
        if value.as_object().is_some_and(|members| !members.is_empty() && !members.contains_key("stream")) {
            let problem =
                "only the states of streams are supported, as a list or a single message".to_owned();
            return Err(Error::Malformed { what: "state", problem });
        }
        let states = match serde_json::from_value(value).map_err(malformed)? {
            StateInput::Several(states) => states,
            StateInput::One(state) => vec![state],
            StateInput::Empty {} => Vec::new(),
        };
        let read = |State { stream: state }: State| {
            Some((stream(&state.stream_descriptor.name).ok()?, state.stream_state?))
        };
        // The state of a stream that no longer exists is ignored.
        Ok(Self(states.into_iter().filter_map(read).collect()))
    }

    /// The state of a stream; `None` if it is empty or holds only Airbyte's no-cursor marker.
    pub(crate) fn of(&self, kind: Kind) -> Option<&Value> {
        let state = self.0.get(&kind)?;
        let is_place =
            state.as_object().is_none_or(|members| members.keys().any(|name| !name.starts_with("__ab_")));
        Some(state).filter(|state| !state.is_null() && is_place)
    }
}
