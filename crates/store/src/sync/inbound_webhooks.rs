//! Inbound webhooks, which a customer's Lucca sends: each account's address and key, counters, and the
//! notices of records to read, until a run has read them. Parsing is not here, and no data of a webhook is
//! stored: a notice only names the records to read.

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use jiff::civil::Date;
use people::RemoteId;
use secrecy::SecretString;
use serde_json::json;

use crate::db::{Tx, from_sql_count, in_tx, on, row, sql_time};
use crate::delivery::destinations::of_ms;
use crate::error::{stored, while_doing};
use crate::linking::link_flows::hash;
use crate::operations::audit::{self, Actor, NewAuditEntry};
use crate::vault::{Sealed, SealedColumn, Vault};
use crate::{AccountId, Error, InboundWebhookId, Lease, LinkedAccount, Store};

/// An account's address for webhooks from the customer's Lucca.
#[derive(Clone, Debug)]
pub struct InboundWebhook {
    /// Its id, which is a part of the address.
    pub id: InboundWebhookId,
    /// The linked account's id.
    pub account_id: AccountId,
    /// The linked account's short key.
    pub account_no: i64,
    /// Time until which the previous key is accepted too.
    pub previous_key_until: Option<Timestamp>,
    /// The number of webhooks received.
    pub received: u64,
    /// The number of these that are about data that is not read by webhooks.
    pub passed_over: u64,
    /// The number of these that could not be parsed.
    pub malformed: u64,
    /// When the last webhook was received.
    pub last_received_at: Option<Timestamp>,
    /// When the last one that could not be parsed was received.
    pub last_malformed_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its key or secret last changed.
    pub updated_at: Timestamp,
    key_hash: Vec<u8>,
    previous_key_hash: Option<Vec<u8>>,
    signing_secret: Option<Sealed>,
    previous_signing_secret: Option<Sealed>,
    previous_signing_until: Option<Timestamp>,
}

/// The kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// A record was created.
    Created,
    /// A record was approved or otherwise changed.
    Changed,
    /// A record was deleted.
    Deleted,
}

people::names! { NoticeKind: "notice of" { Created = "created", Changed = "changed", Deleted = "deleted" } }

/// The records to read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The kind of event.
    pub event: NoticeKind,
    /// Lucca's id of the half-day, if the webhook named it.
    pub leave_id: Option<RemoteId>,
    /// The owner of the absence, if the webhook named one.
    pub owner_id: Option<RemoteId>,
    /// The first and the last day to read; absent: all changes.
    pub days: Option<(Date, Date)>,
}

/// Outcome of a received webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received<'a> {
    /// It names records to read again.
    Noted(&'a [Notice]),
    /// It is about data that is not read by webhooks.
    PassedOver,
    /// It could not be parsed.
    Malformed,
}

row! {
    struct Row {
        id: String,
        account_id: String,
        account_no: i64,
        key_hash: Vec<u8>,
        previous_key_hash: Option<Vec<u8>>,
        previous_key_until_ms: Option<i64>,
        signing_secret: Option<Vec<u8>>,
        previous_signing_secret: Option<Vec<u8>>,
        previous_signing_until_ms: Option<i64>,
        received: i64,
        passed_over: i64,
        malformed: i64,
        last_received_ms: Option<i64>,
        last_malformed_ms: Option<i64>,
        created_at: jiff_sqlx::Timestamp,
        updated_at: jiff_sqlx::Timestamp,
    }
}

row! {
    struct NoticeRow {
        event: String,
        leave_id: Option<String>,
        owner_id: Option<String>,
        first_day: Option<String>,
        last_day: Option<String>,
    }
}

const SELECT: &str = "SELECT w.id, a.id AS account_id, w.account_no, w.key_hash, w.previous_key_hash, \
                      w.previous_key_until_ms, w.signing_secret, w.previous_signing_secret, \
                      w.previous_signing_until_ms, w.received, w.passed_over, w.malformed, w.last_received_ms, \
                      w.last_malformed_ms, w.created_at, w.updated_at FROM inbound_webhooks w \
                      JOIN linked_accounts a ON a.no = w.account_no";

/// Maximum number of notices that one run claims; the next run claims the rest.
const NOTICES_A_RUN: i64 = 5_000;

fn corrupt(source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Corrupt { what: "inbound webhook", source: Box::new(source) }
}

