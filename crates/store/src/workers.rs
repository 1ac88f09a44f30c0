//! Processes that work, each with its heartbeat; and which of them has a role that only one may have at a time.

use async_recursion::async_recursion as boxed;
use jiff::{SignedDuration, Timestamp};

use crate::db::{Db, from_sql_count, on};
use crate::error::while_doing;
use crate::leases::LASTS as LEASE_LASTS;
use crate::{Error, Store};

/// How long a worker may be silent before others take over what it holds. It beats far more often.
const SILENT_FOR: SignedDuration = SignedDuration::from_secs(45);
/// How long a role is held without being taken again.
const ROLE_LASTS: SignedDuration = SignedDuration::from_secs(15);
/// Who ended so long ago is forgotten.
const REMEMBERED_FOR: SignedDuration = SignedDuration::from_hours(24);
/// How far the clocks of machines that share a database may be apart. What reaches further into the future than its span and
/// this was written by a clock that was wrong, and counts for nothing.
pub(crate) const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(5);
const DOING: &str = "noting who works";

impl Store {
    /// Notes that a worker is alive.
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

    /// Notes that a worker has ended: what it holds is free, and so is its role.
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

    /// Whether a worker has ended or is silent for so long that others may take over what it holds. A process that never
    /// beat is none.
    #[boxed]
    pub async fn has_ended(&self, name: &str, now: Timestamp) -> Result<bool, Error> {
        let beat: Option<i64> =
            on!(self.db, pool => sqlx::query_scalar("SELECT beat_ms FROM workers WHERE name = $1")
            .bind(name)
            .fetch_optional(pool)
            .await)
            .map_err(while_doing(DOING))?;
        Ok(beat.is_some_and(|beat| beat <= last_sign(now) || beat > at_most(now, SignedDuration::ZERO)))
    }

    /// How many workers are alive.
    #[boxed]
    pub async fn live_workers(&self, now: Timestamp) -> Result<u64, Error> {
        let count: i64 =
            on!(self.db, pool => sqlx::query_scalar("SELECT count(*) FROM workers WHERE beat_ms > $1 AND beat_ms <= $2")
            .bind(last_sign(now))
            .bind(at_most(now, SignedDuration::ZERO))
            .fetch_one(pool)
            .await)
            .map_err(while_doing(DOING))?;
        Ok(from_sql_count(count))
    }

    /// Takes a role that one process has at a time, or keeps it.
    #[boxed]
    pub async fn take_role(&self, role: &str, holder: &str, now: Timestamp) -> Result<bool, Error> {
        let taken = on!(self.db, pool => sqlx::query(
            "INSERT INTO leaders (role, holder, expires_ms) VALUES ($1, $2, $3) \
             ON CONFLICT (role) DO UPDATE SET holder = excluded.holder, expires_ms = excluded.expires_ms \
             WHERE leaders.holder = excluded.holder OR leaders.expires_ms <= $4 OR leaders.expires_ms > $5",
        )
        .bind(role)
        .bind(holder)
        .bind((now + ROLE_LASTS).as_millisecond())
        .bind(now.as_millisecond())
        .bind(at_most(now, ROLE_LASTS))
        .execute(pool)
        .await
        .map(|done| done.rows_affected()))
        .map_err(while_doing(DOING))?;
        Ok(taken == 1)
    }

    /// The time by the database's own clock, which all who share it have in common; none where it has none of its own.
    #[boxed]
    pub async fn database_time(&self) -> Result<Option<Timestamp>, Error> {
        let Db::Postgres(pool) = &self.db else { return Ok(None) };
        let ms: i64 = sqlx::query_scalar("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
            .fetch_one(pool)
            .await
            .map_err(while_doing("reading the database's clock"))?;
        Ok(Timestamp::from_millisecond(ms).ok())
    }

    /// What stands further in the future than its span allows, because a clock was wrong: how many roles, leases and
    /// workers' signs of life, and how many due times. Nothing waits for it any more.
    #[boxed]
    pub async fn times_too_far(&self, now: Timestamp) -> Result<TimesTooFar, Error> {
        let (held, due): (i64, i64) = on!(self.db, pool => sqlx::query_as(
            "SELECT (SELECT count(*) FROM leaders WHERE expires_ms > $1) + (SELECT count(*) FROM workers WHERE beat_ms > $2) \
             + (SELECT count(*) FROM leases WHERE expires_ms > $3), \
             (SELECT count(*) FROM linked_accounts WHERE status = 'linked' AND due_ms > $2 + due_span_ms)",
        )
        .bind(at_most(now, ROLE_LASTS))
        .bind(at_most(now, SignedDuration::ZERO))
        .bind(at_most(now, LEASE_LASTS))
        .fetch_one(pool)
        .await)
        .map_err(while_doing(DOING))?;
        Ok(TimesTooFar { held: from_sql_count(held), due: from_sql_count(due) })
    }
}

/// What stands further in the future than its span allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimesTooFar {
    /// Roles, leases and signs of life.
    pub held: u64,
    /// Linked accounts by when they are due.
    pub due: u64,
}

/// The last moment, in milliseconds, that something which lasts for `span` may reach.
pub(crate) fn at_most(now: Timestamp, span: SignedDuration) -> i64 {
    (now + span + CLOCKS_APART).as_millisecond()
}

/// The last beat that is too long ago.
pub(crate) fn last_sign(now: Timestamp) -> i64 {
    (now - SILENT_FOR).as_millisecond()
}
