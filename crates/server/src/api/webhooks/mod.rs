//! `/v1/webhook-endpoints`: where webhooks are sent, and what became of them. One endpoint, one file.

pub(crate) mod create;
pub(crate) mod deliveries;
pub(crate) mod list;
pub(crate) mod remove;
pub(crate) mod replay;
pub(crate) mod rotate_secret;
pub(crate) mod show;
pub(crate) mod test;
pub(crate) mod update;

use delivery::Target;
use delivery::webhooks::{Courier, is_type};
use serde::{Deserialize, Serialize};
use store::{Payload, WebhookEndpoint};
use utoipa::ToSchema;

use super::time;
use crate::app::App;
use crate::problem::Problem;

const LONGEST_DESCRIPTION: usize = 500;
const MOST_TYPES: usize = 200;

/// How much a webhook says.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PayloadView {
    /// What happened to what, and the names of the fields that changed; no personal data.
    Thin,
    /// The values too, as far as the change log keeps them, and the record as it is stored when the webhook is sent.
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

/// Where webhooks are sent. The secret is shown when it is made, and never again.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookEndpointView {
    /// Its id.
    #[schema(example = "whe_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// The address.
    #[schema(example = "https://app.example/hooks/lucca")]
    url: String,
    /// The one linked account that it is told of; absent: all, those to come included.
    linked_account_id: Option<String>,
    /// The types of event that it wants; empty: every type.
    event_types: Vec<String>,
    /// How much it is told.
    payload: PayloadView,
    /// What it is for.
    description: Option<String>,
    /// Whether anything is sent.
    enabled: bool,
    /// Why nothing is sent: `asked`, `gone` (the receiver answered 410) or `failing` (for three days).
    disabled_reason: Option<&'static str>,
    /// Failed attempts since the last success.
    failed_attempts: u32,
    /// Since when it fails, UTC.
    failing_since: Option<String>,
    /// When it is tried again, UTC; while it fails.
    next_attempt_at: Option<String>,
    /// Until when the previous secret signs too, UTC.
    previous_secret_until: Option<String>,
    /// When it was made, UTC.
    created_at: String,
    /// When it was last changed, UTC.
    updated_at: String,
}

impl From<WebhookEndpoint> for WebhookEndpointView {
    fn from(endpoint: WebhookEndpoint) -> Self {
        Self {
            id: endpoint.id.to_string(),
            url: endpoint.url,
            linked_account_id: endpoint.account_id.map(|id| id.to_string()),
            event_types: endpoint.types,
            payload: match endpoint.payload {
                Payload::Thin => PayloadView::Thin,
                Payload::Full => PayloadView::Full,
            },
            description: endpoint.description,
            enabled: endpoint.disabled.is_none(),
            disabled_reason: endpoint.disabled.map(store::DisabledReason::name),
            failed_attempts: endpoint.attempts,
            failing_since: endpoint.failing_since.map(time),
            next_attempt_at: endpoint.next_attempt_at.map(time),
            previous_secret_until: endpoint.previous_secret_until.map(time),
            created_at: time(endpoint.created_at),
            updated_at: time(endpoint.updated_at),
        }
    }
}

/// An endpoint with a secret that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookEndpointWithSecret {
    #[serde(flatten)]
    endpoint: WebhookEndpointView,
    /// The secret that webhooks are signed with, `whsec_` and base64. It is not shown again.
    #[schema(example = "whsec_EXAMPLE")]
    secret: String,
}

/// Finds an endpoint by the id in the path.
async fn find(app: &App, id: &str) -> Result<WebhookEndpoint, Problem> {
    let id = id.parse().map_err(|_| missing())?;
    app.machinery.store.webhook_endpoint(id).await?.ok_or_else(missing)
}

fn missing() -> Problem {
    Problem::not_found("webhook endpoint")
}

/// The address, if webhooks may be sent there.
fn target(app: &App, url: &str) -> Result<Target, Problem> {
    Target::parse(url, app.hosts)
        .map_err(|refused| Problem::field("url", refused.code(), format!("Refused: {refused}.")))
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

/// What sends, made anew: tests are rare.
fn courier(app: &App) -> Result<Courier, Problem> {
    let machinery = &app.machinery;
    let seed = u64::from_le_bytes(machinery.entropy.bytes()?);
    let (vault, clock) = (machinery.vault.clone(), machinery.clock.clone());
    Courier::new(machinery.store.clone(), vault, clock, app.hosts, (&machinery.holder.name, seed))
        .map_err(|error| Problem::internal(error.code(), &error))
}

/// Resolves what is said of an endpoint that was disabled.
async fn settle(app: &App, endpoint: &WebhookEndpoint) -> Result<(), Problem> {
    let (store, at) = (&app.machinery.store, app.machinery.clock.now());
    let subject = endpoint.id.to_string();
    for issue in store.issues(endpoint.account_no, store::IssueFilter::Open).await? {
        if issue.code == delivery::webhooks::DISABLED && issue.subject == subject {
            store.resolve_issue(issue.account_no, &issue.code, &subject, at).await?;
        }
    }
    Ok(())
}
