//! `GET /v1/linked-accounts/{account_id}/runs/{run_id}`: a sync and its progress.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use store::StreamProgress;
use utoipa::ToSchema;
use web::app::App;
use web::auth::Reader;
use web::problem::Problem;

use super::RunView;
use crate::answers::{NotFound, Unauthorized};

/// The progress of a sync in one of Lucca's lists.
#[derive(Serialize, ToSchema)]
pub(crate) struct StreamProgressView {
    /// The list.
    #[schema(example = "users")]
    stream: String,
    /// `full`, `incremental`, or `notified` (changes that Lucca's webhooks announced).
    #[schema(example = "full")]
    mode: String,
    /// Number of records processed.
    done: u64,
    /// Total number of records, if Lucca counts them.
    total: Option<u64>,
    /// Whether the list is finished.
    finished: bool,
}

impl From<StreamProgress> for StreamProgressView {
    fn from(progress: StreamProgress) -> Self {
        let StreamProgress { stream, mode, done, total, finished, .. } = progress;
        Self { stream, mode, done, total, finished }
    }
}

/// A sync and its progress.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunShown {
    #[serde(flatten)]
    run: RunView,
    /// The progress by list, in reading order.
    progress: Vec<StreamProgressView>,
}

/// Shows a sync and its progress.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{account_id}/runs/{run_id}", tag = "runs", security(("key" = [])),
    params(
        ("account_id" = String, Path, description = "the linked account's id"),
        ("run_id" = String, Path, description = "the run's id"),
    ),
    responses(
        (status = 200, body = RunShown),
        Unauthorized,
        NotFound,
    )
)]
pub(crate) async fn run(
    State(app): State<App>,
    reader: Reader,
    Path((_, run_id)): Path<(String, String)>,
) -> Result<Json<RunShown>, Problem> {
    let missing = || Problem::not_found("run");
    let id = run_id.parse().map_err(|_| missing())?;
    let store = &app.services.store;
    let found = store.run(id).await?.filter(|run| run.account_no == reader.account.no).ok_or_else(missing)?;
    let progress = store.run_progress(id).await?;
    let progress = progress.into_iter().map(StreamProgressView::from).collect();
    Ok(Json(RunShown { run: found.into(), progress }))
}
