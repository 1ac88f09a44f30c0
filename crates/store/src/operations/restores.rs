//! Restores: makes a database that was restored to an older state safe to use. Clients remember sequence
//! numbers that were issued after the backup. None may be issued again, or a client would mistake new entries
//! for those it has.
//!
//! So the logs of every account continue from a number that no earlier state can have reached: the time of
//! the restore in Unix microseconds. A client with a position between the end of the backup and that number
//! gets an error.

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use serde_json::json;

use crate::db::{Db, in_tx, on, sql_time};
use crate::error::while_doing;
use crate::operations::audit::{self, Actor, NewAuditEntry};
use crate::records::commit::records_written;
use crate::{Error, Store};

/// The mark of a backup that `Store::back_up` has written.
pub(crate) const BACKUP_MARK: &str = "copy";

/// Effects of a restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Linked accounts whose logs continue from another number.
    pub accounts: u64,
    /// Absence submissions to look up in Lucca before any is sent again.
    pub in_doubt: u64,
}

const DOING: &str = "preparing a restored database";

impl Store {
    /// Detects whether this database is a restored backup, and makes it safe to use. Call it before any
    /// write. Returns `None` if it is not a backup.
    ///
    /// [`Store::back_up`] marks the SQLite files that it writes. A PostgreSQL database is recognised by the
    /// server, database and table it was written in. Other copies, such as a disk's snapshot, can't be
    /// detected: the operator calls [`Store::was_restored`].
    #[boxed]
    pub async fn settle_restore(&self, at: Timestamp) -> Result<Option<Restored>, Error> {
        let (mark, here) = self.marks().await?;
        match (mark.as_str(), here) {
            (BACKUP_MARK, _) => self.was_restored(at).await.map(Some),
            ("", Some(here)) => {
                on!(self.db, pool => sqlx::query("UPDATE database_origin SET mark = $1 WHERE mark = ''")
                    .bind(&here)
                    .execute(pool)
                    .await
                    .map(drop))
                .map_err(while_doing(DOING))?;
                Ok(None)
            }
            (mark, Some(here)) if mark != here => self.was_restored(at).await.map(Some),
            _ => Ok(None),
        }
    }

    /// Returns the recorded and the actual place of the database: `None` on SQLite, and if the server does
    /// not report it.
    async fn marks(&self) -> Result<(String, Option<String>), Error> {
        let mark: String =
            on!(self.db, pool => sqlx::query_scalar("SELECT mark FROM database_origin").fetch_one(pool).await)
                .map_err(while_doing(DOING))?;
        let here = match &self.db {
            Db::Sqlite(_) => None,
            Db::Postgres(pool) => sqlx::query_scalar(
                "SELECT concat_ws(' ', (SELECT system_identifier FROM pg_control_system()), \
                 (SELECT oid FROM pg_database WHERE datname = current_database()), 'database_origin'::regclass::oid)",
            )
            .fetch_one(pool)
            .await
            .ok(),
        };
        Ok((mark, here))
    }

    /// Makes a database that was restored to an older state safe to use, in one transaction: see the module.
    #[boxed]
    pub async fn was_restored(&self, at: Timestamp) -> Result<Restored, Error> {
        let (_, here) = self.marks().await?;
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            // If two processes open it at once, one waits here and then repeats this, which is harmless.
            let next = at.as_microsecond();
            in_tx!(&mut tx, connection => sqlx::query(
                // A process that wrote before the restore holds an outdated epoch, however high it had
                // counted.
                "UPDATE leases SET epoch = CASE WHEN epoch < $1 THEN $1 ELSE epoch + 1 END, expires_ms = 0",
            )
            .bind(next)
            .execute(connection)
            .await
            .map(drop))?;
            let accounts: Vec<i64> = in_tx!(&mut tx, connection => sqlx::query_scalar(
                "UPDATE linked_accounts SET \
                 change_seq = CASE WHEN change_seq < $1 THEN $1 ELSE change_seq + 1 END, \
                 changes_base = CASE WHEN change_seq < $1 THEN $1 ELSE change_seq + 1 END, \
                 event_seq = CASE WHEN event_seq < $1 THEN $1 ELSE event_seq + 1 END RETURNING no",
            )
            .bind(next)
            .fetch_all(connection)
            .await)?;
            for account_no in &accounts {
                records_written(&mut tx, *account_no).await?;
            }
            // Submissions that were queued may have been sent since the backup.
            let in_doubt = in_tx!(&mut tx, connection => sqlx::query(
                "UPDATE submissions SET state = 'in_doubt', sent_at = coalesce(sent_at, created_at), due_at = $1, \
                 version = version + 1 WHERE state IN ('queued', 'sending')",
            )
            .bind(sql_time(at))
            .execute(connection)
            .await
            .map(|done| done.rows_affected()))?;
            // Pushes since the backup are unknown, so the next push compares all resources.
            let empty = match &self.db {
                Db::Sqlite(_) => "X''",
                Db::Postgres(_) => "''::bytea",
            };
            for sql in [
                "UPDATE destinations SET lease = NULL, lease_until_ms = 0".to_owned(),
                "UPDATE destinations SET pushed_seq = -1, next_attempt_ms = 0 WHERE pushed_seq IS NOT NULL"
                    .to_owned(),
                format!("UPDATE scim_links SET hash = {empty}"),
            ] {
                in_tx!(&mut tx, connection => sqlx::query(sqlx::AssertSqlSafe(sql))
                    .execute(connection)
                    .await
                    .map(drop))?;
            }
            in_tx!(&mut tx, connection => sqlx::query("UPDATE database_origin SET mark = $1")
                .bind(here.as_deref().unwrap_or_default())
                .execute(connection)
                .await
                .map(drop))?;
            let accounts = u64::try_from(accounts.len()).unwrap_or(u64::MAX);
            let detail = json!({ "accounts": accounts, "in_doubt": in_doubt });
            let entry = NewAuditEntry::new((Actor::System, at), "database.restored", None, detail);
            audit::commit_audited(tx, true, &entry).await?;
            Ok(Restored { accounts, in_doubt })
        };
        write.await.map_err(while_doing(DOING))
    }
}
