//! `POST /v1/inbound/{inbound_id}`: receives a webhook from a customer's Lucca.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use store::Received;
use web::app::App;
use web::problem::Problem;
use web::sender::Sender;

use super::notice::{WebhookContent, read};
use super::proof::{is_signed, is_signed_with, refused, shows_key};
use crate::answers::{TooLarge, Unauthorized};

/// A half-day takes 500 bytes, and the half-days of a long absence may arrive in one webhook.
pub(crate) const LARGEST: usize = 256 * 1024;

/// Receives a webhook from a customer's Lucca: the *HTTP synchronisation* of absences, authenticated by the
/// customer's key, or an event of the newer kind, signed by Lucca.
///
/// The connector records which absences to read again, and responds; it stores no data from the webhook.
/// Duplicate, late and reordered webhooks only cause further reads.
#[utoipa::path(
    post, path = "/v1/inbound/{inbound_id}", tag = "Inbound webhooks",
    params(
        ("inbound_id" = String, Path, description = "The last part of the address that is entered in Lucca: `inw_…`."),
    ),
    request_body(content = serde_json::Value, content_type = "application/json", example = json!({"id": "78287-20180424-PM"})),
    responses(
        (status = 202, description = "It is noted what to read again."),
        (status = 400, description = "The webhook can't be parsed. The next sync reads what it announces."),
        Unauthorized,
        TooLarge,
    )
)]
pub(crate) async fn receive_inbound_webhook(
    State(app): State<App>,
    Sender(from): Sender,
    Path(inbound_id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Problem> {
    let (store, now) = (&app.services.store, app.services.clock.now());
    let webhook = match inbound_id.parse() {
        Ok(id) => store.inbound_webhook(id).await?,
        Err(_) => None,
    };
    let body = body.map_err(|_| {
        let detail = "The body is larger than any webhook needs to be, or is incomplete.";
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "request.too_large", detail)
    })?;
    let is_signed = is_signed(&headers);
    let is_proven = if is_signed {
        let secrets = match &webhook {
            Some(webhook) => webhook.signing_secrets(&app.services.vault, now)?,
            None => Vec::new(),
        };
        is_signed_with(&secrets, &headers, &body, now)
    } else {
        shows_key(&headers, webhook.as_ref(), now)
    };
    // Never 404 or 410, after which Lucca would stop sending (source: lucca-api-2024-11-01.md §8.4).
    let Some(webhook) = webhook.filter(|_| is_proven) else { return Err(refused(&app, from)) };
    app.limits.inbound(webhook.id)?;
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let content = read(is_signed, header("x-event"), header("x-resource-type"), &body);
    let received = match &content {
        Some(WebhookContent::Notices(notices)) => Received::Noted(notices),
        Some(WebhookContent::OtherTopic) => Received::PassedOver,
        None => Received::Malformed,
    };
    store.note_inbound(&webhook, received, now).await?;
    if content.is_none() {
        tracing::warn!(account = %webhook.account_id, "a webhook from Lucca could not be parsed");
        let detail = "The webhook can't be parsed. The next sync reads what it announces.";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "inbound.malformed", detail));
    }
    Ok(StatusCode::ACCEPTED)
}
