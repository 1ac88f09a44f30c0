//! Leases: the right to write to a linked account. A lease has an epoch that only grows. Every page is
//! committed under it, so a process that was paused or replaced fails its next commit instead of overwriting
//! its successor.

use async_recursion::async_recursion as boxed;
use jiff::{SignedDuration, Timestamp};

use crate::db::{Tx, in_tx, on};
use crate::error::while_doing;
use crate::operations::workers::latest_plausible;
use crate::{AccountStatus, Error, LinkedAccount, RunId, Store};

/// The right to write to a linked account, until another process claims it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The linked account's short key.
    pub account_no: i64,
    /// The run that holds it.
    pub run_id: RunId,
    epoch: i64,
    /// Whether a removal after an upgrade holds it. No run holds such a lease, and unlinked accounts grant it
    /// too.
    pub(crate) is_removal: bool,
}

/// Generation of this version's leases. The tables refuse leases of earlier generations (migration
/// `pay_and_reviews`), because those versions would store what this one removes.
pub(crate) const GENERATION: i64 = 2;

/// The holder of a linked account's lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseHolder {
    /// The holder's own description of itself.
    pub holder: String,
    /// The holder's run.
    pub run_id: RunId,
    /// When other processes may claim it, unless the holder commits before.
    pub expires_at: Timestamp,
}

/// How long a holder may be silent. Commits renew the lease; the longest silence of a healthy run is a
/// request that is retried to its last attempt.
pub(crate) const LEASE_DURATION: SignedDuration = SignedDuration::from_mins(15);

/// The holder of a lease under which a removal removes data.
pub(crate) const REMOVAL: &str = "removal after an upgrade";

