//! Webhook endpoints: addresses with their sealed secrets, their subscriptions and delivery state. A worker
//! that delivers holds an endpoint's lease. The log of deliveries is in `webhook_deliveries`. Every change of
//! an endpoint is in the audit log; a change that cannot be logged is not made.

use std::time::Duration;

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::db::{from_sql_count, in_tx, on, row, sql_time};
use crate::delivery::webhook_deliveries::{Cursor, Log};
use crate::error::{stored, while_doing};
use crate::operations::audit::{self, Actor, NewAuditEntry};
use crate::vault::{Sealed, SealedColumn, Vault};
use crate::{AccountId, Error, LinkedAccount, Store, WebhookEndpointId};

/// How much a webhook contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// What happened to which record, without personal data.
    Thin,
    /// The record too.
    Full,
}

people::names! { Payload: "payload" { Thin = "thin", Full = "full" } }

/// Why deliveries to an endpoint are disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisabledReason {
    /// On request.
    Asked,
    /// The receiver answered 410: it wants no more webhooks.
    Gone,
    /// Deliveries failed for too long.
    Failing,
}

people::names! { DisabledReason: "disabled reason" { Asked = "asked", Gone = "gone", Failing = "failing" } }

/// A webhook endpoint.
#[derive(Clone, Debug)]
pub struct WebhookEndpoint {
    /// The endpoint's id, `whe_…`.
    pub id: WebhookEndpointId,
    /// The address.
    pub url: String,
    /// The only linked account whose events it receives; absent: all, future ones included.
    pub account_id: Option<AccountId>,
    /// That account's short key.
    pub account_no: Option<i64>,
    /// The types of event that it receives; empty: every type.
    pub types: Vec<String>,
    /// How much its webhooks contain.
    pub payload: Payload,
    /// Its purpose, as its creator described it.
    pub description: Option<String>,
    /// Why deliveries are disabled; absent while they are enabled.
    pub disabled: Option<DisabledReason>,
    /// Failed attempts since the last success.
    pub attempts: u32,
    /// Since when deliveries fail.
    pub failing_since: Option<Timestamp>,
    /// No retry before this time, while deliveries fail.
    pub next_attempt_at: Option<Timestamp>,
    /// Until when the previous secret signs too.
    pub previous_secret_until: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    secret: Sealed,
    previous_secret: Option<Sealed>,
}

/// An endpoint to create.
#[derive(Debug)]
pub struct NewWebhookEndpoint<'a> {
    /// The id it gets, `whe_…`.
    pub id: WebhookEndpointId,
    /// The address.
    pub url: &'a str,
    /// The only linked account whose events it receives; absent: all.
    pub account: Option<&'a LinkedAccount>,
    /// See [`WebhookEndpoint::types`].
    pub types: &'a [String],
    /// How much its webhooks contain.
    pub payload: Payload,
    /// Its purpose.
    pub description: Option<&'a str>,
    /// The signing secret, `whsec_…`.
    pub secret: &'a SecretString,
    /// The nonce: twelve random bytes.
    pub nonce: [u8; 12],
    /// Who creates it.
    pub actor: Actor,
    /// The current time.
    pub at: Timestamp,
}

/// Changes of an endpoint; absent members stay.
#[derive(Clone, Debug, Default)]
pub struct EndpointChange {
    /// The address.
    pub url: Option<String>,
    /// See [`WebhookEndpoint::types`].
    pub types: Option<Vec<String>>,
    /// How much its webhooks contain.
    pub payload: Option<Payload>,
    /// Its purpose; an absent one inside removes it.
    pub description: Option<Option<String>>,
    /// Whether deliveries are enabled. After enabling, they are retried at once, with the events since then,
    /// in order.
    pub enabled: Option<bool>,
}

row! {
    struct Row {
        id: String,
        url: String,
        account_id: Option<String>,
        account_no: Option<i64>,
        types: String,
        payload: String,
        description: Option<String>,
        secret: Vec<u8>,
        previous_secret: Option<Vec<u8>>,
        previous_until_ms: Option<i64>,
        enabled: bool,
        disabled_reason: Option<String>,
        attempts: i64,
        failing_since_ms: Option<i64>,
        next_attempt_ms: i64,
        created_at: jiff_sqlx::Timestamp,
        updated_at: jiff_sqlx::Timestamp,
    }
}

