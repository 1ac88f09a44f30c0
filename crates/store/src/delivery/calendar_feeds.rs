//! Calendar feeds of a team's absences: the employees, the display options, and the hash of the feed's
//! secret. Rendering is in `delivery`.

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use people::{Absence, Kind, RemoteId};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::db::{in_tx, on, row, sql_time};
use crate::dialect::json_list;
use crate::error::while_doing;
use crate::linking::link_flows::hash;
use crate::operations::audit::{self, Actor, NewAuditEntry};
use crate::{AccountId, CalendarFeedId, Error, LinkedAccount, Store};

/// The employees whose absences a feed shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Team {
    /// Employees of a department and of the departments below it.
    Department(RemoteId),
    /// Direct reports of this employee.
    Manager(RemoteId),
    /// These employees.
    Employees(Vec<RemoteId>),
}

/// A calendar feed, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarFeed {
    /// The feed's id, `feed_…`.
    pub id: CalendarFeedId,
    /// The linked account's id.
    pub account_id: AccountId,
    /// The calendar's name, as calendar apps show it.
    pub name: String,
    /// The employees whose absences it shows.
    pub team: Team,
    /// Whether it shows the leave type of each absence.
    pub show_type: bool,
    /// Whether it shows absences that are not approved yet.
    pub with_pending: bool,
    /// The ISO 639-1 code of its language.
    pub language: String,
    /// How many days ahead it shows.
    pub days_ahead: u16,
    /// When it was created.
    pub created_at: Timestamp,
}

row! {
    struct Row {
        id: String,
        account_id: String,
        name: String,
        team: String,
        show_type: bool,
        with_pending: bool,
        language: String,
        days_ahead: i64,
        created_at: jiff_sqlx::Timestamp,
    }
}

const SELECT: &str = "SELECT f.id, a.id AS account_id, f.name, f.team, f.show_type, f.with_pending, f.language, \
                      f.days_ahead, f.created_at FROM calendar_feeds f JOIN linked_accounts a ON a.no = f.account_no";

fn corrupt(source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Corrupt { what: "calendar feed", source: Box::new(source) }
}

impl Row {
    fn read(self) -> Result<CalendarFeed, Error> {
        Ok(CalendarFeed {
            id: self.id.parse().map_err(corrupt)?,
            account_id: self.account_id.parse().map_err(corrupt)?,
            name: self.name,
            team: serde_json::from_str(&self.team).map_err(corrupt)?,
            show_type: self.show_type,
            with_pending: self.with_pending,
            language: self.language,
            days_ahead: u16::try_from(self.days_ahead).map_err(corrupt)?,
            created_at: self.created_at.to_jiff(),
        })
    }
}

impl Store {
    /// Stores a new feed of a linked account and records it in the audit log.
    #[boxed]
    pub async fn add_calendar_feed(
        &self,
        account: &LinkedAccount,
        feed: &CalendarFeed,
        secret: &SecretString,
        actor: Actor,
    ) -> Result<(), Error> {
        const DOING: &str = "storing a calendar feed";
        // A team always has a JSON form.
        let team = serde_json::to_string(&feed.team).unwrap_or_default();
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            in_tx!(&mut tx, connection => sqlx::query(
                "INSERT INTO calendar_feeds (id, account_no, hash, name, team, show_type, with_pending, language, \
                 days_ahead, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            )
            .bind(feed.id.to_string())
            .bind(account.no)
            .bind(hash(secret))
            .bind(&feed.name)
            .bind(team)
            .bind(feed.show_type)
            .bind(feed.with_pending)
            .bind(&feed.language)
            .bind(i64::from(feed.days_ahead))
            .bind(sql_time(feed.created_at))
            .execute(connection)
            .await
            .map(drop))?;
            let detail = json!({ "calendar_feed_id": feed.id, "show_type": feed.show_type });
            let by = (actor, feed.created_at);
            let entry = NewAuditEntry::new(by, "calendar_feed.created", Some(account.id), detail);
            audit::commit_audited(tx, true, &entry).await
        };
        write.await.map_err(while_doing(DOING)).map(drop)
    }

    /// Lists a linked account's feeds, oldest first.
    #[boxed]
    pub async fn calendar_feeds(&self, account_no: i64) -> Result<Vec<CalendarFeed>, Error> {
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} WHERE f.account_no = $1 ORDER BY f.id"));
        let rows: Vec<Row> = on!(self.db, pool => sqlx::query_as(sql).bind(account_no).fetch_all(pool).await)
            .map_err(while_doing("listing calendar feeds"))?;
        rows.into_iter().map(Row::read).collect()
    }

    /// Returns the feed with this secret.
    #[boxed]
    pub async fn calendar_feed(&self, secret: &SecretString) -> Result<Option<CalendarFeed>, Error> {
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} WHERE f.hash = $1"));
        let row: Option<Row> =
            on!(self.db, pool => sqlx::query_as(sql).bind(hash(secret)).fetch_optional(pool).await)
                .map_err(while_doing("looking up a calendar feed"))?;
        row.map(Row::read).transpose()
    }

    /// Removes a feed of a linked account: its address returns 404 from now on. Returns false if the account
    /// has no such feed.
    #[boxed]
    pub async fn remove_calendar_feed(
        &self,
        account: &LinkedAccount,
        id: CalendarFeedId,
        actor: Actor,
        at: Timestamp,
    ) -> Result<bool, Error> {
        const DOING: &str = "removing a calendar feed";
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            let removed = in_tx!(&mut tx, connection => sqlx::query(
                "DELETE FROM calendar_feeds WHERE account_no = $1 AND id = $2",
            )
            .bind(account.no)
            .bind(id.to_string())
            .execute(connection)
            .await
            .map(|done| done.rows_affected() == 1))?;
            let detail = json!({ "calendar_feed_id": id });
            let by = (actor, at);
            let entry = NewAuditEntry::new(by, "calendar_feed.removed", Some(account.id), detail);
            audit::commit_audited(tx, removed, &entry).await
        };
        write.await.map_err(while_doing(DOING))
    }

    /// Lists the present absences of some employees in the order of their ids, each with the time it was last
    /// written.
    #[boxed]
    pub async fn absences_of(
        &self,
        account_no: i64,
        owners: &[RemoteId],
    ) -> Result<Vec<(Absence, Timestamp)>, Error> {
        // Must match the partial index's expression, as in `employments_of`.
        let hint = self.db.indexed_by("records_of_employee");
        let sql = self.db.with_ids(
            &format!(
                "SELECT body, updated_at FROM records{hint} WHERE account_no = $1 AND kind = 'absences' \
                 AND employee_id IN {{ids}} AND state = 'present' AND withheld IS NULL ORDER BY remote_id"
            ),
            2,
        );
        let rows: Vec<(String, jiff_sqlx::Timestamp)> = on!(self.db, pool => sqlx::query_as(sql)
            .bind(account_no)
            .bind(json_list(owners))
            .fetch_all(pool)
            .await)
        .map_err(while_doing("reading the absences of a team"))?;
        let kind = Kind::Absence;
        let parse = |(body, at): (String, jiff_sqlx::Timestamp)| {
            let absence =
                serde_json::from_str(&body).map_err(|source| Error::CorruptRecord { kind, source })?;
            Ok((absence, at.to_jiff()))
        };
        rows.into_iter().map(parse).collect()
    }
}
