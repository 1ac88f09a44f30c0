//! SCIM services that people are provisioned to: the address, the sealed token, how far each was pushed, and
//! which of its resources is which of our records. The content of a push is not known here. Every change of a
//! service is in the audit log; a change that cannot be logged is not made.

use std::collections::HashMap;
use std::time::Duration;

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use jiff::civil::Date;
use people::RemoteId;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::db::{from_sql_count, in_tx, on, row, sql_time};
use crate::delivery::webhook_endpoints::of_ms;
use crate::error::while_doing;
use crate::linking::issues;
use crate::operations::audit::{self, Actor, NewAuditEntry};
use crate::vault::{Sealed, SealedColumn, SecretLocation, Vault};
use crate::{AccountId, Error, LinkedAccount, ScimTargetId, Store};

/// A service that people of a linked account are provisioned to by SCIM.
#[derive(Clone, Debug)]
pub struct ScimTarget {
    /// The service's id, `scim_…`.
    pub id: ScimTargetId,
    /// The linked account.
    pub account_id: AccountId,
    /// The linked account's short key.
    pub account_no: i64,
    /// Base URL of the service's `/Users` and `/Groups`, without a trailing slash.
    pub base_url: String,
    /// Settings: a JSON object that `delivery` reads and writes.
    pub settings: Value,
    /// Whether pushes are enabled.
    pub enabled: bool,
    /// The number of the last change at the last complete push; -1 before that.
    pub pushed_seq: i64,
    /// The day of the last complete push.
    pub pushed_day: Option<Date>,
    /// Whether a person confirmed what is held.
    pub confirmed: bool,
    /// Failed pushes since the last success.
    pub attempts: u32,
    /// No retry before this time, while pushes fail.
    pub next_attempt_at: Option<Timestamp>,
    /// Report of the last push: codes and counts.
    pub report: Option<Value>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    token: Sealed,
}

/// A service to add.
#[derive(Debug)]
pub struct NewScimTarget<'a> {
    /// The id it gets, `scim_…`.
    pub id: ScimTargetId,
    /// The linked account.
    pub account: &'a LinkedAccount,
    /// See [`ScimTarget::base_url`].
    pub base_url: &'a str,
    /// The bearer token.
    pub token: &'a SecretString,
    /// See [`ScimTarget::settings`].
    pub settings: &'a Value,
    /// The nonce: twelve random bytes.
    pub nonce: [u8; 12],
    /// Who adds it.
    pub actor: Actor,
    /// The current time.
    pub at: Timestamp,
}

/// Changes of a service; absent members stay. Any change makes the next push complete.
#[derive(Clone, Debug, Default)]
pub struct ScimTargetChange<'a> {
    /// See [`ScimTarget::settings`].
    pub settings: Option<Value>,
    /// Whether pushes are enabled.
    pub enabled: Option<bool>,
    /// A new bearer token, with a nonce of twelve random bytes.
    pub token: Option<(&'a SecretString, [u8; 12])>,
}

/// Result of a push.
#[derive(Clone, Debug)]
pub struct ScimPushed<'a> {
    /// The number of the last change, and the day, where everything was pushed.
    pub done: Option<(i64, Date)>,
    /// Failed pushes since the last success.
    pub attempts: u32,
    /// No retry before this time.
    pub next_attempt_at: Timestamp,
    /// Codes and counts.
    pub report: &'a Value,
}

/// Kind of a SCIM resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScimResource {
    /// Employees.
    User,
    /// Departments.
    Group,
}

people::names! { ScimResource: "scim resource" { User = "user", Group = "group" } }

/// Link from a record of ours to a resource of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScimLink {
    /// The service's id of the resource.
    pub remote_id: String,
    /// Content hash of the resource as last pushed.
    pub hash: u128,
    /// Whether it was last pushed as active.
    pub active: bool,
}

row! {
    struct Row {
        id: String,
        account_id: String,
        account_no: i64,
        base_url: String,
        token: Vec<u8>,
        settings: String,
        enabled: bool,
        pushed_seq: i64,
        pushed_day: Option<String>,
        confirmed: bool,
        attempts: i64,
        next_attempt_ms: i64,
        report: Option<String>,
        created_at: jiff_sqlx::Timestamp,
        updated_at: jiff_sqlx::Timestamp,
    }
}

