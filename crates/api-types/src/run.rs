//! Runs: syncs of a linked account.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{RunOutcome, time};

/// A sync of a linked account.
#[derive(Serialize, ToSchema)]
pub struct Run {
    /// The run's id.
    #[schema(example = "run_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// The linked account.
    #[schema(example = "acct_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    linked_account_id: String,
    /// The state.
    status: RunStatus,
    /// The result; null until the run has ended.
    outcome: Option<RunOutcome>,
    /// When it began, UTC; null while it is queued.
    #[schema(format = DateTime)]
    started_at: Option<String>,
    /// When it ended, UTC; null until then.
    #[schema(format = DateTime)]
    finished_at: Option<String>,
    /// Number of requests sent to Lucca.
    requests: u64,
    /// The progress by stream, in reading order; null in lists of runs.
    progress: Option<Vec<StreamProgress>>,
    /// The report; null until the run has ended.
    #[schema(value_type = Option<RunReport>)]
    report: Option<Value>,
}

/// The state of a run: `queued` until a worker claims it, `running`, or its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names of the states say it")]
pub enum RunStatus {
    Queued,
    Running,
    Succeeded,
    Incomplete,
    Failed,
    Interrupted,
    Cancelled,
}

people::names! {
    RunStatus: "run status" {
        Queued = "queued",
        Running = "running",
        Succeeded = "succeeded",
        Incomplete = "incomplete",
        Failed = "failed",
        Interrupted = "interrupted",
        Cancelled = "cancelled",
    }
}

impl RunStatus {
    /// The state of a run. One that a process has begun and not ended is `running`, even if that process has died.
    pub fn of(run: &store::Run) -> Self {
        match run.outcome {
            None if run.started_at.is_none() => Self::Queued,
            None => Self::Running,
            Some(store::Outcome::Succeeded) => Self::Succeeded,
            Some(store::Outcome::Incomplete) => Self::Incomplete,
            Some(store::Outcome::Failed) => Self::Failed,
            Some(store::Outcome::Interrupted) => Self::Interrupted,
            Some(store::Outcome::Cancelled) => Self::Cancelled,
        }
    }
}

impl Run {
    /// A run of the linked account with this id, without its progress.
    pub fn new(run: store::Run, account: store::AccountId) -> Self {
        Self {
            id: run.id.to_string(),
            linked_account_id: account.to_string(),
            status: RunStatus::of(&run),
            outcome: run.outcome.map(RunOutcome),
            started_at: run.started_at.map(time),
            finished_at: run.finished_at.map(time),
            requests: run.requests,
            progress: None,
            report: run.report.and_then(|report| serde_json::from_str(&report).ok()),
        }
    }

    /// Adds the progress by stream.
    #[must_use]
    pub fn with_progress(self, progress: Vec<store::StreamProgress>) -> Self {
        Self { progress: Some(progress.into_iter().map(Into::into).collect()), ..self }
    }
}

/// The progress of a run in one of Lucca's lists.
#[derive(Serialize, ToSchema)]
pub struct StreamProgress {
    /// The stream, by Lucca's name of the list.
    #[schema(example = "users")]
    stream: String,
    /// `full`, `incremental`, or `notified` (changes that Lucca's webhooks announced).
    #[schema(example = "full")]
    mode: String,
    /// Number of records processed.
    done: u64,
    /// Total number of records, if Lucca counts them.
    total: Option<u64>,
    /// Whether the stream is finished.
    finished: bool,
}

impl From<store::StreamProgress> for StreamProgress {
    fn from(progress: store::StreamProgress) -> Self {
        let store::StreamProgress { stream, mode, done, total, finished, .. } = progress;
        Self { stream, mode, done, total, finished }
    }
}

/// The report of a run. Counts that are zero, and lists that are empty, may be absent. Later versions may add members.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the stored report")]
pub struct RunReport {
    /// Every stream that was due, in reading order.
    streams: Vec<StreamReport>,
    /// Requests sent, by stream.
    requests: BTreeMap<String, u64>,
    /// Requests that Lucca answered with 429.
    throttled: u64,
    /// How many seconds Lucca's clock is ahead of the connector's (negative: behind), from two minutes.
    #[schema(required = false)]
    server_ahead_s: Option<i64>,
}

/// The report of one stream.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the stored report")]
pub struct StreamReport {
    /// The stream, by Lucca's name of the list.
    #[schema(example = "users")]
    stream: String,
    /// `full`, `incremental` or `notified`.
    #[schema(example = "incremental")]
    mode: String,
    /// Records read, each counted once.
    read: u64,
    /// Records stored for the first time.
    created: u64,
    /// Records stored again because they changed or were restored.
    updated: u64,
    /// Records that had not changed.
    unchanged: u64,
    /// Unreadable records. They never count as missing.
    quarantined: u64,
    /// Stored records that are no longer in Lucca, proven by a complete list or a look-up.
    gone: u64,
    /// Stored records that the API key no longer sees.
    hidden: u64,
    /// Missing records that were left unchanged, for the reason in `held_because`.
    held: u64,
    /// The reason for `held`.
    #[schema(required = false)]
    held_because: Option<String>,
    /// Whether the list was provably complete.
    complete: bool,
    /// Why the stream could not be read, or only in part: `code`, `message` and more.
    #[schema(value_type = Option<BTreeMap<String, Value>>, required = false)]
    error: Option<Value>,
}
