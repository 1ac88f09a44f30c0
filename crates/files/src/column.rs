//! A table's columns and their types, from the stream's schema. Not here: the types of a file format (see its
//! module).

use serde_json::Value;

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) type_: ColumnType,
    /// Whether it may be null.
    pub(crate) is_nullable: bool,
}

/// The type of a column's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ColumnType {
    Text,
    Boolean,
    /// 64 bits, signed.
    Integer,
    /// 64 bits, floating point.
    Number,
    Date,
    /// To the microsecond. UTC if it has a zone; Lucca's own times have none.
    Timestamp {
        has_zone: bool,
    },
    List(Box<ColumnType>),
    Object(Vec<(String, ColumnType)>),
    /// JSON as text, if the schema leaves the type open.
    Json,
}

impl ColumnType {
    /// The type that a JSON Schema describes; `None` if it leaves the type open.
    pub(crate) fn of(schema: &Value) -> Option<Self> {
        let type_ = match &schema["type"] {
            Value::Array(types) => types.iter().find(|type_| *type_ != "null")?,
            one => one,
        };
        Some(match (type_.as_str()?, schema["format"].as_str()) {
            ("boolean", _) => Self::Boolean,
            ("integer", _) => Self::Integer,
            ("number", _) => Self::Number,
            ("string", Some("date")) => Self::Date,
            ("string", Some("date-time")) => {
                Self::Timestamp { has_zone: schema["airbyte_type"] == "timestamp_with_timezone" }
            }
            ("string", _) => Self::Text,
            ("array", _) => Self::List(Box::new(Self::of(&schema["items"])?)),
            ("object", _) => {
                let members = schema["properties"].as_object()?.iter();
                let members: Option<Vec<_>> =
                    members.map(|(name, member)| Some((name.clone(), Self::of(member)?))).collect();
                Self::Object(members?)
            }
            _ => return None,
        })
    }

    /// The type's name in the manifest.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Date => "date",
            Self::Timestamp { has_zone: false } => "timestamp",
            Self::Timestamp { has_zone: true } => "timestamp with time zone",
            Self::List(_) => "list",
            Self::Object(_) => "object",
            Self::Json => "json",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn schemas_give_types() {
        let of = |schema| ColumnType::of(&schema);
        assert_eq!(of(json!({ "type": ["null", "boolean"] })), Some(ColumnType::Boolean));
        assert_eq!(of(json!({ "type": "string", "format": "date" })), Some(ColumnType::Date));
        let zoned =
            json!({ "type": "string", "format": "date-time", "airbyte_type": "timestamp_with_timezone" });
        assert_eq!(of(zoned), Some(ColumnType::Timestamp { has_zone: true }));
        let list = json!({ "type": "array", "items": { "type": "object", "properties": { "id": { "type": "string" } } } });
        let object = ColumnType::Object(vec![("id".to_owned(), ColumnType::Text)]);
        assert_eq!(of(list), Some(ColumnType::List(Box::new(object))));
    }

    #[test]
    fn open_schemas_have_no_type() {
        for open in [
            json!({ "type": "object" }),
            json!({}),
            json!({ "type": "null" }),
            json!({ "type": "array", "items": {} }),
        ] {
            assert_eq!(ColumnType::of(&open), None, "{open}");
        }
    }
}
