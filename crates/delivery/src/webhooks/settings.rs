//! Settings of a webhook endpoint: the types of event that it receives, and what they contain.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How much a webhook contains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// What happened to which record, without personal data.
    #[default]
    Thin,
    /// The record too.
    Full,
}

/// A webhook endpoint's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The types of event that it receives, or groups such as `employee.*`; empty: every type.
    pub event_types: Vec<String>,
    /// How much its webhooks contain.
    pub payload: Payload,
    /// Its purpose, as its creator described it.
    pub description: Option<String>,
}

impl Settings {
    /// Reads stored settings.
    ///
    /// # Errors
    ///
    /// [`store::Error::Corrupt`] where a member is missing, unknown or has an unknown value.
    pub fn parse(stored: &Value) -> Result<Self, store::Error> {
        Self::deserialize(stored).map_err(|source| store::Error::Corrupt {
            what: "settings of a webhook endpoint",
            source: Box::new(source),
        })
    }

    /// The settings as they are stored.
    pub fn to_json(&self) -> Value {
        serde_json::json!(self)
    }
}