const SELECT: &str = "SELECT t.id, a.id AS account_id, t.account_no, t.base_url, t.token, t.settings, t.enabled, \
                      t.pushed_seq, t.pushed_day, t.confirmed, t.attempts, t.next_attempt_ms, t.report, \
                      t.created_at, t.updated_at FROM scim_targets t \
                      JOIN linked_accounts a ON a.no = t.account_no";

fn corrupt(source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Corrupt { what: "SCIM target", source: Box::new(source) }
}

fn location(row: &str) -> SecretLocation<'_> {
    SealedColumn::ScimToken.of(row)
}

impl Row {
    fn read(self) -> Result<ScimTarget, Error> {
        Ok(ScimTarget {
            id: self.id.parse().map_err(corrupt)?,
            account_id: self.account_id.parse().map_err(corrupt)?,
            account_no: self.account_no,
            base_url: self.base_url,
            settings: serde_json::from_str(&self.settings).map_err(corrupt)?,
            enabled: self.enabled,
            pushed_seq: self.pushed_seq,
            pushed_day: self.pushed_day.and_then(|day| day.parse().ok()),
            confirmed: self.confirmed,
            attempts: u32::try_from(from_sql_count(self.attempts)).unwrap_or(u32::MAX),
            next_attempt_at: (self.next_attempt_ms > 0).then(|| of_ms(self.next_attempt_ms)),
            report: self.report.and_then(|report| serde_json::from_str(&report).ok()),
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
            token: Sealed(self.token),
        })
    }
}

impl ScimTarget {
    /// Opens the bearer token.
    pub fn token(&self, vault: &Vault) -> Result<SecretString, Error> {
        Ok(vault.open(&self.token, location(&self.id.to_string()))?)
    }
}

impl Store {
    /// Adds a service. The next push sends all of the account's people.
    pub async fn add_scim_target(&self, vault: &Vault, new: NewScimTarget<'_>) -> Result<(), Error> {
        const DOING: &str = "adding a SCIM target";
        let id = new.id.to_string();
        let token = vault.seal(new.token, location(&id), new.nonce)?;
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        in_tx!(&mut tx, connection => sqlx::query(
            "INSERT INTO scim_targets (id, account_no, base_url, token, settings, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $6)",
        )
        .bind(&id)
        .bind(new.account.no)
        .bind(new.base_url)
        .bind(&token.0)
        .bind(new.settings.to_string())
        .bind(sql_time(new.at))
        .execute(connection)
        .await
        .map(drop))
        .map_err(while_doing(DOING))?;
        let entry = entry((new.actor, new.at), "scim_target.created", new.id, new.account.id);
        audit::commit_audited(tx, true, &entry).await.map_err(while_doing(DOING)).map(drop)
    }

    /// Lists services, oldest first: of one linked account, or of all.
    #[boxed]
    pub async fn scim_targets(&self, account_no: Option<i64>) -> Result<Vec<ScimTarget>, Error> {
        let sql =
            sqlx::AssertSqlSafe(format!("{SELECT} WHERE $1 IS NULL OR t.account_no = $1 ORDER BY t.id"));
        let rows: Vec<Row> = on!(self.db, pool => sqlx::query_as(sql).bind(account_no).fetch_all(pool).await)
            .map_err(while_doing("listing SCIM targets"))?;
        rows.into_iter().map(Row::read).collect()
    }

