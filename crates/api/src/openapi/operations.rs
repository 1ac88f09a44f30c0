//! The description as JSON: its operations, whether one needs an API key, references to its schemas. What it
//! says is in the handlers and in the other files here.

use serde_json::{Map, Value, json};

/// Whether an operation needs an API key.
pub(crate) fn is_keyed(operation: &Value) -> bool {
    operation["security"].as_array().is_some_and(|ways| !ways.is_empty())
}

/// A reference to a schema.
pub(super) fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

/// All operations: path, method in lower case, and description.
pub(super) fn operations(description: &mut Value) -> impl Iterator<Item = (&str, &str, &mut Value)> {
    let paths = description["paths"].as_object_mut();
    paths.into_iter().flat_map(Map::iter_mut).flat_map(|(path, methods)| {
        let methods = methods.as_object_mut().into_iter().flat_map(Map::iter_mut);
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}
