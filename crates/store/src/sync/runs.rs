//! Runs of syncs: requested or scheduled; their start, progress, outcome and report. `schedule` computes when
//! the next one is due.

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use people::{Kind, Kinds};
use serde::{Deserialize, Serialize};

use crate::accounts::account_events;
use crate::db::{Tx, from_sql_count, in_tx, on, row, sql_count, sql_time};
use crate::error::{stored, while_doing};
use crate::operations::audit::{self, Actor, NewAuditEntry};
use crate::sync::stream_states;
use crate::{Error, Lease, LinkedAccount, RunId, Store};

/// Outcome of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every due stream was read completely.
    Succeeded,
    /// Some data could not be read or proven; the other data is stored.
    Incomplete,
    /// Employees could not be read.
    Failed,
    /// Its process was killed or replaced. The next run resumes at its last committed page.
    Interrupted,
    /// An operator cancelled it. The next run resumes at its last committed page.
    Cancelled,
}

people::names! {
    Outcome: "outcome" {
        Succeeded = "succeeded",
        Incomplete = "incomplete",
        Failed = "failed",
        Interrupted = "interrupted",
        Cancelled = "cancelled",
    }
}

/// Result of a request to cancel a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelling {
    /// It ends at its next commit, or is over now, if it had not begun or its process had ended.
    Asked,
    /// It had ended already.
    Ended(Outcome),
}

/// A run of a sync.
#[derive(Clone, Debug)]
pub struct Run {
    /// The run's id, `run_…`.
    pub id: RunId,
    /// The linked account's short key.
    pub account_no: i64,
    /// When it began; absent while it is queued: requested, and not begun.
    pub started_at: Option<Timestamp>,
    /// When it ended; absent until then. After its process was killed, absent until another process notices.
    pub finished_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Number of requests it sent.
    pub requests: u64,
    /// Its report, JSON.
    pub report: Option<String>,
}

/// Progress of a run in one stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StreamProgress {
    /// The stream.
    pub stream: String,
    /// How it is read: `full`, `incremental` or `notified`.
    pub mode: String,
    /// Records processed.
    pub done: u64,
    /// Records in total, if the server counts them.
    pub total: Option<u64>,
    /// Whether the stream is finished.
    pub finished: bool,
    /// When the first page was committed; set by the store.
    pub started_at: Option<Timestamp>,
    /// When the last page was committed; set by the store.
    pub updated_at: Option<Timestamp>,
}

row! {
    struct RunRow {
        id: String,
        account_no: i64,
        started_at: Option<jiff_sqlx::Timestamp>,
        finished_at: Option<jiff_sqlx::Timestamp>,
        outcome: Option<String>,
        requests: i64,
        report: Option<String>,
    }
}

impl RunRow {
    fn read(self) -> Result<Run, Error> {
        Ok(Run {
            id: self
                .id
                .parse()
                .map_err(|error| Error::Corrupt { what: "run id", source: Box::new(error) })?,
            account_no: self.account_no,
            started_at: self.started_at.map(jiff_sqlx::Timestamp::to_jiff),
            finished_at: self.finished_at.map(jiff_sqlx::Timestamp::to_jiff),
            outcome: self.outcome.as_deref().map(|outcome| stored("runs", outcome)).transpose()?,
            requests: from_sql_count(self.requests),
            report: self.report,
        })
    }
}

row! {
    struct ProgressRow {
        stream: String,
        mode: String,
        done: i64,
        total: Option<i64>,
        finished: bool,
        started_at: jiff_sqlx::Timestamp,
        updated_at: jiff_sqlx::Timestamp,
    }
}

const DOING: &str = "recording a run";

/// What a requested run reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RunRequest {
    /// Changes.
    #[default]
    Changes,
    /// Everything.
    Full,
    /// Only the streams of these kinds, in full.
    Streams(Kinds),
}

/// The kinds of a list of names. Names of a newer version are left out.
fn kinds_of(names: &str) -> Kinds {
    names.split(',').filter_map(|name| name.parse().ok()).collect()
}

/// The streams of the queued run after one more request, `None` for those that are due; `waiting` are those of the run
/// that is queued. An error if only one of the two requests names streams.
fn merged_streams(waiting: Option<Option<String>>, request: RunRequest) -> Result<Option<String>, ()> {
    let names = |kinds: Kinds| kinds.iter().map(Kind::name).collect::<Vec<_>>().join(",");
    match (waiting, request) {
        (None | Some(None), RunRequest::Changes | RunRequest::Full) => Ok(None),
        (None, RunRequest::Streams(kinds)) => Ok(Some(names(kinds))),
        (Some(Some(queued)), RunRequest::Streams(kinds)) => {
            Ok(Some(names(kinds_of(&queued).iter().chain(kinds.iter()).collect())))
        }
        (Some(None), RunRequest::Streams(_)) | (Some(Some(_)), _) => Err(()),
    }
}

