//! `POST /v1/webhook-endpoints/{endpoint_id}/rotate-secret`: creates a new secret; the old one stays valid
//! for a day.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use delivery::webhooks::Secret;
use secrecy::ExposeSecret;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::{WebhookEndpointWithSecret, find};
use crate::answers::{Conflict, Forbidden, NotFound, Unauthorized};

/// How long the previous secret also signs.
const OVERLAP: Duration = Duration::from_hours(24);

/// Rotates the secret of a webhook endpoint.
///
/// For 24 hours, webhooks are also signed with the previous secret; one that was replaced before that no
/// longer signs. The new secret is returned in this response only.
#[utoipa::path(
    post, path = "/v1/webhook-endpoints/{endpoint_id}/rotate-secret", tag = "Webhook endpoints", security(("key" = [])),
    params(("endpoint_id" = String, Path, description = "The endpoint's id.")),
    responses(
        (status = 200, body = WebhookEndpointWithSecret),
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
    )
)]
pub(crate) async fn rotate_webhook_endpoint_secret(
    State(app): State<App>,
    vendor: Vendor,
    Path(endpoint_id): Path<String>,
) -> Result<Json<WebhookEndpointWithSecret>, Problem> {
    let endpoint = find(&app, &endpoint_id).await?;
    let services = &app.services;
    let secret = Secret::from_random(services.entropy.bytes()?);
    let nonces = [services.entropy.bytes()?, services.entropy.bytes()?];
    let now = services.clock.now();
    let until = now.checked_add(OVERLAP).unwrap_or(jiff::Timestamp::MAX);
    let vault = &services.vault;
    let by = (vendor.actor(), now);
    let rotated = services.store.rotate_credential(vault, &endpoint, &secret, nonces, until, by).await?;
    if !rotated {
        let detail = "Another request rotated the secret at the same time. Show the endpoint, and try again.";
        return Err(Problem::new(StatusCode::CONFLICT, "webhook.secret_changed", detail));
    }
    let endpoint = find(&app, &endpoint_id).await?.try_into()?;
    Ok(Json(WebhookEndpointWithSecret { endpoint, secret: secret.expose_secret().to_owned() }))
}
