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

use delivery::webhooks::{Courier, is_type};
use serde::Serialize;
use store::{Destination, DestinationKind};
use utoipa::ToSchema;
use web::app::App;
use web::problem::Problem;

use super::destinations;

const LONGEST_DESCRIPTION: usize = 500;
const MOST_TYPES: usize = 200;

/// An endpoint with its new secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookEndpointWithSecret {
    #[serde(flatten)]
    endpoint: api_types::WebhookEndpoint,
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
        let detail = "An event type is one of those in docs/webhooks.md, or a group such as employee.*.";
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
