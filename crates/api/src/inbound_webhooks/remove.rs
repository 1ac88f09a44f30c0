//! `DELETE /v1/linked-accounts/{linked_account_id}/inbound-webhooks`: disables an account's inbound webhooks.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::off;
use crate::answers::{Forbidden, NotFound, Unauthorized};
use crate::linked_accounts::find;

/// Disables an account's inbound webhooks: address and keys stop working at once. Scheduled syncs continue.
#[utoipa::path(
    delete, path = "/v1/linked-accounts/{linked_account_id}/inbound-webhooks", tag = "Inbound webhooks", security(("key" = [])),
    params(("linked_account_id" = String, Path, description = "The linked account's id.")),
    responses(
        (status = 204),
        Unauthorized,
        Forbidden,
        NotFound,
    )
)]
pub(crate) async fn delete_inbound_webhooks(
    State(app): State<App>,
    vendor: Vendor,
    Path(linked_account_id): Path<String>,
) -> Result<StatusCode, Problem> {
    let account = find(&app, &linked_account_id).await?;
    let (store, at) = (&app.services.store, app.services.clock.now());
    if store.remove_inbound_webhook(&account, vendor.actor(), at).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(off())
    }
}
