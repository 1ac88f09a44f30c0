//! `GET /v1/linked-accounts/{linked_account_id}/runs`: the latest syncs.

use api_types::{List, Run};
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use web::app::App;
use web::auth::Reader;
use web::problem::Problem;

use crate::Params;
use crate::answers::{NotFound, Unauthorized, Unprocessable};
use crate::paging::{Page, cut, page_size, unknown_cursor};

const DEFAULT_LIMIT: u32 = 20;
const MAX_LIMIT: u32 = 200;

/// Filters of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunsQuery {
    /// Maximum number of runs; 20 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// Lists the latest syncs of a linked account.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{linked_account_id}/runs", tag = "Runs", security(("key" = [])),
    params(("linked_account_id" = String, Path, description = "The linked account's id."), RunsQuery),
    responses(
        (status = 200, body = List<Run>),
        Unauthorized,
        NotFound,
        Unprocessable,
    )
)]
pub(crate) async fn list_runs(
    State(app): State<App>,
    reader: Reader,
    Params(query): Params<RunsQuery>,
) -> Result<Page<Run>, Problem> {
    let limit = page_size(query.limit, DEFAULT_LIMIT, MAX_LIMIT)?;
    let before = query.cursor.map(|cursor| cursor.parse()).transpose().map_err(|_| unknown_cursor())?;
    let mut runs = app.services.store.runs(Some(reader.account.no), before, limit + 1).await?;
    let next_cursor = cut(&mut runs, limit).map(|last| last.id.to_string());
    let items = runs.into_iter().map(|run| Run::new(run, reader.account.id)).collect();
    Ok(Page(List { items, next_cursor }))
}