impl Row {
    fn read(self) -> Result<InboundWebhook, Error> {
        Ok(InboundWebhook {
            id: self.id.parse().map_err(corrupt)?,
            account_id: self.account_id.parse().map_err(corrupt)?,
            account_no: self.account_no,
            previous_key_until: self.previous_key_until_ms.map(of_ms),
            received: from_sql_count(self.received),
            passed_over: from_sql_count(self.passed_over),
            malformed: from_sql_count(self.malformed),
            last_received_at: self.last_received_ms.map(of_ms),
            last_malformed_at: self.last_malformed_ms.map(of_ms),
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
            key_hash: self.key_hash,
            previous_key_hash: self.previous_key_hash,
            signing_secret: self.signing_secret.map(Sealed),
            previous_signing_secret: self.previous_signing_secret.map(Sealed),
            previous_signing_until: self.previous_signing_until_ms.map(of_ms),
        })
    }
}

impl NoticeRow {
    fn read(self) -> Result<Notice, Error> {
        let day = |text: Option<String>| text.and_then(|text| text.parse::<Date>().ok());
        Ok(Notice {
            event: stored("inbound_notices", &self.event)?,
            leave_id: self.leave_id.map(RemoteId::from),
            owner_id: self.owner_id.map(RemoteId::from),
            days: day(self.first_day).zip(day(self.last_day)),
        })
    }
}

impl InboundWebhook {
    /// The SHA-256 of each key that is accepted now.
    pub fn key_hashes(&self, now: Timestamp) -> impl Iterator<Item = &[u8]> {
        let still = self.previous_key_until.is_some_and(|until| now < until);
        let previous = self.previous_key_hash.as_deref().filter(|_| still);
        std::iter::once(self.key_hash.as_slice()).chain(previous)
    }

    /// Whether Lucca's signing secret is stored, for the kind of webhooks that is signed.
    pub fn is_signed(&self) -> bool {
        self.signing_secret.is_some()
    }

    /// Returns the secrets that Lucca may sign with now.
    pub fn signing_secrets(&self, vault: &Vault, now: Timestamp) -> Result<Vec<SecretString>, Error> {
        let row = self.id.to_string();
        let mut secrets = Vec::new();
        if let Some(sealed) = &self.signing_secret {
            secrets.push(vault.open(sealed, SealedColumn::SigningSecret.of(&row))?);
        }
        if let Some(sealed) = &self.previous_signing_secret
            && self.previous_signing_until.is_some_and(|until| now < until)
        {
            secrets.push(vault.open(sealed, SealedColumn::PreviousSigningSecret.of(&row))?);
        }
        Ok(secrets)
    }
}

