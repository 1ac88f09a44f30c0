//! `/v1/linked-accounts/{account_id}/runs`: starts, lists, shows and cancels syncs. One file per endpoint.

pub(crate) mod cancel;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod start;

use serde::Serialize;
use serde_json::Value;
use store::{Outcome, Run};
use utoipa::ToSchema;

use super::time;

/// A sync of a linked account.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunView {
    /// The run's id.
    #[schema(example = "run_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// The state: `queued` until a worker begins it, `running`, or its outcome.
    #[schema(example = "succeeded")]
    state: &'static str,
    /// When it began, UTC; null while it is queued.
    started_at: Option<String>,
    /// When it ended, UTC; null until then.
    finished_at: Option<String>,
    /// `succeeded`, `incomplete`, `failed`, `interrupted` or `cancelled`; null until it has ended.
    #[schema(example = "succeeded")]
    outcome: Option<&'static str>,
    /// Requests sent to Lucca.
    requests: u64,
    /// The report, by list: numbers of records read, created, updated and gone, and why the list is
    /// incomplete, if it is. Null until the run has ended.
    #[schema(value_type = Option<Object>)]
    report: Option<Value>,
}

impl From<Run> for RunView {
    fn from(run: Run) -> Self {
        let under_way = if run.started_at.is_some() { "running" } else { "queued" };
        Self {
            id: run.id.to_string(),
            state: run.outcome.map_or(under_way, Outcome::name),
            started_at: run.started_at.map(time),
            finished_at: run.finished_at.map(time),
            outcome: run.outcome.map(Outcome::name),
            requests: run.requests,
            report: run.report.and_then(|report| serde_json::from_str(&report).ok()),
        }
    }
}
