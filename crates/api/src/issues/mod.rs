//! `/v1/issues`: issues that a person has to act on, for all linked accounts. One file per endpoint.

pub(crate) mod list;
pub(crate) mod show;

use jobs::IssueTexts;
use people::Language;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Issue, IssueFilter, LinkedAccount};
use utoipa::{IntoParams, ToSchema};

use super::time;

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

/// An issue that a person has to act on.
#[derive(Serialize, ToSchema)]
pub(crate) struct IssueView {
    /// The issue's id.
    #[schema(example = "iss_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// The linked account.
    #[schema(example = "acct_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    account_id: String,
    /// A stable code.
    #[schema(example = "permission.missing.see_former")]
    code: String,
    /// What the issue concerns, if the code may apply to several things, such as a kind of record.
    subject: String,
    /// Evidence: counts and codes, no personal data.
    #[schema(value_type = Object)]
    detail: Value,
    /// What is wrong, as text.
    text: Option<String>,
    /// What to do about it, as text.
    remedy: Option<String>,
    /// When it was opened, UTC.
    opened_at: String,
    /// When it was last confirmed to persist, UTC.
    updated_at: String,
    /// When it was resolved, UTC; absent while it is open.
    resolved_at: Option<String>,
}

impl IssueView {
    pub(crate) fn of(account: &LinkedAccount, issue: Issue, language: Language) -> Self {
        let IssueTexts { text, remedy } = jobs::issue_texts(account, &issue, language);
        Self {
            id: issue.id.to_string(),
            account_id: account.id.to_string(),
            code: issue.code,
            subject: issue.subject,
            detail: issue.detail,
            text,
            remedy,
            opened_at: time(issue.opened_at),
            updated_at: time(issue.updated_at),
            resolved_at: issue.resolved_at.map(time),
        }
    }
}

/// Issues.
#[derive(Serialize, ToSchema)]
pub(crate) struct IssueList {
    /// The issues, oldest first.
    pub(crate) items: Vec<IssueView>,
}
