//! `POST /v1/webhook-endpoints`: creates a webhook endpoint.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use delivery::webhooks::Secret;
use secrecy::ExposeSecret;
use serde::Deserialize;
use store::{AccountId, NewWebhookEndpoint, Payload, WebhookEndpointId};
use utoipa::ToSchema;

use super::{PayloadView, WebhookEndpointWithSecret, checked_description, checked_types, missing, target};
use crate::Body;
use crate::answers::{Forbidden, Unauthorized, Unprocessable};
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

/// The endpoint to create.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "url": "https://app.example/hooks/lucca",
    "event_types": ["employee.hired", "absence.*"],
    "payload": "thin",
    "description": "The people app",
}))]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEndpoint {
    /// The address that receives webhooks: `https:`, on the public internet, at most 2,048 bytes.
    #[schema(example = "https://app.example/hooks/lucca")]
    url: String,
    /// The only linked account whose events it receives; absent: all accounts, including future ones.
    #[schema(example = "acct_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    linked_account_id: Option<String>,
    /// The types of event that it receives, or groups such as `employee.*`; none: every type.
    #[serde(default)]
    #[schema(example = json!(["employee.hired", "absence.*"]))]
    event_types: Vec<String>,
    /// The contents of events; `thin` by default.
    payload: Option<PayloadView>,
    /// Its purpose, at most 500 characters.
    description: Option<String>,
}

/// Creates a webhook endpoint, which receives events from now on, of current and future linked accounts. The
/// secret is returned in this response only.
#[utoipa::path(
    post, path = "/v1/webhook-endpoints", tag = "webhooks", security(("key" = [])), request_body = NewEndpoint,
    responses(
        (status = 201, body = WebhookEndpointWithSecret),
        Unauthorized,
        Forbidden,
        Unprocessable,
    )
)]
pub(crate) async fn new_webhook_endpoint(
    State(app): State<App>,
    vendor: Vendor,
    Body(wanted): Body<NewEndpoint>,
) -> Result<(StatusCode, Json<WebhookEndpointWithSecret>), Problem> {
    let target = target(&app, &wanted.url)?;
    let types = checked_types(wanted.event_types)?;
    let description = checked_description(wanted.description)?;
    let services = &app.services;
    let account = match wanted.linked_account_id {
        None => None,
        Some(id) => {
            let unknown = || {
                let detail = "There is no such linked account.";
                Problem::field("linked_account_id", "request.invalid", detail)
            };
            let id: AccountId = id.parse().map_err(|_| unknown())?;
            Some(services.store.account(id).await?.ok_or_else(unknown)?)
        }
    };
    let at = services.clock.now();
    let id = WebhookEndpointId::mint(at, services.entropy.bytes()?);
    let secret = Secret::from_random(services.entropy.bytes()?);
    let new = NewWebhookEndpoint {
        id,
        url: target.as_str(),
        account: account.as_ref(),
        types: &types,
        payload: wanted.payload.map_or(Payload::Thin, Payload::from),
        description: description.as_deref(),
        secret: &secret,
        nonce: services.entropy.bytes()?,
        actor: vendor.actor(),
        at,
    };
    services.store.add_webhook_endpoint(&services.vault, new).await?;
    let endpoint = services.store.webhook_endpoint(id).await?.ok_or_else(missing)?;
    let secret = secret.expose_secret().to_owned();
    Ok((StatusCode::CREATED, Json(WebhookEndpointWithSecret { endpoint: endpoint.into(), secret })))
}
