//! Answers that whoever asked may keep, and asks again whether they still hold.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// The body with its tag, or 304 where the caller has the same.
pub(crate) fn answer(asked: &HeaderMap, media_type: &'static str, body: String) -> Response {
    // Weak: the same may be sent compressed or not.
    let etag = format!("W/\"{:032x}\"", store::content_hash(&body));
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_known =
        known.is_some_and(|known| known.split(',').any(|one| one.trim() == etag || one.trim() == "*"));
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, media_type)], body).into_response()
    };
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    // Personal data: only whoever asked may keep it, and asks again whether it still holds.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}
