//! `GET /v1/linked-accounts/{linked_account_id}/runs/{run_id}`: a sync and its progress.

use axum::Json;
use axum::extract::{Path, State};
use web::app::App;
use web::auth::Reader;
use web::problem::Problem;

use crate::answers::{NotFound, Unauthorized};

/// Shows a sync and its progress.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{linked_account_id}/runs/{run_id}", tag = "Runs", security(("key" = [])),
    params(
        ("linked_account_id" = String, Path, description = "The linked account's id."),
        ("run_id" = String, Path, description = "The run's id."),
    ),
    responses(
        (status = 200, body = api_types::Run),
        Unauthorized,
        NotFound,
    )
)]
pub(crate) async fn get_run(
    State(app): State<App>,
    reader: Reader,
    Path((_, run_id)): Path<(String, String)>,
) -> Result<Json<api_types::Run>, Problem> {
    let missing = || Problem::not_found("run");
    let id = run_id.parse().map_err(|_| missing())?;
    let store = &app.services.store;
    let found = store.run(id).await?.filter(|run| run.account_no == reader.account.no).ok_or_else(missing)?;
    let progress = store.run_progress(id).await?;
    Ok(Json(api_types::Run::new(found, reader.account.id).with_progress(progress)))
}
