//! Error responses: `application/problem+json` (RFC 9457) with the stable code that the CLI and the docs
//! share.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use lucca::Action;
use serde::Serialize;
use utoipa::ToSchema;

use api_types::{AbsenceProblem, AbsenceWarning, EmployeeCandidate, UnsettledPermission};

/// The path of the page that explains the codes.
pub const PROBLEMS_PATH: &str = "/problems";

/// An error response. `code` is stable; `title` and `detail` are texts for humans and may change.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// The address of the code's explanation, relative to the service's: a page for people.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference", example = "/problems#request.invalid")]
    kind: String,
    /// The HTTP status.
    status: u16,
    /// A stable code, such as `link_token.unknown_feature`.
    #[schema(example = "request.invalid")]
    code: &'static str,
    /// The status's standard phrase.
    title: &'static str,
    /// The failure, its reason and the remedy. Never contains a secret or request data.
    detail: String,
    /// The request member that caused the problem, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    #[serde(flatten)]
    more: Box<More>,
    /// Seconds to wait before a retry; sent as a header.
    #[serde(skip)]
    retry_after: Option<u32>,
}

/// Data about a problem that a program needs beyond the code.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct More {
    /// All errors in an absence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<AbsenceProblem>,
    /// The employees that match a reference.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<EmployeeCandidate>,
    /// The warnings to acknowledge before the absence is requested.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<AbsenceWarning>,
    /// The required permissions that the API key of a new linked account lacks, or that can't be proven.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<UnsettledPermission>,
    /// The permission that the API key lacks, by its stable name.
    #[schema(example = "make_absence_requests")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permission: Option<&'static str>,
}

impl Problem {
    /// A problem with its status, stable code and explanation.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("{PROBLEMS_PATH}#{code}"),
            status: status.as_u16(),
            code,
            title: status.canonical_reason().unwrap_or("Error"),
            detail: detail.into(),
            field: None,
            more: Box::default(),
            retry_after: None,
        }
    }

    /// Adds data for programs.
    #[must_use]
    pub fn with(self, more: More) -> Self {
        Self { more: Box::new(more), ..self }
    }

    /// Adds the seconds to wait before a retry.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(u32::try_from(seconds).unwrap_or(u32::MAX)), ..self }
    }

    /// Returns the problem of an invalid member of the request.
    pub fn field(field: &'static str, code: &'static str, detail: impl Into<String>) -> Self {
        Self { field: Some(field), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail) }
    }

    /// Returns the problem of a resource that does not exist or that the caller may not see.
    pub fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            format!("No such {what}. Check the URL and the API key's access."),
        )
    }

    /// Returns the problem of an internal failure. The cause is logged and not returned.
    pub fn internal(code: &'static str, error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(code, error = %chain(error), "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            code,
            "The service failed to process the request. Try again; if it fails again, the service's log has \
             the cause.",
        )
    }
}

/// An error with its causes, for the log.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    std::iter::once(error.to_string()).chain(causes.map(ToString::to_string)).collect::<Vec<_>>().join(": ")
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // Serialising a problem to JSON can't fail.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Unlinked => Self::new(
                StatusCode::CONFLICT,
                error.code(),
                "This account was unlinked and its API key was deleted. Link its tenant again to use it.",
            ),
            store::Error::OtherRunQueued => Self::new(
                StatusCode::CONFLICT,
                error.code(),
                "A requested run of this account is queued already, and reads other streams. Wait until it has ended, or \
                 cancel it.",
            ),
            store::Error::PlaceGone { first, last } => Self::new(
                StatusCode::GONE,
                error.code(),
                format!(
                    "The change log has no entries from that sequence number: it was pruned up to {first}, \
                     the database was restored to an older state, or the number is not reached yet. Read all \
                     records again, then continue with after={last}."
                ),
            ),
            error => Self::internal(error.code(), &error),
        }
    }
}

impl From<jobs::Error> for Problem {
    fn from(error: jobs::Error) -> Self {
        match error {
            jobs::Error::Store(error) => error.into(),
            error => Self::internal(error.code(), &error),
        }
    }
}

impl From<jobs::EntropyError> for Problem {
    fn from(error: jobs::EntropyError) -> Self {
        Self::internal("entropy", &error)
    }
}

/// A request to Lucca failed, or its response was unusable.
impl From<&lucca::Error> for Problem {
    fn from(error: &lucca::Error) -> Self {
        tracing::info!(code = error.code(), status = error.status(), "a request to Lucca failed");
        let status = match (error.action(), error.code()) {
            (Action::Relink, _) => StatusCode::CONFLICT,
            (Action::MissingPermission, _) => StatusCode::FORBIDDEN,
            (Action::Wait(_), _) => StatusCode::SERVICE_UNAVAILABLE,
            (_, "lucca.timeout") => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::BAD_GATEWAY,
        };
        let problem =
            Self::new(status, error.code(), sentences("The request to Lucca failed", &error.advice()));
        match error.action() {
            Action::Wait(wait) => problem.retry_after(wait.as_secs().max(1)),
            _ => problem,
        }
    }
}

/// A message of an error as a sentence.
pub fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// The failure and the advice, as sentences.
pub(crate) fn sentences(what: &str, advice: &str) -> String {
    format!("{} {advice}", sentence(what))
}
