//! Why a flow can't go on, as a page.

use axum::http::StatusCode;
use axum::response::Response;
use people::Language;

use super::shell;
use super::visit::page;
use crate::app::App;
use crate::pages::texts::fill;
use crate::pages::{self, Refused};
use crate::problem::chain;
use askama::Template;

/// Why a flow can't go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The link token opens nothing.
    Unknown,
    /// The link token opened something once.
    Expired,
    /// The link token opened something once, and the account is linked.
    AlreadyLinked,
    /// The invitation was withdrawn.
    Cancelled,
    /// Another device was faster.
    Conflict,
    /// The form was not sent from a page of ours.
    Forged,
    /// What was sent is no form of ours.
    Unreadable,
    /// Somebody tries too often.
    TooOften,
    /// Another customer has linked the tenant.
    TakenByAnother,
    /// The account to be relinked is of another tenant.
    OtherTenant {
        /// The tenant it is of.
        expected: String,
    },
    /// Something failed here.
    Failed,
}

impl Refusal {
    /// Something failed here: it is logged, and the page says only that.
    pub(crate) fn failed(error: &store::Error) -> Self {
        tracing::error!(code = error.code(), error = %chain(error), "a linking flow met a failure");
        Self::Failed
    }

    /// The page that says so. `base` is where the flow is, where one was found.
    pub(crate) fn page(
        self,
        app: &App,
        language: Language,
        base: Option<&str>,
        ancestor: Option<&str>,
    ) -> Response {
        let t = pages::texts(language);
        let (status, title, text) = match &self {
            Self::Unknown => (StatusCode::NOT_FOUND, t.refused.unknown_title, t.refused.unknown),
            Self::Expired => (StatusCode::GONE, t.refused.expired_title, t.refused.expired),
            Self::AlreadyLinked => (StatusCode::GONE, t.done.already_title, t.done.already),
            Self::Cancelled => (StatusCode::GONE, t.refused.cancelled_title, t.refused.cancelled),
            Self::Conflict => (StatusCode::CONFLICT, t.refused.conflict_title, t.refused.conflict),
            Self::Forged => (StatusCode::FORBIDDEN, t.refused.forged_title, t.refused.forged),
            Self::Unreadable => (StatusCode::BAD_REQUEST, t.refused.forged_title, t.refused.forged),
            Self::TooOften => (StatusCode::TOO_MANY_REQUESTS, t.refused.too_often_title, t.too_often),
            Self::TakenByAnother => (StatusCode::CONFLICT, t.error_heading, t.tenant.taken),
            Self::OtherTenant { .. } => (StatusCode::CONFLICT, t.error_heading, t.tenant.other),
            Self::Failed => (StatusCode::INTERNAL_SERVER_ERROR, t.refused.failed_title, t.refused.failed),
        };
        let vendor = app.config.vendor.name.as_str();
        let expected = if let Self::OtherTenant { expected } = &self { expected.as_str() } else { "" };
        let has_way_back =
            !matches!(&self, Self::Unknown | Self::Expired | Self::AlreadyLinked | Self::Cancelled);
        let html = Refused {
            t,
            shell: &shell::bare(app, language),
            title: title.to_owned(),
            text: fill(text, &[("vendor", vendor), ("expected", expected)]),
            reload: base.filter(|_| has_way_back).map(str::to_owned),
        };
        page(status, html.render(), ancestor)
    }
}
