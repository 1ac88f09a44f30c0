//! Key rotation: counts secrets by the master key they are sealed under, and reseals them under the primary
//! key. Sealing itself is in `vault`.

use async_recursion::async_recursion as boxed;
use secrecy::SecretString;
use sqlx::AssertSqlSafe;

use crate::db::{Db, from_sql_count, on};
use crate::error::while_doing;
use crate::vault::{KeyFingerprint, Sealed, SealedColumn, VERSION, Vault};
use crate::{Error, Store};

/// The number of secrets of one column that are sealed under one key.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SealedCount {
    /// The key's fingerprint.
    pub key: KeyFingerprint,
    /// The column's table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The number of secrets.
    pub secrets: u64,
}

/// Position in a resealing pass. A process that starts again from the default position reseals the remaining
/// ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResealPlace {
    column: usize,
    after: Option<String>,
}

/// The secrets to reseal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reseal {
    /// Those sealed under another key than the primary one, and those of an earlier format.
    All,
    /// Those of an earlier format, of linked accounts only, to keep startup short.
    // Other columns have no more bindings than in the earlier format; `keys rotate` reseals them.
    OldFormat,
}

/// Result of a resealing step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resealed {
    /// Secrets that are now sealed under the primary key.
    pub resealed: u64,
    /// Secrets that cannot be opened: damaged, or sealed under a missing key. They are left unchanged.
    pub unopened: u64,
    /// Position of the next step; `None` at the end.
    pub next: Option<ResealPlace>,
}

impl SealedColumn {
    /// SQL expression that identifies a row of its table.
    fn row(self, db: &Db) -> &'static str {
        match (self, db) {
            (Self::Answer, Db::Sqlite(_)) => "lower(hex(hash))",
            (Self::Answer, Db::Postgres(_)) => "encode(hash, 'hex')",
            _ => "id",
        }
    }
}

impl Store {
    /// Counts sealed secrets by column and key.
    #[boxed]
    pub async fn sealed_counts(&self) -> Result<Vec<SealedCount>, Error> {
        let mut all = Vec::new();
        for sealed in SealedColumn::ALL {
            let (table, column) = sealed.names();
            // The key's fingerprint follows the format byte; an unlinked account's key is empty.
            let sql = AssertSqlSafe(format!(
                "SELECT substr({column}, 2, 4) AS of_key, count(*) FROM {table} WHERE length({column}) > 0 \
                 GROUP BY substr({column}, 2, 4) ORDER BY of_key"
            ));
            let rows: Vec<(Vec<u8>, i64)> = on!(self.db, pool => sqlx::query_as(sql).fetch_all(pool).await)
                .map_err(while_doing("counting sealed secrets"))?;
            for (key, count) in rows {
                // A value too short to hold a fingerprint is counted under the zero fingerprint.
                let key = KeyFingerprint(key.try_into().unwrap_or_default());
                all.push(SealedCount { key, table, column, secrets: from_sql_count(count) });
            }
        }
        Ok(all)
    }

    /// Reseals the next secrets under the vault's primary key, at most one for each nonce. Secrets that
    /// another process changes at the same moment are skipped: that process seals under the primary key.
    ///
    /// Each secret is resealed by itself, so a killed process leaves every secret sealed under either key.
    pub async fn reseal(
        &self,
        vault: &Vault,
        scope: Reseal,
        place: ResealPlace,
        nonces: &[[u8; 12]],
    ) -> Result<Resealed, Error> {
        const DOING: &str = "resealing secrets";
        let mut done = Resealed { resealed: 0, unopened: 0, next: None };
        let columns = match scope {
            Reseal::All => &SealedColumn::ALL[..],
            Reseal::OldFormat => &[SealedColumn::AccountKey],
        };
        let Some(&sealed) = columns.get(place.column) else { return Ok(done) };
        let ((table, column), row) = (sealed.names(), sealed.row(&self.db));
        let bound = sealed.bound_to().unwrap_or("''");
        let any_key = scope == Reseal::OldFormat;
        let sql = AssertSqlSafe(format!(
            "SELECT {row} AS named, {column}, {bound} AS bound FROM {table} WHERE length({column}) > 0 \
             AND (substr({column}, 1, 1) <> $4 OR NOT $5 AND substr({column}, 2, 4) <> $1) \
             AND ($2 IS NULL OR {row} > $2) ORDER BY named LIMIT $3"
        ));
        let rows: Vec<(String, Vec<u8>, String)> = on!(self.db, pool => sqlx::query_as(sql)
            .bind(&vault.primary().0[..])
            .bind(&place.after)
            .bind(i64::try_from(nonces.len()).unwrap_or(i64::MAX))
            .bind(&[VERSION][..])
            .bind(any_key)
            .fetch_all(pool)
            .await)
        .map_err(while_doing(DOING))?;
        done.next = Some(match rows.last() {
            Some((last, ..)) => ResealPlace { column: place.column, after: Some(last.clone()) },
            None => ResealPlace { column: place.column + 1, after: None },
        });
        for ((id, before, origin), nonce) in rows.into_iter().zip(nonces) {
            let before = Sealed(before);
            let location = sealed.of(&id).for_origin(&origin);
            let secret: SecretString = match vault.open(&before, location) {
                Ok(secret) => secret,
                Err(_) => {
                    done.unopened += 1;
                    continue;
                }
            };
            let after = vault.seal(&secret, location, *nonce)?;
            let sql = AssertSqlSafe(format!(
                "UPDATE {table} SET {column} = $3 WHERE {row} = $1 AND {column} = $2 AND {bound} = $4"
            ));
            done.resealed += on!(self.db, pool => sqlx::query(sql)
                .bind(&id)
                .bind(&before.0)
                .bind(&after.0)
                .bind(&origin)
                .execute(pool)
                .await
                .map(|done| done.rows_affected()))
            .map_err(while_doing(DOING))?;
        }
        if done.next.as_ref().is_some_and(|next| next.column >= columns.len()) {
            done.next = None;
        }
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns of bytes that are not secret: hashes, and the claims of idempotency keys.
    const NOT_SEALED: [&str; 15] = [
        "api_keys.hash",
        "audit_head.hash",
        "audit_chain.hash",
        "calendar_feeds.hash",
        "changes.hash",
        "idempotency_keys.claim",
        "idempotency_keys.hash",
        "idempotency_keys.request",
        "inbound_webhooks.key_hash",
        "inbound_webhooks.previous_key_hash",
        "link_tokens.hash",
        "public_tokens.hash",
        "records.hash",
        "scim_links.hash",
        "_sqlx_migrations.checksum",
    ];

    #[tokio::test]
    async fn byte_columns_are_sealed_or_known() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("connector.db")).await.unwrap();
        let Db::Sqlite(pool) = &store.db else { panic!("it is SQLite") };
        let columns: Vec<String> = sqlx::query_scalar(
            "SELECT t.name || '.' || c.name FROM sqlite_schema t, pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND c.type = 'BLOB' ORDER BY 1",
        )
        .fetch_all(pool)
        .await
        .unwrap();
        let sealed: Vec<String> = SealedColumn::ALL
            .into_iter()
            .map(|column| {
                let (table, column) = column.names();
                format!("{table}.{column}")
            })
            .collect();
        let others: Vec<&String> = columns.iter().filter(|column| !sealed.contains(column)).collect();
        assert!(sealed.iter().all(|column| columns.contains(column)), "{columns:?}");
        for column in others {
            assert!(
                NOT_SEALED.contains(&column.as_str()),
                "{column}: a secret needs a SealedColumn, so that rotations reach it; a hash is to be named here"
            );
        }
    }
}
