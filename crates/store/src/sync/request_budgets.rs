//! Request budgets: the recent requests of all processes to a tenant, and the waits that its 429s require.
//! `lucca` computes the next send time from them.

use async_recursion::async_recursion as boxed;
use jiff::{SignedDuration, Timestamp};

use crate::db::{Db, Tx, from_sql_count, in_tx, on};
use crate::error::while_doing;
use crate::{Error, Store};

/// Lucca counts over sixty seconds (source: directory.md §10).
const WINDOW: SignedDuration = SignedDuration::from_secs(60);
const DOING: &str = "counting requests";

/// The requests to one tenant. Times are whole milliseconds, rounded down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// When requests were sent, in order, as far back as the last caller stored them.
    pub sent: Vec<Timestamp>,
    /// No request may be sent before this time.
    pub held_until: Option<Timestamp>,
    /// Requests are sent at a lower rate until this time.
    pub slow_until: Option<Timestamp>,
    /// The first 429 of the latest stretch of 429s.
    pub throttled_since: Option<Timestamp>,
    /// The last 429 of that stretch.
    pub throttled_last: Option<Timestamp>,
}

/// The columns `sent` and `counted` as JSON, and the milliseconds of the times.
type Row = (String, String, i64, i64, i64, i64);

impl Store {
    /// Changes a tenant's counts exclusively: of several processes, one waits for the other. A tenant without
    /// counts begins with empty ones.
    #[boxed]
    pub async fn update_request_counts(
        &self,
        tenant: &str,
        change: &mut (dyn FnMut(&mut RequestCounts) + Send),
    ) -> Result<(), Error> {
        self.change_request_counts(tenant, change).await.map_err(while_doing(DOING))
    }

    async fn change_request_counts(
        &self,
        tenant: &str,
        change: &mut (dyn FnMut(&mut RequestCounts) + Send),
    ) -> Result<(), sqlx::Error> {
        let mut tx = self.begin().await?;
        let row = match lock_row(&mut tx, tenant).await? {
            Some(row) => row,
            None => {
                insert_row(&mut tx, tenant).await?;
                lock_row(&mut tx, tenant).await?.ok_or(sqlx::Error::RowNotFound)?
            }
        };
        let before = RequestCounts::of(&row);
        let mut after = before.clone();
        change(&mut after);
        // Requests counted only by the previous version are stored too, because it keeps them for a minute
        // only.
        if after != before || times(&row.1) != before.sent {
            write_row(&mut tx, tenant, &after).await?;
        }
        tx.commit().await
    }

    /// Returns a tenant's counts; empty ones if no request was sent.
    #[boxed]
    pub async fn request_counts(&self, tenant: &str) -> Result<RequestCounts, Error> {
        let sql = match &self.db {
            Db::Sqlite(_) => ON_SQLITE,
            Db::Postgres(_) => ON_POSTGRES,
        };
        let row: Option<Row> = on!(self.db, pool => sqlx::query_as(sql)
            .bind(tenant)
            .fetch_optional(pool)
            .await)
        .map_err(while_doing(DOING))?;
        Ok(row.map(|row| RequestCounts::of(&row)).unwrap_or_default())
    }

    /// Counts the requests sent to a tenant in the last 60 seconds.
    #[boxed]
    pub async fn requests_lately(&self, tenant: &str, now: Timestamp) -> Result<u64, Error> {
        let since = (now - WINDOW).as_millisecond();
        let counts = self.request_counts(tenant).await?;
        let lately = counts.sent.iter().filter(|sent| sent.as_millisecond() > since).count();
        Ok(u64::try_from(lately).unwrap_or(u64::MAX))
    }

    /// Counts the requests sent in the last 60 seconds to each tenant; tenants without any are left out.
    #[boxed]
    pub async fn all_requests_lately(&self, now: Timestamp) -> Result<Vec<u64>, Error> {
        let sql = match &self.db {
            Db::Sqlite(_) => {
                "SELECT (SELECT count(*) FROM json_each(sent) WHERE value > $1) FROM request_budgets"
            }
            Db::Postgres(_) => {
                "SELECT (SELECT count(*) FROM unnest(sent) s WHERE s > $1) FROM request_budgets"
            }
        };
        let counts: Vec<i64> = on!(self.db, pool => sqlx::query_scalar(sql)
            .bind((now - WINDOW).as_millisecond())
            .fetch_all(pool)
            .await)
        .map_err(while_doing(DOING))?;
        Ok(counts.into_iter().map(from_sql_count).filter(|count| *count > 0).collect())
    }
}

