//! `GET /v1/webhook-endpoints/{endpoint_id}/deliveries`: the delivery log, without the contents of events.

use api_types::List;
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::find;
use crate::Params;
use crate::answers::{Forbidden, NotFound, Unauthorized, Unprocessable};
use crate::paging::page_size;
use api_types::time;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 500;

/// Filters of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveriesQuery {
    /// Only deliveries whose last attempt succeeded (`true`) or failed (`false`).
    delivered: Option<bool>,
    /// Maximum number of deliveries, the latest attempts first; 50 by default.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// The delivery of an event to an endpoint.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookDelivery {
    /// The event's id, the same in every attempt.
    #[schema(example = "msg_5f0c7c1e9a3b4d2f8e6a1b0c9d8e7f60")]
    webhook_id: String,
    /// The event's type.
    #[schema(example = "employee.hired")]
    event_type: String,
    /// The linked account of the event; null for a test.
    linked_account_id: Option<String>,
    /// The log of the event; null for a test.
    #[schema(value_type = Option<super::replay::EventLog>)]
    log: Option<String>,
    /// The event's number in that log.
    sequence: Option<i64>,
    /// Whether the receiver has accepted it.
    delivered: bool,
    /// Number of attempts.
    attempts: u32,
    /// The HTTP status of the last response, if there was one.
    response_status: Option<u16>,
    /// Why the last attempt failed.
    error: Option<String>,
    /// Duration of the last attempt, in milliseconds.
    duration_ms: u64,
    /// When it was first sent, UTC.
    first_attempt_at: String,
    /// When it was last sent, UTC.
    last_attempt_at: String,
}

impl From<store::WebhookDelivery> for WebhookDelivery {
    fn from(delivery: store::WebhookDelivery) -> Self {
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

/// Lists the events sent to a webhook endpoint in the last 30 days, without their contents.
#[utoipa::path(
    get, path = "/v1/webhook-endpoints/{endpoint_id}/deliveries", tag = "Webhook endpoints", security(("key" = [])),
    params(("endpoint_id" = String, Path, description = "The endpoint's id."), DeliveriesQuery),
    responses(
        (status = 200, body = List<WebhookDelivery>),
        Unauthorized,
        Forbidden,
        NotFound,
        Unprocessable,
    )
)]
pub(crate) async fn list_webhook_deliveries(
    State(app): State<App>,
    _: Vendor,
    Path(endpoint_id): Path<String>,
    Params(which): Params<DeliveriesQuery>,
) -> Result<Json<List<WebhookDelivery>>, Problem> {
    let endpoint = find(&app, &endpoint_id).await?;
    let limit = page_size(which.limit, DEFAULT_LIMIT, MAX_LIMIT)?;
    let found = app.services.store.webhook_deliveries(endpoint.id, which.delivered, limit).await?;
    Ok(Json(List::complete(found.into_iter().map(WebhookDelivery::from).collect())))
}
