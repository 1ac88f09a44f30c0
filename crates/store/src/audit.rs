//! The audit log: who linked, relinked, viewed and unlinked what. Entries hold codes and counts, never a secret or
//! personal data.

use jiff::Timestamp;
use serde_json::Value;

use crate::db::{Tx, in_tx, on, sql_time};
use crate::error::while_doing;
use crate::{AccountId, Error, FlowId, Store};

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Whoever holds an operator's key.
    Operator,
    /// The vendor's server.
    Vendor,
    /// Whoever may read a linked account.
    Reader,
    /// Whoever went through a linking flow.
    Administrator,
    /// Whoever used the command line.
    Cli,
    /// The connector by itself.
    System,
}

impl Actor {
    /// The actor's name, as JSON and the database write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Vendor => "vendor",
            Self::Reader => "reader",
            Self::Administrator => "administrator",
            Self::Cli => "cli",
            Self::System => "system",
        }
    }

    fn from_name(name: &str) -> Self {
        match name {
            "operator" => Self::Operator,
            "vendor" => Self::Vendor,
            "reader" => Self::Reader,
            "administrator" => Self::Administrator,
            "cli" => Self::Cli,
            _ => Self::System,
        }
    }
}

/// Something that was done.
#[derive(Clone, Debug)]
pub struct NewAuditEntry<'a> {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: Actor,
    /// What, such as `account.linked`.
    pub action: &'a str,
    /// The linked account it was done to.
    pub account_id: Option<AccountId>,
    /// The linking flow it was done in.
    pub flow_id: Option<FlowId>,
    /// More: codes and counts.
    pub detail: Value,
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place in the log.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: Actor,
    /// What, such as `account.linked`.
    pub action: String,
    /// The linked account it was done to.
    pub account_id: Option<AccountId>,
    /// The linking flow it was done in.
    pub flow_id: Option<FlowId>,
    /// More: codes and counts.
    pub detail: Value,
}

#[derive(sqlx::FromRow)]
struct AuditRow {
    seq: i64,
    at: jiff_sqlx::Timestamp,
    actor: String,
    action: String,
    account_id: Option<String>,
    flow_id: Option<String>,
    detail: String,
}

impl Store {
    /// Adds to the audit log.
    pub async fn audit(&self, entry: NewAuditEntry<'_>) -> Result<(), Error> {
        const DOING: &str = "adding to the audit log";
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        append(&mut tx, &entry).await.map_err(while_doing(DOING))?;
        tx.commit().await.map_err(while_doing(DOING))
    }

    /// The audit log, oldest first: of one linked account, or all of it.
    pub async fn audit_log(&self, account_id: Option<AccountId>) -> Result<Vec<AuditEntry>, Error> {
        let account_id = account_id.map(|id| id.to_string());
        let rows: Vec<AuditRow> = on!(self.db, pool => sqlx::query_as(
            "SELECT seq, at, actor, action, account_id, flow_id, detail FROM audit_log \
             WHERE $1 IS NULL OR account_id = $1 ORDER BY seq",
        )
        .bind(&account_id)
        .fetch_all(pool)
        .await)
        .map_err(while_doing("reading the audit log"))?;
        let read = |row: AuditRow| AuditEntry {
            seq: row.seq,
            at: row.at.to_jiff(),
            actor: Actor::from_name(&row.actor),
            action: row.action,
            account_id: row.account_id.and_then(|id| id.parse().ok()),
            flow_id: row.flow_id.and_then(|id| id.parse().ok()),
            detail: serde_json::from_str(&row.detail).unwrap_or_default(),
        };
        Ok(rows.into_iter().map(read).collect())
    }
}

pub(crate) async fn append(tx: &mut Tx, entry: &NewAuditEntry<'_>) -> Result<(), sqlx::Error> {
    let detail = entry.detail.to_string();
    in_tx!(tx, connection => sqlx::query(
        "INSERT INTO audit_log (at, actor, action, account_id, flow_id, detail) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(sql_time(entry.at))
    .bind(entry.actor.name())
    .bind(entry.action)
    .bind(entry.account_id.map(|id| id.to_string()))
    .bind(entry.flow_id.map(|id| id.to_string()))
    .bind(&detail)
    .execute(connection)
    .await
    .map(drop))
}
