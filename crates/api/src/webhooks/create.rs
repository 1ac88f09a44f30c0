//! `POST /v1/webhook-endpoints`: creates a webhook endpoint.

use api_types::WebhookPayload;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use delivery::webhooks::{Payload, Secret, Settings};
use secrecy::ExposeSecret;
use serde::Deserialize;
use store::DestinationKind;
use utoipa::ToSchema;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::{WebhookEndpointWithSecret, checked_description, checked_types};
use crate::Body;
use crate::answers::{Forbidden, Unauthorized, Unprocessable};
use crate::destinations::{self, Creation};
use crate::linked_accounts;

/// The endpoint to create.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "url": "https://app.example/hooks/lucca",
    "event_types": ["employee.hired", "absence.*"],
    "payload": "thin",
    "description": "The people app",
}))]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookEndpointCreate {
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
    payload: Option<WebhookPayload>,
    /// Its purpose, at most 500 characters.
    description: Option<String>,
}

/// Creates a webhook endpoint, which receives events from now on, of current and future linked accounts. The
/// secret is returned in this response only.
#[utoipa::path(
    post, path = "/v1/webhook-endpoints", tag = "Webhook endpoints", security(("key" = [])), request_body = WebhookEndpointCreate,
    responses(
        (status = 201, body = WebhookEndpointWithSecret),
        Unauthorized,
        Forbidden,
        Unprocessable,
    )
)]
pub(crate) async fn create_webhook_endpoint(
    State(app): State<App>,
    vendor: Vendor,
    Body(wanted): Body<WebhookEndpointCreate>,
) -> Result<(StatusCode, Json<WebhookEndpointWithSecret>), Problem> {
    let target = destinations::target(&app, "url", &wanted.url)?;
    let settings = Settings {
        event_types: checked_types(wanted.event_types)?,
        payload: wanted.payload.map(Payload::from).unwrap_or_default(),
        description: checked_description(wanted.description)?,
    };
    let account = match wanted.linked_account_id {
        None => None,
        Some(id) => Some(linked_accounts::find_named(&app, "linked_account_id", &id).await?),
    };
    let secret = Secret::from_random(app.services.entropy.bytes()?);
    let new = Creation {
        kind: DestinationKind::Webhook,
        account: account.as_ref(),
        address: target.as_str(),
        settings: &settings.to_json(),
        credential: &secret,
    };
    let endpoint = destinations::create(&app, &vendor, new).await?.try_into()?;
    let secret = secret.expose_secret().to_owned();
    Ok((StatusCode::CREATED, Json(WebhookEndpointWithSecret { endpoint, secret })))
}
