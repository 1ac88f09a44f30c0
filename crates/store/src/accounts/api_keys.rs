//! Keys for the HTTP API: their roles, and the account that each gives access to. Stored as hashes; the
//! rights of a role are not defined here.

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::db::{in_tx, on, row, sql_time};
use crate::error::{stored, while_doing};
use crate::linking::link_flows::hash;
use crate::operations::audit::{self, Actor, NewAuditEntry};
use crate::{AccountId, ApiKeyId, Error, Store};

/// The rights of a key's holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// All requests, API keys included.
    Operator,
    /// All requests about linked accounts: the vendor's server.
    Vendor,
    /// Reading one linked account.
    ReadOnly,
}

people::names! { Role: "role" { Operator = "operator", Vendor = "vendor", ReadOnly = "read_only" } }

/// A key for the HTTP API, without the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyEntry {
    /// The entry's id, `key_…`.
    pub id: ApiKeyId,
    /// Its purpose, as its creator described it.
    pub name: String,
    /// The holder's role.
    pub role: Role,
    /// The only linked account that it gives access to, for [`Role::ReadOnly`].
    pub account_id: Option<AccountId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

row! {
    struct Row {
        id: String,
        name: String,
        role: String,
        account_id: Option<String>,
        created_at: jiff_sqlx::Timestamp,
        revoked_at: Option<jiff_sqlx::Timestamp>,
    }
}

const COLUMNS: &str = "id, name, role, account_id, created_at, revoked_at";

fn corrupt(source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Corrupt { what: "API key", source: Box::new(source) }
}

impl Row {
    fn read(self) -> Result<ApiKeyEntry, Error> {
        Ok(ApiKeyEntry {
            id: self.id.parse().map_err(corrupt)?,
            name: self.name,
            role: stored("api_keys", &self.role)?,
            account_id: self.account_id.map(|id| id.parse().map_err(corrupt)).transpose()?,
            created_at: self.created_at.to_jiff(),
            revoked_at: self.revoked_at.map(jiff_sqlx::Timestamp::to_jiff),
        })
    }
}

impl Store {
    /// Stores a new key for the API.
    #[boxed]
    pub async fn add_api_key(
        &self,
        entry: &ApiKeyEntry,
        key: &SecretString,
        actor: Actor,
    ) -> Result<(), Error> {
        const DOING: &str = "storing an API key";
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            in_tx!(&mut tx, connection => sqlx::query(
                "INSERT INTO api_keys (id, hash, name, role, account_id, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(entry.id.to_string())
            .bind(hash(key))
            .bind(&entry.name)
            .bind(entry.role.name())
            .bind(entry.account_id.map(|id| id.to_string()))
            .bind(sql_time(entry.created_at))
            .execute(connection)
            .await
            .map(drop))?;
            let detail = json!({ "api_key_id": entry.id, "role": entry.role });
            let by = (actor, entry.created_at);
            let entry = NewAuditEntry::new(by, "api_key.created", entry.account_id, detail);
            audit::commit_audited(tx, true, &entry).await
        };
        write.await.map_err(while_doing(DOING)).map(drop)
    }

    /// Returns the entry of a presented key, revoked ones included.
    #[boxed]
    pub async fn api_key(&self, key: &SecretString) -> Result<Option<ApiKeyEntry>, Error> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM api_keys WHERE hash = $1"));
        let row: Option<Row> =
            on!(self.db, pool => sqlx::query_as(sql).bind(hash(key)).fetch_optional(pool).await)
                .map_err(while_doing("looking up an API key"))?;
        row.map(Row::read).transpose()
    }

    /// Lists all keys, oldest first.
    #[boxed]
    pub async fn api_keys(&self) -> Result<Vec<ApiKeyEntry>, Error> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM api_keys ORDER BY id"));
        let rows: Vec<Row> = on!(self.db, pool => sqlx::query_as(sql).fetch_all(pool).await)
            .map_err(while_doing("listing API keys"))?;
        rows.into_iter().map(Row::read).collect()
    }

    /// Revokes a key: it is refused from now on. Returns false if it does not exist, or was revoked before.
    #[boxed]
    pub async fn revoke_api_key(&self, id: ApiKeyId, actor: Actor, at: Timestamp) -> Result<bool, Error> {
        const DOING: &str = "revoking an API key";
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            let revoked = in_tx!(&mut tx, connection => sqlx::query(
                "UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
            )
            .bind(id.to_string())
            .bind(sql_time(at))
            .execute(connection)
            .await
            .map(|done| done.rows_affected() == 1))?;
            let detail = json!({ "api_key_id": id });
            let entry = NewAuditEntry::new((actor, at), "api_key.revoked", None, detail);
            audit::commit_audited(tx, revoked, &entry).await
        };
        write.await.map_err(while_doing(DOING))
    }
}
