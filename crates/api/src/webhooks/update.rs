//! `PATCH /v1/webhook-endpoints/{endpoint_id}`: changes, disables or enables a webhook endpoint.

use api_types::WebhookPayload;
use axum::Json;
use axum::extract::{Path, State};
use delivery::webhooks::Settings;
use serde::{Deserialize, Deserializer};
use store::DestinationChange;
use utoipa::ToSchema;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::{checked_description, checked_types, find};
use crate::Body;
use crate::answers::{Forbidden, NotFound, Unauthorized, Unprocessable};
use crate::destinations;

/// Changes to an endpoint; absent members stay unchanged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookEndpointUpdate {
    /// The address that receives webhooks.
    url: Option<String>,
    /// The types of event that it receives; an empty list: every type.
    event_types: Option<Vec<String>>,
    /// The contents of events.
    payload: Option<WebhookPayload>,
    /// Its purpose; null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    /// Whether events are sent. When enabled again, the endpoint receives the events in between, in order.
    enabled: Option<bool>,
}

/// Distinguishes a null member from an absent one.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Changes, disables or enables a webhook endpoint. No events are lost while it is disabled: they are sent
/// when it is enabled again.
#[utoipa::path(
    patch, path = "/v1/webhook-endpoints/{endpoint_id}", tag = "Webhook endpoints", security(("key" = [])),
    params(("endpoint_id" = String, Path, description = "The endpoint's id.")), request_body = WebhookEndpointUpdate,
    responses(
        (status = 200, body = api_types::WebhookEndpoint),
        Unauthorized,
        Forbidden,
        NotFound,
        Unprocessable,
    )
)]
pub(crate) async fn update_webhook_endpoint(
    State(app): State<App>,
    vendor: Vendor,
    Path(endpoint_id): Path<String>,
    Body(wanted): Body<WebhookEndpointUpdate>,
) -> Result<Json<api_types::WebhookEndpoint>, Problem> {
    let endpoint = find(&app, &endpoint_id).await?;
    let url = wanted.url.map(|url| destinations::target(&app, "url", &url)).transpose()?;
    let before = Settings::parse(&endpoint.settings)?;
    let mut settings = before.clone();
    if let Some(types) = wanted.event_types {
        settings.event_types = checked_types(types)?;
    }
    if let Some(payload) = wanted.payload {
        settings.payload = payload.into();
    }
    if let Some(description) = wanted.description {
        settings.description = checked_description(description)?;
    }
    let change = DestinationChange {
        address: url.map(|url| url.as_str().to_owned()),
        // Otherwise enabling would undo settings that another call changes at this moment.
        settings: (settings != before).then(|| settings.to_json()),
        enabled: wanted.enabled,
        credential: None,
    };
    Ok(Json(destinations::change(&app, &vendor, &endpoint, change).await?.try_into()?))
}
