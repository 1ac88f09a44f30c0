//! Quarantine: records that could not be parsed, stored as Lucca sent them until they can be.

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use people::{Kind, RemoteId};

use crate::db::{Tx, from_sql_count, in_tx, on, sql_time};
use crate::error::while_doing;
use crate::records::commit::Commit;
use crate::{Error, Store};

/// A record that could not be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Its id, if it could be read.
    pub id: Option<RemoteId>,
    /// The id of the employee who owns it, if it could be read; `None` for an employee's own record.
    pub owner_id: Option<RemoteId>,
    /// The field that could not be parsed.
    pub field: String,
    /// The reason, never the value.
    pub reason: String,
    /// The record as Lucca sent it. Personal data.
    pub raw: String,
}

impl Quarantined {
    /// Its id, or a fingerprint of its content, so that the same record is stored once. An id with a NUL
    /// character can't be stored.
    fn key(&self) -> String {
        match self.id.as_ref().filter(|id| !id.as_str().contains('\0')) {
            Some(id) => id.as_str().to_owned(),
            None => format!("#{:016x}", xxhash_rust::xxh3::xxh3_64(self.raw.as_bytes())),
        }
    }
}

pub(crate) async fn write(
    tx: &mut Tx,
    account_no: i64,
    kind: Kind,
    commit: &Commit,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    for quarantined in &commit.quarantined {
        in_tx!(&mut *tx, connection => sqlx::query(
            "INSERT INTO quarantine (account_no, kind, remote_id, field, reason, raw, first_seen, owner_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (account_no, kind, remote_id) DO UPDATE SET \
             field = excluded.field, reason = excluded.reason, raw = excluded.raw, owner_id = excluded.owner_id \
             WHERE quarantine.raw <> excluded.raw",
        )
        .bind(account_no)
        .bind(kind.name())
        .bind(quarantined.key())
        .bind(&quarantined.field)
        .bind(&quarantined.reason)
        .bind(&quarantined.raw)
        .bind(sql_time(at))
        .bind(quarantined.owner_id.as_ref().map(RemoteId::as_str))
        .execute(connection)
        .await
        .map(drop))?;
    }
    for id in &commit.recovered {
        in_tx!(&mut *tx, connection => sqlx::query(
            "DELETE FROM quarantine WHERE account_no = $1 AND kind = $2 AND remote_id = $3",
        )
        .bind(account_no)
        .bind(kind.name())
        .bind(id.as_str())
        .execute(connection)
        .await
        .map(drop))?;
    }
    Ok(())
}

impl Store {
    /// Lists the ids (or fingerprints) of a kind's records in quarantine.
    #[boxed]
    pub async fn quarantined_ids(&self, account_no: i64, kind: Kind) -> Result<Vec<RemoteId>, Error> {
        let ids: Vec<String> = on!(self.db, pool => sqlx::query_scalar(
            "SELECT remote_id FROM quarantine WHERE account_no = $1 AND kind = $2",
        )
        .bind(account_no)
        .bind(kind.name())
        .fetch_all(pool)
        .await)
        .map_err(while_doing("listing the quarantine"))?;
        Ok(ids.into_iter().map(RemoteId::from).collect())
    }

    /// Counts the records of a linked account in quarantine.
    #[boxed]
    pub async fn count_quarantined(&self, account_no: i64) -> Result<u64, Error> {
        let count: i64 = on!(self.db, pool => sqlx::query_scalar(
            "SELECT count(*) FROM quarantine WHERE account_no = $1",
        )
        .bind(account_no)
        .fetch_one(pool)
        .await)
        .map_err(while_doing("counting the quarantine"))?;
        Ok(from_sql_count(count))
    }
}