impl Store {
    /// Switches an account's inbound webhooks on. Returns false if they are on already; of concurrent calls
    /// the first succeeds.
    #[boxed]
    pub async fn add_inbound_webhook(
        &self,
        account: &LinkedAccount,
        id: InboundWebhookId,
        key: &SecretString,
        actor: Actor,
        at: Timestamp,
    ) -> Result<bool, Error> {
        const DOING: &str = "switching inbound webhooks on";
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            let made = in_tx!(&mut tx, connection => sqlx::query(
                "INSERT INTO inbound_webhooks (id, account_no, key_hash, created_at, updated_at) \
                 VALUES ($1, $2, $3, $4, $4) ON CONFLICT (account_no) DO NOTHING",
            )
            .bind(id.to_string())
            .bind(account.no)
            .bind(hash(key))
            .bind(sql_time(at))
            .execute(connection)
            .await
            .map(|done| done.rows_affected() == 1))?;
            let (action, account_id) = ("inbound_webhook.created", Some(account.id));
            let entry = NewAuditEntry::new((actor, at), action, account_id, json!({}));
            audit::commit_audited(tx, made, &entry).await
        };
        write.await.map_err(while_doing(DOING))
    }

    /// Stores a new key for an account's inbound webhooks. The previous key is accepted too, until `until`;
    /// the one before that becomes invalid.
    #[boxed]
    pub async fn rotate_inbound_key(
        &self,
        account: &LinkedAccount,
        key: &SecretString,
        actor: Actor,
        (at, until): (Timestamp, Timestamp),
    ) -> Result<bool, Error> {
        const DOING: &str = "rotating the key of inbound webhooks";
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            let rotated = in_tx!(&mut tx, connection => sqlx::query(
                "UPDATE inbound_webhooks SET previous_key_hash = key_hash, previous_key_until_ms = $3, key_hash = $2, \
                 updated_at = $4 WHERE account_no = $1",
            )
            .bind(account.no)
            .bind(hash(key))
            .bind(until.as_millisecond())
            .bind(sql_time(at))
            .execute(connection)
            .await
            .map(|done| done.rows_affected() == 1))?;
            let (action, account_id) = ("inbound_webhook.key_rotated", Some(account.id));
            let entry = NewAuditEntry::new((actor, at), action, account_id, json!({}));
            audit::commit_audited(tx, rotated, &entry).await
        };
        write.await.map_err(while_doing(DOING))
    }

    /// Stores Lucca's signing secret, or deletes it. The previous secret is accepted too, until `until`;
    /// after a deletion, none is. Returns false if inbound webhooks were switched off meanwhile.
    pub async fn set_inbound_signing_secret(
        &self,
        vault: &Vault,
        webhook: &InboundWebhook,
        secret: Option<&SecretString>,
        nonces: [[u8; 12]; 2],
        actor: Actor,
        (at, until): (Timestamp, Timestamp),
    ) -> Result<bool, Error> {
        const DOING: &str = "storing the secret of inbound webhooks";
        let row = webhook.id.to_string();
        let sealed = secret
            .map(|secret| vault.seal(secret, SealedColumn::SigningSecret.of(&row), nonces[0]))
            .transpose()?;
        let previous = match &webhook.signing_secret {
            Some(former) if secret.is_some() => {
                let former = vault.open(former, SealedColumn::SigningSecret.of(&row))?;
                Some(vault.seal(&former, SealedColumn::PreviousSigningSecret.of(&row), nonces[1])?)
            }
            _ => None,
        };
        let until = previous.as_ref().map(|_| until.as_millisecond());
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let is_set = in_tx!(&mut tx, connection => sqlx::query(
            "UPDATE inbound_webhooks SET signing_secret = $2, previous_signing_secret = $3, \
             previous_signing_until_ms = $4, updated_at = $5 WHERE id = $1",
        )
        .bind(&row)
        .bind(sealed.map(|sealed| sealed.0))
        .bind(previous.map(|sealed| sealed.0))
        .bind(until)
        .bind(sql_time(at))
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))
        .map_err(while_doing(DOING))?;
        let action = match secret {
            Some(_) => "inbound_webhook.signing_secret_set",
            None => "inbound_webhook.signing_secret_forgotten",
        };
        let entry = NewAuditEntry::new((actor, at), action, Some(webhook.account_id), json!({}));
        audit::commit_audited(tx, is_set, &entry).await.map_err(while_doing(DOING))
    }

    /// Returns an account's inbound webhooks, if they are switched on.
    #[boxed]
    pub async fn inbound_webhook_of(&self, account_no: i64) -> Result<Option<InboundWebhook>, Error> {
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} WHERE w.account_no = $1"));
        let row: Option<Row> =
            on!(self.db, pool => sqlx::query_as(sql).bind(account_no).fetch_optional(pool).await)
                .map_err(while_doing("looking up inbound webhooks"))?;
        row.map(Row::read).transpose()
    }

    /// Returns the inbound webhooks at an address; `None` for an unlinked account.
    #[boxed]
    pub async fn inbound_webhook(&self, id: InboundWebhookId) -> Result<Option<InboundWebhook>, Error> {
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} WHERE w.id = $1 AND a.status <> 'unlinked'"));
        let row: Option<Row> =
            on!(self.db, pool => sqlx::query_as(sql).bind(id.to_string()).fetch_optional(pool).await)
                .map_err(while_doing("looking up inbound webhooks"))?;
        row.map(Row::read).transpose()
    }

    /// Switches an account's inbound webhooks off: their address and keys are refused from now on, and the
    /// next sync covers unread notices. Returns false if they were not on.
    #[boxed]
    pub async fn remove_inbound_webhook(
        &self,
        account: &LinkedAccount,
        actor: Actor,
        at: Timestamp,
    ) -> Result<bool, Error> {
        const DOING: &str = "switching inbound webhooks off";
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            let mut removed = false;
            for table in ["inbound_notices", "inbound_webhooks"] {
                let sql = sqlx::AssertSqlSafe(format!("DELETE FROM {table} WHERE account_no = $1"));
                removed = in_tx!(&mut tx, connection => sqlx::query(sql)
                    .bind(account.no)
                    .execute(connection)
                    .await
                    .map(|done| done.rows_affected() == 1))?;
            }
            let (action, account_id) = ("inbound_webhook.removed", Some(account.id));
            let entry = NewAuditEntry::new((actor, at), action, account_id, json!({}));
            audit::commit_audited(tx, removed, &entry).await
        };
        write.await.map_err(while_doing(DOING))
    }

    /// Records a received webhook and its notices in one transaction: once this returns, they are not lost.
    pub async fn note_inbound(
        &self,
        webhook: &InboundWebhook,
        received: Received<'_>,
        at: Timestamp,
    ) -> Result<(), Error> {
        const DOING: &str = "recording an inbound webhook";
        let (mut passed_over, mut malformed) = (0_i64, 0_i64);
        match received {
            Received::Noted(_) => {}
            Received::PassedOver => passed_over = 1,
            Received::Malformed => malformed = 1,
        }
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            in_tx!(&mut tx, connection => sqlx::query(
                "UPDATE inbound_webhooks SET received = received + 1, passed_over = passed_over + $2, \
                 malformed = malformed + $3, last_received_ms = $4, \
                 last_malformed_ms = CASE WHEN $3 > 0 THEN $4 ELSE last_malformed_ms END WHERE id = $1",
            )
            .bind(webhook.id.to_string())
            .bind(passed_over)
            .bind(malformed)
            .bind(at.as_millisecond())
            .execute(connection)
            .await
            .map(drop))?;
            let notices = if let Received::Noted(notices) = received { notices } else { &[] };
            for Notice { event, leave_id, owner_id, days } in notices {
                in_tx!(&mut tx, connection => sqlx::query(
                    "INSERT INTO inbound_notices (account_no, event, leave_id, owner_id, first_day, last_day, noted_ms, \
                     not_before_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
                )
                .bind(webhook.account_no)
                .bind(event.name())
                .bind(leave_id.as_ref().map(RemoteId::as_str))
                .bind(owner_id.as_ref().map(RemoteId::as_str))
                .bind(days.map(|(first, _)| first.to_string()))
                .bind(days.map(|(_, last)| last.to_string()))
                .bind(at.as_millisecond())
                .execute(connection)
                .await
                .map(drop))?;
            }
            tx.commit().await
        };
        write.await.map_err(while_doing(DOING))
    }

    /// Counts the unread notices of an account.
    #[boxed]
    pub async fn count_notices(&self, account_no: i64) -> Result<u64, Error> {
        let count: i64 = on!(self.db, pool => sqlx::query_scalar(
            "SELECT count(*) FROM inbound_notices WHERE account_no = $1",
        )
        .bind(account_no)
        .fetch_one(pool)
        .await)
        .map_err(while_doing("counting notices"))?;
        Ok(from_sql_count(count))
    }

    /// Claims the notices for a run to read. The commit that has read them removes these and no later ones.
    #[boxed]
    pub async fn take_notices(&self, lease: &Lease, now: Timestamp) -> Result<Vec<Notice>, Error> {
        const DOING: &str = "claiming notices";
        let mut tx = self.begin_under(lease, now, DOING).await?;
        let write = async {
            let run = lease.run_id.to_string();
            let rows: Vec<NoticeRow> = in_tx!(&mut tx, connection => sqlx::query_as(
                "UPDATE inbound_notices SET run_id = $2 WHERE no IN (SELECT no FROM inbound_notices \
                 WHERE account_no = $1 AND not_before_ms <= $3 ORDER BY no LIMIT $4) \
                 RETURNING event, leave_id, owner_id, first_day, last_day",
            )
            .bind(lease.account_no)
            .bind(&run)
            .bind(now.as_millisecond())
            .bind(NOTICES_A_RUN)
            .fetch_all(connection)
            .await)?;
            tx.commit().await?;
            Ok(rows.into_iter().map(NoticeRow::read).collect::<Result<_, _>>()?)
        };
        write.await.map_err(while_doing(DOING))
    }

    /// Postpones unread notices until `until`. Those received before `given_up_before` are deleted and left
    /// to the scheduled syncs.
    #[boxed]
    pub async fn postpone_notices(
        &self,
        account_no: i64,
        until: Timestamp,
        given_up_before: Timestamp,
    ) -> Result<(), Error> {
        const DOING: &str = "postponing notices";
        on!(self.db, pool => sqlx::query("DELETE FROM inbound_notices WHERE account_no = $1 AND noted_ms < $2")
            .bind(account_no)
            .bind(given_up_before.as_millisecond())
            .execute(pool)
            .await
            .map(drop))
        .map_err(while_doing(DOING))?;
        on!(self.db, pool => sqlx::query("UPDATE inbound_notices SET not_before_ms = $2 WHERE account_no = $1")
            .bind(account_no)
            .bind(until.as_millisecond())
            .execute(pool)
            .await
            .map(drop))
        .map_err(while_doing(DOING))
    }
}

/// Removes the notices that a run has read.
pub(crate) async fn forget_read(tx: &mut Tx, lease: &Lease) -> Result<(), sqlx::Error> {
    in_tx!(tx, connection => sqlx::query("DELETE FROM inbound_notices WHERE account_no = $1 AND run_id = $2")
        .bind(lease.account_no)
        .bind(lease.run_id.to_string())
        .execute(connection)
        .await
        .map(drop))
}
