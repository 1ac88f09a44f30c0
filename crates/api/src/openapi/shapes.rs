//! Rewrites shapes that utoipa writes and that client generators read badly: schemas composed of others become flat,
//! lists get names of their own, operations that need no API key say so, and each has a
//! description.

use serde_json::{Map, Value, json};

use super::operations::{operations, reference};

/// Rewrites the schemas and operations of the description.
pub(super) fn complete(description: &mut Value) {
    name_lists(description);
    flatten(description);
    lift_descriptions(&mut description["components"]["schemas"]);
    // utoipa can't say that the values of a map may be null.
    let changes = &mut description["components"]["schemas"]["Change"]["properties"]["fields"];
    changes["additionalProperties"] = json!({ "oneOf": [reference("FieldChange"), { "type": "null" }] });
    for (_, _, operation) in operations(description) {
        if operation.get("security").is_none() {
            operation["security"] = json!([]);
        }
        if let Some(csv) = operation.pointer_mut("/requestBody/content/text~1csv") {
            // As text, the file would be encoded as JSON by some clients.
            csv["schema"] = json!({ "type": "string", "format": "binary" });
        }
        if operation.get("description").is_none() {
            operation["description"] = operation["summary"].clone();
        }
    }
}

/// utoipa names the list of a type `List_Type`.
fn name_lists(description: &mut Value) {
    let Some(schemas) = description["components"]["schemas"].as_object_mut() else { return };
    let lists: Vec<String> =
        schemas.keys().filter_map(|name| name.strip_prefix("List_")).map(str::to_owned).collect();
    for item in &lists {
        if let Some(mut list) = schemas.remove(&format!("List_{item}")) {
            list["description"] = json!(format!("A page of a list of {item}."));
            // utoipa writes the item itself here.
            list["properties"]["items"]["items"] = reference(item);
            schemas.insert(format!("{item}List"), list);
        }
    }
    rename(description, &|reference| {
        let item = reference.strip_prefix("#/components/schemas/List_")?;
        Some(format!("#/components/schemas/{item}List"))
    });
}

/// Replaces the targets of references.
fn rename(value: &mut Value, renamed: &impl Fn(&str) -> Option<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str().filter(|_| name == "$ref").and_then(renamed) {
                    Some(target) => *member = json!(target),
                    None => rename(member, renamed),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, renamed)),
        _ => {}
    }
}

/// Writes the members of an `allOf` into one schema: generators make a type of their own of each part.
fn flatten(description: &mut Value) {
    let Some(schemas) = description["components"]["schemas"].as_object_mut() else { return };
    let all = schemas.clone();
    // A part of `Problem` that is nothing of its own.
    schemas.remove("More");
    for schema in schemas.values_mut() {
        let Some(parts) = schema.get_mut("allOf").and_then(Value::as_array_mut).map(std::mem::take) else {
            continue;
        };
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for part in parts {
            let part = match part["$ref"].as_str().and_then(|target| target.rsplit('/').next()) {
                Some(name) => all.get(name).cloned().unwrap_or_default(),
                None => part,
            };
            properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
            required.extend(part["required"].as_array().cloned().unwrap_or_default());
        }
        let description = schema["description"].clone();
        *schema = json!({
            "type": "object", "description": description, "required": required, "properties": properties,
        });
    }
}

/// Moves the description of a reference that may be null to the member itself, where generators look for it.
fn lift_descriptions(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let parts = members.get_mut("oneOf").and_then(Value::as_array_mut);
            let inner = parts.into_iter().flatten().filter(|part| part.get("$ref").is_some());
            let lifted = inner.filter_map(|part| part.as_object_mut()?.remove("description")).last();
            if let Some(description) = lifted {
                members.insert("description".to_owned(), description);
            }
            members.values_mut().for_each(lift_descriptions);
        }
        Value::Array(items) => items.iter_mut().for_each(lift_descriptions),
        _ => {}
    }
}
