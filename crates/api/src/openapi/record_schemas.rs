//! Schemas of records, one for each kind: the model's members, from the description that all deliveries
//! share, and the API's additions. Handlers only declare that they return a record or a page of records.

use std::collections::BTreeMap;

use people::Kind;
use serde_json::{Map, Value, json};

use super::operations::reference;
use crate::records::query::takes;
use crate::records::related::{RelationShape, relations};
use crate::records::routes::kind_of;

/// Gives every response with a record, or a page of records, the schema of its kind, which follows from the
/// path.
pub(super) fn complete(description: &mut Value) {
    let mut schemas = BTreeMap::new();
    let general = description["components"]["schemas"]["RecordList"].clone();
    let Some(paths) = description["paths"].as_object_mut() else { return };
    for (path, methods) in paths {
        let Some(kind) = kind_of(path) else { continue };
        for operation in methods.as_object_mut().into_iter().flat_map(Map::values_mut) {
            let Some(content) = operation["responses"]["200"]["content"].as_object_mut() else { continue };
            let Some(schema) = content.get_mut("application/json").map(|json| &mut json["schema"]) else {
                continue;
            };
            let record = format!("{kind:?}");
            let list = format!("{kind:?}List");
            if *schema == reference("Record") {
                *schema = reference(&record);
            } else if *schema == reference("RecordList") {
                *schema = reference(&list);
                schemas.insert(list, list_of(&general, &record));
            } else {
                continue;
            }
            let own = schema_of(kind, &mut schemas);
            schemas.insert(record, own);
            if let Some(parameters) = operation["parameters"].as_array_mut() {
                parameters.retain(|one| one["name"].as_str().is_none_or(|name| takes(kind, name)));
                for include in parameters.iter_mut().filter(|one| one["name"] == "include") {
                    *include = includes(kind, include);
                }
            }
            operation["tags"] = json!([tag_of(kind)]);
        }
    }
    let Some(all) = description["components"]["schemas"].as_object_mut() else { return };
    all.remove("Record");
    all.remove("RecordList");
    all.extend(schemas);
}

/// The group of a kind's operations.
fn tag_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Employee => "Employees",
        Kind::Employment => "Employments",
        Kind::Absence | Kind::AbsenceRequest | Kind::LeaveType => "Absences",
        _ => "Organisation",
    }
}

/// The values of `include` for a kind.
fn includes(kind: Kind, parameter: &Value) -> Value {
    let values: Vec<&str> =
        std::iter::once("raw").chain(relations(kind).map(|relation| relation.name)).collect();
    let any = values.join("|");
    let mut parameter = parameter.clone();
    parameter["schema"] = json!({ "type": "string", "pattern": format!("^({any})(,({any}))*$") });
    parameter["description"] = json!(format!(
        "Additional members, separated by commas: {}. `raw` is the record as Lucca sent it, where that is stored.",
        values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
    ));
    parameter
}

fn list_of(general: &Value, record: &str) -> Value {
    let mut list = general.clone();
    list["description"] = json!(format!("A page of a list of {record}."));
    list["properties"]["items"]["items"] = reference(record);
    list
}

/// The schema of a kind's records in this API. Adds the schemas to which its members refer.
fn schema_of(kind: Kind, schemas: &mut BTreeMap<String, Value>) -> Value {
    let delivered = delivery::catalog::schema(kind);
    let own = delivered["properties"].as_object().cloned().unwrap_or_default();
    let mut members: Map<String, Value> =
        own.into_iter().filter(|(name, _)| !name.starts_with("_lucca")).collect();
    members.values_mut().for_each(translate);
    for (name, member) in &mut members {
        extract(&format!("{kind:?}{}", pascal_case(name)), member, schemas);
    }
    members.insert(
        "id".to_owned(),
        json!({ "type": "string", "description": "The id in Lucca.", "examples": ["12"] }),
    );
    schemas.insert(
        "RecordState".to_owned(),
        json!({
            "type": "string",
            "enum": ["present", "gone", "hidden"],
            "description": "Whether a record is in Lucca: `present`, `gone`, or `hidden` from the API key.",
        }),
    );
    members.insert("state".to_owned(), reference("RecordState"));
    members.insert(
        "updated_at".to_owned(),
        json!({
            "type": "string", "format": "date-time", "examples": ["2026-11-25T10:00:00Z"],
            "description": "When the connector last wrote the record, UTC.",
        }),
    );
    members.insert(
        "raw".to_owned(),
        json!({
            "description": "The record as Lucca sent it, any JSON, with `include=raw`; null where it is not stored.",
        }),
    );
    for relation in relations(kind) {
        let description = format!("{}, with `include={}`.", relation.doc, relation.name);
        let list = |of| json!({ "type": "array", "items": reference(of), "description": description });
        let member = match relation.shape() {
            RelationShape::Reference => nullable("Reference", &description),
            RelationShape::References => list("Reference"),
            RelationShape::Employments => list("Employment"),
        };
        members.insert(relation.name.to_owned(), member);
    }
    if kind == Kind::Absence {
        let day =
            |description: &str| json!({ "type": "string", "format": "date", "description": description });
        members.insert("starts_on".to_owned(), day("The day of the first half-day."));
        members.insert("ends_on".to_owned(), day("The day of the last half-day."));
        let names = people::AbsenceStatus::ALL.map(people::AbsenceStatus::name);
        schemas.insert(
            "AbsenceStatus".to_owned(),
            json!({
                "type": "string",
                "enum": names,
                "description": "Whether an absence takes place, from the absence and its request. `cancellation_pending`: it \
                                does, unless the request to cancel it is granted.",
            }),
        );
        members.insert("status".to_owned(), reference("AbsenceStatus"));
    }
    if kind == Kind::Employee {
        schemas.insert(
            "EmployeeStatus".to_owned(),
            json!({
                "type": "string",
                "enum": ["active", "future", "former"],
                "description": "Whether an employee is employed today, or on the day of `as_of`.",
            }),
        );
        members.insert("status".to_owned(), reference("EmployeeStatus"));
    }
    json!({
        "type": "object",
        "description": "A record. With `fields=` it has only these members, and `id`.",
        "required": ["id"],
        "properties": members,
    })
}

