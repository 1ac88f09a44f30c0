//! Receipts of retention: the number of rows that each rule removed from each table. A receipt is written
//! along with each batch, so that it is correct even if the process is killed; its end is in the audit log.

use std::collections::BTreeMap;

use async_recursion::async_recursion as boxed;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::db::{Tx, in_tx, on, row, sql_time};
use crate::error::while_doing;
use crate::operations::audit::{self, Actor, NewAuditEntry};
use crate::operations::audit_chain::AuditHead;
use crate::{Error, ReceiptId, Store};

/// How long a round may take before another may begin: one that takes longer is considered killed.
const LONGEST_ROUND: SignedDuration = SignedDuration::from_hours(1);

/// The rows that one rule removed, or would remove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// The rule's name, as in the configuration.
    pub rule: String,
    /// The age limit: older rows were removed, UTC.
    pub older_than: Timestamp,
    /// The number of rows, by table.
    pub rows: BTreeMap<String, u64>,
}

/// A receipt of a round of retention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RetentionReceipt {
    /// The receipt's id, `rcp_…`.
    pub id: ReceiptId,
    /// When it began, UTC.
    pub began_at: Timestamp,
    /// When it ended, UTC; absent while it is running, or when it was killed.
    pub finished_at: Option<Timestamp>,
    /// The removed rows, by rule.
    pub removed: Vec<Removed>,
    /// Its entry in the audit log.
    pub audit: Option<AuditHead>,
}

row! {
    struct Row {
        id: String,
        began_at: jiff_sqlx::Timestamp,
        finished_at: Option<jiff_sqlx::Timestamp>,
        removed: String,
        seq: Option<i64>,
        hash: Option<Vec<u8>>,
    }
}

impl Row {
    fn read(self) -> Result<RetentionReceipt, Error> {
        let corrupt =
            |source: Box<dyn std::error::Error + Send + Sync>| Error::Corrupt { what: "receipt", source };
        Ok(RetentionReceipt {
            id: self.id.parse().map_err(|error: crate::InvalidId| corrupt(error.into()))?,
            began_at: self.began_at.to_jiff(),
            finished_at: self.finished_at.map(jiff_sqlx::Timestamp::to_jiff),
            removed: serde_json::from_str(&self.removed).map_err(|error| corrupt(error.into()))?,
            audit: AuditHead::of_entry(self.seq, self.hash.as_deref()),
        })
    }
}

const SELECT: &str = "SELECT r.id, r.began_at, r.finished_at, r.removed, l.seq, l.hash FROM receipts r \
                      LEFT JOIN audit_chain l ON l.seq = r.audit_seq";

