//! Views of linked accounts and of their employees, collected by key and hour before they enter the audit
//! log: without this, a read-only key could make the log grow as fast as it sends requests.
//!
//! The first view of an hour is logged at once, as `account.viewed`. After the hour, one entry
//! `account.people_viewed` lists the ids of the employees that were viewed in it.

use async_recursion::async_recursion as boxed;
use jiff::{SignedDuration, Timestamp};
use people::RemoteId;
use serde_json::json;

use crate::db::{in_tx, on};
use crate::error::{stored, while_doing};
use crate::operations::audit::{self, Actor, NewAuditEntry};
use crate::{AccountId, Error, Store};

/// A view of a linked account.
#[derive(Clone, Copy, Debug)]
pub struct AccountView<'a> {
    /// The API key that was presented, as the audit log names it.
    pub key: &'a str,
    /// Its role.
    pub actor: Actor,
    /// The linked account.
    pub account: AccountId,
    /// The viewed employee; absent for the account itself.
    pub person: Option<&'a RemoteId>,
    /// The current time.
    pub at: Timestamp,
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DOING: &str = "recording a view";

impl Store {
    /// Records a view of a linked account.
    pub async fn note_view(&self, view: AccountView<'_>) -> Result<(), Error> {
        let AccountView { key, actor, account, person, at } = view;
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            let is_known: bool = in_tx!(&mut tx, connection => sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM audit_views WHERE key = $1 AND account_id = $2 AND hour_ms = $3)",
            )
            .bind(key)
            .bind(account.to_string())
            .bind(hour(at))
            .fetch_one(connection)
            .await)?;
            in_tx!(&mut tx, connection => sqlx::query(
                "INSERT INTO audit_views (key, account_id, hour_ms, person_id, actor) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (key, account_id, hour_ms, person_id) DO NOTHING",
            )
            .bind(key)
            .bind(account.to_string())
            .bind(hour(at))
            .bind(person.map_or("", RemoteId::as_str))
            .bind(actor.name())
            .execute(connection)
            .await
            .map(drop))?;
            let detail = json!({ "key": key });
            let entry = NewAuditEntry::new((actor, at), "account.viewed", Some(account), detail);
            audit::commit_audited(tx, !is_known, &entry).await
        };
        write.await.map(drop).map_err(while_doing(DOING))
    }

    /// Moves the views of past hours into the audit log, one entry for each key, account and hour.
    #[boxed]
    pub async fn log_views(&self, now: Timestamp) -> Result<(), Error> {
        let over: Vec<(String, String, i64)> = on!(self.db, pool => sqlx::query_as(
            "SELECT DISTINCT key, account_id, hour_ms FROM audit_views WHERE hour_ms < $1 ORDER BY hour_ms, key, account_id",
        )
        .bind(hour(now))
        .fetch_all(pool)
        .await)
        .map_err(while_doing(DOING))?;
        for (key, account_id, hour_ms) in over {
            let mut tx = self.begin().await.map_err(while_doing(DOING))?;
            let write = async {
                let mut rows: Vec<(String, String)> = in_tx!(&mut tx, connection => sqlx::query_as(
                    "DELETE FROM audit_views WHERE key = $1 AND account_id = $2 AND hour_ms = $3 \
                     RETURNING person_id, actor",
                )
                .bind(&key)
                .bind(&account_id)
                .bind(hour_ms)
                .fetch_all(connection)
                .await)?;
                rows.sort_by_key(|(person, _)| (person.len(), person.clone()));
                let people: Vec<&str> =
                    rows.iter().map(|(person, _)| person.as_str()).filter(|id| !id.is_empty()).collect();
                let actor = rows.first().map(|(_, actor)| stored("audit_views", actor)).transpose()?;
                let actor = actor.unwrap_or(Actor::System);
                let hour = Timestamp::from_millisecond(hour_ms).unwrap_or(now).to_string();
                let is_noted = !people.is_empty();
                let detail = json!({ "key": key, "hour": hour, "people": people });
                let account = account_id.parse().ok();
                let entry = NewAuditEntry::new((actor, now), "account.people_viewed", account, detail);
                // The view of the account itself is logged already; another process may have moved all the
                // others.
                audit::commit_audited(tx, is_noted, &entry).await
            };
            write.await.map_err(while_doing(DOING))?;
        }
        Ok(())
    }
}

/// The beginning of the hour, in Unix milliseconds.
fn hour(at: Timestamp) -> i64 {
    let length = i64::try_from(HOUR.as_millis()).unwrap_or(i64::MAX);
    at.as_millisecond().div_euclid(length) * length
}