impl Store {
    /// Claims the lease of a linked account for a run, if it is free, expired, or held by `dead`: a holder
    /// that the caller has found to have ended. Returns `None` if another holder has it.
    ///
    /// # Errors
    ///
    /// [`Error::Unlinked`] if the account was unlinked, even after the caller read it.
    #[boxed]
    pub async fn take_lease(
        &self,
        account: &LinkedAccount,
        run_id: RunId,
        holder: &str,
        dead: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Lease>, Error> {
        let epoch: Option<i64> = on!(self.db, pool => sqlx::query_scalar(
            "INSERT INTO leases (account_no, epoch, holder, run_id, expires_ms, generation) \
             SELECT no, 1, $2, $3, $4, $7 FROM linked_accounts WHERE no = $1 AND status <> 'unlinked' \
             ON CONFLICT (account_no) DO UPDATE SET epoch = leases.epoch + 1, holder = excluded.holder, \
             run_id = excluded.run_id, expires_ms = excluded.expires_ms \
             WHERE leases.expires_ms <= $5 OR leases.expires_ms > $8 OR leases.holder = $6 RETURNING epoch",
        )
        .bind(account.no)
        .bind(holder)
        .bind(run_id.to_string())
        .bind((now + LEASE_DURATION).as_millisecond())
        .bind(now.as_millisecond())
        .bind(dead)
        .bind(GENERATION)
        .bind(latest_plausible(now, LEASE_DURATION))
        .fetch_optional(pool)
        .await)
        .map_err(while_doing("claiming a linked account's lease"))?;
        if epoch.is_none() {
            let now = self.account(account.id).await?;
            if now.is_some_and(|account| account.status == AccountStatus::Unlinked) {
                return Err(Error::Unlinked);
            }
        }
        Ok(epoch.map(|epoch| Lease { account_no: account.no, run_id, epoch, is_removal: false }))
    }

    /// Returns the current holder of a linked account's lease.
    #[boxed]
    pub async fn lease_holder(&self, account_no: i64, now: Timestamp) -> Result<Option<LeaseHolder>, Error> {
        let row: Option<(String, String, i64)> = on!(self.db, pool => sqlx::query_as(
            "SELECT holder, run_id, expires_ms FROM leases WHERE account_no = $1 AND expires_ms > $2 \
             AND expires_ms <= $3",
        )
        .bind(account_no)
        .bind(now.as_millisecond())
        .bind(latest_plausible(now, LEASE_DURATION))
        .fetch_optional(pool)
        .await)
        .map_err(while_doing("reading a lease"))?;
        row.map(|(holder, run_id, expires_ms)| {
            let run_id =
                run_id.parse().map_err(|error| Error::Corrupt { what: "run id", source: Box::new(error) })?;
            let expires_at = Timestamp::from_millisecond(expires_ms).unwrap_or(now);
            Ok(LeaseHolder { holder, run_id, expires_at })
        })
        .transpose()
    }

    /// Releases a lease. Does nothing if it was lost meanwhile.
    #[boxed]
    pub async fn release_lease(&self, lease: &Lease) -> Result<(), Error> {
        on!(self.db, pool => sqlx::query(
            "UPDATE leases SET expires_ms = 0 WHERE account_no = $1 AND epoch = $2",
        )
        .bind(lease.account_no)
        .bind(lease.epoch)
        .execute(pool)
        .await
        .map(drop))
        .map_err(while_doing("releasing a lease"))
    }

    /// Claims the lease of a linked account for a removal, from any holder and whether or not it is unlinked.
    #[boxed]
    pub async fn seize_lease(&self, account_no: i64, now: Timestamp) -> Result<Lease, Error> {
        let run_id = RunId::mint(now, [0; 10]);
        let epoch: i64 = on!(self.db, pool => sqlx::query_scalar(
            "INSERT INTO leases (account_no, epoch, holder, run_id, expires_ms, generation) \
             VALUES ($1, 1, $2, $3, $4, $5) ON CONFLICT (account_no) DO UPDATE SET epoch = leases.epoch + 1, \
             holder = excluded.holder, run_id = excluded.run_id, expires_ms = excluded.expires_ms RETURNING epoch",
        )
        .bind(account_no)
        .bind(REMOVAL)
        .bind(run_id.to_string())
        .bind((now + LEASE_DURATION).as_millisecond())
        .bind(GENERATION)
        .fetch_one(pool)
        .await)
        .map_err(while_doing("claiming a linked account's lease"))?;
        Ok(Lease { account_no, run_id, epoch, is_removal: true })
    }

    /// Begins a transaction of a running sync: like [`Self::begin_last_under`], but fails with
    /// [`Error::Cancelled`] if an operator has cancelled the run.
    pub(crate) async fn begin_under(
        &self,
        lease: &Lease,
        now: Timestamp,
        doing: &'static str,
    ) -> Result<Tx, Error> {
        let mut tx = self.begin_last_under(lease, now, doing).await?;
        let is_cancelled: Option<bool> = in_tx!(&mut tx, connection => sqlx::query_scalar(
            "SELECT cancel_asked_at IS NOT NULL FROM runs WHERE id = $1",
        )
        .bind(lease.run_id.to_string())
        .fetch_optional(connection)
        .await)
        .map_err(while_doing(doing))?;
        if is_cancelled == Some(true) { Err(Error::Cancelled) } else { Ok(tx) }
    }

    /// Begins a transaction under a lease, which it renews. Fails with [`Error::LeaseLost`] if another
    /// process holds the lease or the account was unlinked. On PostgreSQL the row stays locked until the
    /// transaction ends, so no process can claim the lease meanwhile.
    pub(crate) async fn begin_last_under(
        &self,
        lease: &Lease,
        now: Timestamp,
        doing: &'static str,
    ) -> Result<Tx, Error> {
        let mut tx = self.begin().await.map_err(while_doing(doing))?;
        let held = in_tx!(&mut tx, connection => sqlx::query(
            "UPDATE leases SET expires_ms = $3 WHERE account_no = $1 AND epoch = $2 \
             AND ($4 OR EXISTS (SELECT 1 FROM linked_accounts WHERE no = $1 AND status <> 'unlinked'))",
        )
        .bind(lease.account_no)
        .bind(lease.epoch)
        .bind((now + LEASE_DURATION).as_millisecond())
        .bind(lease.is_removal)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
        .map_err(while_doing(doing))?;
        if held == 1 { Ok(tx) } else { Err(Error::LeaseLost) }
    }
}
