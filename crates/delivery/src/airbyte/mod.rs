//! The Airbyte source protocol: JSON messages on standard output, one a line.
//!
//! Source: the models of `airbyte-protocol-models-pdv2` 0.18. Not here: reading and checking the
//! configuration (`cli`).

mod configured;
mod messages;
mod read;
mod spec;

use serde_json::{Value, json};

pub use configured::{Catalog, SelectedStream, States, SyncMode};
pub use messages::{FailureType, Level, Messages, StreamStatus};
pub use read::{Mode, read};
pub use spec::spec;

use crate::catalog::{KEY, SEQ, STREAMS, schema_as};
use crate::mapping::Mapping;

/// The discovered catalog: every stream, with the fields that the mapping delivers.
pub fn catalog(mode: Mode, mapping: &Mapping) -> Value {
    let streams: Vec<Value> = STREAMS
        .into_iter()
        .map(|kind| {
            let mut stream = json!({
                "name": kind.name(),
                "json_schema": schema_as(kind, mapping),
                "supported_sync_modes": ["full_refresh"],
                "source_defined_primary_key": [[KEY]],
                "is_resumable": false,
            });
            if mode == Mode::Kept {
                stream["supported_sync_modes"] = json!(["full_refresh", "incremental"]);
                stream["source_defined_cursor"] = json!(true);
                stream["default_cursor_field"] = json!([SEQ]);
                stream["is_resumable"] = json!(true);
            }
            stream
        })
        .collect();
    json!({ "streams": streams })
}
