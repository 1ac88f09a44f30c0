//! Error pages of the linking flow.

use axum::http::StatusCode;
use axum::response::Response;
use people::Language;
use texts::Texts;
use web::app::App;
use web::problem::chain;

use crate::page_response::page_response;
use crate::pages::{Refused, Shell};
use askama::Template;

/// Why the flow can't continue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The link token is unknown.
    Unknown,
    /// The link token has expired.
    Expired,
    /// The link token has expired, and the account is linked.
    AlreadyLinked,
    /// The flow was cancelled.
    Cancelled,
    /// Another device changed the flow at the same time.
    Conflict,
    /// The form was not sent from one of the flow's pages.
    Forged,
    /// The request body is not one of the flow's forms.
    Unreadable,
    /// The client exceeded a rate limit.
    TooOften,
    /// Another customer has linked the tenant.
    TakenByAnother,
    /// The account to relink belongs to another tenant.
    OtherTenant {
        /// The origin of the account's tenant.
        expected: String,
    },
    /// An internal failure.
    Failed,
}

impl Refusal {
    /// Logs an internal failure; the page shows no details.
    pub(crate) fn failed(error: &store::Error) -> Self {
        tracing::error!(code = error.code(), error = %chain(error), "a linking flow met a failure");
        Self::Failed
    }

    /// Renders the error page. `base` is the flow's path, if a flow was found.
    pub(crate) fn page(
        self,
        app: &App,
        language: Language,
        base: Option<&str>,
        ancestor: Option<&str>,
    ) -> Response {
        let (status, title, text) = match &self {
            Self::Unknown => (StatusCode::NOT_FOUND, "flow-refused-unknown-title", "flow-refused-unknown"),
            Self::Expired => (StatusCode::GONE, "flow-refused-expired-title", "flow-refused-expired"),
            Self::AlreadyLinked => (StatusCode::GONE, "flow-done-already-title", "flow-done-already"),
            Self::Cancelled => (StatusCode::GONE, "flow-refused-cancelled-title", "flow-refused-cancelled"),
            Self::Conflict => (StatusCode::CONFLICT, "flow-refused-conflict-title", "flow-refused-conflict"),
            Self::Forged => (StatusCode::FORBIDDEN, "flow-refused-forged-title", "flow-refused-forged"),
            Self::Unreadable => (StatusCode::BAD_REQUEST, "flow-refused-forged-title", "flow-refused-forged"),
            Self::TooOften => {
                (StatusCode::TOO_MANY_REQUESTS, "flow-refused-too-often-title", "flow-too-often")
            }
            Self::TakenByAnother => (StatusCode::CONFLICT, "flow-error-heading", "flow-tenant-taken"),
            Self::OtherTenant { .. } => (StatusCode::CONFLICT, "flow-error-heading", "flow-tenant-other"),
            Self::Failed => {
                (StatusCode::INTERNAL_SERVER_ERROR, "flow-refused-failed-title", "flow-refused-failed")
            }
        };
        let vendor = app.config.vendor.name.as_str();
        let expected = if let Self::OtherTenant { expected } = &self { expected.as_str() } else { "" };
        let has_way_back =
            !matches!(&self, Self::Unknown | Self::Expired | Self::AlreadyLinked | Self::Cancelled);
        let html = Refused {
            t: language,
            shell: &Shell::bare(&app.config.vendor, app.logo.is_some(), language),
            title: language.text(title).to_owned(),
            text: language.fill(text, &[("vendor", vendor.into()), ("expected", expected.into())]),
            reload: base.filter(|_| has_way_back).map(str::to_owned),
        };
        page_response(status, html.render(), ancestor)
    }
}
