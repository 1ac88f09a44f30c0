//! A Singer tap: JSON messages on standard output, one a line.
//!
//! Source: Singer's `SPEC.md`, `DISCOVERY_MODE.md` and `SYNC_MODE.md`, and the package `singer-python`. Not
//! here: reading and checking the configuration (`cli`).

mod selection;
mod tap;

use serde_json::{Value, json};

pub use selection::{Replication, Selected, Selection};
pub use tap::{Bookmarks, sync};

use crate::catalog::{DELETED_AT, KEY, SEQ, STATE, STREAMS, schema_as};
use crate::mapping::Mapping;

/// Columns that the tap always emits.
const AUTOMATIC: [&str; 4] = [KEY, SEQ, STATE, DELETED_AT];

/// The discovered catalog: every stream, with the fields that the mapping delivers, selected by default.
/// `is_kept`: whether the store is maintained, so that streams can be read incrementally.
pub fn catalog(is_kept: bool, mapping: &Mapping) -> Value {
    let streams: Vec<Value> = STREAMS
        .into_iter()
        .map(|kind| {
            let schema = schema_as(kind, mapping);
            let mut of_stream = json!({
                "inclusion": "available",
                "selected-by-default": true,
                "table-key-properties": [KEY],
            });
            if is_kept {
                of_stream["valid-replication-keys"] = json!([SEQ]);
            } else {
                of_stream["forced-replication-method"] = json!("FULL_TABLE");
            }
            let mut metadata = vec![json!({ "breadcrumb": [], "metadata": of_stream })];
            for name in schema["properties"].as_object().into_iter().flat_map(|members| members.keys()) {
                let inclusion = if AUTOMATIC.contains(&name.as_str()) { "automatic" } else { "available" };
                metadata.push(json!({
                    "breadcrumb": ["properties", name],
                    "metadata": { "inclusion": inclusion, "selected-by-default": true },
                }));
            }
            let mut stream = json!({
                "tap_stream_id": kind.name(),
                "stream": kind.name(),
                "key_properties": [KEY],
                "schema": schema,
                "metadata": metadata,
                "replication_method": "FULL_TABLE",
            });
            if is_kept {
                stream["replication_method"] = json!("INCREMENTAL");
                stream["replication_key"] = json!(SEQ);
            }
            stream
        })
        .collect();
    json!({ "streams": streams })
}
