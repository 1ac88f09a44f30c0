//! Unlinking: the credential goes at once, the data by the policy asked for. The linked account itself stays, so that
//! its id and its audit log do.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::audit::{self, Actor, NewAuditEntry};
use crate::db::{Db, in_tx, sql_time};
use crate::error::while_doing;
use crate::{Error, LinkedAccount, Store};

/// What becomes of the data of an account that is unlinked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataPolicy {
    /// What was synced stays.
    Keep,
    /// Records, the change log, runs and whatever else was learned are erased.
    Erase,
}

/// What unlinking did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnlinkReceipt {
    /// Records erased, by kind.
    pub records: BTreeMap<String, u64>,
    /// Entries of the change log erased.
    pub changes: u64,
    /// Runs erased.
    pub runs: u64,
}

/// The tables whose rows are an account's data. Its lease stays: without its row a new epoch would begin at one, which
/// an old run may hold.
const DATA: [&str; 7] = ["quarantine", "stream_states", "holds", "issues", "changes", "runs", "records"];

impl Store {
    /// Unlinks an account. A run that is going on can't commit any more. Gives what was erased.
    pub async fn unlink(
        &self,
        account: &LinkedAccount,
        policy: DataPolicy,
        actor: Actor,
        at: Timestamp,
    ) -> Result<UnlinkReceipt, Error> {
        const DOING: &str = "unlinking an account";
        let counted = self.count_records(account.no).await?;
        let mut receipt = UnlinkReceipt { records: BTreeMap::new(), changes: 0, runs: 0 };
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            in_tx!(&mut tx, connection => sqlx::query(
                "UPDATE linked_accounts SET status = 'unlinked', api_key = $2, updated_at = $3 WHERE no = $1",
            )
            .bind(account.no)
            .bind(&b""[..])
            .bind(sql_time(at))
            .execute(connection)
            .await
            .map(drop))?;
            // Whoever syncs it now holds an epoch that is over.
            in_tx!(&mut tx, connection => sqlx::query(
                "UPDATE leases SET epoch = epoch + 1, expires_ms = 0 WHERE account_no = $1",
            )
            .bind(account.no)
            .execute(connection)
            .await
            .map(drop))?;
            in_tx!(&mut tx, connection => sqlx::query(
                "UPDATE issues SET resolved_at = $2, updated_at = $2 WHERE account_no = $1 AND resolved_at IS NULL",
            )
            .bind(account.no)
            .bind(sql_time(at))
            .execute(connection)
            .await
            .map(drop))?;
            if policy == DataPolicy::Erase {
                for table in DATA {
                    let sql = sqlx::AssertSqlSafe(format!("DELETE FROM {table} WHERE account_no = $1"));
                    let gone = in_tx!(&mut tx, connection => sqlx::query(sql)
                        .bind(account.no)
                        .execute(connection)
                        .await
                        .map(|done| done.rows_affected()))?;
                    match table {
                        "changes" => receipt.changes = gone,
                        "runs" => receipt.runs = gone,
                        _ => {}
                    }
                }
                for ((kind, _), count) in &counted {
                    *receipt.records.entry(kind.name().to_owned()).or_default() += count;
                }
            }
            let entry = NewAuditEntry {
                at,
                actor,
                action: "account.unlinked",
                account_id: Some(account.id),
                flow_id: None,
                detail: json!({ "data": policy, "erased": receipt }),
            };
            audit::append(&mut tx, &entry).await
        };
        write.await.map_err(while_doing(DOING))?;
        tx.commit().await.map_err(while_doing(DOING))?;
        self.forget_freed_pages().await?;
        Ok(receipt)
    }

    /// Sees to it that what was deleted is not in SQLite's files any more: freed pages are zeroed as they are freed
    /// (`secure_delete`), and here the write-ahead log is written out and emptied. A reader may hold it up, which is
    /// no failure: the next checkpoint does it then. PostgreSQL's own vacuum does the like in its time.
    pub(crate) async fn forget_freed_pages(&self) -> Result<(), Error> {
        if let Db::Sqlite(pool) = &self.db {
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                .execute(pool)
                .await
                .map_err(while_doing("emptying the write-ahead log"))?;
        }
        Ok(())
    }
}
