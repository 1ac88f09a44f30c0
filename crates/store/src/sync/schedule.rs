//! Due times: when the next sync of each linked account is due, by its intervals or by a requested run. The
//! sync engine computes the time from the intervals.

use async_recursion::async_recursion as boxed;
use jiff::{SignedDuration, Timestamp};

use crate::db::{from_sql_count, in_tx, on, row};
use crate::error::while_doing;
use crate::operations::workers::{latest_plausible, silence_cutoff};
use crate::sync::leases::LEASE_DURATION;
use crate::{AccountId, Error, Lease, RunId, Store};

/// A linked account whose sync is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueAccount {
    /// The account.
    pub id: AccountId,
    /// Time since which it is due.
    pub due_at: Timestamp,
    /// Whether its sync may take minutes: it was never synced, or its last run took that long.
    pub is_long: bool,
    /// The requested run, if that is why it is due.
    pub asked: Option<RunId>,
}

row! {
    struct DueRow {
        id: String,
        due_ms: i64,
        is_long: bool,
        run_id: Option<String>,
    }
}

impl DueRow {
    fn read(self) -> Result<DueAccount, Error> {
        let id = self.id.parse();
        let asked = self.run_id.map(|id| id.parse()).transpose();
        Ok(DueAccount {
            id: id.map_err(|error| Error::Corrupt { what: "account id", source: Box::new(error) })?,
            due_at: moment(self.due_ms),
            is_long: self.is_long,
            asked: asked.map_err(|error| Error::Corrupt { what: "run id", source: Box::new(error) })?,
        })
    }
}

/// Accounts that wait for a sync.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// The number of linked accounts that are due and not being synced.
    pub accounts: u64,
    /// Time since which the oldest of them is due.
    pub oldest: Option<Timestamp>,
}

const DOING: &str = "reading due accounts";
/// The first delay after a run that left data due; each further one is twice as long.
const FIRST_DELAY: SignedDuration = SignedDuration::from_mins(1);
const LONGEST_DELAY: SignedDuration = SignedDuration::from_mins(30);
/// A due time within this span is never attributed to a wrong clock.
const SHORTEST_SPAN: SignedDuration = SignedDuration::from_hours(24);

/// Accounts that are due and that no live worker is syncing. A process that is not a worker may be syncing
/// one: a worker detects that when it tries. A due time further away than the account's intervals was set by
/// a wrong clock: the account is due. An account with a requested run is due for that run only, so that this
/// run reads the due data.
const DUE: &str = "(\
    SELECT id, asked_runs.due_ms, is_long, run_id, no FROM asked_runs JOIN linked_accounts ON no = account_no \
    WHERE status = 'linked' AND (asked_runs.due_ms <= $1 OR asked_runs.due_ms > $4) AND NOT EXISTS {held} \
    UNION ALL SELECT id, due_ms, is_long, NULL, no FROM linked_accounts \
    WHERE status = 'linked' AND (due_ms <= $1 OR due_ms > $3 + due_span_ms) AND NOT EXISTS {held} \
    AND NOT EXISTS (SELECT 1 FROM asked_runs WHERE account_no = no)) AS due";
const HELD: &str = "(SELECT 1 FROM leases JOIN workers ON workers.name = leases.holder \
    AND workers.beat_ms > $2 AND workers.beat_ms <= $3 WHERE leases.account_no = linked_accounts.no \
    AND leases.expires_ms > $1 AND leases.expires_ms <= $4)";

impl Store {
    /// Lists the linked accounts that are due and not being synced: first those with a requested run, then
    /// those that have waited longest.
    #[boxed]
    pub async fn due_accounts(&self, now: Timestamp, limit: u32) -> Result<Vec<DueAccount>, Error> {
        let sql = due("id, due_ms, is_long, run_id", "ORDER BY run_id IS NULL, due_ms, no LIMIT $5");
        let rows: Vec<DueRow> = on!(self.db, pool => sqlx::query_as(sql)
            .bind(now.as_millisecond())
            .bind(silence_cutoff(now))
            .bind(latest_plausible(now, SignedDuration::ZERO))
            .bind(latest_plausible(now, LEASE_DURATION))
            .bind(i64::from(limit))
            .fetch_all(pool)
            .await)
        .map_err(while_doing(DOING))?;
        rows.into_iter().map(DueRow::read).collect()
    }

    /// Returns one of [`Self::due_accounts`], by its id or that of its requested run; `None` if it is not due
    /// now.
    #[boxed]
    pub async fn due_account(&self, id: &str, now: Timestamp) -> Result<Option<DueAccount>, Error> {
        let sql = due("id, due_ms, is_long, run_id", "WHERE id = $5 OR run_id = $5");
        let row: Option<DueRow> = on!(self.db, pool => sqlx::query_as(sql)
            .bind(now.as_millisecond())
            .bind(silence_cutoff(now))
            .bind(latest_plausible(now, SignedDuration::ZERO))
            .bind(latest_plausible(now, LEASE_DURATION))
            .bind(id)
            .fetch_optional(pool)
            .await)
        .map_err(while_doing(DOING))?;
        row.map(DueRow::read).transpose()
    }

