//! Settings of a webhook endpoint: its event types, and the content of its webhooks.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The content of a webhook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// The change and the record's id, without personal data.
    #[default]
    Thin,
    /// The change, and the record.
    Full,
}

/// A webhook endpoint's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The event types that it receives, or groups such as `employee.*`; empty: every type.
    pub event_types: Vec<String>,
    /// The content of its webhooks.
    pub payload: Payload,
    /// Its purpose, as its creator described it.
    pub description: Option<String>,
}

impl Settings {
    /// Reads stored settings.
    ///
    /// # Errors
    ///
    /// [`store::Error::Corrupt`] if a member is missing, unknown or has an unknown value.
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
