//! `GET /v1/linked-accounts/{account_id}/runs`: the latest syncs.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::app::App;
use web::auth::Reader;
use web::problem::Problem;

use super::RunView;
use crate::answers::{NotFound, Unauthorized, Unprocessable};
use crate::{Params, page_size};

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
}

/// Syncs.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunList {
    /// The runs, latest first.
    items: Vec<RunView>,
}

/// Lists the latest syncs of a linked account.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{account_id}/runs", tag = "runs", security(("key" = [])),
    params(("account_id" = String, Path, description = "the linked account's id"), RunsQuery),
    responses(
        (status = 200, body = RunList),
        Unauthorized,
        NotFound,
        Unprocessable,
    )
)]
pub(crate) async fn runs(
    State(app): State<App>,
    reader: Reader,
    Params(query): Params<RunsQuery>,
) -> Result<Json<RunList>, Problem> {
    let limit = page_size(query.limit, DEFAULT_LIMIT, MAX_LIMIT)?;
    let runs = app.services.store.runs(Some(reader.account.no), limit).await?;
    Ok(Json(RunList { items: runs.into_iter().map(RunView::from).collect() }))
}
