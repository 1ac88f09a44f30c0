//! Worker processes with their heartbeats, and roles that only one process may hold at a time. The jobs that
//! workers run are not here.

use async_recursion::async_recursion as boxed;
use jiff::{SignedDuration, Timestamp};

use crate::db::{Db, from_sql_count, on};
use crate::error::while_doing;
use crate::sync::leases::LEASE_DURATION;
use crate::{Error, Store};

/// How long a worker may be silent before others claim its leases and role. Its heartbeats come far more
/// often.
const MAX_SILENCE: SignedDuration = SignedDuration::from_secs(45);
/// How long a role lasts unless its holder claims it again.
const ROLE_DURATION: SignedDuration = SignedDuration::from_secs(15);
/// Workers that ended longer ago are deleted.
const REMEMBERED_FOR: SignedDuration = SignedDuration::from_hours(24);
/// Largest clock difference between machines that share a database. A time further in the future than its
/// span plus this was written by a wrong clock and is ignored.
pub(crate) const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);
const DOING: &str = "recording a worker";

impl Store {
    /// Records a worker's heartbeat.
    #[boxed]
    pub async fn beat(&self, name: &str, version: &str, now: Timestamp) -> Result<(), Error> {
        on!(self.db, pool => sqlx::query(
            "INSERT INTO workers (name, version, started_ms, beat_ms) VALUES ($1, $2, $3, $3) \
             ON CONFLICT (name) DO UPDATE SET beat_ms = excluded.beat_ms",
        )
        .bind(name)
        .bind(version)
        .bind(now.as_millisecond())
        .execute(pool)
        .await
        .map(drop))
        .map_err(while_doing(DOING))
    }

    /// Records that a worker has ended, which frees its leases and its role.
    #[boxed]
    pub async fn end_worker(&self, name: &str, now: Timestamp) -> Result<(), Error> {
        let write = async {
            on!(self.db, pool => sqlx::query("UPDATE workers SET beat_ms = 0 WHERE name = $1")
                .bind(name).execute(pool).await.map(drop))?;
            on!(self.db, pool => sqlx::query("DELETE FROM leaders WHERE holder = $1")
                .bind(name).execute(pool).await.map(drop))?;
            on!(self.db, pool => sqlx::query("DELETE FROM workers WHERE started_ms < $1 AND beat_ms < $1")
                .bind((now - REMEMBERED_FOR).as_millisecond()).execute(pool).await.map(drop))
        };
        write.await.map_err(while_doing(DOING))
    }

    /// Returns whether a worker has ended, or has been silent for so long that others may claim its leases.
    /// False for a process that never sent a heartbeat.
    #[boxed]
    pub async fn has_ended(&self, name: &str, now: Timestamp) -> Result<bool, Error> {
        let beat: Option<i64> =
            on!(self.db, pool => sqlx::query_scalar("SELECT beat_ms FROM workers WHERE name = $1")
            .bind(name)
            .fetch_optional(pool)
            .await)
            .map_err(while_doing(DOING))?;
        Ok(beat.is_some_and(|beat| {
            beat <= silence_cutoff(now) || beat > latest_plausible(now, SignedDuration::ZERO)
        }))
    }

    /// Counts the live workers.
    #[boxed]
    pub async fn live_workers(&self, now: Timestamp) -> Result<u64, Error> {
        let count: i64 =
            on!(self.db, pool => sqlx::query_scalar("SELECT count(*) FROM workers WHERE beat_ms > $1 AND beat_ms <= $2")
            .bind(silence_cutoff(now))
            .bind(latest_plausible(now, SignedDuration::ZERO))
            .fetch_one(pool)
            .await)
            .map_err(while_doing(DOING))?;
        Ok(from_sql_count(count))
    }

    /// Claims a role that one process has at a time, or keeps it. Returns whether `holder` has it.
    #[boxed]
    pub async fn take_role(&self, role: &str, holder: &str, now: Timestamp) -> Result<bool, Error> {
        let taken = on!(self.db, pool => sqlx::query(
            "INSERT INTO leaders (role, holder, expires_ms) VALUES ($1, $2, $3) \
             ON CONFLICT (role) DO UPDATE SET holder = excluded.holder, expires_ms = excluded.expires_ms \
             WHERE leaders.holder = excluded.holder OR leaders.expires_ms <= $4 OR leaders.expires_ms > $5",
        )
        .bind(role)
        .bind(holder)
        .bind((now + ROLE_DURATION).as_millisecond())
        .bind(now.as_millisecond())
        .bind(latest_plausible(now, ROLE_DURATION))
        .execute(pool)
        .await
        .map(|done| done.rows_affected()))
        .map_err(while_doing(DOING))?;
        Ok(taken == 1)
    }

    /// Returns the time of the database's own clock, which all processes share; `None` on SQLite, which has
    /// none.
    #[boxed]
    pub async fn database_time(&self) -> Result<Option<Timestamp>, Error> {
        let Db::Postgres(pool) = &self.db else { return Ok(None) };
        let ms: i64 = sqlx::query_scalar("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
            .fetch_one(pool)
            .await
            .map_err(while_doing("reading the database's clock"))?;
        Ok(Timestamp::from_millisecond(ms).ok())
    }

    /// Counts times further in the future than their span allows, because a clock was wrong: of roles, leases
    /// and heartbeats, and due times. Processes ignore such times.
    #[boxed]
    pub async fn times_too_far(&self, now: Timestamp) -> Result<TimesTooFar, Error> {
        let (held, due): (i64, i64) = on!(self.db, pool => sqlx::query_as(
            "SELECT (SELECT count(*) FROM leaders WHERE expires_ms > $1) + (SELECT count(*) FROM workers WHERE beat_ms > $2) \
             + (SELECT count(*) FROM leases WHERE expires_ms > $3), \
             (SELECT count(*) FROM linked_accounts WHERE status = 'linked' AND due_ms > $2 + due_span_ms)",
        )
        .bind(latest_plausible(now, ROLE_DURATION))
        .bind(latest_plausible(now, SignedDuration::ZERO))
        .bind(latest_plausible(now, LEASE_DURATION))
        .fetch_one(pool)
        .await)
        .map_err(while_doing(DOING))?;
        Ok(TimesTooFar { held: from_sql_count(held), due: from_sql_count(due) })
    }
}

/// Counts of times further in the future than their span allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimesTooFar {
    /// Roles, leases and heartbeats.
    pub held: u64,
    /// Due times of linked accounts.
    pub due: u64,
}

/// The latest plausible end, in Unix milliseconds, of something that lasts for `span`.
pub(crate) fn latest_plausible(now: Timestamp, span: SignedDuration) -> i64 {
    (now + span + MAX_CLOCK_SKEW).as_millisecond()
}

/// The latest heartbeat, in Unix milliseconds, that is too long ago.
pub(crate) fn silence_cutoff(now: Timestamp) -> i64 {
    (now - MAX_SILENCE).as_millisecond()
}
