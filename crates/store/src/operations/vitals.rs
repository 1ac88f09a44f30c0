//! Health metrics: counts and ages over all linked accounts, for operators and monitoring. They hold no
//! personal data.

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;

use crate::db::{from_sql_count, on};
use crate::error::while_doing;
use crate::{Error, Store, Waiting};

/// Health metrics over all linked accounts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vitals {
    /// The number of linked accounts by status.
    pub accounts: Vec<(String, u64)>,
    /// For each linked account whose key works: the seconds since all its due data had been read. Accounts
    /// without a complete read are left out.
    pub ages_seconds: Vec<f64>,
    /// Linked accounts whose key works, without a complete read.
    pub never_read: u64,
    /// The accounts that wait for a sync.
    pub waiting: Waiting,
    /// Streams held by a brake.
    pub holds: u64,
    /// Open issues, by code.
    pub issues: Vec<(String, u64)>,
    /// Webhook endpoints that are `enabled`, `failing` and `disabled`.
    pub endpoints: [(&'static str, u64); 3],
    /// Longest time for which an endpoint has been failing, in seconds.
    pub failing_for_seconds: f64,
    /// Live workers.
    pub workers: u64,
    /// Requests sent to each tenant in the last 60 seconds; tenants without any are left out.
    pub requests_lately: Vec<u64>,
}

const DOING: &str = "reading health metrics";

impl Store {
    /// Reads the health metrics.
    #[boxed]
    pub async fn vitals(&self, now: Timestamp) -> Result<Vitals, Error> {
        let accounts = self
            .counts("SELECT status, count(*) FROM linked_accounts GROUP BY status ORDER BY status")
            .await?;
        let fresh: Vec<Option<i64>> = on!(self.db, pool => sqlx::query_scalar(
            "SELECT fresh_ms FROM linked_accounts WHERE status = 'linked'",
        )
        .fetch_all(pool)
        .await)
        .map_err(while_doing(DOING))?;
        let now_ms = now.as_millisecond();
        let ages: Vec<f64> = fresh.iter().flatten().map(|fresh| seconds(now_ms - fresh)).collect();
        let never_read = fresh.len() - ages.len();
        let holds = self.counts("SELECT 'open', count(*) FROM holds WHERE state = 'open'").await?;
        let issues = self
            .counts("SELECT code, count(*) FROM issues WHERE resolved_at IS NULL GROUP BY code ORDER BY code")
            .await?;
        let endpoints = self
            .counts(
                "SELECT CASE WHEN NOT enabled THEN 'disabled' WHEN failing_since_ms IS NULL THEN 'enabled' \
                 ELSE 'failing' END AS state, count(*) FROM destinations WHERE kind = 'webhook' \
                 GROUP BY state",
            )
            .await?;
        let of = |name| endpoints.iter().find(|(state, _)| state == name).map_or(0, |(_, count)| *count);
        let failing: Option<i64> = on!(self.db, pool => sqlx::query_scalar(
            "SELECT min(failing_since_ms) FROM destinations WHERE kind = 'webhook' AND enabled",
        )
        .fetch_one(pool)
        .await)
        .map_err(while_doing(DOING))?;
        Ok(Vitals {
            accounts,
            never_read: u64::try_from(never_read).unwrap_or(u64::MAX),
            ages_seconds: ages,
            waiting: self.waiting(now).await?,
            holds: holds.iter().map(|(_, count)| count).sum(),
            issues,
            endpoints: ["enabled", "failing", "disabled"].map(|name| (name, of(name))),
            failing_for_seconds: failing.map_or(0.0, |since| seconds(now_ms - since)),
            workers: self.live_workers(now).await?,
            requests_lately: self.all_requests_lately(now).await?,
        })
    }

    async fn counts(&self, sql: &'static str) -> Result<Vec<(String, u64)>, Error> {
        let rows: Vec<(String, i64)> =
            on!(self.db, pool => sqlx::query_as(sql).fetch_all(pool).await).map_err(while_doing(DOING))?;
        Ok(rows.into_iter().map(|(name, count)| (name, from_sql_count(count))).collect())
    }
}

/// Milliseconds in seconds; a time in the future counts as now.
fn seconds(ms: i64) -> f64 {
    std::time::Duration::from_millis(u64::try_from(ms).unwrap_or(0)).as_secs_f64()
}
