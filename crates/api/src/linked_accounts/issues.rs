//! `GET /v1/linked-accounts/{linked_account_id}/issues`: the issues of a linked account.

use api_types::{Issue, List};
use axum::Json;
use axum::extract::State;
use store::IssueFilter;
use web::app::App;
use web::auth::Reader;
use web::problem::Problem;

use crate::Params;
use crate::answers::{NotFound, Unauthorized, Unprocessable};
use crate::issues::LanguageQuery;

/// Lists the issues of a linked account, open and resolved.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{linked_account_id}/issues", tag = "Issues", security(("key" = [])),
    params(("linked_account_id" = String, Path, description = "The linked account's id."), LanguageQuery),
    responses(
        (status = 200, body = List<Issue>),
        Unauthorized,
        NotFound,
        Unprocessable,
    )
)]
pub(crate) async fn list_linked_account_issues(
    State(app): State<App>,
    Reader { account, .. }: Reader,
    Params(LanguageQuery { language }): Params<LanguageQuery>,
) -> Result<Json<List<Issue>>, Problem> {
    let issues = app.services.store.issues(Some(account.no), IssueFilter::All).await?;
    let items = issues.into_iter().map(|issue| Issue::of(&account, issue, language)).collect();
    Ok(Json(List::complete(items)))
}