/// Name under which the stream states of an account record that a full run was requested. No stream has this
/// name.
const FULL_RUN_REQUESTED: &str = "full_run_asked";

impl Store {
    /// Requests a run of a linked account, which a worker begins under this id as soon as it has capacity. If
    /// a requested run is queued already, that one is returned, and earlier failures no longer delay it: it reads what
    /// both requests name. Returns the run's id.
    ///
    /// # Errors
    ///
    /// [`Error::Unlinked`] if the account was unlinked. [`Error::OtherRunQueued`] if only one of the queued run and this
    /// one reads chosen streams.
    #[boxed]
    pub async fn request_run(
        &self,
        account_no: i64,
        id: RunId,
        request: RunRequest,
        now: Timestamp,
    ) -> Result<RunId, Error> {
        const DOING: &str = "requesting a run";
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            // Written to, so that this and a concurrent unlinking wait for each other.
            let is_there = in_tx!(&mut tx, connection => sqlx::query(
                "UPDATE linked_accounts SET status = status WHERE no = $1 AND status <> 'unlinked'",
            )
            .bind(account_no)
            .execute(connection)
            .await
            .map(|done| done.rows_affected() == 1))?;
            if !is_there {
                return Ok(None);
            }
            let waiting: Option<Option<String>> = in_tx!(&mut tx, connection => sqlx::query_scalar(
                "SELECT streams FROM asked_runs WHERE account_no = $1",
            )
            .bind(account_no)
            .fetch_optional(connection)
            .await)?;
            let Ok(streams) = merged_streams(waiting, request) else { return Ok(Some(None)) };
            let queued: String = in_tx!(&mut tx, connection => sqlx::query_scalar(
                "INSERT INTO asked_runs (account_no, run_id, due_ms, streams) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (account_no) DO UPDATE SET due_ms = excluded.due_ms, streams = excluded.streams \
                 RETURNING run_id",
            )
            .bind(account_no)
            .bind(id.to_string())
            .bind(now.as_millisecond())
            .bind(streams)
            .fetch_one(connection)
            .await)?;
            if request == RunRequest::Full {
                let request = serde_json::json!({ "run_id": queued }).to_string();
                stream_states::write(&mut tx, account_no, FULL_RUN_REQUESTED, &request, now).await?;
            }
            tx.commit().await?;
            Ok(Some(Some(queued)))
        };
        let queued = write.await.map_err(while_doing(DOING))?.ok_or(Error::Unlinked)?;
        queued
            .ok_or(Error::OtherRunQueued)?
            .parse()
            .map_err(|error| Error::Corrupt { what: "run id", source: Box::new(error) })
    }

    /// Returns the streams that a queued run reads; `None` if it reads those that are due, or is not queued.
    #[boxed]
    pub async fn requested_streams(&self, id: RunId) -> Result<Option<Kinds>, Error> {
        let streams: Option<Option<String>> = on!(self.db, pool => sqlx::query_scalar(
            "SELECT streams FROM asked_runs WHERE run_id = $1",
        )
        .bind(id.to_string())
        .fetch_optional(pool)
        .await)
        .map_err(while_doing("reading a requested run"))?;
        Ok(streams.flatten().map(|names| kinds_of(&names)))
    }

    /// Returns whether the next run of a linked account must be full: a full run was requested and none has
    /// ended since, even if a process that had begun one died.
    #[boxed]
    pub async fn is_full_run_asked(&self, account_no: i64) -> Result<bool, Error> {
        on!(self.db, pool => sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM stream_states WHERE account_no = $1 AND stream = $2)",
        )
        .bind(account_no)
        .bind(FULL_RUN_REQUESTED)
        .fetch_one(pool)
        .await)
        .map_err(while_doing(DOING))
    }

    /// Records that a full run has ended: the next one is an ordinary run. A request made since the run began
    /// stays.
    #[boxed]
    pub async fn full_run_ended(&self, account_no: i64) -> Result<(), Error> {
        on!(self.db, pool => sqlx::query(
            "DELETE FROM stream_states WHERE account_no = $1 AND stream = $2 \
             AND NOT EXISTS (SELECT 1 FROM asked_runs WHERE account_no = $1)",
        )
        .bind(account_no)
        .bind(FULL_RUN_REQUESTED)
        .execute(pool)
        .await
        .map(drop))
        .map_err(while_doing(DOING))
    }

    /// Records that a run has begun, and that earlier unfinished runs of the account were interrupted: only
    /// the lease holder runs. A requested run leaves the queue. From here on it is due like any other until
    /// it has ended, so that another worker continues it if this process dies. Returns false and records
    /// nothing if it was begun before or cancelled.
    #[boxed]
    pub async fn start_run(&self, lease: &Lease, at: Timestamp) -> Result<bool, Error> {
        let mut tx = self.begin_under(lease, at, DOING).await?;
        let write = async {
            in_tx!(&mut tx, connection => sqlx::query(
                "UPDATE runs SET finished_at = $2, outcome = \
                 CASE WHEN cancel_asked_at IS NULL THEN 'interrupted' ELSE 'cancelled' END \
                 WHERE account_no = $1 AND finished_at IS NULL",
            )
            .bind(lease.account_no)
            .bind(sql_time(at))
            .execute(connection)
            .await
            .map(drop))?;
            in_tx!(&mut tx, connection => sqlx::query(
                "UPDATE linked_accounts SET due_ms = (SELECT due_ms FROM asked_runs WHERE run_id = $2) \
                 WHERE no = $1 AND due_ms > (SELECT due_ms FROM asked_runs WHERE run_id = $2)",
            )
            .bind(lease.account_no)
            .bind(lease.run_id.to_string())
            .execute(connection)
            .await
            .map(drop))?;
            in_tx!(&mut tx, connection => sqlx::query("DELETE FROM asked_runs WHERE run_id = $1")
                .bind(lease.run_id.to_string())
                .execute(connection)
                .await
                .map(drop))?;
            let is_new = in_tx!(&mut tx, connection => sqlx::query(
                "INSERT INTO runs (id, account_no, started_at, due_ms) \
                 SELECT $1, $2, $3, due_ms FROM linked_accounts WHERE no = $2 ON CONFLICT (id) DO NOTHING",
            )
            .bind(lease.run_id.to_string())
            .bind(lease.account_no)
            .bind(sql_time(at))
            .execute(connection)
            .await
            .map(|done| done.rows_affected() == 1))?;
            if is_new {
                tx.commit().await?;
            }
            Ok(is_new)
        };
        write.await.map_err(while_doing(DOING))
    }

    /// Records how a run ended, with its report as JSON if it has one.
    #[boxed]
    pub async fn finish_run(
        &self,
        lease: &Lease,
        outcome: Outcome,
        requests: u64,
        report: Option<&str>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.begin_last_under(lease, at, DOING).await?;
        in_tx!(&mut tx, connection => sqlx::query(
            "UPDATE runs SET finished_at = $2, outcome = $3, requests = $4, report = $5 WHERE id = $1",
        )
        .bind(lease.run_id.to_string())
        .bind(sql_time(at))
        .bind(outcome.name())
        .bind(sql_count(requests))
        .bind(report)
        .execute(connection)
        .await
        .map(drop))
        .map_err(while_doing(DOING))?;
        let detail = serde_json::json!({ "run_id": lease.run_id, "outcome": outcome, "requests": requests });
        account_events::append(&mut tx, lease.account_no, "sync.completed", &detail, at)
            .await
            .map_err(while_doing(DOING))?;
        tx.commit().await.map_err(while_doing(DOING))
    }

    /// Requests that a run of a linked account end: at its next commit, of which no row is written; the next
    /// run resumes at its last committed page. A run that has not begun, or whose process has ended, is over
    /// at once. Repeating the request changes nothing. Returns `None` if the account has no such run.
    #[boxed]
    pub async fn cancel_run(
        &self,
        account: &LinkedAccount,
        id: RunId,
        actor: Actor,
        at: Timestamp,
    ) -> Result<Option<Cancelling>, Error> {
        const DOING: &str = "cancelling a run";
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            // First, because a run that begins locks this row first: the run is either queued here, or begun.
            let was_queued = cancel_queued(&mut tx, account.no, Some(id), at).await?;
            let outcome: Option<Option<String>> = in_tx!(&mut tx, connection => sqlx::query_scalar(
                "SELECT outcome FROM runs WHERE id = $1 AND account_no = $2",
            )
            .bind(id.to_string())
            .bind(account.no)
            .fetch_optional(connection)
            .await)?;
            match outcome {
                None => return Ok(None),
                Some(Some(_)) if was_queued => {}
                Some(Some(outcome)) => return Ok(Some(Cancelling::Ended(stored("runs", &outcome)?))),
                Some(None) => {}
            }
            let is_news = in_tx!(&mut tx, connection => sqlx::query(
                "UPDATE runs SET cancel_asked_at = $2 WHERE id = $1 AND finished_at IS NULL AND cancel_asked_at IS NULL",
            )
            .bind(id.to_string())
            .bind(sql_time(at))
            .execute(connection)
            .await
            .map(|done| done.rows_affected() == 1))?;
            // Without a lease, no process would end it.
            in_tx!(&mut tx, connection => sqlx::query(
                "UPDATE runs SET finished_at = $2, outcome = 'cancelled' WHERE id = $1 AND finished_at IS NULL \
                 AND NOT EXISTS (SELECT 1 FROM leases WHERE account_no = $3 AND run_id = $1 AND expires_ms > $4)",
            )
            .bind(id.to_string())
            .bind(sql_time(at))
            .bind(account.no)
            .bind(at.as_millisecond())
            .execute(connection)
            .await
            .map(drop))?;
            let detail = serde_json::json!({ "run_id": id });
            let entry = NewAuditEntry::new((actor, at), "run.cancelled", Some(account.id), detail);
            audit::commit_audited(tx, is_news || was_queued, &entry).await?;
            Ok(Some(Cancelling::Asked))
        };
        write.await.map_err(while_doing(DOING))
    }

    /// Returns the last run of a linked account that ended by itself.
    #[boxed]
    pub async fn last_run(&self, account_no: i64) -> Result<Option<Run>, Error> {
        let row: Option<RunRow> = on!(self.db, pool => sqlx::query_as(
            "SELECT id, account_no, started_at, finished_at, outcome, requests, report FROM runs \
             WHERE account_no = $1 AND report IS NOT NULL ORDER BY id DESC LIMIT 1",
        )
        .bind(account_no)
        .fetch_optional(pool)
        .await)
        .map_err(while_doing("reading the last run"))?;
        row.map(RunRow::read).transpose()
    }

    /// Returns the run to show to the administrator who linked the account at `since`: the latest that began
    /// since then and has ended by itself, otherwise the latest that did begin or is queued.
    #[boxed]
    pub async fn run_since(&self, account_no: i64, since: Timestamp) -> Result<Option<Run>, Error> {
        let row: Option<RunRow> = on!(self.db, pool => sqlx::query_as(
            "SELECT id, account_no, started_at, finished_at, outcome, requests, report FROM (\
                 SELECT id, account_no, started_at, finished_at, outcome, requests, report FROM runs \
                 WHERE account_no = $1 AND started_at >= $2 \
                 UNION ALL SELECT run_id, account_no, NULL, NULL, NULL, 0, NULL FROM asked_runs WHERE account_no = $1) AS r \
             ORDER BY CASE WHEN report IS NULL THEN 1 ELSE 0 END, id DESC LIMIT 1",
        )
        .bind(account_no)
        .bind(sql_time(since))
        .fetch_optional(pool)
        .await)
        .map_err(while_doing("reading the run since an account was linked"))?;
        row.map(RunRow::read).transpose()
    }

    /// Returns the run that was requested first and has not begun: of one linked account, or of all.
    #[boxed]
    pub async fn queued_run(&self, account_no: Option<i64>) -> Result<Option<Run>, Error> {
        let id: Option<String> = on!(self.db, pool => sqlx::query_scalar(
            "SELECT run_id FROM asked_runs WHERE $1 IS NULL OR account_no = $1 ORDER BY run_id LIMIT 1",
        )
        .bind(account_no)
        .fetch_optional(pool)
        .await)
        .map_err(while_doing("reading the queued run"))?;
        let Some(id) = id else { return Ok(None) };
        self.run(id.parse().map_err(|error| Error::Corrupt { what: "run id", source: Box::new(error) })?)
            .await
    }

    /// Lists the latest runs, newest first, queued ones included: of one linked account, or of all; only those older
    /// than `before`, if it is given.
    #[boxed]
    pub async fn runs(
        &self,
        account_no: Option<i64>,
        before: Option<RunId>,
        limit: u32,
    ) -> Result<Vec<Run>, Error> {
        // Run ids begin with their creation time, so their order is that of the runs.
        let rows: Vec<RunRow> = on!(self.db, pool => sqlx::query_as(
            "SELECT id, account_no, started_at, finished_at, outcome, requests, report FROM runs \
             WHERE ($1 IS NULL OR account_no = $1) AND ($2 IS NULL OR id < $2) \
             UNION ALL SELECT run_id, account_no, NULL, NULL, NULL, 0, NULL FROM asked_runs \
             WHERE ($1 IS NULL OR account_no = $1) AND ($2 IS NULL OR run_id < $2) ORDER BY id DESC LIMIT $3",
        )
        .bind(account_no)
        .bind(before.map(|id| id.to_string()))
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
        .map_err(while_doing("listing runs"))?;
        rows.into_iter().map(RunRow::read).collect()
    }

    /// Returns a run, possibly queued.
    #[boxed]
    pub async fn run(&self, id: RunId) -> Result<Option<Run>, Error> {
        let row: Option<RunRow> = on!(self.db, pool => sqlx::query_as(
            "SELECT id, account_no, started_at, finished_at, outcome, requests, report FROM runs WHERE id = $1 \
             UNION ALL SELECT run_id, account_no, NULL, NULL, NULL, 0, NULL FROM asked_runs WHERE run_id = $1",
        )
        .bind(id.to_string())
        .fetch_optional(pool)
        .await)
        .map_err(while_doing("reading a run"))?;
        row.map(RunRow::read).transpose()
    }

    /// Returns a run's progress in each stream, in the order the streams were begun.
    #[boxed]
    pub async fn run_progress(&self, id: RunId) -> Result<Vec<StreamProgress>, Error> {
        let rows: Vec<ProgressRow> = on!(self.db, pool => sqlx::query_as(
            "SELECT stream, mode, done, total, finished, started_at, updated_at FROM run_streams \
             WHERE run_id = $1 ORDER BY started_at, stream",
        )
        .bind(id.to_string())
        .fetch_all(pool)
        .await)
        .map_err(while_doing("reading a run's progress"))?;
        Ok(rows
            .into_iter()
            .map(|row| StreamProgress {
                stream: row.stream,
                mode: row.mode,
                done: from_sql_count(row.done),
                total: row.total.map(from_sql_count),
                finished: row.finished,
                started_at: Some(row.started_at.to_jiff()),
                updated_at: Some(row.updated_at.to_jiff()),
            })
            .collect())
    }
}

