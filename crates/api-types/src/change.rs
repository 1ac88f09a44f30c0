//! Entries of the change log.

use delivery::mapping::Mapping;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{ChangeOperation, RecordKind, time};

/// A change of a record.
#[derive(Serialize, ToSchema)]
pub struct Change {
    /// The change's number in the linked account's sequence, from 1, without gaps unless the database was
    /// restored.
    #[schema(example = 1371)]
    seq: i64,
    /// When it was written, UTC.
    #[schema(format = DateTime)]
    at: String,
    /// The stream of the record.
    kind: RecordKind,
    /// The record's id in Lucca.
    #[schema(example = "12")]
    id: String,
    /// The change.
    operation: ChangeOperation,
    /// The changed members by name, each null where its values may not be stored; null if there are none.
    #[schema(value_type = Option<BTreeMap<String, FieldChange>>)]
    fields: Option<Value>,
    /// The run that found the change; null if a person decided.
    run_id: Option<String>,
}

impl Change {
    /// The change, with the fields that the account delivers.
    pub fn of(change: store::Change, mapping: &Mapping) -> Self {
        let fields = change.fields.as_ref().and_then(|fields| serde_json::from_str(fields.get()).ok());
        Self {
            seq: change.seq,
            at: time(change.at),
            kind: change.kind.into(),
            id: change.id.to_string(),
            operation: change.operation.into(),
            fields: fields.map(|fields| Value::Object(mapping.members(change.kind, fields))),
            run_id: change.run_id,
        }
    }
}

/// The values of a changed member.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the stored changes")]
pub struct FieldChange {
    /// The value before the change.
    before: Value,
    /// The value after the change.
    after: Value,
}
