//! `GET /v1/webhook-endpoints/{endpoint_id}`: one webhook endpoint and its delivery state.

use axum::Json;
use axum::extract::{Path, State};
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::find;
use crate::answers::{Forbidden, NotFound, Unauthorized};

/// Shows a webhook endpoint and its delivery state.
#[utoipa::path(
    get, path = "/v1/webhook-endpoints/{endpoint_id}", tag = "Webhook endpoints", security(("key" = [])),
    params(("endpoint_id" = String, Path, description = "The endpoint's id.")),
    responses(
        (status = 200, body = api_types::WebhookEndpoint),
        Unauthorized,
        Forbidden,
        NotFound,
    )
)]
pub(crate) async fn get_webhook_endpoint(
    State(app): State<App>,
    _: Vendor,
    Path(endpoint_id): Path<String>,
) -> Result<Json<api_types::WebhookEndpoint>, Problem> {
    Ok(Json(find(&app, &endpoint_id).await?.try_into()?))
}
