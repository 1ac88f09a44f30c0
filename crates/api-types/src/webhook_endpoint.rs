//! Webhook endpoints.

use delivery::webhooks::{Payload, Settings};
use serde::{Deserialize, Serialize};
use store::Destination;
use utoipa::ToSchema;

use crate::{DisabledReason, time};

/// The contents of an event.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookPayload {
    /// The operation, the record's id, and the names of the changed fields; no personal data.
    Thin,
    /// Also the values, as far as the change log stores them, and the record as it is stored when the webhook
    /// is sent.
    Full,
}

impl From<WebhookPayload> for Payload {
    fn from(view: WebhookPayload) -> Self {
        match view {
            WebhookPayload::Thin => Self::Thin,
            WebhookPayload::Full => Self::Full,
        }
    }
}

/// A webhook endpoint. Its secret is shown once, when it is created.
#[derive(Serialize, ToSchema)]
pub struct WebhookEndpoint {
    /// The endpoint's id.
    #[schema(example = "whe_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// The address that receives webhooks.
    #[schema(example = "https://app.example/hooks/lucca", format = "uri")]
    url: String,
    /// The only linked account whose events it receives; null: all accounts, including future ones.
    linked_account_id: Option<String>,
    /// The types of event that it receives; empty: every type.
    event_types: Vec<String>,
    /// The contents of events.
    payload: WebhookPayload,
    /// Its purpose.
    description: Option<String>,
    /// Whether events are sent.
    enabled: bool,
    /// Why no events are sent; null while they are.
    disabled_reason: Option<DisabledReason>,
    /// Failed attempts since the last success.
    failed_attempts: u32,
    /// Since when deliveries fail, UTC.
    #[schema(format = DateTime)]
    failing_since: Option<String>,
    /// When the next attempt is due, UTC, while deliveries fail.
    #[schema(format = DateTime)]
    next_attempt_at: Option<String>,
    /// Until when the previous secret also signs, UTC.
    #[schema(format = DateTime)]
    previous_secret_until: Option<String>,
    /// When it was created, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last changed, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl TryFrom<Destination> for WebhookEndpoint {
    type Error = store::Error;

    fn try_from(endpoint: Destination) -> Result<Self, Self::Error> {
        let settings = Settings::parse(&endpoint.settings)?;
        Ok(Self {
            id: endpoint.id.to_string(),
            url: endpoint.address,
            linked_account_id: endpoint.account_id.map(|id| id.to_string()),
            event_types: settings.event_types,
            payload: match settings.payload {
                Payload::Thin => WebhookPayload::Thin,
                Payload::Full => WebhookPayload::Full,
            },
            description: settings.description,
            enabled: endpoint.disabled.is_none(),
            disabled_reason: endpoint.disabled.map(DisabledReason),
            failed_attempts: endpoint.attempts,
            failing_since: endpoint.failing_since.map(time),
            next_attempt_at: endpoint.next_attempt_at.map(time),
            previous_secret_until: endpoint.previous_credential_until.map(time),
            created_at: time(endpoint.created_at),
            updated_at: time(endpoint.updated_at),
        })
    }
}
