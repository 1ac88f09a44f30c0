//! What the platform hands to a read: which streams it wants and how, and how far each was given.

use std::collections::HashMap;

use people::Kind;
use serde::Deserialize;
use serde_json::Value;

use super::Mode;
use crate::catalog::{Error, SEQ, stream};

/// How a stream is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncMode {
    /// Everything.
    FullRefresh,
    /// What changed since the state.
    Incremental,
}

/// A stream that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The stream.
    pub kind: Kind,
    /// How it is to be read.
    pub sync_mode: SyncMode,
}

/// The configured catalog: the streams that are wanted, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalog(pub Vec<Wanted>);

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
    /// Reads a configured catalog, and refuses what cannot be given.
    pub fn parse(text: &str, mode: Mode) -> Result<Self, Error> {
        let catalog: ConfiguredCatalog =
            serde_json::from_str(text).map_err(|error| Error::malformed("catalog", &error))?;
        let wanted = |configured: ConfiguredStream| {
            let wanted = Wanted { kind: stream(&configured.stream.name)?, sync_mode: configured.sync_mode };
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

/// The state of each stream, as it was last given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct States(HashMap<Kind, Value>);

/// The platform gives a list of the messages' contents; one may be given as well, and nothing.
#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    Several(Vec<State>),
    One(State),
    Nothing {},
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
    /// Reads states. An empty text, `{}` and `[]` are none.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let malformed = |error| Error::malformed("state", &error);
        let value: Value = serde_json::from_str(text).map_err(malformed)?;
        if value.as_object().is_some_and(|members| !members.is_empty() && !members.contains_key("stream")) {
            let problem = "only the state of streams is known, in a list or one of them".to_owned();
            return Err(Error::Malformed { what: "state", problem });
        }
        let states = match serde_json::from_value(value).map_err(malformed)? {
            Given::Several(states) => states,
            Given::One(state) => vec![state],
            Given::Nothing {} => Vec::new(),
        };
        let read = |State { stream: state }: State| {
            Some((stream(&state.stream_descriptor.name).ok()?, state.stream_state?))
        };
        // A stream that is no more is of no use, and no fault.
        Ok(Self(states.into_iter().filter_map(read).collect()))
    }

    /// The state of a stream; none where it is empty or says only that there is none.
    pub(crate) fn of(&self, kind: Kind) -> Option<&Value> {
        let state = self.0.get(&kind)?;
        let is_place =
            state.as_object().is_none_or(|members| members.keys().any(|name| !name.starts_with("__ab_")));
        Some(state).filter(|state| !state.is_null() && is_place)
    }
}
