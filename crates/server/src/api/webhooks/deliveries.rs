//! `GET /v1/webhook-endpoints/{endpoint_id}/deliveries`: what was sent, without what it said.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use store::WebhookDelivery;
use utoipa::{IntoParams, ToSchema};

use super::find;
use crate::api::answers::{Forbidden, NotFound, Unauthorized, Unprocessable};
use crate::api::{Params, page_size, time};
use crate::app::App;
use crate::auth::Vendor;
use crate::problem::Problem;

const USUAL: u32 = 50;
const MOST: u32 = 500;

/// Which deliveries.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Only those whose last attempt was a success, or none.
    delivered: Option<bool>,
    /// So many at most, those that were tried last; 50 by default.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// An event that was sent to an endpoint.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookDeliveryView {
    /// The event's id, the same in every attempt.
    #[schema(example = "msg_5f0c7c1e9a3b4d2f8e6a1b0c9d8e7f60")]
    webhook_id: String,
    /// The event's type.
    #[schema(example = "employee.hired")]
    event_type: String,
    /// The linked account it is about; absent for a test.
    linked_account_id: Option<String>,
    /// The log it comes from: `changes` or `events`; absent for a test.
    log: Option<String>,
    /// Its entry's number in that log.
    sequence: Option<i64>,
    /// Whether the receiver has taken it.
    delivered: bool,
    /// How often it was sent.
    attempts: u32,
    /// The last answer's HTTP status, where there was an answer.
    response_status: Option<u16>,
    /// Why the last attempt failed.
    error: Option<String>,
    /// How long the last attempt took.
    duration_ms: u64,
    /// When it was first sent, UTC.
    first_attempt_at: String,
    /// When it was last sent, UTC.
    last_attempt_at: String,
}

impl From<WebhookDelivery> for WebhookDeliveryView {
    fn from(delivery: WebhookDelivery) -> Self {
        Self {
            webhook_id: delivery.webhook_id,
            event_type: delivery.event,
            linked_account_id: delivery.account_id.map(|id| id.to_string()),
            log: delivery.log,
            sequence: delivery.seq,
            delivered: delivery.delivered,
            attempts: delivery.attempts,
            response_status: delivery.response,
            error: delivery.error,
            duration_ms: delivery.took_ms,
            first_attempt_at: time(delivery.first_at),
            last_attempt_at: time(delivery.last_at),
        }
    }
}

/// Deliveries.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookDeliveryList {
    /// The deliveries, the last tried first.
    items: Vec<WebhookDeliveryView>,
}

/// Lists what was sent to a webhook endpoint in the last 30 days, without what it said.
#[utoipa::path(
    get, path = "/v1/webhook-endpoints/{endpoint_id}/deliveries", tag = "webhooks", security(("key" = [])),
    params(("endpoint_id" = String, Path, description = "the endpoint's id"), Which),
    responses(
        (status = 200, body = WebhookDeliveryList),
        Unauthorized,
        Forbidden,
        NotFound,
        Unprocessable,
    )
)]
pub(crate) async fn webhook_deliveries(
    State(app): State<App>,
    _: Vendor,
    Path(endpoint_id): Path<String>,
    Params(which): Params<Which>,
) -> Result<Json<WebhookDeliveryList>, Problem> {
    let endpoint = find(&app, &endpoint_id).await?;
    let limit = page_size(which.limit, USUAL, MOST)?;
    let found = app.machinery.store.webhook_deliveries(endpoint.id, which.delivered, limit).await?;
    Ok(Json(WebhookDeliveryList { items: found.into_iter().map(WebhookDeliveryView::from).collect() }))
}
