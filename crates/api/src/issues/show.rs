//! `GET /v1/issues/{issue_id}`: one issue.

use axum::Json;
use axum::extract::{Path, State};
use store::IssueId;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::LanguageQuery;
use crate::Params;
use crate::answers::{Forbidden, NotFound, Unauthorized, Unprocessable};

/// Shows an issue, open or resolved.
#[utoipa::path(
    get, path = "/v1/issues/{issue_id}", tag = "Issues", security(("key" = [])),
    params(("issue_id" = String, Path, description = "The issue's id."), LanguageQuery),
    responses(
        (status = 200, body = api_types::Issue),
        Unauthorized,
        Forbidden,
        NotFound,
        Unprocessable,
    )
)]
pub(crate) async fn get_issue(
    State(app): State<App>,
    _: Vendor,
    Path(issue_id): Path<String>,
    Params(LanguageQuery { language }): Params<LanguageQuery>,
) -> Result<Json<api_types::Issue>, Problem> {
    let missing = || Problem::not_found("issue");
    let id: IssueId = issue_id.parse().map_err(|_| missing())?;
    let store = &app.services.store;
    let found = store.issue(id).await?.ok_or_else(missing)?;
    let accounts = store.accounts().await?;
    let account = accounts.iter().find(|account| account.no == found.account_no).ok_or_else(missing)?;
    Ok(Json(api_types::Issue::of(account, found, language)))
}
