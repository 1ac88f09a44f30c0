//! Capabilities that a linked account's key was proven to have, or to lack. Their names are not defined here.
//! Linking again deletes them, because a new key has none proven yet.

use std::collections::HashMap;

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;

use crate::db::{Tx, in_tx, on, sql_time};
use crate::error::while_doing;
use crate::{Error, Store};

/// A finding about a capability.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capability {
    /// The finding, as a word.
    pub state: String,
    /// When it was made.
    pub at: Timestamp,
}

impl Store {
    /// Returns the findings about a linked account's capabilities, by name.
    #[boxed]
    pub async fn capabilities(&self, account_no: i64) -> Result<HashMap<String, Capability>, Error> {
        let rows: Vec<(String, String, jiff_sqlx::Timestamp)> = on!(self.db, pool => sqlx::query_as(
            "SELECT name, state, at FROM capabilities WHERE account_no = $1",
        )
        .bind(account_no)
        .fetch_all(pool)
        .await)
        .map_err(while_doing("reading capabilities"))?;
        Ok(rows.into_iter().map(|(name, state, at)| (name, Capability { state, at: at.to_jiff() })).collect())
    }

    /// Stores a finding about a capability.
    #[boxed]
    pub async fn set_capability(
        &self,
        account_no: i64,
        name: &str,
        state: &str,
        at: Timestamp,
    ) -> Result<(), Error> {
        on!(self.db, pool => sqlx::query(
            "INSERT INTO capabilities (account_no, name, state, at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (account_no, name) DO UPDATE SET state = excluded.state, at = excluded.at",
        )
        .bind(account_no)
        .bind(name)
        .bind(state)
        .bind(sql_time(at))
        .execute(pool)
        .await
        .map(drop))
        .map_err(while_doing("storing a capability"))
    }
}

/// Deletes the findings about the previous key.
pub(crate) async fn forget(tx: &mut Tx, account_id: &str) -> Result<(), sqlx::Error> {
    in_tx!(tx, connection => sqlx::query(
        "DELETE FROM capabilities WHERE account_no = (SELECT no FROM linked_accounts WHERE id = $1)",
    )
    .bind(account_id)
    .execute(connection)
    .await
    .map(drop))
}
