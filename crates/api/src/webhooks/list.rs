//! `GET /v1/webhook-endpoints`: lists the webhook endpoints.

use api_types::List;
use axum::Json;
use axum::extract::State;
use store::DestinationKind;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use crate::answers::{Forbidden, Unauthorized};

/// Lists the webhook endpoints.
#[utoipa::path(
    get, path = "/v1/webhook-endpoints", tag = "Webhook endpoints", security(("key" = [])),
    responses(
        (status = 200, body = List<api_types::WebhookEndpoint>),
        Unauthorized,
        Forbidden,
    )
)]
pub(crate) async fn list_webhook_endpoints(
    State(app): State<App>,
    _: Vendor,
) -> Result<Json<List<api_types::WebhookEndpoint>>, Problem> {
    let endpoints = app.services.store.destinations(DestinationKind::Webhook).await?;
    let items = endpoints.into_iter().map(api_types::WebhookEndpoint::try_from).collect::<Result<_, _>>()?;
    Ok(Json(List::complete(items)))
}
