//! `/v1/issues`: what a person must do, for all linked accounts. One endpoint, one file.

pub(crate) mod list;
pub(crate) mod show;

use jobs::Told;
use people::Language;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Issue, IssueFilter, LinkedAccount};
use utoipa::{IntoParams, ToSchema};

use super::time;

/// In which language.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct InLanguage {
    /// The language of `text` and `remedy`, and of Lucca's labels in them: `en`, the default, or `fr`.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "fr")]
    pub(crate) language: Language,
}

/// Which issues, by whether they still hold.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// Those that are open.
    #[default]
    Open,
    /// Those that are resolved.
    Resolved,
    /// Both.
    All,
}

impl Standing {
    /// What is read of the store.
    pub(crate) fn filter(self) -> IssueFilter {
        match self {
            Self::Open => IssueFilter::Open,
            Self::Resolved | Self::All => IssueFilter::All,
        }
    }

    /// Whether an issue is among them.
    pub(crate) fn has(self, issue: &Issue) -> bool {
        match self {
            Self::Open => issue.resolved_at.is_none(),
            Self::Resolved => issue.resolved_at.is_some(),
            Self::All => true,
        }
    }
}

/// Something that a person must do.
#[derive(Serialize, ToSchema)]
pub(crate) struct IssueView {
    /// Its id.
    #[schema(example = "iss_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// Of which linked account.
    #[schema(example = "acct_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    account_id: String,
    /// A stable code.
    #[schema(example = "permission.missing.see_former")]
    code: String,
    /// What it is about where one code may be said of several things, such as a kind of record.
    subject: String,
    /// What it rests on: counts and codes, no personal data.
    #[schema(value_type = Object)]
    detail: Value,
    /// What is wrong, in words.
    text: Option<String>,
    /// What to do about it, in words.
    remedy: Option<String>,
    /// When it was opened, UTC.
    opened_at: String,
    /// When it was last seen to hold, UTC.
    updated_at: String,
    /// When it was resolved, UTC; absent while it is open.
    resolved_at: Option<String>,
}

impl IssueView {
    pub(crate) fn of(account: &LinkedAccount, issue: Issue, language: Language) -> Self {
        let Told { text, remedy } = jobs::tell(account, &issue, language);
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
