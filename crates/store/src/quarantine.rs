//! Records that could not be read: kept as Lucca sent them, until they read again.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use people::{Kind, RemoteId};
use sqlx::sqlite::SqliteConnection;

use crate::error::while_doing;
use crate::records::Commit;
use crate::{Error, Store};

/// A record that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Its id, where that much could be read.
    pub id: Option<RemoteId>,
    /// The field that stopped the reader.
    pub field: String,
    /// Why; never the value.
    pub reason: String,
    /// The record as Lucca sent it. Personal data.
    pub raw: String,
}

impl Quarantined {
    /// Its id, or a fingerprint of its content, so that the same record is kept once.
    fn key(&self) -> String {
        match &self.id {
            Some(id) => id.as_str().to_owned(),
            None => format!("#{:016x}", xxhash_rust::xxh3::xxh3_64(self.raw.as_bytes())),
        }
    }
}

pub(crate) async fn write(
    connection: &mut SqliteConnection,
    account_no: i64,
    kind: Kind,
    commit: &Commit,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    for quarantined in &commit.quarantined {
        sqlx::query(
            "INSERT INTO quarantine (account_no, kind, remote_id, field, reason, raw, first_seen) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account_no, kind, remote_id) DO UPDATE SET \
             field = excluded.field, reason = excluded.reason, raw = excluded.raw \
             WHERE raw <> excluded.raw",
        )
        .bind(account_no)
        .bind(kind.name())
        .bind(quarantined.key())
        .bind(&quarantined.field)
        .bind(&quarantined.reason)
        .bind(&quarantined.raw)
        .bind(at.to_sqlx())
        .execute(&mut *connection)
        .await?;
    }
    remove(connection, account_no, kind, &commit.recovered).await
}

async fn remove(
    connection: &mut SqliteConnection,
    account_no: i64,
    kind: Kind,
    ids: &[RemoteId],
) -> Result<(), sqlx::Error> {
    for id in ids {
        sqlx::query("DELETE FROM quarantine WHERE account_no = $1 AND kind = $2 AND remote_id = $3")
            .bind(account_no)
            .bind(kind.name())
            .bind(id.as_str())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

impl Store {
    /// The ids (or fingerprints) of a kind's records in quarantine.
    pub async fn quarantined_ids(&self, account_no: i64, kind: Kind) -> Result<Vec<RemoteId>, Error> {
        let ids: Vec<String> =
            sqlx::query_scalar("SELECT remote_id FROM quarantine WHERE account_no = $1 AND kind = $2")
                .bind(account_no)
                .bind(kind.name())
                .fetch_all(&self.pool)
                .await
                .map_err(while_doing("listing the quarantine"))?;
        Ok(ids.into_iter().map(RemoteId::from).collect())
    }

    /// Empties a kind's quarantine of records whose ids could not be read, before an enumeration that will
    /// find again those that are still there.
    pub async fn forget_unidentified(&self, account_no: i64, kind: Kind) -> Result<(), Error> {
        sqlx::query("DELETE FROM quarantine WHERE account_no = $1 AND kind = $2 AND remote_id LIKE '#%'")
            .bind(account_no)
            .bind(kind.name())
            .execute(&self.pool)
            .await
            .map_err(while_doing("tidying the quarantine"))?;
        Ok(())
    }

    /// Takes records out of a kind's quarantine: they are no longer at the source.
    pub async fn forget_quarantined(
        &self,
        account_no: i64,
        kind: Kind,
        ids: &[RemoteId],
    ) -> Result<(), Error> {
        const DOING: &str = "tidying the quarantine";
        if ids.is_empty() {
            return Ok(());
        }
        let mut connection = self.pool.acquire().await.map_err(while_doing(DOING))?;
        remove(&mut connection, account_no, kind, ids).await.map_err(while_doing(DOING))
    }

    /// How many records of a linked account are in quarantine.
    pub async fn count_quarantined(&self, account_no: i64) -> Result<u64, Error> {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM quarantine WHERE account_no = $1")
            .bind(account_no)
            .fetch_one(&self.pool)
            .await
            .map_err(while_doing("counting the quarantine"))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}
