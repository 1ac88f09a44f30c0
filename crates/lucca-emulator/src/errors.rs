//! Refusals, and their shapes on the wire. Source: wire-grammar.md §1.8, directory.md §9.
//!
//! Not included: the decision which requests are refused.

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};
use serde_json::json;

use crate::switches::{ErrorBody, MalformedQuery, Switches};

/// The refusal of a request.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    status: Status,
    message: String,
    malformed: bool,
    /// Always RFC 7807, regardless of the switches.
    problem: bool,
    /// The allowed methods, if another was used.
    allow: Option<&'static str>,
}

#[derive(Debug, Clone, Copy)]
enum Status {
    Fixed(StatusCode),
    /// Its status depends on a switch.
    NoRight,
    MissingUser,
    Unauthorized,
}

/// The API generation that refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generation {
    V3,
    V4,
}

impl Refusal {
    fn fixed(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status: Status::Fixed(status),
            message: message.into(),
            malformed: false,
            problem: false,
            allow: None,
        }
    }
    pub(crate) fn of(status: StatusCode, message: impl Into<String>) -> Self {
        Self::fixed(status, message)
    }
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::fixed(StatusCode::BAD_REQUEST, message)
    }
    /// An unreadable query: a switch decides whether the message is sent.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self { malformed: true, ..Self::bad_request(message) }
    }
    /// A 400 as documented for absences (source: absences.md §1, §13).
    pub(crate) fn problem(message: impl Into<String>) -> Self {
        Self { problem: true, ..Self::bad_request(message) }
    }
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self { problem: true, ..Self::fixed(StatusCode::CONFLICT, message) }
    }
    pub(crate) fn server_error(message: impl Into<String>) -> Self {
        Self::fixed(StatusCode::INTERNAL_SERVER_ERROR, message)
    }
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::fixed(StatusCode::NOT_FOUND, message)
    }
    pub(crate) fn no_route() -> Self {
        Self::not_found("No route matches this address")
    }
    pub(crate) fn gone(message: impl Into<String>) -> Self {
        Self::fixed(StatusCode::GONE, message)
    }
    /// `allow` lists the allowed methods.
    pub(crate) fn wrong_verb(allow: &'static str) -> Self {
        let message = "The requested resource does not support this http method";
        Self { allow: Some(allow), ..Self::fixed(StatusCode::METHOD_NOT_ALLOWED, message) }
    }
    pub(crate) fn too_large() -> Self {
        Self::fixed(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large")
    }
    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::fixed(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
    }
    /// A change that a tenant would accept and the emulator can't make.
    pub(crate) fn not_kept(message: impl Into<String>) -> Self {
        Self::fixed(StatusCode::NOT_IMPLEMENTED, message)
    }
    pub(crate) fn too_many() -> Self {
        Self::fixed(StatusCode::TOO_MANY_REQUESTS, "Too many requests")
    }
    pub(crate) fn no_right() -> Self {
        Self { status: Status::NoRight, ..Self::bad_request("You do not have access to this resource") }
    }
    pub(crate) fn missing_user() -> Self {
        Self { status: Status::MissingUser, ..Self::bad_request("User Not Found") }
    }
    pub(crate) fn unauthorized() -> Self {
        Self {
            status: Status::Unauthorized,
            ..Self::bad_request("Your token is invalid or you did not provide any")
        }
    }

    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn answer(&self, generation: Generation, switches: &Switches) -> Response<Body> {
        let status = match self.status {
            Status::Fixed(status) => status,
            Status::NoRight => status_or(switches.no_right_status, StatusCode::FORBIDDEN),
            Status::MissingUser => status_or(switches.missing_user_status, StatusCode::INTERNAL_SERVER_ERROR),
            Status::Unauthorized => StatusCode::UNAUTHORIZED,
        };
        let silent =
            self.message.is_empty() || (self.malformed && switches.malformed_query == MalformedQuery::Empty);
        let shape = match (self.status, generation) {
            _ if silent => ErrorBody::Empty,
            _ if self.problem => ErrorBody::Problem,
            (Status::Unauthorized, _) => switches.unauthorized_body,
            (_, Generation::V3) => switches.v3_errors,
            (_, Generation::V4) => ErrorBody::Problem,
        };
        let number = status.as_u16();
        let (label, body) = match shape {
            ErrorBody::StatusMessage => (
                "application/json; charset=utf-8",
                format!("{{\"Status\":{number},\"Message\":{}}}", json!(self.message)),
            ),
            ErrorBody::LowerCase => (
                "application/json; charset=utf-8",
                json!({"status": number, "message": self.message, "data": null}).to_string(),
            ),
            ErrorBody::Bare => ("application/json", self.message.clone()),
            ErrorBody::Problem => ("application/problem+json; charset=utf-8", self.as_problem(status)),
            ErrorBody::Empty => ("application/json", String::new()),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(label));
        if let Some(allow) = self.allow {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        response
    }

    fn as_problem(&self, status: StatusCode) -> String {
        let number = status.as_u16();
        json!({
            "type": format!("https://tools.ietf.org/html/rfc9110#status.{number}"),
            "title": status.canonical_reason().unwrap_or("Error"),
            "status": number,
            "detail": self.message,
        })
        .to_string()
    }
}

fn status_or(number: u16, otherwise: StatusCode) -> StatusCode {
    StatusCode::from_u16(number).unwrap_or(otherwise)
}
