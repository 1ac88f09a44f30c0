//! Stream states: each stream's state between runs, such as its cursor, the position at which an interrupted
//! read resumes, and the request form that the server accepts. The sync engine defines the text; this module
//! only stores it.

use std::collections::HashMap;

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;

use crate::db::{Tx, in_tx, on, sql_time};
use crate::error::while_doing;
use crate::{Error, Store};

impl Store {
    /// Returns the states of a linked account's streams: JSON by stream.
    #[boxed]
    pub async fn stream_states(&self, account_no: i64) -> Result<HashMap<String, String>, Error> {
        let rows: Vec<(String, String)> = on!(self.db, pool => sqlx::query_as(
            "SELECT stream, state FROM stream_states WHERE account_no = $1",
        )
        .bind(account_no)
        .fetch_all(pool)
        .await)
        .map_err(while_doing("reading stream states"))?;
        Ok(rows.into_iter().collect())
    }
}

pub(crate) async fn write(
    tx: &mut Tx,
    account_no: i64,
    stream: &str,
    state: &str,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    in_tx!(tx, connection => sqlx::query(
        "INSERT INTO stream_states (account_no, stream, state, updated_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (account_no, stream) DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at",
    )
    .bind(account_no)
    .bind(stream)
    .bind(state)
    .bind(sql_time(at))
    .execute(connection)
    .await
    .map(drop))
}
