//! JSON Schemas (draft 7) of each stream's records. Every member except the id and the connector's columns
//! may be absent or null: excluded and erased records keep nothing else.

use people::Kind;
use people::catalog::{self, Member, ValueType};
use serde_json::{Map, Value, json};

use super::{DELETED_AT, KEY, RowState, SEQ, STATE};
use crate::mapping::Mapping;

/// The JSON Schema of a stream's records. A kind that is not a stream has only the common properties.
///
/// Dates have the format `date`. Lucca's times have the format `date-time` and, for Airbyte, the type
/// `timestamp_without_timezone`: Lucca writes most of them without a zone, and the connector passes them on
/// unchanged; one that ends in `Z` is UTC.
pub fn schema(kind: Kind) -> Value {
    let mut properties = object(catalog::members(kind));
    properties
        .insert(KEY.to_owned(), json!({ "type": "string", "description": "The record's id in Lucca." }));
    let states: Vec<&str> = RowState::ALL.iter().map(|state| state.name()).collect();
    let seq = "The change log's sequence number when the record was read. Increases with each change of the \
               record.";
    properties.insert(SEQ.to_owned(), json!({ "type": "integer", "description": seq }));
    let state = "The record's state: present; hidden (the API key no longer sees it, probably because it \
                 lost a permission); gone (deleted in Lucca); excluded (the customer declined it or the \
                 delivery filter excludes it); erased (the receiver must delete everything about the \
                 employee).";
    properties.insert(STATE.to_owned(), json!({ "type": "string", "enum": states, "description": state }));
    let deleted_at =
        "When the record was deleted, excluded or erased, UTC; null while the receiver should keep it.";
    properties.insert(
        DELETED_AT.to_owned(),
        json!({
            "type": ["null", "string"],
            "format": "date-time",
            "airbyte_type": "timestamp_with_timezone",
            "description": deleted_at,
        }),
    );
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "required": [KEY, SEQ, STATE],
        "properties": properties,
        "additionalProperties": true,
    })
}

/// The names of a stream's members and of their inner members: `member.inner`.
pub(crate) fn field_names(kind: Kind) -> Vec<String> {
    let mut names = Vec::new();
    for member in catalog::members(kind) {
        names.push(member.name.to_owned());
        let inner: Vec<&str> = match member.value_type {
            ValueType::Named | ValueType::ListOfNamed => vec!["id", "name"],
            other => other.members().iter().map(|inner| inner.name).collect(),
        };
        names.extend(inner.iter().map(|inner| format!("{}.{inner}", member.name)));
    }
    names
}

/// The name of a type, from its JSON Schema.
pub(crate) fn type_name(value_type: ValueType) -> String {
    let schema = schema_of(value_type);
    let name = schema["format"].as_str().or_else(|| schema["type"][1].as_str()).unwrap_or("any");
    name.to_owned()
}

/// The JSON Schema of a stream's records as a mapping delivers them.
pub fn schema_as(kind: Kind, mapping: &Mapping) -> Value {
    let mut schema = schema(kind);
    if let Some(properties) = schema["properties"].as_object_mut() {
        let members = std::mem::take(properties);
        *properties = mapping.schema(kind, members);
    }
    schema
}

/// A stream's table columns in order: the model's, then the connector's.
pub fn columns(kind: Kind, mapping: &Mapping) -> Vec<String> {
    let own = catalog::members(kind).iter().filter_map(|member| mapping.name(kind, member.name));
    own.chain([SEQ, STATE, DELETED_AT]).map(str::to_owned).collect()
}

