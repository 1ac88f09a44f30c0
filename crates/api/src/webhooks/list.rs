//! `GET /v1/webhook-endpoints`: lists the webhook endpoints.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use store::DestinationKind;
use utoipa::ToSchema;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::WebhookEndpointView;
use crate::answers::{Forbidden, Unauthorized};

/// Webhook endpoints.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookEndpointList {
    /// The endpoints, oldest first.
    items: Vec<WebhookEndpointView>,
}

/// Lists the webhook endpoints.
#[utoipa::path(
    get, path = "/v1/webhook-endpoints", tag = "webhooks", security(("key" = [])),
    responses(
        (status = 200, body = WebhookEndpointList),
        Unauthorized,
        Forbidden,
    )
)]
pub(crate) async fn webhook_endpoints(
    State(app): State<App>,
    _: Vendor,
) -> Result<Json<WebhookEndpointList>, Problem> {
    let endpoints = app.services.store.destinations(DestinationKind::Webhook).await?;
    let items = endpoints.into_iter().map(WebhookEndpointView::try_from).collect::<Result<_, _>>()?;
    Ok(Json(WebhookEndpointList { items }))
}