impl RequestCounts {
    fn of((sent, counted, held_until, slow_until, throttled_since, throttled_last): &Row) -> Self {
        Self {
            sent: merge(&times(counted), &times(sent)),
            held_until: time(*held_until),
            slow_until: time(*slow_until),
            throttled_since: time(*throttled_since),
            throttled_last: time(*throttled_last),
        }
    }
}

const ON_SQLITE: &str = "SELECT sent, counted, held_until_ms, slow_until_ms, throttled_since_ms, throttled_last_ms \
                         FROM request_budgets WHERE tenant = $1";
const ON_POSTGRES: &str = "SELECT array_to_json(sent)::text, array_to_json(counted)::text, held_until_ms, slow_until_ms, \
                           throttled_since_ms, throttled_last_ms FROM request_budgets WHERE tenant = $1";
const ON_POSTGRES_LOCKED: &str = "SELECT array_to_json(sent)::text, array_to_json(counted)::text, held_until_ms, \
                                  slow_until_ms, throttled_since_ms, throttled_last_ms FROM request_budgets \
                                  WHERE tenant = $1 FOR UPDATE";

/// Returns a tenant's row, which no other process changes before the transaction ends. On SQLite, no other
/// process writes any row meanwhile.
async fn lock_row(tx: &mut Tx, tenant: &str) -> Result<Option<Row>, sqlx::Error> {
    let sql = match tx {
        Tx::Sqlite(_) => ON_SQLITE,
        Tx::Postgres(_) => ON_POSTGRES_LOCKED,
    };
    in_tx!(tx, connection => sqlx::query_as(sql).bind(tenant).fetch_optional(connection).await)
}

async fn insert_row(tx: &mut Tx, tenant: &str) -> Result<(), sqlx::Error> {
    let sql = match tx {
        Tx::Sqlite(_) => "INSERT INTO request_budgets (tenant, sent, held_until_ms) VALUES ($1, '[]', 0)",
        Tx::Postgres(_) => {
            "INSERT INTO request_budgets (tenant, sent, held_until_ms) VALUES ($1, '{}', 0) \
             ON CONFLICT (tenant) DO NOTHING"
        }
    };
    in_tx!(tx, connection => sqlx::query(sql).bind(tenant).execute(connection).await.map(drop))
}

async fn write_row(tx: &mut Tx, tenant: &str, counts: &RequestCounts) -> Result<(), sqlx::Error> {
    const SQL: &str = "UPDATE request_budgets SET sent = $2, counted = $2, held_until_ms = $3, slow_until_ms = $4, \
                       throttled_since_ms = $5, throttled_last_ms = $6 WHERE tenant = $1";
    let sent: Vec<i64> = counts.sent.iter().map(|sent| sent.as_millisecond()).collect();
    let [held, slow, since, last] =
        [counts.held_until, counts.slow_until, counts.throttled_since, counts.throttled_last]
            .map(|time| time.map_or(0, Timestamp::as_millisecond));
    match tx {
        Tx::Sqlite(transaction) => {
            let query = sqlx::query(SQL).bind(tenant).bind(json(&sent));
            query.bind(held).bind(slow).bind(since).bind(last).execute(&mut **transaction).await.map(drop)
        }
        Tx::Postgres(transaction) => {
            let query = sqlx::query(SQL).bind(tenant).bind(sent);
            query.bind(held).bind(slow).bind(since).bind(last).execute(&mut **transaction).await.map(drop)
        }
    }
}

fn json(numbers: &[i64]) -> String {
    serde_json::to_string(numbers).unwrap_or_else(|_| "[]".to_owned())
}

/// Parses times from a column as JSON, and sorts them.
fn times(json: &str) -> Vec<Timestamp> {
    let numbers: Vec<i64> = serde_json::from_str(json).unwrap_or_default();
    let mut times: Vec<Timestamp> =
        numbers.into_iter().filter_map(|ms| Timestamp::from_millisecond(ms).ok()).collect();
    times.sort_unstable();
    times
}

/// A stored time; 0 is none.
fn time(ms: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(ms).ok().filter(|_| ms > 0)
}

/// Merges two sorted lists; a time in both counts once.
fn merge(one: &[Timestamp], other: &[Timestamp]) -> Vec<Timestamp> {
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    let mut all = Vec::new();
    loop {
        let first = match (one.peek(), other.peek()) {
            (Some(a), Some(b)) => **a.min(b),
            (Some(a), None) => **a,
            (None, Some(b)) => **b,
            (None, None) => return all,
        };
        one.next_if(|time| **time == first);
        other.next_if(|time| **time == first);
        all.push(first);
    }
}
