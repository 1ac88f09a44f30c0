//! `/v1/linked-accounts/{account_id}/employees` and the other lists of what was synced: a page or all of it as NDJSON
//! (`list`), and one record (`show`). All kinds are read alike; what each is, is the people model's. What is asked for
//! by the address is in `query`, what is shown of a record in `view`.

pub(crate) mod changes;
pub(crate) mod list;
pub(crate) mod query;
pub(crate) mod show;
pub(crate) mod tree;
pub(crate) mod view;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// A JSON answer with its fingerprint; 304 without a body where the caller has the same already.
fn with_etag(asked: &HeaderMap, body: &impl Serialize) -> Response {
    // What is answered always has a JSON form.
    let body = serde_json::to_string(body).unwrap_or_default();
    // Weak: the same may be sent compressed or not.
    let etag = format!("W/\"{:032x}\"", store::content_hash(&body));
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_known =
        known.is_some_and(|known| known.split(',').any(|one| one.trim() == etag || one.trim() == "*"));
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/json")], body).into_response()
    };
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    // Personal data: only whoever asked may keep it, and asks again whether it still holds.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}