const SELECT: &str = "SELECT e.id, e.url, e.account_no, e.types, e.payload, e.description, e.secret, \
                      e.previous_secret, e.previous_until_ms, e.enabled, e.disabled_reason, e.attempts, \
                      e.failing_since_ms, e.next_attempt_ms, e.created_at, e.updated_at, \
                      (SELECT a.id FROM linked_accounts a WHERE a.no = e.account_no) AS account_id \
                      FROM webhook_endpoints e";

fn corrupt(source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Corrupt { what: "webhook endpoint", source: Box::new(source) }
}

/// A time stored in Unix milliseconds.
pub(crate) fn of_ms(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX)
}

impl Row {
    fn read(self) -> Result<WebhookEndpoint, Error> {
        let reason = self.disabled_reason.as_deref().map(|reason| stored("webhook_endpoints", reason));
        let disabled = reason.transpose()?.unwrap_or(DisabledReason::Asked);
        Ok(WebhookEndpoint {
            id: self.id.parse().map_err(corrupt)?,
            url: self.url,
            account_id: self.account_id.map(|id| id.parse().map_err(corrupt)).transpose()?,
            account_no: self.account_no,
            types: serde_json::from_str(&self.types).map_err(corrupt)?,
            payload: stored("webhook_endpoints", &self.payload)?,
            description: self.description,
            disabled: (!self.enabled).then_some(disabled),
            attempts: u32::try_from(from_sql_count(self.attempts)).unwrap_or(u32::MAX),
            failing_since: self.failing_since_ms.map(of_ms),
            next_attempt_at: (self.next_attempt_ms > 0).then(|| of_ms(self.next_attempt_ms)),
            previous_secret_until: self.previous_until_ms.map(of_ms),
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
            secret: Sealed(self.secret),
            previous_secret: self.previous_secret.map(Sealed),
        })
    }
}

impl WebhookEndpoint {
    /// Returns the secrets to sign with: the current one, and the previous one while it is valid.
    pub fn secrets(&self, vault: &Vault, now: Timestamp) -> Result<Vec<SecretString>, Error> {
        let row = self.id.to_string();
        let mut secrets = vec![vault.open(&self.secret, SealedColumn::WebhookSecret.of(&row))?];
        if let Some(previous) = &self.previous_secret
            && self.previous_secret_until.is_some_and(|until| now < until)
        {
            secrets.push(vault.open(previous, SealedColumn::PreviousWebhookSecret.of(&row))?);
        }
        Ok(secrets)
    }
}

impl Store {
    /// Creates an endpoint. It receives the events from now on: of accounts that are linked, and of those to
    /// come.
    pub async fn add_webhook_endpoint(
        &self,
        vault: &Vault,
        new: NewWebhookEndpoint<'_>,
    ) -> Result<(), Error> {
        const DOING: &str = "making a webhook endpoint";
        let id = new.id.to_string();
        let secret = vault.seal(new.secret, SealedColumn::WebhookSecret.of(&id), new.nonce)?;
        let types = serde_json::to_string(new.types).map_err(corrupt)?;
        let account_no = new.account.map(|account| account.no);
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        in_tx!(&mut tx, connection => sqlx::query(
            "INSERT INTO webhook_endpoints (id, url, account_no, types, payload, description, secret, created_at, \
             updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        )
        .bind(&id)
        .bind(new.url)
        .bind(account_no)
        .bind(&types)
        .bind(new.payload.name())
        .bind(new.description)
        .bind(&secret.0)
        .bind(sql_time(new.at))
        .execute(connection)
        .await
        .map(drop))
        .map_err(while_doing(DOING))?;
        for (log, seq) in [(Log::Changes, "change_seq"), (Log::Events, "event_seq")] {
            let sql = sqlx::AssertSqlSafe(format!(
                "INSERT INTO webhook_cursors (endpoint_id, account_no, log, seq, slot) \
                 SELECT $1, no, $2, {seq}, $3 FROM linked_accounts WHERE $4 IS NULL OR no = $4"
            ));
            in_tx!(&mut tx, connection => sqlx::query(sql)
                .bind(&id)
                .bind(log.name())
                .bind(Cursor::WHOLE)
                .bind(account_no)
                .execute(connection)
                .await
                .map(drop))
            .map_err(while_doing(DOING))?;
        }
        let account_id = new.account.map(|account| account.id);
        let entry = entry((new.actor, new.at), "webhook_endpoint.created", new.id, account_id);
        audit::commit_audited(tx, true, &entry).await.map_err(while_doing(DOING)).map(drop)
    }

    /// Lists all endpoints, oldest first.
    #[boxed]
    pub async fn webhook_endpoints(&self) -> Result<Vec<WebhookEndpoint>, Error> {
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} ORDER BY e.id"));
        let rows: Vec<Row> = on!(self.db, pool => sqlx::query_as(sql).fetch_all(pool).await)
            .map_err(while_doing("listing webhook endpoints"))?;
        rows.into_iter().map(Row::read).collect()
    }