    /// Counts the accounts that wait for a sync.
    #[boxed]
    pub async fn waiting(&self, now: Timestamp) -> Result<Waiting, Error> {
        let sql = due("count(*), min(due_ms)", "");
        let (accounts, oldest): (i64, Option<i64>) = on!(self.db, pool => sqlx::query_as(sql)
            .bind(now.as_millisecond())
            .bind(silence_cutoff(now))
            .bind(latest_plausible(now, SignedDuration::ZERO))
            .bind(latest_plausible(now, LEASE_DURATION))
            .fetch_one(pool)
            .await)
        .map_err(while_doing(DOING))?;
        Ok(Waiting { accounts: from_sql_count(accounts), oldest: oldest.map(moment) })
    }

    /// When the next sync of a linked account is due, by its interval or by a requested run; `None` unless the
    /// account is linked.
    #[boxed]
    pub async fn next_sync(&self, account_no: i64) -> Result<Option<Timestamp>, Error> {
        let due: Option<i64> = on!(self.db, pool => sqlx::query_scalar(
            "SELECT coalesce((SELECT min(asked_runs.due_ms) FROM asked_runs \
             WHERE asked_runs.account_no = linked_accounts.no AND asked_runs.due_ms < linked_accounts.due_ms), due_ms) \
             FROM linked_accounts WHERE no = $1 AND status = 'linked'",
        )
        .bind(account_no)
        .fetch_optional(pool)
        .await)
        .map_err(while_doing(DOING))?;
        Ok(due.map(moment))
    }

    /// Sets when the next sync of a linked account is due, after one that began at `began_at`. If `due_at`
    /// has passed, data could not be read: the sync is retried after a delay that grows.
    #[boxed]
    pub async fn set_due(
        &self,
        lease: &Lease,
        due_at: Timestamp,
        began_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        const LONG: SignedDuration = SignedDuration::from_mins(1);
        let mut tx = self.begin_last_under(lease, now, DOING).await?;
        let write = async {
            let failures: i32 = in_tx!(&mut tx, connection => sqlx::query_scalar(
                "SELECT failures FROM linked_accounts WHERE no = $1",
            )
            .bind(lease.account_no)
            .fetch_one(connection)
            .await)?;
            let failures = if due_at <= now { failures.saturating_add(1) } else { 0 };
            let due_at = if due_at <= now { now + retry_delay(failures) } else { due_at };
            in_tx!(&mut tx, connection => sqlx::query(
                "UPDATE linked_accounts SET due_ms = $2, failures = $3, is_long = $4, due_span_ms = $6, \
                 fresh_ms = CASE WHEN $3 = 0 THEN $5 ELSE fresh_ms END WHERE no = $1",
            )
            .bind(lease.account_no)
            .bind(due_at.as_millisecond())
            .bind(failures)
            .bind(now.duration_since(began_at) > LONG)
            .bind(began_at.as_millisecond())
            .bind(i64::try_from(due_at.duration_since(now).max(SHORTEST_SPAN).as_millis()).unwrap_or(i64::MAX))
            .execute(connection)
            .await
            .map(drop))?;
            tx.commit().await
        };
        write.await.map_err(while_doing(DOING))
    }

    /// Postpones a sync that could not even begin, by a delay that grows; and the requested run, if that is
    /// the one that could not begin.
    #[boxed]
    pub async fn postpone(&self, account_no: i64, asked: Option<RunId>, now: Timestamp) -> Result<(), Error> {
        let failures: Option<i32> = on!(self.db, pool => sqlx::query_scalar(
            "UPDATE linked_accounts SET failures = failures + 1 WHERE no = $1 RETURNING failures",
        )
        .bind(account_no)
        .fetch_optional(pool)
        .await)
        .map_err(while_doing(DOING))?;
        let until = now + retry_delay(failures.unwrap_or_default());
        on!(self.db, pool => sqlx::query("UPDATE linked_accounts SET due_ms = $2 WHERE no = $1 AND due_ms < $2")
            .bind(account_no)
            .bind(until.as_millisecond())
            .execute(pool)
            .await
            .map(drop))
        .map_err(while_doing(DOING))?;
        let Some(asked) = asked else { return Ok(()) };
        on!(self.db, pool => sqlx::query("UPDATE asked_runs SET due_ms = $2 WHERE run_id = $1")
            .bind(asked.to_string())
            .bind(until.as_millisecond())
            .execute(pool)
            .await
            .map(drop))
        .map_err(while_doing(DOING))
    }
}

/// Selects `columns` of the due accounts.
fn due(columns: &str, rest: &str) -> sqlx::AssertSqlSafe<String> {
    let due = DUE.replace("{held}", HELD);
    sqlx::AssertSqlSafe(format!("SELECT {columns} FROM {due} {rest}"))
}

/// A stored time, which was a valid timestamp when it was written.
fn moment(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or_default()
}

/// The delay after this number of consecutive failures.
fn retry_delay(failures: i32) -> SignedDuration {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(0).min(10);
    (FIRST_DELAY * 2_i32.pow(doublings)).min(LONGEST_DELAY)
}
