//! `GET /v1/linked-accounts/{account_id}/inbound-webhooks`: whether an account's Lucca tells us what happens.

use axum::Json;
use axum::extract::{Path, State};

use super::{InboundWebhooksView, off, view};
use crate::api::answers::{Forbidden, NotFound, Unauthorized};
use crate::api::linked_accounts::find;
use crate::app::App;
use crate::auth::Vendor;
use crate::problem::Problem;

/// How an account's Lucca tells us what happens, and how much it told.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{account_id}/inbound-webhooks", tag = "inbound webhooks", security(("key" = [])),
    params(("account_id" = String, Path, description = "the linked account's id")),
    responses(
        (status = 200, body = InboundWebhooksView),
        Unauthorized,
        Forbidden,
        NotFound,
    )
)]
pub(crate) async fn inbound_webhooks(
    State(app): State<App>,
    _: Vendor,
    Path(account_id): Path<String>,
) -> Result<Json<InboundWebhooksView>, Problem> {
    let account = find(&app, &account_id).await?;
    let webhook = app.machinery.store.inbound_webhook_of(account.no).await?.ok_or_else(off)?;
    Ok(Json(view(&app, &webhook).await?))
}
