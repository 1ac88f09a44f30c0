//! `GET /v1/linked-accounts/{linked_account_id}/audit`: the audit log of a linked account.

use api_types::List;
use axum::Json;
use axum::extract::{Path, State};
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::find;
use crate::answers::{NotFound, Unauthorized};

/// Lists the audit log of a linked account: who linked, relinked, viewed and unlinked it.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{linked_account_id}/audit", tag = "Linked accounts", security(("key" = [])),
    params(("linked_account_id" = String, Path, description = "The linked account's id.")),
    responses(
        (status = 200, body = List<api_types::AuditEntry>),
        Unauthorized,
        NotFound,
    )
)]
pub(crate) async fn list_audit_entries(
    State(app): State<App>,
    _: Vendor,
    Path(linked_account_id): Path<String>,
) -> Result<Json<List<api_types::AuditEntry>>, Problem> {
    let account = find(&app, &linked_account_id).await?;
    let entries = app.services.store.audit_log(Some(account.id)).await?;
    Ok(Json(List::complete(entries.into_iter().map(Into::into).collect())))
}
