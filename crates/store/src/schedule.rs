//! When the next sync of each linked account is due. When that is, is the sync engine's to say.

use jiff::{SignedDuration, Timestamp};

use crate::db::{from_sql_count, in_tx, on};
use crate::error::while_doing;
use crate::workers::last_sign;
use crate::{AccountId, Error, Lease, Store};

/// A linked account whose sync is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueAccount {
    /// The account.
    pub id: AccountId,
    /// Since when it is due.
    pub due_at: Timestamp,
    /// Whether its sync may take minutes: it was never synced, or its last run took that long.
    pub is_long: bool,
}

/// What waits for its sync.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many linked accounts are due and not being synced.
    pub accounts: u64,
    /// Since when the oldest of them is due.
    pub oldest: Option<Timestamp>,
}

const DOING: &str = "looking what is due";
/// The first wait after a run that left something due; each further one is twice as long.
const FIRST_WAIT: SignedDuration = SignedDuration::from_mins(1);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(30);

/// Accounts that are due and that no worker who lives is at. What a process that is no worker is at, a worker finds out when
/// it tries.
const DUE: &str = "status = 'linked' AND due_ms <= $1 AND NOT EXISTS (SELECT 1 FROM leases \
    JOIN workers ON workers.name = leases.holder AND workers.beat_ms > $2 \
    WHERE leases.account_no = linked_accounts.no AND leases.expires_ms > $1)";

impl Store {
    /// The linked accounts that are due and not being synced, those that wait longest first.
    pub async fn due_accounts(&self, now: Timestamp, limit: u32) -> Result<Vec<DueAccount>, Error> {
        let sql = format!(
            "SELECT id, due_ms, is_long FROM linked_accounts WHERE {DUE} ORDER BY due_ms, no LIMIT $3"
        );
        let rows: Vec<(String, i64, bool)> = on!(self.db, pool => sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(now.as_millisecond())
            .bind(last_sign(now))
            .bind(i64::from(limit))
            .fetch_all(pool)
            .await)
        .map_err(while_doing(DOING))?;
        let read = |(id, due_ms, is_long): (String, i64, bool)| {
            let id =
                id.parse().map_err(|error| Error::Corrupt { what: "account id", source: Box::new(error) })?;
            Ok(DueAccount { id, due_at: moment(due_ms, now), is_long })
        };
        rows.into_iter().map(read).collect()
    }

    /// What waits for its sync.
    pub async fn waiting(&self, now: Timestamp) -> Result<Waiting, Error> {
        let sql = format!("SELECT count(*), min(due_ms) FROM linked_accounts WHERE {DUE}");
        let (accounts, oldest): (i64, Option<i64>) =
            on!(self.db, pool => sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(now.as_millisecond())
            .bind(last_sign(now))
            .fetch_one(pool)
            .await)
            .map_err(while_doing(DOING))?;
        let oldest = oldest.map(|due_ms| moment(due_ms, now));
        Ok(Waiting { accounts: from_sql_count(accounts), oldest })
    }

    /// When the next sync of a linked account is due; `None` if there is no such account.
    pub async fn due_at(&self, id: AccountId) -> Result<Option<Timestamp>, Error> {
        let due_ms: Option<i64> =
            on!(self.db, pool => sqlx::query_scalar("SELECT due_ms FROM linked_accounts WHERE id = $1")
                .bind(id.to_string())
                .fetch_optional(pool)
                .await)
            .map_err(while_doing(DOING))?;
        Ok(due_ms.map(|due_ms| moment(due_ms, Timestamp::UNIX_EPOCH)))
    }

    /// Says when the next sync of a linked account is due, after one that began at `began_at`. What is due already could
    /// not be read: it is tried again after a while that grows.
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
            let due_at = if due_at <= now { now + wait(failures) } else { due_at };
            in_tx!(&mut tx, connection => sqlx::query(
                "UPDATE linked_accounts SET due_ms = $2, failures = $3, is_long = $4, \
                 fresh_ms = CASE WHEN $3 = 0 THEN $5 ELSE fresh_ms END WHERE no = $1",
            )
            .bind(lease.account_no)
            .bind(due_at.as_millisecond())
            .bind(failures)
            .bind(now.duration_since(began_at) > LONG)
            .bind(began_at.as_millisecond())
            .execute(connection)
            .await
            .map(drop))?;
            tx.commit().await
        };
        write.await.map_err(while_doing(DOING))
    }

    /// Puts off a sync that could not even be done, for a while that grows.
    pub async fn postpone(&self, account_no: i64, now: Timestamp) -> Result<(), Error> {
        let failures: Option<i32> = on!(self.db, pool => sqlx::query_scalar(
            "UPDATE linked_accounts SET failures = failures + 1 WHERE no = $1 RETURNING failures",
        )
        .bind(account_no)
        .fetch_optional(pool)
        .await)
        .map_err(while_doing(DOING))?;
        let until = now + wait(failures.unwrap_or_default());
        on!(self.db, pool => sqlx::query("UPDATE linked_accounts SET due_ms = $2 WHERE no = $1 AND due_ms < $2")
            .bind(account_no)
            .bind(until.as_millisecond())
            .execute(pool)
            .await
            .map(drop))
        .map_err(while_doing(DOING))
    }
}

fn moment(ms: i64, otherwise: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(otherwise)
}

/// How long is waited after so many failures in a row.
fn wait(failures: i32) -> SignedDuration {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(0).min(10);
    (FIRST_WAIT * 2_i32.pow(doublings)).min(LONGEST_WAIT)
}
