//! Destinations: the webhook endpoints and SCIM services that records are delivered to. Their common parts
//! are here: address, settings, sealed credential, lease, backoff, disabled state, audit. Their progress is
//! in `webhook_deliveries` and `scim_links`; the content of a delivery is in the crate `delivery`.
//!
//! One worker at a time delivers to a destination, under its lease. Every change of a destination is in the
//! audit log; a change that cannot be logged fails.

use std::time::Duration;

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use jiff::civil::Date;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::db::{Tx, from_sql_count, in_tx, on, row, sql_time};
use crate::delivery::webhook_deliveries;
use crate::error::{stored, while_doing};
use crate::linking::issues;
use crate::operations::audit::{self, Actor, NewAuditEntry};
use crate::vault::{Sealed, SealedColumn, Vault};
use crate::{AccountId, DestinationId, DestinationKind, Error, LinkedAccount, Store};

/// The reason why a destination is disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisabledReason {
    /// On request.
    Requested,
    /// The receiver answered 410: it accepts no more webhooks.
    Gone,
    /// Deliveries failed for too long.
    Failing,
}

people::names! { DisabledReason: "disabled reason" { Requested = "requested", Gone = "gone", Failing = "failing" } }

/// A destination.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Its id, which has its kind.
    pub id: DestinationId,
    /// The only linked account whose records it receives; absent: all, future ones included.
    pub account_id: Option<AccountId>,
    /// The short key of that account.
    pub account_no: Option<i64>,
    /// The address: of a webhook endpoint the whole URL, of a SCIM service the base URL of its `/Users` and
    /// `/Groups`, without a trailing slash.
    pub address: String,
    /// Settings of its kind: a JSON object that the crate `delivery` reads and writes.
    pub settings: Value,
    /// Why it is disabled; absent while it is enabled.
    pub disabled: Option<DisabledReason>,
    /// Failed attempts since the last success.
    pub attempts: u32,
    /// Time since which attempts fail.
    pub failing_since: Option<Timestamp>,
    /// No retry before this time, while attempts fail.
    pub next_attempt_at: Option<Timestamp>,
    /// Time until which the previous credential is also valid.
    pub previous_credential_until: Option<Timestamp>,
    /// The number of the last change at the last complete push; -1 before that, absent for a webhook endpoint,
    /// which has cursors.
    pub pushed_seq: Option<i64>,
    /// Whether an operator confirmed the deactivations that the last push held.
    pub confirmed: bool,
    /// Report of the last push: codes and counts.
    pub report: Option<Value>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    credential: Sealed,
    previous_credential: Option<Sealed>,
}

/// A destination to create.
#[derive(Debug)]
pub struct NewDestination<'a> {
    /// The id it gets, which has its kind.
    pub id: DestinationId,
    /// The only linked account whose records it receives; absent: all.
    pub account: Option<&'a LinkedAccount>,
    /// See [`Destination::address`].
    pub address: &'a str,
    /// See [`Destination::settings`].
    pub settings: &'a Value,
    /// The secret that signs webhooks, `whsec_…`, or a bearer token.
    pub credential: &'a SecretString,
    /// The nonce: twelve random bytes.
    pub nonce: [u8; 12],
    /// The actor that creates it.
    pub actor: Actor,
    /// The current time.
    pub at: Timestamp,
}

/// Changes of a destination; absent members stay. After any change, the next attempt is made at once, and the
/// next push is complete.
#[derive(Clone, Debug, Default)]
pub struct DestinationChange<'a> {
    /// See [`Destination::address`].
    pub address: Option<String>,
    /// See [`Destination::settings`]: all of them.
    pub settings: Option<Value>,
    /// Whether deliveries are enabled.
    pub enabled: Option<bool>,
    /// A new credential, with a nonce of twelve random bytes. The previous one becomes invalid.
    pub credential: Option<(&'a SecretString, [u8; 12])>,
}

/// Consequences of a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailedAttempt {
    /// The number of consecutive failed attempts, this one included.
    pub attempts: u32,
    /// Time since which attempts fail.
    pub since: Timestamp,
    /// When to try again.
    pub next_attempt_at: Timestamp,
    /// The reason to disable the destination, if it is to be disabled.
    pub disable: Option<DisabledReason>,
}

