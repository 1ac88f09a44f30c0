//! Account events: events of linked accounts other than changes of records, such as ended syncs, issues and
//! links. Each account has a gapless sequence, written in the transaction of the change that an event
//! reports. Entries contain the connector's ids, codes and counts, never personal data. Changes of records
//! are in `changes`.

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use serde_json::Value;

use crate::db::{Tx, in_tx, on, sql_time};
use crate::error::while_doing;
use crate::{Error, Store};

/// An event of a linked account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountEvent {
    /// Position in the linked account's sequence of events, from 1, without gaps.
    pub seq: i64,
    /// The event's type, such as `sync.completed`.
    pub event: String,
    /// Details: a JSON object.
    pub detail: Value,
    /// When it happened, UTC.
    pub at: Timestamp,
}

const DOING: &str = "reading a linked account's events";

impl Store {
    /// Returns the next events of a linked account in order: those after `after` up to `until`, at most
    /// `limit`.
    #[boxed]
    pub async fn account_events(
        &self,
        account_no: i64,
        (after, until): (i64, i64),
        limit: u32,
    ) -> Result<Vec<AccountEvent>, Error> {
        let rows: Vec<(i64, String, String, jiff_sqlx::Timestamp)> = on!(self.db, pool => sqlx::query_as(
            "SELECT seq, type, detail, at FROM account_events WHERE account_no = $1 AND seq > $2 AND seq <= $3 \
             ORDER BY seq LIMIT $4",
        )
        .bind(account_no)
        .bind(after)
        .bind(until)
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
        .map_err(while_doing(DOING))?;
        let read = |(seq, event, detail, at): (i64, String, String, jiff_sqlx::Timestamp)| AccountEvent {
            seq,
            event,
            detail: serde_json::from_str(&detail).unwrap_or_default(),
            at: at.to_jiff(),
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// Returns the number of a linked account's last event; 0 before the first.
    #[boxed]
    pub async fn last_event(&self, account_no: i64) -> Result<i64, Error> {
        on!(self.db, pool => sqlx::query_scalar("SELECT event_seq FROM linked_accounts WHERE no = $1")
            .bind(account_no)
            .fetch_one(pool)
            .await)
        .map_err(while_doing(DOING))
    }
}

/// Locks an account's row. Transactions that write other rows before the event lock it first, because another
/// transaction may lock the two in the opposite order.
pub(crate) async fn lock(tx: &mut Tx, account_no: i64) -> Result<(), sqlx::Error> {
    in_tx!(tx, connection => sqlx::query("UPDATE linked_accounts SET event_seq = event_seq WHERE no = $1")
        .bind(account_no)
        .execute(connection)
        .await
        .map(drop))
}

/// Appends an event to a linked account. The account's row stays locked until the transaction ends.
pub(crate) async fn append(
    tx: &mut Tx,
    account_no: i64,
    event: &str,
    detail: &Value,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    let seq: i64 = in_tx!(&mut *tx, connection => sqlx::query_scalar(
        "UPDATE linked_accounts SET event_seq = event_seq + 1 WHERE no = $1 RETURNING event_seq",
    )
    .bind(account_no)
    .fetch_one(connection)
    .await)?;
    in_tx!(tx, connection => sqlx::query(
        "INSERT INTO account_events (account_no, seq, type, detail, at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(account_no)
    .bind(seq)
    .bind(event)
    .bind(detail.to_string())
    .bind(sql_time(at))
    .execute(connection)
    .await
    .map(drop))
}

/// Same as [`append`], for an account known by its id.
pub(crate) async fn append_by_id(
    tx: &mut Tx,
    account_id: &str,
    event: &str,
    detail: &Value,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    let no: i64 = in_tx!(&mut *tx, connection => sqlx::query_scalar("SELECT no FROM linked_accounts WHERE id = $1")
        .bind(account_id)
        .fetch_one(connection)
        .await)?;
    append(tx, no, event, detail, at).await
}
