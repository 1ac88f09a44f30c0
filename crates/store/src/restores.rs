//! Going on with a database that was restored to an older state. Others remember numbers that were given after the
//! backup: none may be given again, or whoever remembers it would take what is new for what they know.
//!
//! So the logs of every account go on from a number that no earlier state can have reached, the time of the restore in
//! microseconds; a place between the backup's end and that is nobody's, and who asks for it is told.

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use serde_json::json;

use crate::audit::{self, Actor, NewAuditEntry};
use crate::commit::records_written;
use crate::db::{Db, in_tx, on, sql_time};
use crate::error::while_doing;
use crate::{Error, Store};

/// The mark of a database that `Store::back_up` has written.
pub(crate) const A_COPY: &str = "copy";

/// What a restore meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Linked accounts whose logs go on from another number.
    pub accounts: u64,
    /// Absence requests that are looked for before anything of them is sent again.
    pub in_doubt: u64,
}

const DOING: &str = "going on after a restore";

impl Store {
    /// Looks whether this database is a backup that was restored, and makes it safe to go on with. To be called before
    /// anything is written. Nothing if it is no backup.
    ///
    /// A SQLite file says that it is one if [`Store::back_up`] has written it; a PostgreSQL database by the server,
    /// database and table it was written in. Other copies, such as a disk's snapshot, are known to a person only, who
    /// calls [`Store::was_restored`].
    #[boxed]
    pub async fn settle_restore(&self, at: Timestamp) -> Result<Option<Restored>, Error> {
        let (mark, here) = self.marks().await?;
        match (mark.as_str(), here) {
            (A_COPY, _) => self.was_restored(at).await.map(Some),
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

    /// What the database says where it was written, and where that is: nothing on SQLite, and where the server does not
    /// tell.
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

    /// Makes a database that was restored to an older state safe to go on with: see the module. All of it or nothing.
    #[boxed]
    pub async fn was_restored(&self, at: Timestamp) -> Result<Restored, Error> {
        let (_, here) = self.marks().await?;
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            // Of two processes that open it at once, one waits here and does it once more, which does no harm.
            let next = at.as_microsecond();
            in_tx!(&mut tx, connection => sqlx::query(
                // Whoever wrote before the restore holds an epoch that is over, whatever it has counted to.
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
            // What was waiting to be sent may have been sent since the backup.
            let in_doubt = in_tx!(&mut tx, connection => sqlx::query(
                "UPDATE submissions SET state = 'in_doubt', sent_at = coalesce(sent_at, created_at), due_at = $1, \
                 version = version + 1 WHERE state IN ('queued', 'sending')",
            )
            .bind(sql_time(at))
            .execute(connection)
            .await
            .map(|done| done.rows_affected()))?;
            // What services were told since is not known: all is compared anew.
            let empty = match &self.db {
                Db::Sqlite(_) => "X''",
                Db::Postgres(_) => "''::bytea",
            };
            for sql in [
                "UPDATE scim_targets SET pushed_seq = -1, next_attempt_ms = 0, lease = NULL, lease_until_ms = 0".to_owned(),
                format!("UPDATE scim_links SET hash = {empty}"),
                "UPDATE webhook_endpoints SET lease = NULL, lease_until_ms = 0".to_owned(),
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
            audit::commit_noted(tx, true, &entry).await?;
            Ok(Restored { accounts, in_doubt })
        };
        write.await.map_err(while_doing(DOING))
    }
}