/// Moves the schema of an object, of a list's objects, or of an enumeration, to a component, since generators name types
/// by components: `Reference` for another record with its name, the title of an enumeration, else `name`, in the singular
/// for a list.
fn extract(name: &str, schema: &mut Value, schemas: &mut BTreeMap<String, Value>) {
    if let Some(values) = schema.get_mut("additionalProperties").filter(|values| values.is_object()) {
        return extract(name, values, schemas);
    }
    if let Some(items) = schema.get_mut("items") {
        return extract(name.strip_suffix('s').unwrap_or(name), items, schemas);
    }
    if let (Some(title), Some(values)) = (schema["title"].as_str(), schema["enum"].as_array()) {
        let values: Vec<&Value> = values.iter().filter(|value| !value.is_null()).collect();
        let description = schema["description"].as_str().unwrap_or_default();
        let component = json!({ "type": "string", "enum": values, "description": description });
        let member = nullable(title, description);
        schemas.insert(title.to_owned(), component);
        *schema = member;
        return;
    }
    let Some(mut members) = schema.get_mut("properties").and_then(Value::as_object_mut).map(std::mem::take)
    else {
        return;
    };
    let is_reference = members.keys().eq(["id", "name"]);
    for (inner, member) in &mut members {
        extract(&format!("{name}{}", pascal_case(inner)), member, schemas);
    }
    let (name, component) = if is_reference {
        let name = json!({ "type": ["string", "null"], "description": "Its name in Lucca.", "examples": ["Design"] });
        let id = json!({ "type": "string", "description": "Its id in Lucca.", "examples": ["7"] });
        (
            "Reference",
            json!({
                "type": "object",
                "description": "Another record or value of Lucca's.",
                "required": ["id"],
                "properties": { "id": id, "name": name },
            }),
        )
    } else {
        (
            name,
            json!({
                "type": "object",
                "description": schema["description"].as_str().unwrap_or("A part of a record."),
                "properties": members,
                "additionalProperties": true,
            }),
        )
    };
    schemas.insert(name.to_owned(), component);
    let may_be_null = schema["type"].as_array().is_some_and(|types| types.contains(&json!("null")));
    *schema = match (may_be_null, schema["description"].as_str()) {
        (true, description) => nullable(name, description.unwrap_or_default()),
        (false, _) => reference(name),
    };
}

fn nullable(schema: &str, description: &str) -> Value {
    json!({ "description": description, "oneOf": [reference(schema), { "type": "null" }] })
}

/// `work_cycles` as `WorkCycles`.
fn pascal_case(name: &str) -> String {
    name.split('_')
        .flat_map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters)
        })
        .collect()
}

/// Converts the deliveries' draft 7 to draft 2020-12 of OpenAPI 3.1. Drops keywords of other tools, and the
/// format of times, since Lucca writes most of them without a zone.
fn translate(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Array(types)) = members.get_mut("type") {
                // Some generators keep the order, and read better with null at the end.
                types.sort_by_key(|name| name == "null");
            }
            if members.remove("airbyte_type").is_some() {
                members.remove("format");
                let description = members.get("description").and_then(Value::as_str).unwrap_or_default();
                let description =
                    format!("{description} As Lucca writes it: without a zone, or UTC with `Z`.");
                members.insert("description".to_owned(), json!(description.trim()));
            }
            members.values_mut().for_each(translate);
        }
        Value::Array(items) => items.iter_mut().for_each(translate),
        _ => {}
    }
}
