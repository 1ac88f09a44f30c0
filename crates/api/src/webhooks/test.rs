//! `POST /v1/webhook-endpoints/{endpoint_id}/test`: sends a test event.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::{courier, find};
use crate::answers::{Forbidden, NotFound, Unauthorized};

/// The result of a test event.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookTest {
    /// The event's id.
    #[schema(example = "msg_5f0c7c1e9a3b4d2f8e6a1b0c9d8e7f60")]
    webhook_id: String,
    /// Whether the receiver accepted it.
    delivered: bool,
    /// The receiver's HTTP status, if it responded.
    #[schema(example = 204)]
    response_status: Option<u16>,
    /// Why it was not accepted: `webhook.refused`, `webhook.timeout`, `webhook.unreachable`,
    /// `target.not_public`, …
    error: Option<&'static str>,
}

/// Sends a `webhook.test` event at once, in a single attempt, signed like all others. The endpoint may be
/// disabled.
#[utoipa::path(
    post, path = "/v1/webhook-endpoints/{endpoint_id}/test", tag = "Webhook endpoints", security(("key" = [])),
    params(("endpoint_id" = String, Path, description = "The endpoint's id.")),
    responses(
        (status = 200, body = WebhookTest),
        Unauthorized,
        Forbidden,
        NotFound,
    )
)]
pub(crate) async fn send_test_event(
    State(app): State<App>,
    _: Vendor,
    Path(endpoint_id): Path<String>,
) -> Result<Json<WebhookTest>, Problem> {
    let endpoint = find(&app, &endpoint_id).await?;
    let tested = courier(&app)?.test(&endpoint).await?;
    Ok(Json(WebhookTest {
        webhook_id: tested.webhook_id,
        delivered: tested.error.is_none(),
        response_status: tested.response,
        error: tested.error,
    }))
}