/// Result of a push.
#[derive(Clone, Debug)]
pub struct PushResult<'a> {
    /// The number of the last change, and the day, if the push was complete.
    pub done: Option<(i64, Date)>,
    /// The consequences, if the push failed.
    pub failed: Option<FailedAttempt>,
    /// Codes and counts.
    pub report: &'a Value,
}

row! {
    struct Row {
        id: String,
        account_id: Option<String>,
        account_no: Option<i64>,
        address: String,
        settings: String,
        credential: Vec<u8>,
        previous_credential: Option<Vec<u8>>,
        previous_until_ms: Option<i64>,
        enabled: bool,
        disabled_reason: Option<String>,
        attempts: i64,
        failing_since_ms: Option<i64>,
        next_attempt_ms: i64,
        pushed_seq: Option<i64>,
        confirmed: bool,
        report: Option<String>,
        created_at: jiff_sqlx::Timestamp,
        updated_at: jiff_sqlx::Timestamp,
    }
}

const SELECT: &str = "SELECT d.id, a.id AS account_id, d.account_no, d.address, d.settings, d.credential, \
                      d.previous_credential, d.previous_until_ms, d.enabled, d.disabled_reason, d.attempts, \
                      d.failing_since_ms, d.next_attempt_ms, d.pushed_seq, d.confirmed, d.report, d.created_at, \
                      d.updated_at FROM destinations d LEFT JOIN linked_accounts a ON a.no = d.account_no";

fn corrupt(source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Corrupt { what: "destination", source: Box::new(source) }
}

/// A time stored in Unix milliseconds.
pub(crate) fn of_ms(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX)
}

impl Row {
    fn read(self) -> Result<Destination, Error> {
        let reason = self.disabled_reason.as_deref().map(|reason| stored("destinations", reason));
        let disabled = reason.transpose()?.unwrap_or(DisabledReason::Requested);
        Ok(Destination {
            id: self.id.parse().map_err(corrupt)?,
            account_id: self.account_id.map(|id| id.parse().map_err(corrupt)).transpose()?,
            account_no: self.account_no,
            address: self.address,
            settings: serde_json::from_str(&self.settings).map_err(corrupt)?,
            disabled: (!self.enabled).then_some(disabled),
            attempts: u32::try_from(from_sql_count(self.attempts)).unwrap_or(u32::MAX),
            failing_since: self.failing_since_ms.map(of_ms),
            next_attempt_at: (self.next_attempt_ms > 0).then(|| of_ms(self.next_attempt_ms)),
            previous_credential_until: self.previous_until_ms.map(of_ms),
            pushed_seq: self.pushed_seq,
            confirmed: self.confirmed,
            report: self.report.as_deref().map(serde_json::from_str).transpose().map_err(corrupt)?,
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
            credential: Sealed(self.credential),
            previous_credential: self.previous_credential.map(Sealed),
        })
    }
}

impl Destination {
    /// Whether a delivery may be attempted now: it is enabled and not waiting for a retry.
    pub fn may_attempt(&self, now: Timestamp) -> bool {
        self.disabled.is_none() && self.next_attempt_at.is_none_or(|at| at <= now)
    }

    /// Opens the credential.
    pub fn credential(&self, vault: &Vault) -> Result<SecretString, Error> {
        Ok(vault.open(&self.credential, SealedColumn::Credential.of(&self.id.to_string()))?)
    }

    /// Opens the previous credential, while it is valid.
    pub fn previous_credential(&self, vault: &Vault, now: Timestamp) -> Result<Option<SecretString>, Error> {
        let is_valid = self.previous_credential_until.is_some_and(|until| now < until);
        let Some(sealed) = self.previous_credential.as_ref().filter(|_| is_valid) else { return Ok(None) };
        Ok(Some(vault.open(sealed, SealedColumn::PreviousCredential.of(&self.id.to_string()))?))
    }
}

