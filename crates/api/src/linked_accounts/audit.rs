//! `GET /v1/linked-accounts/{account_id}/audit`: the audit log of a linked account.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::find;
use crate::answers::{NotFound, Unauthorized};
use crate::time;

/// An entry of the audit log.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditEntryView {
    /// The entry's sequence number.
    seq: i64,
    /// When, UTC.
    at: String,
    /// The actor: `operator`, `administrator` (the person in the linking flow), `cli` or `system`.
    #[schema(example = "administrator")]
    actor: &'static str,
    /// The action, such as `account.linked`.
    #[schema(example = "account.linked")]
    action: String,
    /// The linking flow, if it happened in one.
    flow_id: Option<String>,
    /// Further details: codes and counts, no secrets, no personal data.
    #[schema(value_type = Object)]
    detail: Value,
    /// SHA-256 over this entry and all previous ones, of all linked accounts; `audit verify` checks it.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    hash: String,
}

/// An audit log.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditLog {
    /// The entries, oldest first.
    items: Vec<AuditEntryView>,
}

/// Lists the audit log of a linked account: who linked, relinked, viewed and unlinked it.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{account_id}/audit", tag = "linked accounts", security(("key" = [])),
    params(("account_id" = String, Path, description = "the linked account's id")),
    responses(
        (status = 200, body = AuditLog),
        Unauthorized,
        NotFound,
    )
)]
pub(crate) async fn account_audit(
    State(app): State<App>,
    _: Vendor,
    Path(account_id): Path<String>,
) -> Result<Json<AuditLog>, Problem> {
    let account = find(&app, &account_id).await?;
    let entries = app.services.store.audit_log(Some(account.id)).await?;
    let items = entries
        .into_iter()
        .map(|entry| AuditEntryView {
            seq: entry.seq,
            at: time(entry.at),
            actor: entry.actor.name(),
            action: entry.action,
            flow_id: entry.flow_id.map(|id| id.to_string()),
            detail: if entry.detail.is_null() { json!({}) } else { entry.detail },
            hash: entry.hash.to_string(),
        })
        .collect();
    Ok(Json(AuditLog { items }))
}
