//! `POST /v1/webhook-endpoints/{endpoint_id}/replay`: replays events from a position in a log.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use store::{AccountId, Cursor, LinkedAccount, Log};
use utoipa::ToSchema;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::find;
use crate::Body;
use crate::answers::{Forbidden, Gone, NotFound, Unauthorized, Unprocessable};
use crate::linked_accounts;

/// One of a linked account's two logs.
#[derive(Clone, Copy, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EventLog {
    /// The change log: changes of records.
    #[default]
    Changes,
    /// The event log: syncs, issues, links.
    Events,
}

/// The position to replay from.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookReplayCreate {
    /// Events after this number are sent: 0 for all. It may also be ahead of the current position; the events
    /// in between are then skipped.
    #[schema(example = 0, minimum = 0)]
    after_seq: i64,
    /// The linked account; required if the endpoint receives events of all accounts.
    linked_account_id: Option<String>,
    /// The log; `changes` by default.
    #[serde(default)]
    log: EventLog,
}

/// The events that will be sent.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookReplay {
    /// The linked account.
    linked_account_id: String,
    /// Events after this number in the log are sent.
    after_seq: i64,
    /// The number of the last entry at this time.
    last_seq: i64,
}

/// Replays every event after a number of a linked account's log, in order.
///
/// Events are sent as soon as the endpoint is enabled and responds. Each has the same `webhook-id` as before.
#[utoipa::path(
    post, path = "/v1/webhook-endpoints/{endpoint_id}/replay", tag = "Webhook endpoints", security(("key" = [])),
    params(("endpoint_id" = String, Path, description = "The endpoint's id.")), request_body = WebhookReplayCreate,
    responses(
        (status = 202, body = WebhookReplay),
        Unauthorized,
        Forbidden,
        NotFound,
        Gone,
        Unprocessable,
    )
)]
pub(crate) async fn replay_webhook_events(
    State(app): State<App>,
    vendor: Vendor,
    Path(endpoint_id): Path<String>,
    Body(wanted): Body<WebhookReplayCreate>,
) -> Result<(StatusCode, Json<WebhookReplay>), Problem> {
    let endpoint = find(&app, &endpoint_id).await?;
    let account = account(&app, endpoint.account_id, wanted.linked_account_id.as_deref()).await?;
    let store = &app.services.store;
    let (log, last) = match wanted.log {
        EventLog::Changes => (Log::Changes, store.last_change(account.no).await?),
        EventLog::Events => (Log::Events, store.last_event(account.no).await?),
    };
    if !(0..=last).contains(&wanted.after_seq) {
        let detail = format!("The log's last number is {last}; give one from 0 to that.");
        return Err(Problem::field("after_seq", "webhook.no_such_sequence", detail));
    }
    if log == Log::Changes {
        store.check_place(account.no, wanted.after_seq).await?;
    }
    let by = (vendor.actor(), app.services.clock.now());
    store.replay_webhooks(&endpoint, (account.no, log), Cursor::after(wanted.after_seq), by).await?;
    let replayed = WebhookReplay {
        linked_account_id: account.id.to_string(),
        after_seq: wanted.after_seq,
        last_seq: last,
    };
    Ok((StatusCode::ACCEPTED, Json(replayed)))
}

/// The linked account to replay: the endpoint's own, or the one in the request.
async fn account(app: &App, of: Option<AccountId>, named: Option<&str>) -> Result<LinkedAccount, Problem> {
    let invalid = |detail| Problem::field("linked_account_id", "request.invalid", detail);
    let account = match (of, named) {
        (None, None) => {
            return Err(invalid(
                "The endpoint receives events of all linked accounts: name one in linked_account_id.",
            ));
        }
        (Some(id), None) => {
            let found = app.services.store.account(id).await?;
            found.ok_or_else(|| invalid("No linked account has this id."))?
        }
        (_, Some(named)) => linked_accounts::find_named(app, "linked_account_id", named).await?,
    };
    if of.is_some_and(|only| only != account.id) {
        return Err(invalid("The endpoint receives events of another linked account."));
    }
    Ok(account)
}
