//! Entries of the audit log.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{AuditActor, time};

/// An entry of the audit log.
#[derive(Serialize, ToSchema)]
pub struct AuditEntry {
    /// The entry's sequence number.
    seq: i64,
    /// When, UTC.
    #[schema(format = DateTime)]
    at: String,
    /// The actor.
    actor: AuditActor,
    /// The action, such as `account.linked`.
    #[schema(example = "account.linked")]
    action: String,
    /// The linking flow, if it happened in one.
    flow_id: Option<String>,
    /// Further details: codes and counts, no secrets, no personal data.
    #[schema(value_type = HashMap<String, Value>)]
    detail: Value,
    /// SHA-256 over this entry and all previous ones, of all linked accounts; `audit verify` checks it.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    hash: String,
}

impl From<store::AuditEntry> for AuditEntry {
    fn from(entry: store::AuditEntry) -> Self {
        Self {
            seq: entry.seq,
            at: time(entry.at),
            actor: entry.actor.into(),
            action: entry.action,
            flow_id: entry.flow_id.map(|id| id.to_string()),
            detail: if entry.detail.is_null() { json!({}) } else { entry.detail },
            hash: entry.hash.to_string(),
        }
    }
}
