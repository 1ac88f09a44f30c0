//! How many requests went to a tenant lately, so that one process after another keeps within its budget.

use jiff::{SignedDuration, Timestamp};

use crate::db::{from_sql_count, on, sql_count, sql_time};
use crate::error::while_doing;
use crate::{Error, Store};

/// Lucca counts over sixty seconds (source: directory.md §10).
const WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// Whole seconds, rounded up: the database compares these times as text, which only sorts them when all have
/// the same number of digits.
fn next_second(at: Timestamp) -> Timestamp {
    let second = at.as_second() + i64::from(at.subsec_nanosecond() > 0);
    Timestamp::from_second(second).unwrap_or(at)
}

impl Store {
    /// Notes that `requests` were sent to a tenant, the last of them now. Forgets what no longer counts.
    pub async fn note_requests(&self, tenant: &str, requests: u64, now: Timestamp) -> Result<(), Error> {
        const DOING: &str = "noting requests";
        if requests == 0 {
            return Ok(());
        }
        let now = next_second(now);
        on!(self.db, pool => sqlx::query("DELETE FROM requests_sent WHERE sent_at <= $1")
            .bind(sql_time(now - WINDOW))
            .execute(pool)
            .await.map(drop))
        .map_err(while_doing(DOING))?;
        on!(self.db, pool => sqlx::query("INSERT INTO requests_sent (tenant, sent_at, requests) VALUES ($1, $2, $3)")
            .bind(tenant)
            .bind(sql_time(now))
            .bind(sql_count(requests))
            .execute(pool)
            .await.map(drop))
            .map_err(while_doing(DOING))?;
        Ok(())
    }

    /// The requests of the last minute that were sent to a tenant: when, and how many.
    pub async fn recent_requests(
        &self,
        tenant: &str,
        now: Timestamp,
    ) -> Result<Vec<(Timestamp, u64)>, Error> {
        let rows: Vec<(jiff_sqlx::Timestamp, i64)> = on!(self.db, pool => sqlx::query_as(
            "SELECT sent_at, requests FROM requests_sent WHERE tenant = $1 AND sent_at > $2 ORDER BY sent_at",
        )
        .bind(tenant)
        .bind(sql_time(next_second(now) - WINDOW))
        .fetch_all(pool)
        .await)
        .map_err(while_doing("reading recent requests"))?;
        Ok(rows.into_iter().map(|(at, n)| (at.to_jiff(), from_sql_count(n))).collect())
    }
}
