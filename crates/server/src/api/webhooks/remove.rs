//! `DELETE /v1/webhook-endpoints/{endpoint_id}`: ends webhooks to an endpoint.

use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::{audit, find, missing, settle};
use crate::api::answers::{Forbidden, NotFound, Unauthorized};
use crate::app::App;
use crate::auth::Vendor;
use crate::problem::Problem;

/// Removes a webhook endpoint, with its secret and the log of its deliveries.
#[utoipa::path(
    delete, path = "/v1/webhook-endpoints/{endpoint_id}", tag = "webhooks", security(("key" = [])),
    params(("endpoint_id" = String, Path, description = "the endpoint's id")),
    responses(
        (status = 204),
        Unauthorized,
        Forbidden,
        NotFound,
    )
)]
pub(crate) async fn remove_webhook_endpoint(
    State(app): State<App>,
    vendor: Vendor,
    Path(endpoint_id): Path<String>,
) -> Result<StatusCode, Problem> {
    let endpoint = find(&app, &endpoint_id).await?;
    if !app.machinery.store.remove_webhook_endpoint(endpoint.id).await? {
        return Err(missing());
    }
    settle(&app, &endpoint).await?;
    audit(&app, vendor.actor(), "webhook_endpoint.removed", &endpoint).await?;
    Ok(StatusCode::NO_CONTENT)
}
