//! The section `webhooks` of the description: one entry per event type, and the schemas of their bodies.
//! `delivery::webhooks` writes the bodies.

use serde_json::{Map, Value, json};

use super::operations::reference;

/// Adds the section and its schemas.
pub(super) fn complete(description: &mut Value) {
    let mut webhooks = Map::new();
    for event_type in delivery::webhooks::types() {
        let data = data_of(&event_type);
        let body = json!({ "application/json": { "schema": reference(&format!("{data}Event")) } });
        webhooks.insert(
            event_type.clone(),
            json!({ "post": {
                "operationId": format!("on_{}", event_type.replace('.', "_")),
                // Not the tag of the endpoints: openapi-generator writes one file per tag, and the events would replace
                // the operations.
                "tags": ["Webhook events"],
                "summary": format!("The event `{event_type}`."),
                "description": "Sent to webhook endpoints that receive this type, signed by the Standard Webhooks specification.",
                "security": [],
                "requestBody": { "required": true, "content": body },
                "responses": { "2XX": { "description": "The receiver has the event. Any other answer is retried." } },
            }}),
        );
    }
    description["webhooks"] = Value::Object(webhooks);
    let Some(schemas) = description["components"]["schemas"].as_object_mut() else { return };
    for (name, data) in schemas_of_data() {
        schemas.insert(format!("{name}Event"), event(name));
        schemas.insert(format!("{name}EventData"), data);
    }
}

/// The name of an event's schemas.
fn data_of(event_type: &str) -> &'static str {
    match event_type.split_once('.') {
        Some(("sync", "completed")) => "SyncCompleted",
        Some(("sync", "held")) => "SyncHeld",
        Some(("issue", _)) => "Issue",
        Some(("linked_account", _)) => "LinkedAccount",
        _ => "RecordChange",
    }
}

fn event(name: &str) -> Value {
    json!({
        "type": "object",
        "description": "The body of a webhook.",
        "required": ["type", "timestamp", "linked_account_id", "log", "sequence", "data"],
        "properties": {
            "type": { "type": "string", "description": "The event type.", "examples": ["employee.updated"] },
            "timestamp": { "type": "string", "format": "date-time", "description": "When the event was recorded, UTC." },
            "linked_account_id": { "type": "string", "description": "The linked account." },
            "log": reference("EventLog"),
            "sequence": {
                "type": "integer", "format": "int64",
                "description": "The number of the event in the linked account's log, from 1.",
            },
            "data": reference(&format!("{name}EventData")),
        },
    })
}

fn schemas_of_data() -> [(&'static str, Value); 5] {
    let text = |description: &str| json!({ "type": "string", "description": description });
    [
        (
            "RecordChange",
            json!({
                "type": "object",
                "description": "A change of a record.",
                "required": ["kind", "id", "fields"],
                "properties": {
                    "kind": reference("RecordKind"),
                    "id": text("The record's id in Lucca."),
                    "fields": {
                        "type": "array", "items": { "type": "string" },
                        "description": "The names of the changed members.",
                    },
                    "changes": {
                        "type": ["object", "null"],
                        "additionalProperties": { "oneOf": [reference("FieldChange"), { "type": "null" }] },
                        "description": "With the payload `full`: the values of the changed members, null where they may not \
                                        be stored.",
                    },
                    "record": {
                        "type": ["object", "null"], "additionalProperties": true,
                        "description": "With the payload `full`: the record as it is stored when the webhook is sent; null if \
                                        it is no longer present.",
                    },
                },
            }),
        ),
        (
            "SyncCompleted",
            json!({
                "type": "object",
                "description": "A run that ended.",
                "required": ["run_id", "outcome", "requests"],
                "properties": {
                    "run_id": text("The run."),
                    "outcome": reference("RunOutcome"),
                    "requests": { "type": "integer", "format": "int64", "description": "Number of requests sent to Lucca." },
                },
            }),
        ),
        (
            "SyncHeld",
            json!({
                "type": "object",
                "description": "Records that are missing in Lucca and wait for a decision.",
                "required": ["kind", "reason", "records"],
                "properties": {
                    "kind": reference("RecordKind"),
                    "reason": text("A stable code."),
                    "records": { "type": "integer", "format": "int64", "description": "Number of missing records." },
                },
            }),
        ),
        (
            "Issue",
            json!({
                "type": "object",
                "description": "An issue that was opened or resolved.",
                "required": ["issue_id", "code", "subject"],
                "properties": {
                    "issue_id": text("The issue."),
                    "code": text("The issue's stable code."),
                    "subject": text("What the issue concerns, if its code may apply to several things."),
                },
            }),
        ),
        (
            "LinkedAccount",
            json!({
                "type": "object",
                "description": "A linked account whose state changed.",
                "properties": { "flow_id": text("The linking flow that linked the account, if one did.") },
                "additionalProperties": true,
            }),
        ),
    ]
}
