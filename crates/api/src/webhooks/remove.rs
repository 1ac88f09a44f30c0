//! `DELETE /v1/webhook-endpoints/{endpoint_id}`: removes a webhook endpoint.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use store::DestinationKind;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use crate::answers::{Forbidden, NotFound, Unauthorized};
use crate::destinations;

/// Removes a webhook endpoint, with its secret and its delivery log.
#[utoipa::path(
    delete, path = "/v1/webhook-endpoints/{endpoint_id}", tag = "Webhook endpoints", security(("key" = [])),
    params(("endpoint_id" = String, Path, description = "The endpoint's id.")),
    responses(
        (status = 204),
        Unauthorized,
        Forbidden,
        NotFound,
    )
)]
pub(crate) async fn delete_webhook_endpoint(
    State(app): State<App>,
    vendor: Vendor,
    Path(endpoint_id): Path<String>,
) -> Result<StatusCode, Problem> {
    destinations::remove(&app, &vendor, DestinationKind::Webhook, &endpoint_id).await
}