impl Store {
    /// Creates a destination. A webhook endpoint receives the events from now on, of accounts that are linked
    /// now or later; to a SCIM service all of the account's employees are pushed.
    pub async fn add_destination(&self, vault: &Vault, new: NewDestination<'_>) -> Result<(), Error> {
        const DOING: &str = "adding a destination";
        let (id, kind) = (new.id.to_string(), new.id.kind());
        let credential = vault.seal(new.credential, SealedColumn::Credential.of(&id), new.nonce)?;
        let account_no = new.account.map(|account| account.no);
        let has_cursors = kind == DestinationKind::Webhook;
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        in_tx!(&mut tx, connection => sqlx::query(
            "INSERT INTO destinations (id, kind, account_no, address, settings, credential, pushed_seq, created_at, \
             updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        )
        .bind(&id)
        .bind(kind.name())
        .bind(account_no)
        .bind(new.address)
        .bind(new.settings.to_string())
        .bind(&credential.0)
        .bind((!has_cursors).then_some(-1_i64))
        .bind(sql_time(new.at))
        .execute(connection)
        .await
        .map(drop))
        .map_err(while_doing(DOING))?;
        if has_cursors {
            webhook_deliveries::add_cursors(&mut tx, &id, account_no).await.map_err(while_doing(DOING))?;
        }
        let account_id = new.account.map(|account| account.id);
        commit(tx, true, (new.actor, new.at), "created", (new.id, account_id))
            .await
            .map_err(while_doing(DOING))
            .map(drop)
    }

    /// Lists destinations of a kind, oldest first.
    #[boxed]
    pub async fn destinations(&self, kind: DestinationKind) -> Result<Vec<Destination>, Error> {
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} WHERE d.kind = $1 ORDER BY d.id"));
        let rows: Vec<Row> =
            on!(self.db, pool => sqlx::query_as(sql).bind(kind.name()).fetch_all(pool).await)
                .map_err(while_doing("listing destinations"))?;
        rows.into_iter().map(Row::read).collect()
    }

