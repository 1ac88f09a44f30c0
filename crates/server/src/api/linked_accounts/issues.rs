//! `GET /v1/linked-accounts/{account_id}/issues`: what a person must do for it.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use store::IssueFilter;
use utoipa::ToSchema;

use crate::api::answers::{NotFound, Unauthorized};
use crate::api::time;
use crate::app::App;
use crate::auth::Reader;
use crate::problem::Problem;

/// Something that a person must do.
#[derive(Serialize, ToSchema)]
pub(crate) struct IssueView {
    /// Its id.
    #[schema(example = "iss_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// A stable code.
    #[schema(example = "permission.missing")]
    code: String,
    /// What it is about, such as a permission's name.
    #[schema(example = "see_former_employees")]
    subject: String,
    /// What it rests on: counts and codes, no personal data.
    #[schema(value_type = Object)]
    detail: Value,
    /// When it was opened, UTC.
    opened_at: String,
    /// When it was last seen to hold, UTC.
    updated_at: String,
    /// When it was resolved, UTC; absent while it is open.
    resolved_at: Option<String>,
}

/// Issues.
#[derive(Serialize, ToSchema)]
pub(crate) struct IssueList {
    /// The issues, oldest first.
    items: Vec<IssueView>,
}

/// Lists what a person must do for a linked account.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{account_id}/issues", tag = "linked accounts", security(("key" = [])),
    params(("account_id" = String, Path, description = "the linked account's id")),
    responses(
        (status = 200, body = IssueList),
        Unauthorized,
        NotFound,
    )
)]
pub(crate) async fn account_issues(
    State(app): State<App>,
    Reader { account, .. }: Reader,
) -> Result<Json<IssueList>, Problem> {
    let issues = app.machinery.store.issues(Some(account.no), IssueFilter::All).await?;
    let items = issues
        .into_iter()
        .map(|issue| IssueView {
            id: issue.id.to_string(),
            code: issue.code,
            subject: issue.subject,
            detail: issue.detail,
            opened_at: time(issue.opened_at),
            updated_at: time(issue.updated_at),
            resolved_at: issue.resolved_at.map(time),
        })
        .collect();
    Ok(Json(IssueList { items }))
}