    /// Returns a service.
    #[boxed]
    pub async fn scim_target(&self, id: ScimTargetId) -> Result<Option<ScimTarget>, Error> {
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} WHERE t.id = $1"));
        let row: Option<Row> =
            on!(self.db, pool => sqlx::query_as(sql).bind(id.to_string()).fetch_optional(pool).await)
                .map_err(while_doing("looking up a SCIM target"))?;
        row.map(Row::read).transpose()
    }

    /// Changes a service. Returns false where it does not exist.
    pub async fn change_scim_target(
        &self,
        vault: &Vault,
        target: &ScimTarget,
        change: ScimTargetChange<'_>,
        (actor, at): (Actor, Timestamp),
    ) -> Result<bool, Error> {
        const DOING: &str = "changing a SCIM target";
        let row = target.id.to_string();
        let token =
            change.token.map(|(token, nonce)| vault.seal(token, location(&row), nonce)).transpose()?;
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let is_done = in_tx!(&mut tx, connection => sqlx::query(
                "UPDATE scim_targets SET settings = coalesce($2, settings), enabled = coalesce($3, enabled), \
                 token = coalesce($4, token), pushed_seq = -1, attempts = 0, next_attempt_ms = 0, updated_at = $5 \
                 WHERE id = $1",
            )
            .bind(&row)
            .bind(change.settings.as_ref().map(ToString::to_string))
            .bind(change.enabled)
            .bind(token.as_ref().map(|token| token.0.clone()))
            .bind(sql_time(at))
            .execute(connection)
            .await
            .map(|done| done.rows_affected() == 1))
        .map_err(while_doing(DOING))?;
        let entry = entry_of((actor, at), "scim_target.changed", target);
        audit::commit_audited(tx, is_done, &entry).await.map_err(while_doing(DOING))
    }

    /// Requests a complete push as soon as possible, with `confirmed` also of what is held. Returns false
    /// where the service does not exist.
    #[boxed]
    pub async fn ask_for_scim_push(
        &self,
        target: &ScimTarget,
        confirmed: bool,
        (actor, at): (Actor, Timestamp),
    ) -> Result<bool, Error> {
        const DOING: &str = "asking for a push";
        let action = if confirmed { "scim_target.push_confirmed" } else { "scim_target.push_asked" };
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let is_done = in_tx!(&mut tx, connection => sqlx::query(
                "UPDATE scim_targets SET pushed_seq = -1, next_attempt_ms = 0, confirmed = (confirmed OR $2) \
                 WHERE id = $1",
            )
            .bind(target.id.to_string())
            .bind(confirmed)
            .execute(connection)
            .await
            .map(|done| done.rows_affected() == 1))
        .map_err(while_doing(DOING))?;
        let entry = entry_of((actor, at), action, target);
        audit::commit_audited(tx, is_done, &entry).await.map_err(while_doing(DOING))
    }

    /// Removes a service and its links, and resolves its issues. Nothing is changed at the service. Returns
    /// false where it does not exist.
    #[boxed]
    pub async fn remove_scim_target(
        &self,
        target: &ScimTarget,
        (actor, at): (Actor, Timestamp),
    ) -> Result<bool, Error> {
        const DOING: &str = "removing a SCIM target";
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let is_done = in_tx!(&mut tx, connection => sqlx::query("DELETE FROM scim_targets WHERE id = $1")
                .bind(target.id.to_string())
                .execute(connection)
                .await
                .map(|done| done.rows_affected() == 1))
        .map_err(while_doing(DOING))?;
        if is_done {
            let subject = target.id.to_string();
            issues::resolve_by_subject(&mut tx, target.account_no, "scim.", &subject, at)
                .await
                .map_err(while_doing(DOING))?;
        }
        let entry = entry_of((actor, at), "scim_target.removed", target);
        audit::commit_audited(tx, is_done, &entry).await.map_err(while_doing(DOING))
    }

    /// Lists the services to push to now: enabled, not waiting for a retry, without a lease holder, and with
    /// changes since the last push or on a new day.
    #[boxed]
    pub async fn due_scim_targets(&self, now: Timestamp, today: Date) -> Result<Vec<ScimTargetId>, Error> {
        let ids: Vec<String> = on!(self.db, pool => sqlx::query_scalar(
            "SELECT t.id FROM scim_targets t JOIN linked_accounts a ON a.no = t.account_no \
             WHERE t.enabled AND a.status <> 'unlinked' AND t.next_attempt_ms <= $1 \
             AND (t.lease IS NULL OR t.lease_until_ms <= $1) \
             AND (t.pushed_seq < a.change_seq OR t.pushed_day IS NULL OR t.pushed_day <> $2) ORDER BY t.id",
        )
        .bind(now.as_millisecond())
        .bind(today.to_string())
        .fetch_all(pool)
        .await)
        .map_err(while_doing("listing SCIM targets"))?;
        ids.iter().map(|id| id.parse().map_err(corrupt)).collect()
    }

    /// Claims a service's lease, or renews it. Returns its state then; none where another process holds it.
    #[boxed]
    pub async fn claim_scim_target(
        &self,
        id: ScimTargetId,
        holder: &str,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Option<ScimTarget>, Error> {
        let lease = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
        let claimed = on!(self.db, pool => sqlx::query(
            "UPDATE scim_targets SET lease = $2, lease_until_ms = $4 WHERE id = $1 \
             AND (lease IS NULL OR lease = $2 OR lease_until_ms <= $3)",
        )
        .bind(id.to_string())
        .bind(holder)
        .bind(now.as_millisecond())
        .bind(now.as_millisecond().saturating_add(lease))
        .execute(pool)
        .await
        .map(|done| done.rows_affected() == 1))
        .map_err(while_doing("taking on a SCIM target"))?;
        if claimed { self.scim_target(id).await } else { Ok(None) }
    }

    /// Releases a service's lease, with the result of the push if there was one.
    pub async fn release_scim_target(
        &self,
        id: ScimTargetId,
        holder: &str,
        pushed: Option<ScimPushed<'_>>,
    ) -> Result<(), Error> {
        const DOING: &str = "giving back a SCIM target";
        let row = id.to_string();
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            if let Some(pushed) = pushed {
                in_tx!(&mut tx, connection => sqlx::query(
                    "UPDATE scim_targets SET pushed_seq = coalesce($3, pushed_seq), pushed_day = coalesce($4, pushed_day), \
                     confirmed = (confirmed AND $3 IS NULL), attempts = $5, next_attempt_ms = $6, report = $7 \
                     WHERE id = $1 AND lease = $2",
                )
                .bind(&row)
                .bind(holder)
                .bind(pushed.done.map(|(seq, _)| seq))
                .bind(pushed.done.map(|(_, day)| day.to_string()))
                .bind(i64::from(pushed.attempts))
                .bind(pushed.next_attempt_at.as_millisecond())
                .bind(pushed.report.to_string())
                .execute(connection)
                .await
                .map(drop))?;
            }
            in_tx!(&mut tx, connection => sqlx::query(
                "UPDATE scim_targets SET lease = NULL, lease_until_ms = 0 WHERE id = $1 AND lease = $2",
            )
            .bind(&row)
            .bind(holder)
            .execute(connection)
            .await
            .map(drop))?;
            tx.commit().await
        };
        write.await.map_err(while_doing(DOING))
    }

    /// Returns the links of a service, by Lucca's id of the record.
    #[boxed]
    pub async fn scim_links(
        &self,
        target: ScimTargetId,
        resource: ScimResource,
    ) -> Result<HashMap<RemoteId, ScimLink>, Error> {
        let rows: Vec<(String, String, Vec<u8>, bool)> = on!(self.db, pool => sqlx::query_as(
            "SELECT local_id, remote_id, hash, active FROM scim_links WHERE target_id = $1 AND resource = $2",
        )
        .bind(target.to_string())
        .bind(resource.name())
        .fetch_all(pool)
        .await)
        .map_err(while_doing("reading what a SCIM target was told"))?;
        let read = |(local, remote_id, hash, active): (String, String, Vec<u8>, bool)| {
            // An unreadable hash matches nothing, so the resource is compared again.
            let hash = <[u8; 16]>::try_from(hash).map_or(0, u128::from_be_bytes);
            (RemoteId::from(local), ScimLink { remote_id, hash, active })
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// Stores a record's link with the hash of what was pushed; `None` deletes it.
    #[boxed]
    pub async fn keep_scim_link(
        &self,
        target: ScimTargetId,
        resource: ScimResource,
        local: &RemoteId,
        link: Option<&ScimLink>,
    ) -> Result<(), Error> {
        const DOING: &str = "noting what a SCIM target was told";
        let Some(link) = link else {
            return on!(self.db, pool => sqlx::query(
                "DELETE FROM scim_links WHERE target_id = $1 AND resource = $2 AND local_id = $3",
            )
            .bind(target.to_string())
            .bind(resource.name())
            .bind(local.as_str())
            .execute(pool)
            .await
            .map(drop))
            .map_err(while_doing(DOING));
        };
        on!(self.db, pool => sqlx::query(
            "INSERT INTO scim_links (target_id, resource, local_id, remote_id, hash, active) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (target_id, resource, local_id) DO UPDATE SET \
             remote_id = excluded.remote_id, hash = excluded.hash, active = excluded.active",
        )
        .bind(target.to_string())
        .bind(resource.name())
        .bind(local.as_str())
        .bind(&link.remote_id)
        .bind(&link.hash.to_be_bytes()[..])
        .bind(link.active)
        .execute(pool)
        .await
        .map(drop))
        .map_err(while_doing(DOING))
    }
}

/// Audit entry for a change of a service.
fn entry_of<'a>(by: (Actor, Timestamp), action: &'a str, target: &ScimTarget) -> NewAuditEntry<'a> {
    entry(by, action, target.id, target.account_id)
}

fn entry(by: (Actor, Timestamp), action: &str, id: ScimTargetId, account_id: AccountId) -> NewAuditEntry<'_> {
    NewAuditEntry::new(by, action, Some(account_id), json!({ "scim_target_id": id }))
}
