//! Responses with an `ETag`, which callers may store and revalidate.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Responds with the body and its tag, or with 304 if the caller has the same version.
pub(crate) fn answer(asked: &HeaderMap, media_type: &'static str, body: String) -> Response {
    // Weak, since the same body may be sent compressed or not.
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
    // Personal data: only the caller may store it, and has to revalidate it before each use.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}
