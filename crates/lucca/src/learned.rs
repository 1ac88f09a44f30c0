//! An enumeration's findings about a server, stored for the next run.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The request plan that a server accepted, if it is not the documented one.
///
/// Stored as JSON and passed to [`Enumeration::with_learned`](crate::Enumeration::with_learned), it saves the
/// next run the refusals. Text of another version, and any other text, reads as the default: the documented
/// plan. Servers are upgraded, so discard it from time to time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Wire", from = "Value")]
pub struct Learned {
    pub(crate) page_size: Option<u32>,
    pub(crate) dropped_fields: Vec<String>,
    pub(crate) fields: FieldsLevel,
    /// Whether the set is requested by its fallback filter.
    pub(crate) second_idiom: bool,
    pub(crate) order_refused: bool,
    pub(crate) count_refused: bool,
    /// The path that answered, if it is not the stream's first.
    pub(crate) route: Option<String>,
}

impl Learned {
    /// Removes the conclusions from refusals without a reason: a server in temporary trouble refuses the same
    /// way. The page size and the fields that the server named stay.
    #[must_use]
    pub fn without_guesses(self) -> Self {
        Self { page_size: self.page_size, dropped_fields: self.dropped_fields, ..Self::default() }
    }
}

/// The share of the query's fields that is requested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FieldsLevel {
    #[default]
    Asked,
    Core,
    ServerDefault,
}

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Wire {
    version: u32,
    #[serde(default)]
    page_size: Option<u32>,
    #[serde(default)]
    dropped_fields: Vec<String>,
    #[serde(default)]
    fields: FieldsLevel,
    #[serde(default, alias = "former_by_contract_end")]
    second_idiom: bool,
    #[serde(default)]
    order_refused: bool,
    #[serde(default)]
    count_refused: bool,
    #[serde(default)]
    route: Option<String>,
}

impl From<Learned> for Wire {
    fn from(learned: Learned) -> Self {
        let Learned { page_size, dropped_fields, fields, second_idiom, order_refused, count_refused, route } =
            learned;
        Self {
            version: VERSION,
            page_size,
            dropped_fields,
            fields,
            second_idiom,
            order_refused,
            count_refused,
            route,
        }
    }
}

impl From<Value> for Learned {
    fn from(value: Value) -> Self {
        let wire = serde_json::from_value::<Wire>(value).ok().filter(|wire| wire.version == VERSION);
        wire.map(|wire| Self {
            page_size: wire.page_size,
            dropped_fields: wire.dropped_fields,
            fields: wire.fields,
            second_idiom: wire.second_idiom,
            order_refused: wire.order_refused,
            count_refused: wire.count_refused,
            route: wire.route,
        })
        .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_round_trips() {
        let learned = Learned {
            page_size: Some(250),
            dropped_fields: vec!["quote".into()],
            fields: FieldsLevel::Core,
            second_idiom: true,
            order_refused: true,
            count_refused: true,
            route: Some("/api/v3/departments".into()),
        };
        for learned in [learned, Learned::default()] {
            let json = serde_json::to_string(&learned).unwrap();
            assert_eq!(serde_json::from_str::<Learned>(&json).unwrap(), learned, "{json}");
        }
    }

    #[test]
    fn fields_named_by_server_are_kept() {
        let named =
            Learned { page_size: Some(250), dropped_fields: vec!["quote".into()], ..Learned::default() };
        let guessed = Learned { fields: FieldsLevel::Core, count_refused: true, ..named.clone() };
        assert_eq!(guessed.without_guesses(), named);
    }

    #[test]
    fn unknown_json_reads_as_default() {
        for json in [
            "null",
            "[]",
            "7",
            "{}",
            r#"{"page_size":250}"#,
            r#"{"version":2,"page_size":250}"#,
            r#"{"version":1,"fields":"half"}"#,
            r#"{"version":1,"page_size":-1}"#,
        ] {
            assert_eq!(serde_json::from_str::<Learned>(json).unwrap(), Learned::default(), "{json}");
        }
        let newer: Learned = serde_json::from_str(r#"{"version":1,"page_size":250,"more":true}"#).unwrap();
        assert_eq!(newer.page_size, Some(250));
    }
}