    /// Returns an endpoint.
    #[boxed]
    pub async fn webhook_endpoint(&self, id: WebhookEndpointId) -> Result<Option<WebhookEndpoint>, Error> {
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} WHERE e.id = $1"));
        let row: Option<Row> =
            on!(self.db, pool => sqlx::query_as(sql).bind(id.to_string()).fetch_optional(pool).await)
                .map_err(while_doing("looking up a webhook endpoint"))?;
        row.map(Row::read).transpose()
    }

    /// Changes an endpoint. Returns false where it does not exist.
    #[boxed]
    pub async fn change_webhook_endpoint(
        &self,
        endpoint: &WebhookEndpoint,
        change: &EndpointChange,
        (actor, at): (Actor, Timestamp),
    ) -> Result<bool, Error> {
        const DOING: &str = "changing a webhook endpoint";
        let types = change.types.as_ref().map(serde_json::to_string).transpose().map_err(corrupt)?;
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let is_done = in_tx!(&mut tx, connection => sqlx::query(
            "UPDATE webhook_endpoints SET url = coalesce($2, url), types = coalesce($3, types), \
             payload = coalesce($4, payload), description = CASE WHEN $5 THEN $6 ELSE description END, \
             enabled = coalesce($7, enabled), \
             disabled_reason = CASE WHEN $7 IS NULL THEN disabled_reason WHEN $7 THEN NULL \
                 WHEN enabled THEN 'asked' ELSE disabled_reason END, \
             attempts = CASE WHEN $7 THEN 0 ELSE attempts END, \
             failing_since_ms = CASE WHEN $7 THEN NULL ELSE failing_since_ms END, \
             next_attempt_ms = CASE WHEN $7 THEN 0 ELSE next_attempt_ms END, updated_at = $8 WHERE id = $1",
        )
        .bind(endpoint.id.to_string())
        .bind(&change.url)
        .bind(types)
        .bind(change.payload.map(Payload::name))
        .bind(change.description.is_some())
        .bind(change.description.clone().flatten())
        .bind(change.enabled)
        .bind(sql_time(at))
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))
        .map_err(while_doing(DOING))?;
        let entry = entry_of((actor, at), "webhook_endpoint.changed", endpoint);
        audit::commit_audited(tx, is_done, &entry).await.map_err(while_doing(DOING))
    }

    /// Gives an endpoint a new secret. The previous one also signs until `until`; the one before that no
    /// more.
    pub async fn rotate_webhook_secret(
        &self,
        vault: &Vault,
        endpoint: &WebhookEndpoint,
        secret: &SecretString,
        nonces: [[u8; 12]; 2],
        until: Timestamp,
        (actor, at): (Actor, Timestamp),
    ) -> Result<bool, Error> {
        const DOING: &str = "giving a webhook endpoint a new secret";
        let id = endpoint.id.to_string();
        let former = vault.open(&endpoint.secret, SealedColumn::WebhookSecret.of(&id))?;
        let previous = vault.seal(&former, SealedColumn::PreviousWebhookSecret.of(&id), nonces[0])?;
        let sealed = vault.seal(secret, SealedColumn::WebhookSecret.of(&id), nonces[1])?;
        // Of two concurrent rotations, one wins: neither may lose a secret that was given out.
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let is_done = in_tx!(&mut tx, connection => sqlx::query(
            "UPDATE webhook_endpoints SET secret = $2, previous_secret = $3, previous_until_ms = $4, updated_at = $5 \
             WHERE id = $1 AND secret = $6",
        )
        .bind(&id)
        .bind(&sealed.0)
        .bind(&previous.0)
        .bind(until.as_millisecond())
        .bind(sql_time(at))
        .bind(&endpoint.secret.0)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))
        .map_err(while_doing(DOING))?;
        let entry = entry_of((actor, at), "webhook_endpoint.secret_rotated", endpoint);
        audit::commit_audited(tx, is_done, &entry).await.map_err(while_doing(DOING))
    }

    /// Removes an endpoint with its log of deliveries. Returns false where it does not exist.
    #[boxed]
    pub async fn remove_webhook_endpoint(
        &self,
        endpoint: &WebhookEndpoint,
        (actor, at): (Actor, Timestamp),
    ) -> Result<bool, Error> {
        const DOING: &str = "removing a webhook endpoint";
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let is_done =
            in_tx!(&mut tx, connection => sqlx::query("DELETE FROM webhook_endpoints WHERE id = $1")
                .bind(endpoint.id.to_string())
                .execute(connection)
                .await
                .map(|done| done.rows_affected() == 1))
            .map_err(while_doing(DOING))?;
        let entry = entry_of((actor, at), "webhook_endpoint.removed", endpoint);
        audit::commit_audited(tx, is_done, &entry).await.map_err(while_doing(DOING))
    }

    /// Lists the endpoints to deliver to now: enabled, not waiting for a retry, and without a lease holder.
    #[boxed]
    pub async fn due_webhook_endpoints(&self, now: Timestamp) -> Result<Vec<WebhookEndpointId>, Error> {
        let ids: Vec<String> = on!(self.db, pool => sqlx::query_scalar(
            "SELECT id FROM webhook_endpoints WHERE enabled AND next_attempt_ms <= $1 \
             AND (lease IS NULL OR lease_until_ms <= $1) ORDER BY id",
        )
        .bind(now.as_millisecond())
        .fetch_all(pool)
        .await)
        .map_err(while_doing("listing webhook endpoints"))?;
        ids.iter().map(|id| id.parse().map_err(corrupt)).collect()
    }

    /// Claims an endpoint's lease, or renews it. Returns its state then; none where another process holds it,
    /// or nothing may be sent now.
    #[boxed]
    pub async fn claim_webhook_endpoint(
        &self,
        id: WebhookEndpointId,
        holder: &str,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Option<WebhookEndpoint>, Error> {
        let lease = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
        let claimed = on!(self.db, pool => sqlx::query(
            "UPDATE webhook_endpoints SET lease = $2, lease_until_ms = $4 WHERE id = $1 AND enabled \
             AND next_attempt_ms <= $3 AND (lease IS NULL OR lease = $2 OR lease_until_ms <= $3)",
        )
        .bind(id.to_string())
        .bind(holder)
        .bind(now.as_millisecond())
        .bind(now.as_millisecond().saturating_add(lease))
        .execute(pool)
        .await
        .map(|done| done.rows_affected() == 1))
        .map_err(while_doing("taking on a webhook endpoint"))?;
        if claimed { self.webhook_endpoint(id).await } else { Ok(None) }
    }

    /// Releases an endpoint's lease.
    #[boxed]
    pub async fn release_webhook_endpoint(&self, id: WebhookEndpointId, holder: &str) -> Result<(), Error> {
        on!(self.db, pool => sqlx::query(
            "UPDATE webhook_endpoints SET lease = NULL, lease_until_ms = 0 WHERE id = $1 AND lease = $2",
        )
        .bind(id.to_string())
        .bind(holder)
        .execute(pool)
        .await
        .map(drop))
        .map_err(while_doing("giving back a webhook endpoint"))
    }

    /// Erases previous secrets that sign no more.
    #[boxed]
    pub async fn forget_old_secrets(&self, now: Timestamp) -> Result<(), Error> {
        on!(self.db, pool => sqlx::query(
            "UPDATE webhook_endpoints SET previous_secret = NULL, previous_until_ms = NULL WHERE previous_until_ms <= $1",
        )
        .bind(now.as_millisecond())
        .execute(pool)
        .await
        .map(drop))
        .map_err(while_doing("erasing secrets that sign no more"))
    }
}

/// Audit entry for a change of an endpoint.
pub(crate) fn entry_of<'a>(
    by: (Actor, Timestamp),
    action: &'a str,
    endpoint: &WebhookEndpoint,
) -> NewAuditEntry<'a> {
    entry(by, action, endpoint.id, endpoint.account_id)
}

fn entry(
    by: (Actor, Timestamp),
    action: &str,
    id: WebhookEndpointId,
    account_id: Option<AccountId>,
) -> NewAuditEntry<'_> {
    NewAuditEntry::new(by, action, account_id, json!({ "webhook_endpoint_id": id }))
}
