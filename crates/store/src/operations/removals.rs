//! Removals after an upgrade: the accounts that still have to be examined, and the end of a removal. The
//! crate `sync` selects the data to remove. A migration adds the rows, and they are deleted once the files
//! were overwritten.

use std::collections::BTreeMap;

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use people::Kind;
use serde_json::json;

use crate::db::{in_tx, on, sql_time};
use crate::error::while_doing;
use crate::operations::audit::{self, Actor, NewAuditEntry};
use crate::operations::idempotency;
use crate::sync::leases::REMOVAL;
use crate::{AccountId, Error, Lease, LinkedAccount, Store};

/// A linked account that a removal has to examine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingRemoval {
    /// The account.
    pub account: AccountId,
    /// Whether the account is examined, and only overwriting the files is left.
    pub is_done: bool,
}

const DOING: &str = "removing data that this version does not store";

impl Store {
    /// Lists the accounts of an unfinished removal, oldest first; empty if no removal is pending.
    #[boxed]
    pub async fn removals(&self) -> Result<Vec<PendingRemoval>, Error> {
        let rows: Vec<(String, bool)> = on!(self.db, pool => sqlx::query_as(
            "SELECT a.id, r.done_at IS NOT NULL FROM removals r JOIN linked_accounts a ON a.no = r.account_no \
             ORDER BY a.no",
        )
        .fetch_all(pool)
        .await)
        .map_err(while_doing("listing pending removals"))?;
        rows.into_iter()
            .map(|(id, is_done)| {
                let account = id
                    .parse()
                    .map_err(|error| Error::Corrupt { what: "account id", source: Box::new(error) })?;
                Ok(PendingRemoval { account, is_done })
            })
            .collect()
    }

    /// Returns two numbers of which one changes with each step of another process that removes data from the
    /// account; `None` if no process does.
    #[boxed]
    pub async fn removal_sign(&self, account_no: i64) -> Result<Option<(i64, i64)>, Error> {
        on!(self.db, pool => sqlx::query_as(
            "SELECT epoch, expires_ms FROM leases \
             WHERE account_no = $1 AND holder = $2 AND expires_ms > 0",
        )
        .bind(account_no)
        .bind(REMOVAL)
        .fetch_optional(pool)
        .await)
        .map_err(while_doing("reading a lease"))
    }

    /// Redacts a kind's records in quarantine, including records without an id. Returns the number of changed
    /// rows.
    ///
    /// # Errors
    ///
    /// [`Error::LeaseLost`] if another process has claimed the lease; otherwise the database's own error.
    #[boxed]
    pub async fn redact_quarantine(
        &self,
        lease: &Lease,
        kind: Kind,
        redact: &(dyn Fn(&str) -> String + Sync),
        at: Timestamp,
    ) -> Result<u64, Error> {
        const DOING: &str = "redacting the quarantine";
        let mut tx = self.begin_under(lease, at, DOING).await?;
        let write = async {
            let rows: Vec<(String, String)> = in_tx!(&mut tx, connection => sqlx::query_as(
                "SELECT remote_id, raw FROM quarantine WHERE account_no = $1 AND kind = $2",
            )
            .bind(lease.account_no)
            .bind(kind.name())
            .fetch_all(connection)
            .await)?;
            let mut changed = 0;
            for (id, raw) in rows {
                let redacted = redact(&raw);
                if redacted == raw {
                    continue;
                }
                in_tx!(&mut tx, connection => sqlx::query(
                    "UPDATE quarantine SET raw = $4 WHERE account_no = $1 AND kind = $2 AND remote_id = $3",
                )
                .bind(lease.account_no)
                .bind(kind.name())
                .bind(id)
                .bind(redacted)
                .execute(connection)
                .await
                .map(drop))?;
                changed += 1;
            }
            tx.commit().await?;
            Ok(changed)
        };
        write.await.map_err(while_doing(DOING))
    }

    /// Records the end of an account's removal in the audit log, with the number of rows removed or emptied
    /// by table; deletes the answers stored for idempotency keys, and releases the lease.
    ///
    /// # Errors
    ///
    /// [`Error::LeaseLost`] if another process has claimed the lease; otherwise the database's own error.
    #[boxed]
    pub async fn finish_removal(
        &self,
        lease: &Lease,
        account: &LinkedAccount,
        counts: &BTreeMap<&'static str, u64>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.begin_under(lease, at, DOING).await?;
        let write = async {
            idempotency::forget(&mut tx, account.no).await?;
            for sql in [
                "UPDATE removals SET done_at = $2 WHERE account_no = $1",
                "UPDATE leases SET expires_ms = 0 WHERE account_no = $1 AND $2 IS NOT NULL",
            ] {
                in_tx!(&mut tx, connection => sqlx::query(sql)
                    .bind(account.no)
                    .bind(sql_time(at))
                    .execute(connection)
                    .await
                    .map(drop))?;
            }
            let detail = json!({ "why": "not_kept_by_this_version", "counts": counts });
            let entry =
                NewAuditEntry::new((Actor::System, at), "account.data_removed", Some(account.id), detail);
            audit::commit_audited(tx, true, &entry).await
        };
        write.await.map_err(while_doing(DOING)).map(drop)
    }

    /// Ends the removal after the files were overwritten. Accounts that are not examined stay.
    #[boxed]
    pub async fn end_removals(&self) -> Result<(), Error> {
        on!(self.db, pool => sqlx::query("DELETE FROM removals WHERE done_at IS NOT NULL")
            .execute(pool)
            .await
            .map(drop))
        .map_err(while_doing(DOING))
    }
}
