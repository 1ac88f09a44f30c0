//! The audit log: which actor linked, relinked, viewed and unlinked which account. Entries contain codes and
//! counts, never a secret or personal data, and are only ever appended. The hash chain and its verification
//! are in `audit_chain`.

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use serde_json::Value;

use crate::db::{Tx, in_tx, on, row};
use crate::error::{stored, while_doing};
use crate::operations::audit_chain::{AuditHash, AuditHead, StoredEntry};
use crate::{AccountId, Error, FlowId, Store};

/// The actor of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A holder of an operator's key.
    Operator,
    /// The vendor's server.
    Vendor,
    /// A holder of a read-only key for a linked account.
    Reader,
    /// The administrator who used a linking flow.
    Administrator,
    /// A user of the command line.
    Cli,
    /// The connector itself.
    System,
}

people::names! {
    Actor: "actor" {
        Operator = "operator",
        Vendor = "vendor",
        Reader = "reader",
        Administrator = "administrator",
        Cli = "cli",
        System = "system",
    }
}

/// An audit entry to append.
#[derive(Clone, Debug)]
pub struct NewAuditEntry<'a> {
    /// When it was done.
    pub at: Timestamp,
    /// The actor.
    pub actor: Actor,
    /// The action, such as `account.linked`.
    pub action: &'a str,
    /// The linked account it concerns.
    pub account_id: Option<AccountId>,
    /// The linking flow it was done in.
    pub flow_id: Option<FlowId>,
    /// Details: codes and counts.
    pub detail: Value,
}

impl<'a> NewAuditEntry<'a> {
    /// An entry for an action outside of linking flows, on a linked account or on none.
    pub fn new(
        (actor, at): (Actor, Timestamp),
        action: &'a str,
        account_id: Option<AccountId>,
        detail: Value,
    ) -> Self {
        Self { at, actor, action, account_id, flow_id: None, detail }
    }
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number in the log.
    pub seq: i64,
    /// When it was done.
    pub at: Timestamp,
    /// The actor.
    pub actor: Actor,
    /// The action, such as `account.linked`.
    pub action: String,
    /// The linked account it concerns.
    pub account_id: Option<AccountId>,
    /// The linking flow it was done in.
    pub flow_id: Option<FlowId>,
    /// Details: codes and counts.
    pub detail: Value,
    /// Its hash, which covers the previous one.
    pub hash: AuditHash,
}

row! {
    struct AuditRow {
        seq: i64,
        at_us: i64,
        actor: String,
        action: String,
        account_id: Option<String>,
        flow_id: Option<String>,
        detail: String,
        hash: Vec<u8>,
    }
}

impl Store {
    /// Appends an entry to the audit log.
    pub async fn audit(&self, entry: NewAuditEntry<'_>) -> Result<(), Error> {
        const DOING: &str = "adding to the audit log";
        let tx = self.begin().await.map_err(while_doing(DOING))?;
        commit_audited(tx, true, &entry).await.map_err(while_doing(DOING)).map(drop)
    }

    /// Lists audit entries, oldest first: of one linked account, or all of them.
    #[boxed]
    pub async fn audit_log(&self, account_id: Option<AccountId>) -> Result<Vec<AuditEntry>, Error> {
        let account_id = account_id.map(|id| id.to_string());
        let rows: Vec<AuditRow> = on!(self.db, pool => sqlx::query_as(
            "SELECT seq, at_us, actor, action, account_id, flow_id, detail, hash FROM audit_chain \
             WHERE $1 IS NULL OR account_id = $1 ORDER BY seq",
        )
        .bind(&account_id)
        .fetch_all(pool)
        .await)
        .map_err(while_doing("reading the audit log"))?;
        let read = |row: AuditRow| {
            Ok(AuditEntry {
                seq: row.seq,
                at: Timestamp::from_microsecond(row.at_us).unwrap_or_default(),
                actor: stored("audit_chain", &row.actor)?,
                action: row.action,
                account_id: row.account_id.and_then(|id| id.parse().ok()),
                flow_id: row.flow_id.and_then(|id| id.parse().ok()),
                detail: serde_json::from_str(&row.detail).unwrap_or_default(),
                hash: AuditHash::read(&row.hash).unwrap_or(AuditHash::FIRST),
            })
        };
        rows.into_iter().map(read).collect()
    }
}

