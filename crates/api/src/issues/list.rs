//! `GET /v1/issues`: open and resolved issues of all linked accounts.

use std::collections::HashMap;

use api_types::List;
use axum::extract::State;
use people::Language;
use serde::Deserialize;
use store::{IssueId, LinkedAccount};
use utoipa::IntoParams;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::Standing;
use crate::Params;
use crate::answers::{Forbidden, Unauthorized, Unprocessable};
use crate::paging::{Page, page_size, unknown_cursor};

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 500;

/// Filters of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssuesQuery {
    /// `open`, the default, `resolved` or `all`.
    #[serde(default)]
    #[param(inline, nullable = false)]
    status: Standing,
    /// The language of `text` and `remedy`, and of Lucca's labels in them: an ISO 639-1 code
    /// such as `en`, the default, or `fr`.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "fr")]
    language: Language,
    /// Maximum number of issues; 100 by default.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// Lists the issues that a person has to act on, for all linked accounts.
#[utoipa::path(
    get, path = "/v1/issues", tag = "Issues", security(("key" = [])), params(IssuesQuery),
    responses(
        (status = 200, body = List<api_types::Issue>),
        Unauthorized,
        Forbidden,
        Unprocessable,
    )
)]
pub(crate) async fn list_issues(
    State(app): State<App>,
    _: Vendor,
    Params(which): Params<IssuesQuery>,
) -> Result<Page<api_types::Issue>, Problem> {
    let limit = page_size(which.limit, DEFAULT_LIMIT, MAX_LIMIT)?;
    let after: Option<IssueId> =
        which.cursor.map(|cursor| cursor.parse()).transpose().map_err(|_| unknown_cursor())?;
    let store = &app.services.store;
    let accounts: HashMap<i64, LinkedAccount> =
        store.accounts().await?.into_iter().map(|account| (account.no, account)).collect();
    let mut found = store.issues(None, which.status.filter()).await?;
    found.retain(|issue| {
        which.status.has(issue) && after.is_none_or(|after| issue.id.to_string() > after.to_string())
    });
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| has_more).map(|issue| issue.id.to_string());
    // Issues of accounts that no longer exist are left out.
    let view = |issue: store::Issue| {
        accounts.get(&issue.account_no).map(|account| api_types::Issue::of(account, issue, which.language))
    };
    Ok(Page(List { items: found.into_iter().filter_map(view).collect(), next_cursor }))
}
