//! The Singer specification, as a tap: messages on standard output, one JSON object a line.
//!
//! Source of facts about it: Singer's `SPEC.md`, `DISCOVERY_MODE.md` and `SYNC_MODE.md`, and the package
//! `singer-python`. Not here: where configuration comes from and what it means (`cli`).

mod selection;
mod tap;

use serde_json::{Value, json};

pub use selection::{Replication, Selected, Selection};
pub use tap::{Bookmarks, sync};

use crate::catalog::{DELETED_AT, KEY, SEQ, STATE, STREAMS, schema_as};
use crate::mapping::Mapping;

/// The columns that are always given.
const AUTOMATIC: [&str; 4] = [KEY, SEQ, STATE, DELETED_AT];

/// What is discovered: every stream, with the fields that the mapping delivers, selected unless the catalog that is given back says otherwise. `is_kept` is
/// whether changes can be told apart from what was read before.
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
