//! `/v1/issues`: issues that a person has to act on, for all linked accounts. One file per endpoint.

pub(crate) mod list;
pub(crate) mod show;

use people::Language;
use serde::Deserialize;
use store::{Issue, IssueFilter};
use utoipa::{IntoParams, ToSchema};

/// The language of the texts.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct LanguageQuery {
    /// The language of `text` and `remedy`, and of Lucca's labels in them: an ISO 639-1 code
    /// such as `en`, the default, or `fr`.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "fr")]
    pub(crate) language: Language,
}

/// Filter by state.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// Open issues.
    #[default]
    Open,
    /// Resolved issues.
    Resolved,
    /// All issues.
    All,
}

impl Standing {
    /// The store's filter.
    pub(crate) fn filter(self) -> IssueFilter {
        match self {
            Self::Open => IssueFilter::Open,
            Self::Resolved | Self::All => IssueFilter::All,
        }
    }

    /// Whether the filter selects an issue.
    pub(crate) fn has(self, issue: &Issue) -> bool {
        match self {
            Self::Open => issue.resolved_at.is_none(),
            Self::Resolved => issue.resolved_at.is_some(),
            Self::All => true,
        }
    }
}
