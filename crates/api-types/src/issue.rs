//! Issues.

use jobs::IssueTexts;
use people::Language;
use serde::Serialize;
use serde_json::Value;
use store::LinkedAccount;
use utoipa::ToSchema;

use crate::time;

/// An issue that a person has to act on.
#[derive(Serialize, ToSchema)]
pub struct Issue {
    /// The issue's id.
    #[schema(example = "iss_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// The linked account.
    #[schema(example = "acct_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    linked_account_id: String,
    /// A stable code.
    #[schema(example = "permission.missing.see_former")]
    code: String,
    /// What the issue concerns, if the code may apply to several things, such as a kind of record.
    subject: String,
    /// Evidence: counts and codes, no personal data.
    #[schema(value_type = HashMap<String, Value>)]
    detail: Value,
    /// The problem, as text.
    message: Option<String>,
    /// What to do about it, as text.
    remedy: Option<String>,
    /// When it was opened, UTC.
    #[schema(format = DateTime)]
    opened_at: String,
    /// When it was last confirmed to persist, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
    /// When it was resolved, UTC; null while it is open.
    #[schema(format = DateTime)]
    resolved_at: Option<String>,
}

impl Issue {
    /// The issue, with its texts in a language.
    pub fn of(account: &LinkedAccount, issue: store::Issue, language: Language) -> Self {
        let IssueTexts { text, remedy } = jobs::issue_texts(account, &issue, language);
        Self {
            id: issue.id.to_string(),
            linked_account_id: account.id.to_string(),
            code: issue.code,
            subject: issue.subject,
            detail: issue.detail,
            message: text,
            remedy,
            opened_at: time(issue.opened_at),
            updated_at: time(issue.updated_at),
            resolved_at: issue.resolved_at.map(time),
        }
    }
}
