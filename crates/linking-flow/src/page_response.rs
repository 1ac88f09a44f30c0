//! Responses with a page, and the origin that may frame it. The pages themselves are in `pages`, the headers in
//! `web::security`.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use web::security::FrameAncestor;

/// Responds with a page that only `ancestor` may frame; without one, no origin may.
pub(crate) fn page_response(
    status: StatusCode,
    html: Result<String, askama::Error>,
    ancestor: Option<&str>,
) -> Response {
    let mut response = match html {
        Ok(html) => (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    };
    if let Some(ancestor) = ancestor {
        response.extensions_mut().insert(FrameAncestor(ancestor.to_owned()));
    }
    response
}
