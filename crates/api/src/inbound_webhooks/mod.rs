//! `/v1/linked-accounts/{account_id}/inbound-webhooks`: settings of webhooks from a customer's Lucca; and
//! `/v1/inbound/…`, which receives them. One file per endpoint. `proof` authenticates a webhook, `notice`
//! parses it, and `jobs` processes it.

pub(crate) mod challenge;
mod notice;
mod proof;
pub(crate) mod receive;
pub(crate) mod remove;
pub(crate) mod set;
pub(crate) mod show;

use serde::Serialize;
use store::InboundWebhook;
use utoipa::ToSchema;
use web::app::App;
use web::problem::Problem;

use super::time;

/// The state of an account's inbound webhooks. The key is shown once, when it is created.
#[derive(Serialize, ToSchema)]
pub(crate) struct InboundWebhooksView {
    /// The address to enter in Lucca.
    #[schema(example = "https://lucca.example.com/v1/inbound/inw_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    url: String,
    /// Until when the previous key stays valid, UTC.
    previous_key_until: Option<String>,
    /// Whether Lucca's own secret is stored, which signed webhooks need.
    signed: bool,
    /// Number of webhooks received.
    #[schema(example = 128)]
    received: u64,
    /// Number of these whose topic the connector does not read by webhooks.
    #[schema(example = 0)]
    passed_over: u64,
    /// Number of these that could not be parsed. No data is lost: the next sync reads it.
    #[schema(example = 0)]
    malformed: u64,
    /// Number of notifications whose data is not read yet.
    #[schema(example = 0)]
    waiting: u64,
    /// When the last webhook arrived, UTC.
    last_received_at: Option<String>,
    /// When the last unparsable webhook arrived, UTC.
    last_malformed_at: Option<String>,
    /// When inbound webhooks were enabled, UTC.
    created_at: String,
    /// When a key or secret last changed, UTC.
    updated_at: String,
}

/// Builds the API's view of inbound webhooks.
async fn view(app: &App, webhook: &InboundWebhook) -> Result<InboundWebhooksView, Problem> {
    Ok(InboundWebhooksView {
        url: format!("{}/v1/inbound/{}", app.public_url, webhook.id),
        previous_key_until: webhook.previous_key_until.map(time),
        signed: webhook.is_signed(),
        received: webhook.received,
        passed_over: webhook.passed_over,
        malformed: webhook.malformed,
        waiting: app.services.store.count_notices(webhook.account_no).await?,
        last_received_at: webhook.last_received_at.map(time),
        last_malformed_at: webhook.last_malformed_at.map(time),
        created_at: time(webhook.created_at),
        updated_at: time(webhook.updated_at),
    })
}

fn off() -> Problem {
    Problem::not_found("inbound webhooks of this account: they are off")
}