    /// Returns a destination.
    #[boxed]
    pub async fn destination(&self, id: DestinationId) -> Result<Option<Destination>, Error> {
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} WHERE d.id = $1"));
        let row: Option<Row> =
            on!(self.db, pool => sqlx::query_as(sql).bind(id.to_string()).fetch_optional(pool).await)
                .map_err(while_doing("looking up a destination"))?;
        row.map(Row::read).transpose()
    }

    /// Changes a destination. Enabling it resolves the issues about its being disabled. Returns false if it
    /// does not exist.
    pub async fn change_destination(
        &self,
        vault: &Vault,
        destination: &Destination,
        change: DestinationChange<'_>,
        (actor, at): (Actor, Timestamp),
    ) -> Result<bool, Error> {
        const DOING: &str = "changing a destination";
        let id = destination.id.to_string();
        let location = SealedColumn::Credential.of(&id);
        let credential =
            change.credential.map(|(secret, nonce)| vault.seal(secret, location, nonce)).transpose()?;
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let is_done = in_tx!(&mut tx, connection => sqlx::query(
            "UPDATE destinations SET address = coalesce($2, address), settings = coalesce($3, settings), \
             credential = coalesce($4, credential), enabled = coalesce($5, enabled), \
             disabled_reason = CASE WHEN $5 IS NULL THEN disabled_reason WHEN $5 THEN NULL \
                 WHEN enabled THEN 'requested' ELSE disabled_reason END, \
             attempts = 0, failing_since_ms = NULL, next_attempt_ms = 0, \
             pushed_seq = CASE WHEN pushed_seq IS NOT NULL THEN -1 END, updated_at = $6 WHERE id = $1",
        )
        .bind(&id)
        .bind(&change.address)
        .bind(change.settings.as_ref().map(ToString::to_string))
        .bind(credential.map(|credential| credential.0))
        .bind(change.enabled)
        .bind(sql_time(at))
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))
        .map_err(while_doing(DOING))?;
        if is_done && change.enabled == Some(true) {
            issues::resolve_by_subject(&mut tx, "webhook.", &id, at).await.map_err(while_doing(DOING))?;
        }
        commit(tx, is_done, (actor, at), "changed", (destination.id, destination.account_id))
            .await
            .map_err(while_doing(DOING))
    }

    /// Stores a new credential for a destination. The previous one is valid until `until`; the one before
    /// that becomes invalid. Returns false if the destination does not exist or its credential was changed
    /// meanwhile.
    pub async fn rotate_credential(
        &self,
        vault: &Vault,
        destination: &Destination,
        credential: &SecretString,
        nonces: [[u8; 12]; 2],
        until: Timestamp,
        by: (Actor, Timestamp),
    ) -> Result<bool, Error> {
        const DOING: &str = "rotating a destination's credential";
        let id = destination.id.to_string();
        let former = destination.credential(vault)?;
        let previous = vault.seal(&former, SealedColumn::PreviousCredential.of(&id), nonces[0])?;
        let sealed = vault.seal(credential, SealedColumn::Credential.of(&id), nonces[1])?;
        // Only one of two concurrent rotations succeeds: neither may lose a secret that a caller received.
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let is_done = in_tx!(&mut tx, connection => sqlx::query(
            "UPDATE destinations SET credential = $2, previous_credential = $3, previous_until_ms = $4, updated_at = $5 \
             WHERE id = $1 AND credential = $6",
        )
        .bind(&id)
        .bind(&sealed.0)
        .bind(&previous.0)
        .bind(until.as_millisecond())
        .bind(sql_time(by.1))
        .bind(&destination.credential.0)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))
        .map_err(while_doing(DOING))?;
        commit(tx, is_done, by, "secret_rotated", (destination.id, destination.account_id))
            .await
            .map_err(while_doing(DOING))
    }

    /// Erases previous credentials that have expired.
    #[boxed]
    pub async fn erase_expired_credentials(&self, now: Timestamp) -> Result<(), Error> {
        on!(self.db, pool => sqlx::query(
            "UPDATE destinations SET previous_credential = NULL, previous_until_ms = NULL WHERE previous_until_ms <= $1",
        )
        .bind(now.as_millisecond())
        .execute(pool)
        .await
        .map(drop))
        .map_err(while_doing("erasing expired credentials"))
    }

    /// Removes a destination with its credential, cursors, links and log of deliveries, and resolves its
    /// issues. The destination itself receives no request. Returns false if it does not exist.
    #[boxed]
    pub async fn remove_destination(
        &self,
        destination: &Destination,
        (actor, at): (Actor, Timestamp),
    ) -> Result<bool, Error> {
        const DOING: &str = "removing a destination";
        let id = destination.id.to_string();
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let is_done = in_tx!(&mut tx, connection => sqlx::query("DELETE FROM destinations WHERE id = $1")
            .bind(&id)
            .execute(connection)
            .await
            .map(|done| done.rows_affected() == 1))
        .map_err(while_doing(DOING))?;
        if is_done {
            issues::resolve_by_subject(&mut tx, "", &id, at).await.map_err(while_doing(DOING))?;
        }
        commit(tx, is_done, (actor, at), "removed", (destination.id, destination.account_id))
            .await
            .map_err(while_doing(DOING))
    }

    /// Lists the destinations of a kind to attempt a delivery to now: enabled, not waiting for a retry,
    /// without a lease holder. Those without cursors only with changes since the last push, or on a new day.
    #[boxed]
    pub async fn due_destinations(
        &self,
        kind: DestinationKind,
        now: Timestamp,
        today: Date,
    ) -> Result<Vec<DestinationId>, Error> {
        let ids: Vec<String> = on!(self.db, pool => sqlx::query_scalar(
            "SELECT d.id FROM destinations d LEFT JOIN linked_accounts a ON a.no = d.account_no \
             WHERE d.kind = $1 AND d.enabled AND d.next_attempt_ms <= $2 \
             AND (d.lease IS NULL OR d.lease_until_ms <= $2) \
             AND (d.pushed_seq IS NULL OR a.status <> 'unlinked' \
                  AND (d.pushed_seq < a.change_seq OR d.pushed_day IS NULL OR d.pushed_day <> $3)) ORDER BY d.id",
        )
        .bind(kind.name())
        .bind(now.as_millisecond())
        .bind(today.to_string())
        .fetch_all(pool)
        .await)
        .map_err(while_doing("listing due destinations"))?;
        ids.iter().map(|id| id.parse().map_err(corrupt)).collect()
    }

    /// Claims a destination's lease, or renews it. Returns the destination as it is then; `None` if another
    /// process holds the lease.
    #[boxed]
    pub async fn claim_destination(
        &self,
        id: DestinationId,
        holder: &str,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Option<Destination>, Error> {
        let lease = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
        let claimed = on!(self.db, pool => sqlx::query(
            "UPDATE destinations SET lease = $2, lease_until_ms = $4 WHERE id = $1 \
             AND (lease IS NULL OR lease = $2 OR lease_until_ms <= $3)",
        )
        .bind(id.to_string())
        .bind(holder)
        .bind(now.as_millisecond())
        .bind(now.as_millisecond().saturating_add(lease))
        .execute(pool)
        .await
        .map(|done| done.rows_affected() == 1))
        .map_err(while_doing("claiming a destination"))?;
        if claimed { self.destination(id).await } else { Ok(None) }
    }

    /// Releases a destination's lease.
    #[boxed]
    pub async fn release_destination(&self, id: DestinationId, holder: &str) -> Result<(), Error> {
        on!(self.db, pool => sqlx::query(
            "UPDATE destinations SET lease = NULL, lease_until_ms = 0 WHERE id = $1 AND lease = $2",
        )
        .bind(id.to_string())
        .bind(holder)
        .execute(pool)
        .await
        .map(drop))
        .map_err(while_doing("releasing a destination"))
    }

    /// Requests a complete push as soon as possible, with `confirmed` also of held deactivations. Returns
    /// false if the destination does not exist.
    #[boxed]
    pub async fn request_push(
        &self,
        destination: &Destination,
        confirmed: bool,
        by: (Actor, Timestamp),
    ) -> Result<bool, Error> {
        const DOING: &str = "requesting a push";
        let verb = if confirmed { "push_confirmed" } else { "push_asked" };
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let is_done = in_tx!(&mut tx, connection => sqlx::query(
            "UPDATE destinations SET pushed_seq = -1, next_attempt_ms = 0, confirmed = (confirmed OR $2) WHERE id = $1",
        )
        .bind(destination.id.to_string())
        .bind(confirmed)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))
        .map_err(while_doing(DOING))?;
        commit(tx, is_done, by, verb, (destination.id, destination.account_id))
            .await
            .map_err(while_doing(DOING))
    }

    /// Records the result of a push and releases the lease, unless another process holds it by now.
    pub async fn finish_push(
        &self,
        id: DestinationId,
        holder: &str,
        result: PushResult<'_>,
    ) -> Result<(), Error> {
        const DOING: &str = "recording a push";
        let row = id.to_string();
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            if !note_attempt(&mut tx, &row, holder, result.failed).await? {
                return Ok(());
            }
            in_tx!(&mut tx, connection => sqlx::query(
                "UPDATE destinations SET pushed_seq = coalesce($2, pushed_seq), pushed_day = coalesce($3, pushed_day), \
                 confirmed = (confirmed AND $2 IS NULL), report = $4, lease = NULL, lease_until_ms = 0 WHERE id = $1",
            )
            .bind(&row)
            .bind(result.done.map(|(seq, _)| seq))
            .bind(result.done.map(|(_, day)| day.to_string()))
            .bind(result.report.to_string())
            .execute(connection)
            .await
            .map(drop))?;
            tx.commit().await
        };
        write.await.map_err(while_doing(DOING))
    }
}

