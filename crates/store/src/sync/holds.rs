//! Holds: missing records that await an operator's decision, with the reason and the decision. A decision is
//! carried out in the transaction that records it.

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use people::{Kind, RemoteId};

use crate::db::{Tx, in_tx, on, sql_time};
use crate::error::{stored, while_doing};
use crate::records::changes::{self, Operation};
use crate::{Error, RecordState, Store};

/// Missing records that await an operator's decision, or for which an operator rejected the deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The records' kind.
    pub kind: Kind,
    /// Why an operator must decide, as a sentence fragment.
    pub reason: String,
    /// The records that are missing in Lucca.
    pub ids: Vec<RemoteId>,
    /// When the hold was opened.
    pub opened_at: Timestamp,
    /// Whether an operator decided that the records stay.
    pub is_rejected: bool,
}

impl Store {
    /// Lists a linked account's holds: those that await an operator's decision, and rejected ones.
    #[boxed]
    pub async fn holds(&self, account_no: i64) -> Result<Vec<Hold>, Error> {
        let rows: Vec<(String, String, String, jiff_sqlx::Timestamp, String)> =
            on!(self.db, pool => sqlx::query_as(
            "SELECT kind, reason, ids, opened_at, state FROM holds WHERE account_no = $1 ORDER BY kind",
        )
        .bind(account_no)
        .fetch_all(pool)
        .await)
            .map_err(while_doing("reading holds"))?;
        rows.into_iter()
            .map(|(kind, reason, ids, opened_at, state)| {
                let corrupt = |source: Box<dyn std::error::Error + Send + Sync>| Error::Corrupt {
                    what: "hold",
                    source,
                };
                Ok(Hold {
                    kind: stored("holds", &kind)?,
                    reason,
                    ids: serde_json::from_str(&ids).map_err(|error| corrupt(error.into()))?,
                    opened_at: opened_at.to_jiff(),
                    is_rejected: state == "rejected",
                })
            })
            .collect()
    }

    /// Approves a hold: its records are marked as gone, with their entries in the change log. Records that
    /// were returned meanwhile stay. Returns the number of marked records.
    #[boxed]
    pub async fn approve_hold(&self, account_no: i64, hold: &Hold, at: Timestamp) -> Result<usize, Error> {
        const DOING: &str = "approving a hold";
        let present = self.present_among(account_no, hold.kind, &hold.ids).await?;
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            self.mark(&mut tx, account_no, hold.kind, &present, RecordState::Gone, at).await?;
            let gone = changes::state_changes(hold.kind, &present, Operation::Deleted);
            changes::append(&mut tx, account_no, None, &gone, at).await?;
            remove(&mut tx, account_no, hold.kind).await?;
            tx.commit().await
        };
        write.await.map_err(while_doing(DOING))?;
        Ok(present.len())
    }

    /// Rejects a hold: the records stay, and no further decision about them is requested.
    #[boxed]
    pub async fn reject_hold(&self, account_no: i64, kind: Kind, at: Timestamp) -> Result<(), Error> {
        on!(self.db, pool => sqlx::query(
            "UPDATE holds SET state = 'rejected', decided_at = $3 WHERE account_no = $1 AND kind = $2",
        )
        .bind(account_no)
        .bind(kind.name())
        .bind(sql_time(at))
        .execute(pool)
        .await
        .map(drop))
        .map_err(while_doing("rejecting a hold"))
    }
}

/// Opens a hold, or withdraws it if `ids` is empty. The caller respects a rejection while the missing records
/// stay within the rejected ones. Returns whether a new decision is needed: for more or other records than
/// before.
pub(crate) async fn write(
    tx: &mut Tx,
    account_no: i64,
    kind: Kind,
    reason: &str,
    ids: &[RemoteId],
    at: Timestamp,
) -> Result<bool, sqlx::Error> {
    if ids.is_empty() {
        remove(tx, account_no, kind).await?;
        return Ok(false);
    }
    let ids = crate::dialect::json_list(ids);
    let previous: Option<String> = in_tx!(&mut *tx, connection => sqlx::query_scalar(
        "SELECT ids FROM holds WHERE account_no = $1 AND kind = $2 AND state = 'open'",
    )
    .bind(account_no)
    .bind(kind.name())
    .fetch_optional(connection)
    .await)?;
    in_tx!(tx, connection => sqlx::query(
        "INSERT INTO holds (account_no, kind, reason, ids, opened_at, state) VALUES ($1, $2, $3, $4, $5, 'open') \
         ON CONFLICT (account_no, kind) DO UPDATE SET reason = excluded.reason, ids = excluded.ids, state = 'open', \
         opened_at = CASE WHEN holds.state = 'open' THEN holds.opened_at ELSE excluded.opened_at END",
    )
    .bind(account_no)
    .bind(kind.name())
    .bind(reason)
    .bind(&ids)
    .bind(sql_time(at))
    .execute(connection)
    .await
    .map(drop))?;
    Ok(previous.as_ref() != Some(&ids))
}

pub(crate) async fn remove(tx: &mut Tx, account_no: i64, kind: Kind) -> Result<(), sqlx::Error> {
    in_tx!(tx, connection => sqlx::query("DELETE FROM holds WHERE account_no = $1 AND kind = $2")
        .bind(account_no)
        .bind(kind.name())
        .execute(connection)
        .await
        .map(drop))
}
