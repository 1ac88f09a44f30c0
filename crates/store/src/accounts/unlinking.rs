//! Unlinking: erases the API key at once, and the data by the requested policy. The linked account's row
//! stays, and with it the id and the audit log.

use std::collections::BTreeMap;

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::accounts::account_events;
use crate::db::{from_sql_count, in_tx, sql_time};
use crate::error::while_doing;
use crate::operations::audit::{self, Actor, NewAuditEntry};
use crate::records::commit::records_written;
use crate::sync::leases::GENERATION;
use crate::sync::runs;
use crate::{Error, LinkedAccount, Store};

/// The policy for the data of an unlinked account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataPolicy {
    /// Synced data stays.
    Keep,
    /// Records, the change log, runs and all other data of the account are erased.
    Erase,
}

/// Result of unlinking.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UnlinkReceipt {
    /// Records erased, by kind.
    pub records: BTreeMap<String, u64>,
    /// Entries of the change log erased.
    pub changes: u64,
    /// Runs erased.
    pub runs: u64,
    /// Whether the erased data was overwritten in the database's files too. False if other connections kept
    /// the database busy: unlink once more, or call [`Store::scrub`].
    pub files_overwritten: bool,
}

/// The tables with an account's data. Its lease stays: without its row a new epoch would begin at one, which
/// an old run may hold. Receipts of erasures stay: an erased employee is not stored again after a relink.
const DATA_TABLES: [&str; 14] = [
    "calendar_feeds",
    "inbound_notices",
    "inbound_webhooks",
    "quarantine",
    "idempotency_keys",
    "stream_states",
    "holds",
    "issues",
    "changes",
    "runs",
    "submissions",
    "capabilities",
    "diagnoses",
    "records",
];

impl Store {
    /// Unlinks an account. A running sync can commit no more pages: it ends with [`Error::LeaseLost`]. No
    /// sync begins, not even a requested one. Returns a receipt of the erased data. For an account that is
    /// unlinked already, this can erase data that was kept.
    #[boxed]
    pub async fn unlink(
        &self,
        account: &LinkedAccount,
        policy: DataPolicy,
        actor: Actor,
        at: Timestamp,
    ) -> Result<UnlinkReceipt, Error> {
        const DOING: &str = "unlinking an account";
        let mut receipt = UnlinkReceipt::default();
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            // Ends the epoch of a running sync. Without a row, one is inserted, so that a sync that begins at
            // this moment waits for it on PostgreSQL. This statement is the first, as commits lock the row
            // first.
            in_tx!(&mut tx, connection => sqlx::query(
                "INSERT INTO leases (account_no, epoch, holder, run_id, expires_ms, generation) VALUES ($1, 1, '', '', 0, $2) \
                 ON CONFLICT (account_no) DO UPDATE SET epoch = leases.epoch + 1, expires_ms = 0",
            )
            .bind(account.no)
            .bind(GENERATION)
            .execute(connection)
            .await
            .map(drop))?;
            in_tx!(&mut tx, connection => sqlx::query(
                "UPDATE linked_accounts SET status = 'unlinked', api_key = $2, updated_at = $3 WHERE no = $1",
            )
            .bind(account.no)
            .bind(&b""[..])
            .bind(sql_time(at))
            .execute(connection)
            .await
            .map(drop))?;
            runs::cancel_queued(&mut tx, account.no, None, at).await?;
            let resolved: Vec<(String, String, String)> = in_tx!(&mut tx, connection => sqlx::query_as(
                "UPDATE issues SET resolved_at = $2, updated_at = $2 WHERE account_no = $1 AND resolved_at IS NULL \
                 RETURNING id, code, subject",
            )
            .bind(account.no)
            .bind(sql_time(at))
            .fetch_all(connection)
            .await)?;
            for (id, code, subject) in resolved {
                let event_detail = json!({ "issue_id": id, "code": code, "subject": subject });
                account_events::append(&mut tx, account.no, "issue.resolved", &event_detail, at).await?;
            }
            if policy == DataPolicy::Erase {
                let counted: Vec<(String, i64)> = in_tx!(&mut tx, connection => sqlx::query_as(
                    "SELECT kind, count(*) FROM records WHERE account_no = $1 GROUP BY kind",
                )
                .bind(account.no)
                .fetch_all(connection)
                .await)?;
                receipt.records =
                    counted.into_iter().map(|(kind, count)| (kind, from_sql_count(count))).collect();
                for table in DATA_TABLES {
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
                // A client that continues the change log from an earlier position gets an error; webhooks
                // deliver only the account's events from now on.
                for sql in [
                    "DELETE FROM destinations WHERE account_no = $1 AND kind <> 'webhook'",
                    "UPDATE linked_accounts SET changes_cut = change_seq WHERE no = $1",
                    "UPDATE webhook_cursors SET slot = 99, seq = (SELECT change_seq FROM linked_accounts WHERE no = $1) \
                     WHERE account_no = $1 AND log = 'changes'",
                ] {
                    in_tx!(&mut tx, connection => sqlx::query(sql)
                        .bind(account.no)
                        .execute(connection)
                        .await
                        .map(drop))?;
                }
                records_written(&mut tx, account.no).await?;
            }
            let event_detail = json!({ "data": policy });
            account_events::append(&mut tx, account.no, "linked_account.unlinked", &event_detail, at).await?;
            let detail = json!({
                "data": policy,
                "records": receipt.records,
                "changes": receipt.changes,
                "runs": receipt.runs,
            });
            let entry = NewAuditEntry::new((actor, at), "account.unlinked", Some(account.id), detail);
            audit::commit_audited(tx, true, &entry).await
        };
        write.await.map_err(while_doing(DOING))?;
        // The account is unlinked by now, which can't fail any more.
        receipt.files_overwritten = policy == DataPolicy::Erase && self.scrub().await.is_ok();
        Ok(receipt)
    }
}
