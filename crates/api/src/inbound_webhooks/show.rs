//! `GET /v1/linked-accounts/{linked_account_id}/inbound-webhooks`: the state of an account's inbound webhooks.

use axum::Json;
use axum::extract::{Path, State};
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::{off, view};
use crate::answers::{Forbidden, NotFound, Unauthorized};
use crate::linked_accounts::find;

/// Shows the settings of an account's inbound webhooks, and their counters.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{linked_account_id}/inbound-webhooks", tag = "Inbound webhooks", security(("key" = [])),
    params(("linked_account_id" = String, Path, description = "The linked account's id.")),
    responses(
        (status = 200, body = api_types::InboundWebhooks),
        Unauthorized,
        Forbidden,
        NotFound,
    )
)]
pub(crate) async fn get_inbound_webhooks(
    State(app): State<App>,
    _: Vendor,
    Path(linked_account_id): Path<String>,
) -> Result<Json<api_types::InboundWebhooks>, Problem> {
    let account = find(&app, &linked_account_id).await?;
    let webhook = app.services.store.inbound_webhook_of(account.no).await?.ok_or_else(off)?;
    Ok(Json(view(&app, &webhook).await?))
}