/// Records the outcome of an attempt under a lease, which a failure releases. Returns false if another
/// process holds the lease by now.
pub(crate) async fn note_attempt(
    tx: &mut Tx,
    id: &str,
    holder: &str,
    failed: Option<FailedAttempt>,
) -> Result<bool, sqlx::Error> {
    in_tx!(tx, connection => sqlx::query(
        "UPDATE destinations SET attempts = $3, failing_since_ms = $4, next_attempt_ms = $5, \
         lease = CASE WHEN $4 IS NULL THEN lease END, \
         lease_until_ms = CASE WHEN $4 IS NULL THEN lease_until_ms ELSE 0 END, \
         enabled = enabled AND $6 IS NULL, disabled_reason = coalesce($6, disabled_reason) \
         WHERE id = $1 AND lease = $2",
    )
    .bind(id)
    .bind(holder)
    .bind(failed.map_or(0, |failed| i64::from(failed.attempts)))
    .bind(failed.map(|failed| failed.since.as_millisecond()))
    .bind(failed.map_or(0, |failed| failed.next_attempt_at.as_millisecond()))
    .bind(failed.and_then(|failed| failed.disable).map(DisabledReason::name))
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Commits a change of a destination with its audit entry, `{subject}.{verb}`; if no row was changed, rolls
/// back. Returns whether a row was changed.
pub(crate) async fn commit(
    tx: Tx,
    is_done: bool,
    by: (Actor, Timestamp),
    verb: &str,
    (id, account_id): (DestinationId, Option<AccountId>),
) -> Result<bool, sqlx::Error> {
    let subject = id.kind().subject();
    let action = format!("{subject}.{verb}");
    let detail = json!({ format!("{subject}_id"): id });
    audit::commit_audited(tx, is_done, &NewAuditEntry::new(by, &action, account_id, detail)).await
}
