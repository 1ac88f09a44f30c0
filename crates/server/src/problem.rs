//! How the API says no: `application/problem+json` (RFC 9457) with the stable code that CLI and docs share.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// Why a request was not done. `code` is stable; `title` and `detail` are for people and may change.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Always `about:blank`: the code tells the kind.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The HTTP status.
    status: u16,
    /// A stable code, such as `link_token.unknown_feature`.
    #[schema(example = "request.invalid")]
    code: &'static str,
    /// The status in words.
    title: &'static str,
    /// What is wrong and what to do. Never holds a secret or what was sent.
    detail: String,
    /// Which member of the request it is about, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
}

impl Problem {
    /// A problem with its status, stable code and explanation.
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            status: status.as_u16(),
            code,
            title: status.canonical_reason().unwrap_or("Error"),
            detail: detail.into(),
            field: None,
        }
    }

    /// What was sent can't be used, because of one of its members.
    pub(crate) fn field(field: &'static str, code: &'static str, detail: impl Into<String>) -> Self {
        Self { field: Some(field), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail) }
    }

    /// There is no such thing, or none that the caller may see.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("There is no such {what}."))
    }

    /// Something failed here. The cause is logged, not told.
    pub(crate) fn internal(code: &'static str, error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(code, error = %chain(error), "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            code,
            "Something failed in the service; its log says what. Try again.",
        )
    }
}

/// An error with its causes, for the log.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    std::iter::once(error.to_string()).chain(causes.map(ToString::to_string)).collect::<Vec<_>>().join(": ")
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // A problem always has a JSON form.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        Self::internal(error.code(), &error)
    }
}

impl From<jobs::EntropyError> for Problem {
    fn from(error: jobs::EntropyError) -> Self {
        Self::internal("entropy", &error)
    }
}
