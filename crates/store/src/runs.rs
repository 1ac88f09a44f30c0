//! Runs: when a linked account was synced, with what outcome, and the report of it.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};

use crate::error::while_doing;
use crate::{Error, RunId, Store};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every stream was read, and read completely.
    Succeeded,
    /// What could be read is stored; something could not be read or proven.
    Incomplete,
    /// People could not be read.
    Failed,
}

impl Outcome {
    /// The outcome's name, as JSON and the database write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
        }
    }
}

/// A run of a sync.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; absent while it runs, or when its process was killed.
    pub finished_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Requests it sent.
    pub requests: u64,
    /// Its report, JSON.
    pub report: Option<String>,
}

#[derive(sqlx::FromRow)]
struct RunRow {
    id: String,
    started_at: jiff_sqlx::Timestamp,
    finished_at: Option<jiff_sqlx::Timestamp>,
    outcome: Option<String>,
    requests: i64,
    report: Option<String>,
}

impl RunRow {
    fn read(self) -> Result<Run, Error> {
        Ok(Run {
            id: self
                .id
                .parse()
                .map_err(|error| Error::Corrupt { what: "run id", source: Box::new(error) })?,
            started_at: self.started_at.to_jiff(),
            finished_at: self.finished_at.map(jiff_sqlx::Timestamp::to_jiff),
            outcome: self.outcome.as_deref().map(|name| match name {
                "succeeded" => Outcome::Succeeded,
                "incomplete" => Outcome::Incomplete,
                _ => Outcome::Failed,
            }),
            requests: u64::try_from(self.requests).unwrap_or(0),
            report: self.report,
        })
    }
}

impl Store {
    /// Records that a run has begun.
    pub async fn start_run(&self, account_no: i64, id: RunId, at: Timestamp) -> Result<(), Error> {
        sqlx::query("INSERT INTO runs (id, account_no, started_at) VALUES ($1, $2, $3)")
            .bind(id.to_string())
            .bind(account_no)
            .bind(at.to_sqlx())
            .execute(&self.pool)
            .await
            .map_err(while_doing("recording a run"))?;
        Ok(())
    }

    /// Records how a run ended, with its report as JSON.
    pub async fn finish_run(
        &self,
        id: RunId,
        outcome: Outcome,
        requests: u64,
        report: &str,
        at: Timestamp,
    ) -> Result<(), Error> {
        sqlx::query(
            "UPDATE runs SET finished_at = $2, outcome = $3, requests = $4, report = $5 WHERE id = $1",
        )
        .bind(id.to_string())
        .bind(at.to_sqlx())
        .bind(outcome.name())
        .bind(i64::try_from(requests).unwrap_or(i64::MAX))
        .bind(report)
        .execute(&self.pool)
        .await
        .map_err(while_doing("recording a run"))?;
        Ok(())
    }

    /// The last run of a linked account that ended.
    pub async fn last_run(&self, account_no: i64) -> Result<Option<Run>, Error> {
        let row: Option<RunRow> = sqlx::query_as(
            "SELECT id, started_at, finished_at, outcome, requests, report FROM runs \
             WHERE account_no = $1 AND finished_at IS NOT NULL ORDER BY rowid DESC LIMIT 1",
        )
        .bind(account_no)
        .fetch_optional(&self.pool)
        .await
        .map_err(while_doing("reading the last run"))?;
        row.map(RunRow::read).transpose()
    }
}
