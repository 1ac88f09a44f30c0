//! The last diagnosis of a linked account's API key. Its content is not interpreted here. Linking again
//! deletes it, because the new key was not examined.

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use serde_json::Value;

use crate::db::{Tx, in_tx, on, sql_time};
use crate::error::while_doing;
use crate::operations::audit::{self, Actor, NewAuditEntry};
use crate::{Error, LinkedAccount, Store};

/// How a diagnosis was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiagnosisSource {
    /// By requests to Lucca while the account was linked.
    Linking,
    /// By later requests to Lucca.
    Check,
    /// From the data that a sync has stored.
    Sync,
}

people::names! {
    DiagnosisSource: "diagnosis source" {
        Linking = "linking",
        Check = "check",
        Sync = "sync",
    }
}

/// A stored diagnosis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptDiagnosis {
    /// How it was made.
    pub source: DiagnosisSource,
    /// The findings, as JSON.
    pub summary: String,
    /// When it was made, UTC.
    pub checked_at: Timestamp,
}

/// A diagnosis to store.
#[derive(Clone, Copy, Debug)]
pub struct NewDiagnosis<'a> {
    /// How it was made.
    pub source: DiagnosisSource,
    /// The findings, as JSON.
    pub summary: &'a str,
    /// The detail of its entry in the audit log: a JSON object.
    pub audit_detail: &'a Value,
}

impl Store {
    /// Returns the last diagnosis of a linked account's key, if one is stored.
    #[boxed]
    pub async fn diagnosis(&self, account_no: i64) -> Result<Option<KeptDiagnosis>, Error> {
        let row: Option<(String, String, jiff_sqlx::Timestamp)> = on!(self.db, pool => sqlx::query_as(
            "SELECT source, summary, checked_at FROM diagnoses WHERE account_no = $1",
        )
        .bind(account_no)
        .fetch_optional(pool)
        .await)
        .map_err(while_doing("reading a diagnosis"))?;
        Ok(row.map(|(source, summary, at)| KeptDiagnosis {
            source: match source.as_str() {
                "linking" => DiagnosisSource::Linking,
                "check" => DiagnosisSource::Check,
                _ => DiagnosisSource::Sync,
            },
            summary,
            checked_at: at.to_jiff(),
        }))
    }

    /// Stores a diagnosis of the key and the settings that `account` has. Stores nothing if these have
    /// changed since it was read: the diagnosis would be of another key. With an actor, also adds an entry to
    /// the audit log. Returns whether it was stored.
    pub async fn keep_diagnosis(
        &self,
        account: &LinkedAccount,
        new: NewDiagnosis<'_>,
        actor: Option<Actor>,
        at: Timestamp,
    ) -> Result<bool, Error> {
        const DOING: &str = "storing a diagnosis";
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let written = in_tx!(&mut tx, connection => sqlx::query(
            "INSERT INTO diagnoses (account_no, source, summary, checked_at) \
             SELECT no, $2, $3, $4 FROM linked_accounts WHERE no = $1 AND updated_at = $5 \
             ON CONFLICT (account_no) DO UPDATE SET source = excluded.source, summary = excluded.summary, \
             checked_at = excluded.checked_at",
        )
        .bind(account.no)
        .bind(new.source.name())
        .bind(new.summary)
        .bind(sql_time(at))
        .bind(sql_time(account.updated_at))
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))
        .map_err(while_doing(DOING))?;
        match actor {
            Some(actor) => {
                let detail = new.audit_detail.clone();
                let entry = NewAuditEntry::new((actor, at), "account.checked", Some(account.id), detail);
                audit::commit_audited(tx, written, &entry).await.map_err(while_doing(DOING))
            }
            None => tx.commit().await.map(|()| written).map_err(while_doing(DOING)),
        }
    }
}

/// Stores the diagnosis that an account is linked with.
pub(crate) async fn write(
    tx: &mut Tx,
    account_id: &str,
    new: NewDiagnosis<'_>,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    in_tx!(tx, connection => sqlx::query(
        "INSERT INTO diagnoses (account_no, source, summary, checked_at) \
         SELECT no, $2, $3, $4 FROM linked_accounts WHERE id = $1",
    )
    .bind(account_id)
    .bind(new.source.name())
    .bind(new.summary)
    .bind(sql_time(at))
    .execute(connection)
    .await
    .map(drop))
}

/// Deletes the diagnosis of the previous key.
pub(crate) async fn forget(tx: &mut Tx, account_id: &str) -> Result<(), sqlx::Error> {
    in_tx!(tx, connection => sqlx::query(
        "DELETE FROM diagnoses WHERE account_no = (SELECT no FROM linked_accounts WHERE id = $1)",
    )
    .bind(account_id)
    .execute(connection)
    .await
    .map(drop))
}
