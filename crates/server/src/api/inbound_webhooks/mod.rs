//! `/v1/linked-accounts/{account_id}/inbound-webhooks`: lets a customer's Lucca tell us what happens; and `/v1/inbound/…`, where
//! it does. One endpoint, one file; what a webhook says is read in `notice`, who sends it is proven in `proof`. What is done
//! about it is not here but in `jobs`.

pub(crate) mod challenge;
mod notice;
mod proof;
pub(crate) mod receive;
pub(crate) mod remove;
pub(crate) mod set;
pub(crate) mod show;

use std::time::Duration;

use serde::Serialize;
use store::InboundWebhook;
use utoipa::ToSchema;

use super::time;
use crate::app::App;
use crate::problem::Problem;

/// How long a key or secret that was replaced holds too: it is a person at the customer who types the new one into Lucca.
pub const OVERLAP: Duration = Duration::from_hours(7 * 24);

/// How an account's Lucca tells us what happens. The key is shown when it is made, and never again.
#[derive(Serialize, ToSchema)]
pub(crate) struct InboundWebhooksView {
    /// The address to enter in Lucca.
    #[schema(example = "https://lucca.example.com/v1/inbound/inw_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    url: String,
    /// Until when the former key opens it too, UTC.
    previous_key_until: Option<String>,
    /// Whether Lucca's own secret is known, which the signed kind of webhooks needs.
    signed: bool,
    /// How many webhooks came.
    #[schema(example = 128)]
    received: u64,
    /// How many of them were about something that is not read by webhooks.
    #[schema(example = 0)]
    passed_over: u64,
    /// How many could not be understood. Nothing is lost by them: what they were about is read by the next sync.
    #[schema(example = 0)]
    malformed: u64,
    /// What was told and is not read yet.
    #[schema(example = 0)]
    waiting: u64,
    /// When the last webhook came, UTC.
    last_received_at: Option<String>,
    /// When the last one came that could not be understood, UTC.
    last_malformed_at: Option<String>,
    /// When they were switched on, UTC.
    created_at: String,
    /// When a key or secret last changed, UTC.
    updated_at: String,
}

/// As it is shown.
async fn view(app: &App, webhook: &InboundWebhook) -> Result<InboundWebhooksView, Problem> {
    Ok(InboundWebhooksView {
        url: format!("{}/v1/inbound/{}", app.public_url, webhook.id),
        previous_key_until: webhook.previous_key_until.map(time),
        signed: webhook.is_signed(),
        received: webhook.received,
        passed_over: webhook.passed_over,
        malformed: webhook.malformed,
        waiting: app.machinery.store.count_notices(webhook.account_no).await?,
        last_received_at: webhook.last_received_at.map(time),
        last_malformed_at: webhook.last_malformed_at.map(time),
        created_at: time(webhook.created_at),
        updated_at: time(webhook.updated_at),
    })
}

fn off() -> Problem {
    Problem::not_found("inbound webhooks of this account: they are off")
}
