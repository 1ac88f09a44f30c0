//! `/v1/linked-accounts/{linked_account_id}/inbound-webhooks`: settings of webhooks from a customer's Lucca; and
//! `/v1/inbound/…`, which receives them. One file per endpoint. `proof` authenticates a webhook, `notice`
//! parses it, and `jobs` processes it.

pub(crate) mod challenge;
mod notice;
mod proof;
pub(crate) mod receive;
pub(crate) mod remove;
pub(crate) mod set;
pub(crate) mod show;

use axum::http::StatusCode;
use store::InboundWebhook;
use web::app::App;
use web::problem::Problem;

use api_types::time;

/// Builds the API's view of inbound webhooks.
async fn view(app: &App, webhook: &InboundWebhook) -> Result<api_types::InboundWebhooks, Problem> {
    Ok(api_types::InboundWebhooks {
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
    Problem::new(StatusCode::NOT_FOUND, "not_found", "Inbound webhooks are disabled for this account.")
}
