//! `/v1/webhook-endpoints`: webhook endpoints and their deliveries. One file per endpoint.

pub(crate) mod create;
pub(crate) mod deliveries;
pub(crate) mod list;
pub(crate) mod remove;
pub(crate) mod replay;
pub(crate) mod rotate_secret;
pub(crate) mod show;
pub(crate) mod test;
pub(crate) mod update;

use delivery::webhooks::{Courier, Payload, Settings, is_type};
use serde::{Deserialize, Serialize};
use store::{Destination, DestinationKind};
use utoipa::ToSchema;
use web::app::App;
use web::problem::Problem;

use super::{destinations, time};

const LONGEST_DESCRIPTION: usize = 500;
const MOST_TYPES: usize = 200;

/// The contents of an event.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PayloadView {
    /// The operation, the record's id, and the names of the changed fields; no personal data.
    Thin,
    /// Also the values, as far as the change log stores them, and the record as it is stored when the webhook
    /// is sent.
    Full,
}

impl From<PayloadView> for Payload {
    fn from(view: PayloadView) -> Self {
        match view {
            PayloadView::Thin => Self::Thin,
            PayloadView::Full => Self::Full,
        }
    }
}

/// A webhook endpoint. Its secret is shown once, when it is created.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookEndpointView {
    /// The endpoint's id.
    #[schema(example = "whe_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// The address that receives webhooks.
    #[schema(example = "https://app.example/hooks/lucca")]
    url: String,
    /// The only linked account whose events it receives; absent: all accounts, including future ones.
    linked_account_id: Option<String>,
    /// The types of event that it receives; empty: every type.
    event_types: Vec<String>,
    /// The contents of events.
    payload: PayloadView,
    /// Its purpose.
    description: Option<String>,
    /// Whether events are sent.
    enabled: bool,
    /// Why no events are sent: `asked`, `gone` (the receiver answered 410) or `failing` (for three days).
    disabled_reason: Option<&'static str>,
    /// Failed attempts since the last success.
    failed_attempts: u32,
    /// Since when deliveries fail, UTC.
    failing_since: Option<String>,
    /// When the next attempt is due, UTC, while deliveries fail.
    next_attempt_at: Option<String>,
    /// Until when the previous secret also signs, UTC.
    previous_secret_until: Option<String>,
    /// When it was created, UTC.
    created_at: String,
    /// When it was last changed, UTC.
    updated_at: String,
}

impl TryFrom<Destination> for WebhookEndpointView {
    type Error = Problem;

    fn try_from(endpoint: Destination) -> Result<Self, Problem> {
        let settings = Settings::parse(&endpoint.settings)?;
        Ok(Self {
            id: endpoint.id.to_string(),
            url: endpoint.address,
            linked_account_id: endpoint.account_id.map(|id| id.to_string()),
            event_types: settings.event_types,
            payload: match settings.payload {
                Payload::Thin => PayloadView::Thin,
                Payload::Full => PayloadView::Full,
            },
            description: settings.description,
            enabled: endpoint.disabled.is_none(),
            disabled_reason: endpoint.disabled.map(store::DisabledReason::name),
            failed_attempts: endpoint.attempts,
            failing_since: endpoint.failing_since.map(time),
            next_attempt_at: endpoint.next_attempt_at.map(time),
            previous_secret_until: endpoint.previous_credential_until.map(time),
            created_at: time(endpoint.created_at),
            updated_at: time(endpoint.updated_at),
        })
    }
}

/// An endpoint with its new secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookEndpointWithSecret {
    #[serde(flatten)]
    endpoint: WebhookEndpointView,
    /// The secret that signs webhooks, `whsec_` and base64. It is not shown again.
    #[schema(example = "whsec_EXAMPLE")]
    secret: String,
}

/// Finds an endpoint by the id in the path.
async fn find(app: &App, id: &str) -> Result<Destination, Problem> {
    destinations::find(app, DestinationKind::Webhook, id).await
}

fn checked_types(types: Vec<String>) -> Result<Vec<String>, Problem> {
    if types.len() > MOST_TYPES || !types.iter().all(|name| is_type(name)) {
        let detail = "A type is one of those in docs/webhooks.md, or a group such as employee.*.";
        return Err(Problem::field("event_types", "webhook.unknown_type", detail));
    }
    Ok(types)
}

fn checked_description(text: Option<String>) -> Result<Option<String>, Problem> {
    let is_fine =
        |text: &String| text.chars().count() <= LONGEST_DESCRIPTION && !text.chars().any(char::is_control);
    if !text.as_ref().is_none_or(is_fine) {
        let detail = "A description has 500 characters at most, on one line.";
        return Err(Problem::field("description", "request.invalid", detail));
    }
    Ok(text.filter(|text| !text.trim().is_empty()))
}

/// Creates a courier for one delivery. Tests are rare, so none is kept.
fn courier(app: &App) -> Result<Courier, Problem> {
    let services = &app.services;
    let seed = u64::from_le_bytes(services.entropy.bytes()?);
    let (vault, clock) = (services.vault.clone(), services.clock.clone());
    Courier::new(services.store.clone(), vault, clock, app.hosts, (&services.holder.name, seed))
        .map_err(|error| Problem::internal(error.code(), &error))
}
