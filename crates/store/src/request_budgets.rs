//! How many requests everybody together has sent to a tenant within a minute, and until when Lucca asked to wait. What
//! follows from it is decided in `lucca`.

use jiff::{SignedDuration, Timestamp};

use crate::db::{Db, from_sql_count, on};
use crate::error::while_doing;
use crate::{Error, Store};

/// Lucca counts over sixty seconds (source: directory.md §10).
const WINDOW: SignedDuration = SignedDuration::from_secs(60);
/// Clocks of two machines may differ by so much; what is further ahead comes from a clock that was set back since.
const SKEW: SignedDuration = SignedDuration::from_secs(5);
const DOING: &str = "counting requests";

impl Store {
    /// Counts a request to a tenant as sent now, if fewer than `limit` were sent in the minute before and Lucca has not
    /// asked to wait; else says when to ask again.
    pub async fn reserve_request(
        &self,
        tenant: &str,
        limit: u32,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        let (at, since) = (now.as_millisecond(), (now - WINDOW).as_millisecond());
        let granted: Option<i32> = match &self.db {
            Db::Sqlite(pool) => sqlx::query_scalar(
                "INSERT INTO request_budgets (tenant, sent, held_until_ms) VALUES ($1, json_array($2), 0) \
                 ON CONFLICT (tenant) DO UPDATE SET sent = (SELECT json_group_array(value) FROM \
                 (SELECT value FROM json_each(request_budgets.sent) WHERE value > $3 UNION ALL SELECT $2)) \
                 WHERE held_until_ms <= $2 \
                 AND (SELECT count(*) FROM json_each(request_budgets.sent) WHERE value > $3) < $4 RETURNING 1",
            )
            .bind(tenant)
            .bind(at)
            .bind(since)
            .bind(i64::from(limit))
            .fetch_optional(pool)
            .await,
            Db::Postgres(pool) => sqlx::query_scalar(
                "INSERT INTO request_budgets AS b (tenant, sent, held_until_ms) VALUES ($1, ARRAY[$2::bigint], 0) \
                 ON CONFLICT (tenant) DO UPDATE SET \
                 sent = array_append(ARRAY(SELECT s FROM unnest(b.sent) s WHERE s > $3), $2) \
                 WHERE b.held_until_ms <= $2 \
                 AND (SELECT count(*) FROM unnest(b.sent) s WHERE s > $3) < $4 RETURNING 1",
            )
            .bind(tenant)
            .bind(at)
            .bind(since)
            .bind(i64::from(limit))
            .fetch_optional(pool)
            .await,
        }
        .map_err(while_doing(DOING))?;
        if granted.is_some() {
            return Ok(None);
        }
        self.forget_what_is_to_come(tenant, now).await?;
        let (sent, held_until) = self.sent(tenant).await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut counted: Vec<i64> = sent.into_iter().filter(|sent| *sent > since).collect();
        counted.sort_unstable();
        let free = counted.len().checked_sub(limit).and_then(|index| counted.get(index)).map(|sent| {
            let at = Timestamp::from_millisecond(*sent).unwrap_or(now);
            at.min(now) + WINDOW
        });
        let held = Timestamp::from_millisecond(held_until).ok().filter(|until| *until > now);
        // Between the two questions it may have become free: then at once, but not without a breath.
        Ok(Some(free.max(held).unwrap_or(now).max(now + SignedDuration::from_millis(5))))
    }

    /// Lets nobody send a request to a tenant before `until`. An earlier hold that lasts longer stays.
    pub async fn hold_requests(&self, tenant: &str, until: Timestamp) -> Result<(), Error> {
        let none = match &self.db {
            Db::Sqlite(_) => "'[]'",
            Db::Postgres(_) => "'{}'",
        };
        let sql = format!(
            "INSERT INTO request_budgets AS b (tenant, sent, held_until_ms) VALUES ($1, {none}, $2) \
             ON CONFLICT (tenant) DO UPDATE SET held_until_ms = excluded.held_until_ms \
             WHERE excluded.held_until_ms > b.held_until_ms",
        );
        on!(self.db, pool => sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(tenant)
            .bind(until.as_millisecond())
            .execute(pool)
            .await
            .map(drop))
        .map_err(while_doing(DOING))
    }

    /// How many requests were sent to a tenant in the last minute.
    pub async fn requests_lately(&self, tenant: &str, now: Timestamp) -> Result<u64, Error> {
        let since = (now - WINDOW).as_millisecond();
        let (sent, _) = self.sent(tenant).await?;
        let lately = sent.into_iter().filter(|sent| *sent > since).count();
        Ok(u64::try_from(lately).unwrap_or(u64::MAX))
    }

    /// How many requests were sent in the last minute to each tenant that was sent some.
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

    async fn sent(&self, tenant: &str) -> Result<(Vec<i64>, i64), Error> {
        let sql = match &self.db {
            Db::Sqlite(_) => "SELECT sent, held_until_ms FROM request_budgets WHERE tenant = $1",
            Db::Postgres(_) => {
                "SELECT array_to_json(sent)::text, held_until_ms FROM request_budgets WHERE tenant = $1"
            }
        };
        let row: Option<(String, i64)> =
            on!(self.db, pool => sqlx::query_as(sql).bind(tenant).fetch_optional(pool).await)
                .map_err(while_doing(DOING))?;
        let (sent, held_until) = row.unwrap_or_default();
        Ok((serde_json::from_str(&sent).unwrap_or_default(), held_until))
    }

    /// A clock that was set back must not stop everything for as long as it was set back.
    async fn forget_what_is_to_come(&self, tenant: &str, now: Timestamp) -> Result<(), Error> {
        let sql = match &self.db {
            Db::Sqlite(_) => {
                "UPDATE request_budgets SET held_until_ms = 0, \
                 sent = (SELECT json_group_array(min(value, $2)) FROM json_each(request_budgets.sent)) \
                 WHERE tenant = $1 AND EXISTS (SELECT 1 FROM json_each(request_budgets.sent) WHERE value > $3)"
            }
            Db::Postgres(_) => {
                "UPDATE request_budgets SET held_until_ms = 0, \
                 sent = ARRAY(SELECT least(s, $2) FROM unnest(sent) s) \
                 WHERE tenant = $1 AND EXISTS (SELECT 1 FROM unnest(sent) s WHERE s > $3)"
            }
        };
        on!(self.db, pool => sqlx::query(sql)
            .bind(tenant)
            .bind(now.as_millisecond())
            .bind((now + SKEW).as_millisecond())
            .execute(pool)
            .await
            .map(drop))
        .map_err(while_doing(DOING))
    }
}
