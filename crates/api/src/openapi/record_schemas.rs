//! Schemas of records, one for each kind: the model's members, from the description that all deliveries
//! share, and the API's additions. Handlers only declare that they return a record or a page of records.

use std::collections::BTreeMap;

use people::Kind;
use serde_json::{Map, Value, json};

use super::operations::reference;
use crate::records::query::takes;
use crate::records::routes::kind_of;

/// Gives every response with a record, or a page of records, the schema of its kind, which follows from the
/// path.
pub(super) fn complete(description: &mut Value) {
    let mut schemas = BTreeMap::new();
    let general = description["components"]["schemas"]["RecordPage"].clone();
    let Some(paths) = description["paths"].as_object_mut() else { return };
    for (path, methods) in paths {
        let Some(kind) = kind_of(path) else { continue };
        for operation in methods.as_object_mut().into_iter().flat_map(Map::values_mut) {
            let Some(content) = operation["responses"]["200"]["content"].as_object_mut() else { continue };
            let Some(schema) = content.get_mut("application/json").map(|json| &mut json["schema"]) else {
                continue;
            };
            let record = format!("{kind:?}");
            let page = format!("{kind:?}Page");
            if *schema == reference("Record") {
                *schema = reference(&record);
            } else if *schema == reference("RecordPage") {
                *schema = reference(&page);
                let lines = json!({
                    "schema": { "type": "string", "description": format!("Every record as JSON, one a line: {record}.") },
                });
                content.insert("application/x-ndjson".to_owned(), lines);
                schemas.insert(page, page_of(&general, &record));
            } else {
                continue;
            }
            schemas.insert(record, schema_of(kind));
            if let Some(parameters) = operation["parameters"].as_array_mut() {
                parameters.retain(|one| one["name"].as_str().is_none_or(|name| takes(kind, name)));
                for include in parameters.iter_mut().filter(|one| one["name"] == "include") {
                    *include = includes(kind, include);
                }
            }
        }
    }
    let Some(all) = description["components"]["schemas"].as_object_mut() else { return };
    all.remove("Record");
    all.remove("RecordPage");
    all.extend(schemas);
}

/// The values of `include` for a kind: only employees have related records.
fn includes(kind: Kind, parameter: &Value) -> Value {
    let mut parameter = parameter.clone();
    if kind != Kind::Employee {
        parameter["schema"] = json!({ "type": "string", "enum": ["raw"] });
        parameter["description"] = json!("`raw`: the record as Lucca sent it, where that is kept.");
    }
    parameter
}

fn page_of(general: &Value, record: &str) -> Value {
    let mut page = general.clone();
    page["description"] = json!(format!("A page of records: {record}."));
    page["properties"]["items"]["items"] = reference(record);
    page
}

/// The schema of a kind's records in this API.
fn schema_of(kind: Kind) -> Value {
    let delivered = delivery::catalog::schema(kind);
    let own = delivered["properties"].as_object().cloned().unwrap_or_default();
    let mut members: Map<String, Value> =
        own.into_iter().filter(|(name, _)| !name.starts_with("_lucca")).collect();
    members.values_mut().for_each(translate);
    members.insert(
        "id".to_owned(),
        json!({ "type": "string", "description": "The id in Lucca.", "examples": ["12"] }),
    );
    let nullable = |schema: Value, description: &str| json!({ "anyOf": [schema, { "type": "null" }], "description": description });
    members.insert(
        "state".to_owned(),
        json!({
            "type": "string",
            "enum": ["present", "gone", "hidden"],
            "description": "How it stands: `present`, `gone` from Lucca, or `hidden` from the API key.",
        }),
    );
    members.insert(
        "updated_at".to_owned(),
        json!({
            "type": "string", "format": "date-time", "examples": ["2026-11-25T10:00:00Z"],
            "description": "When it was last written here, UTC.",
        }),
    );
    members.insert(
        "raw".to_owned(),
        json!({ "description": "With `include=raw`: as Lucca sent it; null where that is not kept." }),
    );
    if kind == Kind::Employee {
        let of = |name: &str| {
            json!({
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": { "type": "string", "examples": ["7"] },
                    "name": { "type": ["string", "null"], "examples": [name] },
                },
            })
        };
        members.insert(
            "manager".to_owned(),
            nullable(of("Camille Petit"), "With `include=manager`: who manages the person."),
        );
        members.insert(
            "department".to_owned(),
            nullable(of("Design"), "With `include=department`: where the person works."),
        );
        members.insert(
            "status".to_owned(),
            json!({
                "type": "string",
                "enum": ["active", "future", "former"],
                "description": "How the person stands on the day asked for; today, unless another is.",
            }),
        );
    }
    json!({
        "type": "object",
        "description": "A record. With `fields=` only the members asked for are there, and `id`.",
        "required": ["id"],
        "properties": members,
    })
}

/// Converts the deliveries' draft 7 to draft 2020-12 of OpenAPI 3.1. Drops keywords of other tools, and the
/// format of times, since Lucca writes most of them without a zone.
fn translate(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.remove("airbyte_type").is_some() {
                members.remove("format");
                members.insert(
                    "description".to_owned(),
                    json!("As Lucca writes it: without a zone, or UTC with `Z`."),
                );
            }
            members.values_mut().for_each(translate);
        }
        Value::Array(items) => items.iter_mut().for_each(translate),
        _ => {}
    }
}
