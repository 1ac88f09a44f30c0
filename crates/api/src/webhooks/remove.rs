//! `DELETE /v1/webhook-endpoints/{endpoint_id}`: removes a webhook endpoint.

use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::{find, missing, resolve_disabled_issues};
use crate::answers::{Forbidden, NotFound, Unauthorized};
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

/// Removes a webhook endpoint, with its secret and its delivery log.
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
    let services = &app.services;
    if !services.store.remove_webhook_endpoint(&endpoint, (vendor.actor(), services.clock.now())).await? {
        return Err(missing());
    }
    resolve_disabled_issues(&app, &endpoint).await?;
    Ok(StatusCode::NO_CONTENT)
}
