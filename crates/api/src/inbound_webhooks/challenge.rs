//! `GET /v1/inbound/{inbound_id}`: answers the challenge that precedes webhooks of Lucca's newer kind.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use web::app::App;
use web::problem::Problem;
use web::sender::Sender;

use super::proof::refused;
use crate::Params;
use crate::answers::{Unauthorized, Unprocessable};

const LONGEST: usize = 1_000;

/// The text that Lucca expects back.
#[derive(Deserialize)]
pub(crate) struct ChallengeQuery {
    echo: Option<String>,
    /// The name in older documentation of Lucca's.
    challenge: Option<String>,
}

/// Answers Lucca's challenge, which confirms that this address accepts its webhooks. Source: Lucca's
/// documentation of webhooks, *activate*.
#[utoipa::path(
    get, path = "/v1/inbound/{inbound_id}", tag = "Inbound webhooks",
    params(
        ("inbound_id" = String, Path, description = "The last part of the address that is entered in Lucca: `inw_…`."),
        ("echo" = Option<String>, Query, description = "The text that the response has to contain."),
        ("challenge" = Option<String>, Query, description = "The same text, under its older name."),
    ),
    responses(
        (status = 200, content_type = "text/plain", body = String, example = json!("8f2c")),
        Unauthorized,
        Unprocessable,
    )
)]
pub(crate) async fn verify_inbound_webhook(
    State(app): State<App>,
    Sender(from): Sender,
    Path(inbound_id): Path<String>,
    Params(ChallengeQuery { echo, challenge }): Params<ChallengeQuery>,
) -> Result<Response, Problem> {
    let known = match inbound_id.parse() {
        Ok(id) => app.services.store.inbound_webhook(id).await?,
        Err(_) => None,
    };
    if known.is_none() {
        return Err(refused(&app, from));
    }
    match echo.or(challenge) {
        Some(text) if text.len() <= LONGEST => {
            Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
        }
        _ => Err(Problem::field("echo", "request.invalid", "`echo` must have 1 to 1,000 bytes.")),
    }
}
