//! `/v1/linked-accounts/{account_id}/runs`: syncs, started, listed, watched and cancelled. One endpoint, one file.

pub(crate) mod cancel;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod start;

use serde::Serialize;
use serde_json::Value;
use store::Run;
use utoipa::ToSchema;

use super::time;

/// A sync of a linked account.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunView {
    /// Its id.
    #[schema(example = "run_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// When it began, UTC.
    started_at: String,
    /// When it ended, UTC; null while it runs.
    finished_at: Option<String>,
    /// `succeeded`, `incomplete`, `failed`, `interrupted` or `cancelled`; null while it runs.
    #[schema(example = "succeeded")]
    outcome: Option<&'static str>,
    /// Requests sent to Lucca.
    requests: u64,
    /// What it says of itself: each list with what was read, created, updated, gone, and why it is not complete where
    /// it is not. Null until it has ended.
    #[schema(value_type = Option<Object>)]
    report: Option<Value>,
}

impl From<Run> for RunView {
    fn from(run: Run) -> Self {
        Self {
            id: run.id.to_string(),
            started_at: time(run.started_at),
            finished_at: run.finished_at.map(time),
            outcome: run.outcome.map(store::Outcome::name),
            requests: run.requests,
            report: run.report.and_then(|report| serde_json::from_str(&report).ok()),
        }
    }
}
