//! `PUT /v1/linked-accounts/{linked_account_id}/inbound-webhooks`: enables or changes an account's inbound webhooks.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize};
use store::{AccountStatus, InboundWebhookId};
use utoipa::ToSchema;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;
use web::tokens::{INBOUND_KEY_OVERLAP, new_inbound_key};

use super::{off, view};
use crate::Body;
use crate::answers::{Conflict, Forbidden, NotFound, Unauthorized, Unprocessable};
use crate::linked_accounts::find;

/// Longer than any secret of Lucca's observed so far.
const LONGEST_SECRET: usize = 500;

/// Changes to inbound webhooks; absent members stay unchanged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InboundWebhooksUpdate {
    /// Whether to create a new key. The previous key stays valid for seven days; one that was replaced before
    /// that does not.
    #[serde(default)]
    new_key: bool,
    /// The secret with which Lucca signs, shown in Lucca when a webhook endpoint of its newer kind is
    /// created; null removes it. The previous secret stays valid for seven days.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, example = "b3YGydKxao0CYEg4-EXAMPLE")]
    signing_secret: Option<Option<SecretString>>,
}

/// Distinguishes a null member from an absent one.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<SecretString>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Inbound webhooks, with their key if it was just created.
#[derive(Serialize, ToSchema)]
pub(crate) struct InboundWebhooksWithKey {
    #[serde(flatten)]
    webhooks: api_types::InboundWebhooks,
    /// The key to enter in Lucca; only if this call created it. It is not shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "inb_EXAMPLE")]
    key: Option<String>,
}

/// Enables an account's inbound webhooks, renews their key, or sets Lucca's secret.
///
/// If they were disabled, the response has the key. Webhooks carry no data into the store: they only decide
/// what is read again at once.
#[utoipa::path(
    put, path = "/v1/linked-accounts/{linked_account_id}/inbound-webhooks", tag = "Inbound webhooks", security(("key" = [])),
    params(("linked_account_id" = String, Path, description = "The linked account's id.")), request_body = InboundWebhooksUpdate,
    responses(
        (status = 200, body = InboundWebhooksWithKey),
        (status = 201, body = InboundWebhooksWithKey, description = "They were off, and are on from now on."),
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
        Unprocessable,
    )
)]
pub(crate) async fn update_inbound_webhooks(
    State(app): State<App>,
    vendor: Vendor,
    Path(linked_account_id): Path<String>,
    Body(wanted): Body<InboundWebhooksUpdate>,
) -> Result<(StatusCode, Json<InboundWebhooksWithKey>), Problem> {
    let account = find(&app, &linked_account_id).await?;
    if account.status == AccountStatus::Unlinked {
        return Err(store::Error::Unlinked.into());
    }
    if let Some(Some(secret)) = &wanted.signing_secret
        && !(1..=LONGEST_SECRET).contains(&secret.expose_secret().len())
    {
        let detail = "`signing_secret` must have 1 to 500 characters, as Lucca shows it.";
        return Err(Problem::field("signing_secret", "request.invalid", detail));
    }
    let services = &app.services;
    let (store, now) = (&services.store, services.clock.now());
    let until = now.checked_add(INBOUND_KEY_OVERLAP).unwrap_or(jiff::Timestamp::MAX);
    let key = new_inbound_key(&services.entropy)?;
    let id = InboundWebhookId::mint(now, services.entropy.bytes()?);
    let is_new = store.add_inbound_webhook(&account, id, &key, vendor.actor(), now).await?;
    let shows_key = is_new
        || wanted.new_key && store.rotate_inbound_key(&account, &key, vendor.actor(), (now, until)).await?;
    let find_webhook = async || store.inbound_webhook_of(account.no).await?.ok_or_else(off);
    let mut webhook = find_webhook().await?;
    if let Some(secret) = wanted.signing_secret {
        let nonces = [services.entropy.bytes()?, services.entropy.bytes()?];
        let vault = &services.vault;
        let (secret, times) = (secret.as_ref(), (now, until));
        // If they were disabled concurrently, the next read below reports it.
        store.set_inbound_signing_secret(vault, &webhook, secret, nonces, vendor.actor(), times).await?;
        webhook = find_webhook().await?;
    }
    let webhooks = view(&app, &webhook).await?;
    let key = shows_key.then(|| key.expose_secret().to_owned());
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(InboundWebhooksWithKey { webhooks, key })))
}