impl Store {
    /// Begins a round of retention, and ends the receipts of killed rounds. Returns false while another round
    /// is running.
    #[boxed]
    pub async fn begin_retention(&self, id: ReceiptId, at: Timestamp) -> Result<bool, Error> {
        const DOING: &str = "beginning a round of retention";
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            // If two processes begin at once, one waits, and then sees the other's receipt.
            in_tx!(&mut tx, connection => sqlx::query("UPDATE audit_head SET seq = seq")
                .execute(connection)
                .await
                .map(drop))?;
            let open: Vec<(String, jiff_sqlx::Timestamp)> = in_tx!(&mut tx, connection => sqlx::query_as(
                "SELECT id, began_at FROM receipts WHERE finished_at IS NULL",
            )
            .fetch_all(connection)
            .await)?;
            let is_running =
                |began: &jiff_sqlx::Timestamp| at.duration_since(began.to_jiff()) < LONGEST_ROUND;
            if open.iter().any(|(_, began)| is_running(began)) {
                return Ok(false);
            }
            for (killed, _) in &open {
                finish(&mut tx, killed, "retention.interrupted", at).await?;
            }
            in_tx!(&mut tx, connection => sqlx::query(
                "INSERT INTO receipts (id, began_at, removed) VALUES ($1, $2, '[]')",
            )
            .bind(id.to_string())
            .bind(sql_time(at))
            .execute(connection)
            .await
            .map(drop))?;
            tx.commit().await?;
            Ok(true)
        };
        write.await.map_err(while_doing(DOING))
    }

    /// Ends a round. If it removed any row, its receipt stays and is in the audit log then.
    #[boxed]
    pub async fn finish_retention(
        &self,
        id: ReceiptId,
        at: Timestamp,
    ) -> Result<Option<RetentionReceipt>, Error> {
        const DOING: &str = "ending a round of retention";
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            finish(&mut tx, &id.to_string(), "retention.done", at).await?;
            tx.commit().await
        };
        write.await.map_err(while_doing(DOING))?;
        self.retention_receipt(id).await
    }

    async fn retention_receipt(&self, id: ReceiptId) -> Result<Option<RetentionReceipt>, Error> {
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} WHERE r.id = $1"));
        let row: Option<Row> =
            on!(self.db, pool => sqlx::query_as(sql).bind(id.to_string()).fetch_optional(pool).await)
                .map_err(while_doing("reading a receipt"))?;
        row.map(Row::read).transpose()
    }

    /// Lists the receipts of retention, oldest first.
    #[boxed]
    pub async fn retention_receipts(&self) -> Result<Vec<RetentionReceipt>, Error> {
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} ORDER BY r.id"));
        let rows: Vec<Row> = on!(self.db, pool => sqlx::query_as(sql).fetch_all(pool).await)
            .map_err(while_doing("listing receipts"))?;
        rows.into_iter().map(Row::read).collect()
    }
}

async fn read(tx: &mut Tx, id: &str) -> Result<Vec<Removed>, sqlx::Error> {
    let removed: String = in_tx!(tx, connection => sqlx::query_scalar("SELECT removed FROM receipts WHERE id = $1")
            .bind(id)
            .fetch_one(connection)
            .await)?;
    Ok(serde_json::from_str(&removed).unwrap_or_default())
}

/// Adds the rows of a batch to a receipt, in the batch's transaction.
pub(crate) async fn note(
    tx: &mut Tx,
    id: ReceiptId,
    rule: &str,
    older_than: Timestamp,
    rows: &[(&str, u64)],
) -> Result<(), sqlx::Error> {
    let id = id.to_string();
    let mut removed = read(tx, &id).await?;
    let known = removed.iter().position(|removed| removed.rule == rule);
    let at = known.unwrap_or_else(|| {
        removed.push(Removed { rule: rule.to_owned(), older_than, rows: BTreeMap::new() });
        removed.len() - 1
    });
    for (table, count) in rows.iter().filter(|(_, count)| *count > 0) {
        *removed[at].rows.entry((*table).to_owned()).or_default() += count;
    }
    let json = serde_json::to_string(&removed).unwrap_or_default();
    in_tx!(tx, connection => sqlx::query("UPDATE receipts SET removed = $2 WHERE id = $1")
        .bind(&id)
        .bind(json)
        .execute(connection)
        .await
        .map(drop))
}

async fn finish(tx: &mut Tx, id: &str, action: &str, at: Timestamp) -> Result<(), sqlx::Error> {
    let removed = read(tx, id).await?;
    if removed.is_empty() {
        return in_tx!(tx, connection => sqlx::query("DELETE FROM receipts WHERE id = $1")
            .bind(id)
            .execute(connection)
            .await
            .map(drop));
    }
    let detail = json!({ "receipt_id": id, "removed": removed });
    let entry = NewAuditEntry::new((Actor::System, at), action, None, detail);
    let audited = audit::append(tx, &entry).await?;
    in_tx!(tx, connection => sqlx::query("UPDATE receipts SET finished_at = $2, audit_seq = $3 WHERE id = $1")
        .bind(id)
        .bind(sql_time(at))
        .bind(audited.seq)
        .execute(connection)
        .await
        .map(drop))
}
