//! What a linked account's key was last found to be good for. What it says is not known here. A new key was not looked
//! at: linking again forgets it.

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use serde_json::Value;

use crate::audit::{self, Actor, NewAuditEntry};
use crate::db::{Tx, in_tx, on, sql_time};
use crate::error::while_doing;
use crate::{Error, LinkedAccount, Store};

/// By what a diagnosis was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiagnosisSource {
    /// Lucca was asked while the account was linked.
    Linking,
    /// Lucca was asked later.
    Check,
    /// What a sync has stored was looked at.
    Sync,
}

impl DiagnosisSource {
    /// Its name, stable.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linking => "linking",
            Self::Check => "check",
            Self::Sync => "sync",
        }
    }
}

/// A diagnosis as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptDiagnosis {
    /// By what it was made.
    pub source: DiagnosisSource,
    /// What was found, as JSON.
    pub summary: String,
    /// When, UTC.
    pub checked_at: Timestamp,
}

/// A diagnosis that is to be kept.
#[derive(Clone, Copy, Debug)]
pub struct NewDiagnosis<'a> {
    /// By what it was made.
    pub source: DiagnosisSource,
    /// What was found, as JSON.
    pub summary: &'a str,
    /// What the audit log says of it: a JSON object.
    pub audit_detail: &'a Value,
}

impl Store {
    /// The last diagnosis of a linked account's key, if one was kept.
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

    /// Keeps a diagnosis of the key and the settings that `account` has. Not where these have changed since it was read: it
    /// would be of another key. With an actor the audit log has it too. Returns whether it was kept.
    pub async fn keep_diagnosis(
        &self,
        account: &LinkedAccount,
        new: NewDiagnosis<'_>,
        actor: Option<Actor>,
        at: Timestamp,
    ) -> Result<bool, Error> {
        const DOING: &str = "keeping a diagnosis";
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
                audit::commit_noted(tx, written, &entry).await.map_err(while_doing(DOING))
            }
            None => tx.commit().await.map(|()| written).map_err(while_doing(DOING)),
        }
    }
}

/// Keeps the diagnosis by which an account is linked.
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

/// Forgets what was found of the key of before.
pub(crate) async fn forget(tx: &mut Tx, account_id: &str) -> Result<(), sqlx::Error> {
    in_tx!(tx, connection => sqlx::query(
        "DELETE FROM diagnoses WHERE account_no = (SELECT no FROM linked_accounts WHERE id = $1)",
    )
    .bind(account_id)
    .execute(connection)
    .await
    .map(drop))
}
