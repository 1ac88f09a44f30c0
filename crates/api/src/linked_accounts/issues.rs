//! `GET /v1/linked-accounts/{account_id}/issues`: the issues of a linked account.

use axum::Json;
use axum::extract::State;
use store::IssueFilter;
use web::app::App;
use web::auth::Reader;
use web::problem::Problem;

use crate::Params;
use crate::answers::{NotFound, Unauthorized, Unprocessable};
use crate::issues::{IssueList, IssueView, LanguageQuery};

/// Lists the issues of a linked account, open and resolved.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{account_id}/issues", tag = "linked accounts", security(("key" = [])),
    params(("account_id" = String, Path, description = "the linked account's id"), LanguageQuery),
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
    Params(LanguageQuery { language }): Params<LanguageQuery>,
) -> Result<Json<IssueList>, Problem> {
    let issues = app.services.store.issues(Some(account.no), IssueFilter::All).await?;
    Ok(Json(IssueList {
        items: issues.into_iter().map(|issue| IssueView::of(&account, issue, language)).collect(),
    }))
}
