//! JSON API under `/v1`, one file per endpoint, and its description (`openapi`), from which `calls` derives the
//! checks before each handler. `answers` describes shared responses; the extractors here parse bodies and
//! parameters, and `paging` has what lists share. The crate `web` authenticates and builds errors, and `server` serves the router.

#[expect(unused_qualifications, reason = "what `utoipa::path` makes of its parameters")]
mod absences;
mod answers;
mod api_keys;
mod calendar_feeds;
mod calls;
mod destinations;
mod detached;
mod etag;
mod exchange_public_token;
mod health;
mod idempotency;
mod inbound_webhooks;
#[expect(unused_qualifications, reason = "what `utoipa::path` makes of its parameters")]
mod issues;
#[expect(unused_qualifications, reason = "what `utoipa::path` makes of its parameters")]
mod linked_accounts;
#[expect(unused_qualifications, reason = "what `utoipa::path` makes of its parameters")]
mod linking_flows;
mod new_link_token;
mod openapi;
mod paging;
#[expect(unused_qualifications, reason = "what `utoipa::path` makes of its parameters")]
mod records;
#[expect(unused_qualifications, reason = "what `utoipa::path` makes of its parameters")]
mod runs;
mod scim;
#[expect(unused_qualifications, reason = "what `utoipa::path` makes of its parameters")]
mod webhooks;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::routing::get;
use serde::de::DeserializeOwned;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use web::app::App;
use web::problem::Problem;

use calls::Calls;

/// The API's routes, with the checks that its description requires, and the description at `/openapi.json`.
pub fn router(app: &App) -> Router<App> {
    let (router, description) = openapi::api();
    let calls = Calls::of(&description);
    let json = openapi::to_json(&description);
    let description = move || async move { ([(header::CONTENT_TYPE, "application/json")], json) };
    let router = router.route("/openapi.json", get(description));
    let run_checks =
        move |state, sender, request, next| calls::run_checks(calls.clone(), state, sender, request, next);
    let router = router.route_layer(middleware::from_fn_with_state(app.clone(), run_checks));
    // Fastest: gzip then compresses three and a half times as many responses per second as at its default
    // level, each half as large again (24 KB instead of 15 for a page of 100 employees). Brotli yields 16 KB
    // at either level. The syncs need the processor too. Pages are not compressed, since they hold secrets
    // next to text that a stranger may have pasted (BREACH).
    router.layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
}

/// The API's description: OpenAPI 3.1 as JSON, as `/openapi.json` serves it.
pub fn openapi() -> String {
    openapi::to_json(&openapi::api().1)
}

/// A JSON body; the request is refused with a problem if it can't be parsed.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = match Bytes::from_request(Request::from_parts(parts.clone(), body), state).await {
            Ok(bytes) if store::has_nul(&bytes) => return Err(nul()),
            Ok(bytes) => bytes,
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => return Err(too_large()),
            Err(_) => {
                let detail = "The body is incomplete.";
                return Err(Problem::new(StatusCode::BAD_REQUEST, "request.invalid", detail));
            }
        };
        let request = Request::from_parts(parts, bytes.into());
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(body)) => Ok(Self(body)),
            Err(JsonRejection::JsonDataError(error)) => {
                // The error may quote request data, so only the names of members are kept.
                Err(Problem::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "request.invalid",
                    safe_detail(&error.body_text()),
                ))
            }
            Err(JsonRejection::MissingJsonContentType(_)) => Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "request.not_json",
                "Send JSON with Content-Type: application/json.",
            )),
            Err(_) => Err(Problem::new(StatusCode::BAD_REQUEST, "request.not_json", "The body is not JSON.")),
        }
    }
}

/// An optional JSON body; the request is refused with a problem if it is present and can't be parsed.
pub(crate) struct OptionalBody<T>(pub(crate) T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), state).await;
        let bytes = bytes.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(),
            _ => Problem::new(StatusCode::BAD_REQUEST, "request.invalid", "The body is incomplete."),
        })?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        // Serde accepts a list of the members in order as an object.
        let is_object = bytes.trim_ascii_start().starts_with(b"{");
        if !is_object && serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok() {
            let detail = "The body is not an object. See /openapi.json.";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "request.invalid", detail));
        }
        let Body(body) = Body::from_request(Request::from_parts(parts, bytes.into()), state).await?;
        Ok(Self(body))
    }
}

fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "request.too_large",
        "The body is larger than any request needs to be.",
    )
}

/// Refuses a NUL character: no valid text contains one, and PostgreSQL can't store it.
pub(crate) fn nul() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "request.invalid",
        "The address or the body holds a NUL character, which no text may.",
    )
}

/// The query parameters; the request is refused with a problem if they can't be parsed.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(params)) => Ok(Self(params)),
            Err(_) => Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "request.invalid",
                "A parameter of the address has the wrong type or value. See /openapi.json.",
            )),
        }
    }
}

/// The message of a serde error without the values it quotes; missing and unknown members are named.
fn safe_detail(text: &str) -> String {
    let text = text.rsplit_once(": ").map_or(text, |(_, last)| last);
    let is_about_members = ["missing field", "unknown field"].iter().any(|what| text.starts_with(what));
    if is_about_members && text.len() < 400 {
        format!("The body does not have the form expected: {text}.")
    } else {
        "The body does not have the form expected: a member has the wrong type or value. See /openapi.json."
            .to_owned()
    }
}