fn schema_of(value_type: ValueType) -> Value {
    match value_type {
        ValueType::Text => json!({ "type": ["null", "string"] }),
        ValueType::Enum(name, values) => {
            let values: Vec<Option<&str>> = values.iter().copied().map(Some).chain([None]).collect();
            json!({ "type": ["null", "string"], "title": name, "enum": values })
        }
        ValueType::Flag => json!({ "type": ["null", "boolean"] }),
        ValueType::Integer => json!({ "type": ["null", "integer"] }),
        ValueType::Number => json!({ "type": ["null", "number"] }),
        ValueType::Date => json!({ "type": ["null", "string"], "format": "date" }),
        ValueType::Time => json!({
            "type": ["null", "string"],
            "format": "date-time",
            "airbyte_type": "timestamp_without_timezone",
        }),
        ValueType::Any => json!({}),
        ValueType::Open => json!({ "type": ["null", "object"], "additionalProperties": true }),
        ValueType::OpenNamed => json!({
            "type": ["null", "object"],
            "additionalProperties": list(&named()),
        }),
        ValueType::Named => {
            json!({ "type": ["null", "object"], "properties": named(), "additionalProperties": true })
        }
        ValueType::ListOfText => json!({ "type": ["null", "array"], "items": { "type": "string" } }),
        ValueType::ListOfNamed => list(&named()),
        ValueType::Object(members) => {
            json!({ "type": ["null", "object"], "properties": object(members), "additionalProperties": true })
        }
        ValueType::List(members) => list(&object(members)),
    }
}

fn list(properties: &Map<String, Value>) -> Value {
    json!({
        "type": ["null", "array"],
        "items": { "type": "object", "properties": properties, "additionalProperties": true },
    })
}

/// The members of a referenced record that is embedded with its id.
fn named() -> Map<String, Value> {
    let text = || schema_of(ValueType::Text);
    [("id", text()), ("name", text())].map(|(name, schema)| (name.to_owned(), schema)).into_iter().collect()
}

fn object(members: &[Member]) -> Map<String, Value> {
    let described = |member: &Member| {
        let mut schema = schema_of(member.value_type);
        schema["description"] = json!(member.description());
        (member.name.to_owned(), schema)
    };
    members.iter().map(described).collect()
}

#[cfg(test)]
mod tests {
    use people::{
        Absence, AbsenceRequest, CustomFieldDefinition, Department, Employee, Employment, Establishment,
        JobQualification, LeaveType, LegalUnit, Model, OccupationCategory,
    };

    use super::*;

    /// A value that the schema allows, with every member.
    fn sample(schema: &Value, name: &str) -> Value {
        let type_ = match &schema["type"] {
            Value::Array(types) => &types[1],
            one => one,
        };
        match (type_.as_str(), schema["format"].as_str()) {
            (None, _) => json!({ "anything": 1 }),
            (Some("string"), Some("date")) => json!("2026-05-04"),
            (Some("string"), Some("date-time")) => json!("2026-05-04T08:30:00"),
            (Some("string"), _) => json!(match name {
                "first" | "last" => "2026-05-04 AM",
                _ => schema["enum"][0].as_str().unwrap_or("x"),
            }),
            // Models omit some flags when they are true.
            (Some("boolean"), _) => json!(false),
            (Some("integer"), _) => json!(7),
            (Some("number"), _) => json!(7.5),
            (Some("array"), _) => json!([sample(&schema["items"], name)]),
            (Some("object"), _) => match schema["properties"].as_object() {
                Some(members) => members
                    .iter()
                    .filter(|(name, _)| !name.starts_with("_lucca"))
                    .map(|(name, member)| (name.clone(), sample(member, name)))
                    .collect(),
                None if schema["additionalProperties"].is_object() => {
                    json!({ "axis": sample(&schema["additionalProperties"], name) })
                }
                None => json!({ "field": "x" }),
            },
            other => panic!("{other:?}"),
        }
    }

    /// Every member of the schema is one of the model's, of the same type, at every level. The reverse, that
    /// the schema lacks none, is tested by reading a whole tenant.
    fn is_of<T: Model>() {
        let sample = sample(&schema(T::KIND), "");
        let model: T =
            serde_json::from_value(sample.clone()).unwrap_or_else(|error| panic!("{error} in {sample:#}"));
        assert_eq!(serde_json::to_value(&model).unwrap(), sample);
    }

    #[test]
    fn schemas_match_the_models() {
        is_of::<Employee>();
        is_of::<Employment>();
        is_of::<Department>();
        is_of::<Establishment>();
        is_of::<LegalUnit>();
        is_of::<JobQualification>();
        is_of::<OccupationCategory>();
        is_of::<LeaveType>();
        is_of::<Absence>();
        is_of::<AbsenceRequest>();
        is_of::<CustomFieldDefinition>();
    }
}
