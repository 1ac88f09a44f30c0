//! `PATCH /v1/webhook-endpoints/{endpoint_id}`: changes an endpoint, disables it or enables it anew.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Deserializer};
use store::{EndpointChange, Payload};
use utoipa::ToSchema;

use super::{
    PayloadView, WebhookEndpointView, checked_description, checked_types, find, missing, settle, target,
};
use crate::api::Body;
use crate::api::answers::{Forbidden, NotFound, Unauthorized, Unprocessable};
use crate::app::App;
use crate::auth::Vendor;
use crate::problem::Problem;

/// What is to be changed of an endpoint; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangedEndpoint {
    /// Where webhooks are sent.
    url: Option<String>,
    /// The types of event that it wants; an empty list: every type.
    event_types: Option<Vec<String>>,
    /// How much it is told.
    payload: Option<PayloadView>,
    /// What it is for; null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    /// Whether anything is sent. Enabled anew, it is told what happened meanwhile, in order.
    enabled: Option<bool>,
}

/// Tells a member that is null from one that is absent.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Changes a webhook endpoint, disables it or enables it anew. While it is disabled nothing is lost: enabled, it is told
/// what happened meanwhile.
#[utoipa::path(
    patch, path = "/v1/webhook-endpoints/{endpoint_id}", tag = "webhooks", security(("key" = [])),
    params(("endpoint_id" = String, Path, description = "the endpoint's id")), request_body = ChangedEndpoint,
    responses(
        (status = 200, body = WebhookEndpointView),
        Unauthorized,
        Forbidden,
        NotFound,
        Unprocessable,
    )
)]
pub(crate) async fn change_webhook_endpoint(
    State(app): State<App>,
    vendor: Vendor,
    Path(endpoint_id): Path<String>,
    Body(wanted): Body<ChangedEndpoint>,
) -> Result<Json<WebhookEndpointView>, Problem> {
    let endpoint = find(&app, &endpoint_id).await?;
    let url = wanted.url.map(|url| target(&app, &url)).transpose()?;
    let change = EndpointChange {
        url: url.map(|url| url.as_str().to_owned()),
        types: wanted.event_types.map(checked_types).transpose()?,
        payload: wanted.payload.map(Payload::from),
        description: wanted.description.map(checked_description).transpose()?,
        enabled: wanted.enabled,
    };
    let by = (vendor.actor(), app.machinery.clock.now());
    if !app.machinery.store.change_webhook_endpoint(&endpoint, &change, by).await? {
        return Err(missing());
    }
    if wanted.enabled == Some(true) {
        settle(&app, &endpoint).await?;
    }
    Ok(Json(find(&app, &endpoint_id).await?.into()))
}