/// Cancels an account's queued run: the one with this id, or any. Returns whether there was one.
pub(crate) async fn cancel_queued(
    tx: &mut Tx,
    account_no: i64,
    id: Option<RunId>,
    at: Timestamp,
) -> Result<bool, sqlx::Error> {
    let queued: Option<String> = in_tx!(&mut *tx, connection => sqlx::query_scalar(
        "DELETE FROM asked_runs WHERE account_no = $1 AND ($2 IS NULL OR run_id = $2) RETURNING run_id",
    )
    .bind(account_no)
    .bind(id.map(|id| id.to_string()))
    .fetch_optional(connection)
    .await)?;
    let Some(queued) = queued else { return Ok(false) };
    in_tx!(&mut *tx, connection => sqlx::query("DELETE FROM stream_states WHERE account_no = $1 AND stream = $2")
        .bind(account_no)
        .bind(FULL_RUN_REQUESTED)
        .execute(connection)
        .await
        .map(drop))?;
    in_tx!(tx, connection => sqlx::query(
        "INSERT INTO runs (id, account_no, started_at, finished_at, outcome) VALUES ($1, $2, $3, $3, 'cancelled')",
    )
    .bind(queued)
    .bind(account_no)
    .bind(sql_time(at))
    .execute(connection)
    .await
    .map(drop))?;
    Ok(true)
}

pub(crate) async fn write_progress(
    tx: &mut Tx,
    run: RunId,
    progress: &StreamProgress,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    in_tx!(tx, connection => sqlx::query(
        "INSERT INTO run_streams (run_id, stream, mode, done, total, started_at, updated_at, finished) \
         VALUES ($1, $2, $3, $4, $5, $6, $6, $7) ON CONFLICT (run_id, stream) DO UPDATE SET \
         mode = excluded.mode, done = excluded.done, total = excluded.total, \
         updated_at = excluded.updated_at, finished = excluded.finished",
    )
    .bind(run.to_string())
    .bind(&progress.stream)
    .bind(&progress.mode)
    .bind(sql_count(progress.done))
    .bind(progress.total.map(sql_count))
    .bind(sql_time(at))
    .bind(progress.finished)
    .execute(connection)
    .await
    .map(drop))
}