/// Appends an entry to the chain and returns its new head. To be called last in a transaction: until it ends,
/// all other writers of entries wait.
pub(crate) async fn append(tx: &mut Tx, entry: &NewAuditEntry<'_>) -> Result<AuditHead, sqlx::Error> {
    let stored = StoredEntry {
        seq: 0,
        at_us: entry.at.as_microsecond(),
        actor: entry.actor.name().to_owned(),
        action: entry.action.to_owned(),
        account_id: entry.account_id.map(|id| id.to_string()),
        flow_id: entry.flow_id.map(|id| id.to_string()),
        detail: entry.detail.to_string(),
        hash: Vec::new(),
    };
    chain(tx, stored).await
}

/// Commits a transaction with its audit entry; without `is_written`, with none. An action that cannot be
/// logged fails. Returns `is_written`.
pub(crate) async fn commit_audited(
    mut tx: Tx,
    is_written: bool,
    entry: &NewAuditEntry<'_>,
) -> Result<bool, sqlx::Error> {
    if is_written {
        append(&mut tx, entry).await?;
    }
    tx.commit().await.map(|()| is_written)
}

async fn chain(tx: &mut Tx, mut entry: StoredEntry) -> Result<AuditHead, sqlx::Error> {
    // The row stays locked until the transaction ends, so the chain has neither gaps nor forks.
    let (seq, before): (i64, Vec<u8>) = in_tx!(&mut *tx, connection => sqlx::query_as(
        "UPDATE audit_head SET seq = seq + 1 RETURNING seq, hash",
    )
    .fetch_one(connection)
    .await)?;
    let before =
        AuditHash::read(&before).ok_or_else(|| sqlx::Error::Decode("the audit log's head".into()))?;
    entry.seq = seq;
    let hash = entry.hash_after(before);
    in_tx!(&mut *tx, connection => sqlx::query(
        "INSERT INTO audit_chain (seq, at_us, actor, action, account_id, flow_id, detail, hash) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(entry.seq)
    .bind(entry.at_us)
    .bind(&entry.actor)
    .bind(&entry.action)
    .bind(&entry.account_id)
    .bind(&entry.flow_id)
    .bind(&entry.detail)
    .bind(hash.bytes())
    .execute(connection)
    .await
    .map(drop))?;
    in_tx!(tx, connection => sqlx::query("UPDATE audit_head SET hash = $1")
        .bind(hash.bytes())
        .execute(connection)
        .await
        .map(drop))?;
    Ok(AuditHead { seq, hash })
}

row! {
    struct UnchainedRow {
        at: jiff_sqlx::Timestamp,
        actor: String,
        action: String,
        account_id: Option<String>,
        flow_id: Option<String>,
        detail: String,
    }
}

/// Moves entries from before the chain into it, in their order and with new numbers: the old ones had gaps on
/// PostgreSQL. Also entries that processes of the previous version log beside this one. Runs when the
/// database is opened.
pub(crate) async fn chain_old_entries(store: &Store) -> Result<(), Error> {
    const DOING: &str = "building the audit log's hash chain";
    let first: Option<i64> =
        on!(store.db, pool => sqlx::query_scalar("SELECT seq FROM audit_log LIMIT 1").fetch_optional(pool).await)
            .map_err(while_doing(DOING))?;
    if first.is_none() {
        return Ok(());
    }
    let mut tx = store.begin().await.map_err(while_doing(DOING))?;
    let write = async {
        // Another process that opens the database at this moment waits here, and then finds no entries to
        // move.
        in_tx!(&mut tx, connection => sqlx::query("UPDATE audit_head SET seq = seq")
            .execute(connection)
            .await
            .map(drop))?;
        let rows: Vec<UnchainedRow> = in_tx!(&mut tx, connection => sqlx::query_as(
            "SELECT at, actor, action, account_id, flow_id, detail FROM audit_log ORDER BY seq",
        )
        .fetch_all(connection)
        .await)?;
        for row in rows {
            let entry = StoredEntry {
                seq: 0,
                at_us: row.at.to_jiff().as_microsecond(),
                actor: row.actor,
                action: row.action,
                account_id: row.account_id,
                flow_id: row.flow_id,
                detail: row.detail,
                hash: Vec::new(),
            };
            chain(&mut tx, entry).await?;
        }
        in_tx!(&mut tx, connection => sqlx::query("DELETE FROM audit_log")
            .execute(connection)
            .await
            .map(drop))?;
        tx.commit().await
    };
    write.await.map_err(while_doing(DOING))
}
