//! `GET /v1/linked-accounts/{account_id}/issues`: what a person must do for it.

use axum::Json;
use axum::extract::State;
use store::IssueFilter;

use crate::api::Params;
use crate::api::answers::{NotFound, Unauthorized, Unprocessable};
use crate::api::issues::{InLanguage, IssueList, IssueView};
use crate::app::App;
use crate::auth::Reader;
use crate::problem::Problem;

/// Lists what a person must do for a linked account, and what is resolved.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{account_id}/issues", tag = "linked accounts", security(("key" = [])),
    params(("account_id" = String, Path, description = "the linked account's id"), InLanguage),
    responses(
        (status = 200, body = IssueList),
        Unauthorized,
        NotFound,
        Unprocessable,
    )
)]
pub(crate) async fn account_issues(
    State(app): State<App>,
    Reader { account, .. }: Reader,
    Params(InLanguage { language }): Params<InLanguage>,
) -> Result<Json<IssueList>, Problem> {
    let issues = app.machinery.store.issues(Some(account.no), IssueFilter::All).await?;
    Ok(Json(IssueList {
        items: issues.into_iter().map(|issue| IssueView::of(&account, issue, language)).collect(),
    }))
}
