//! Webhook deliveries: the cursors of each webhook endpoint, and the log of its deliveries. The cursor is the
//! outbox: it moves in the transaction that records a success, so that after a crash the next worker sends
//! the same event again.

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;

use crate::db::{Tx, from_sql_count, in_tx, on, row};
use crate::delivery::destinations::{commit, note_attempt, of_ms};
use crate::error::while_doing;
use crate::linking::issues;
use crate::operations::audit::Actor;
use crate::{AccountId, Destination, DestinationId, Error, FailedAttempt, NewIssue, RunId, Store};

/// One of a linked account's two logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Log {
    /// The change log: changes of records.
    Changes,
    /// The account's events, other than changes of records.
    Events,
}

people::names! { Log: "log" { Changes = "changes", Events = "events" } }

/// A position in a log: an entry, and one of the events that it emits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// The entry's number; 0 is before the first.
    pub seq: i64,
    /// The number of its event; [`Cursor::WHOLE`] after all of them.
    pub slot: i64,
}

impl Cursor {
    /// The slot after all events of an entry.
    pub const WHOLE: i64 = 99;

    /// After all events of an entry.
    pub const fn after(seq: i64) -> Self {
        Self { seq, slot: Self::WHOLE }
    }
}

/// Entries of a linked account that an endpoint may not have received.
#[derive(Clone, Debug)]
pub struct Backlog {
    /// The linked account's short key.
    pub account_no: i64,
    /// The linked account's id.
    pub account_id: AccountId,
    /// The endpoint's cursor in the change log.
    pub changes: Cursor,
    /// The endpoint's cursor in the account's events.
    pub events: Cursor,
    /// The number of the account's last event, as of now: the change log already contains all changes that it
    /// refers to.
    pub last_event: i64,
}

/// An attempt to deliver an event.
#[derive(Clone, Debug)]
pub struct Attempt<'a> {
    /// The event's id.
    pub webhook_id: String,
    /// The event's type.
    pub event: &'a str,
    /// The event's source: the account, its log, and the entry. Absent for a test.
    pub from: Option<(i64, Log, i64)>,
    /// The HTTP status, if the endpoint answered.
    pub response: Option<u16>,
    /// Why it failed; absent for a success.
    pub error: Option<&'a str>,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
    /// When it ended.
    pub at: Timestamp,
}

/// Result of delivering events of one log of a linked account to an endpoint.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryResults<'a> {
    /// The account's short key, and which log.
    pub of: (i64, Log),
    /// The cursor before, and after the accepted events.
    pub moved: (Cursor, Cursor),
    /// The attempts, accepted or not.
    pub attempts: &'a [Attempt<'a>],
    /// The consequences of a failed attempt, if one failed.
    pub failed: Option<FailedAttempt>,
    /// The issue to open, if the endpoint is disabled.
    pub issue: Option<&'a NewIssue<'a>>,
}

/// A delivery, as logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookDelivery {
    /// The event's id, the same in every attempt.
    pub webhook_id: String,
    /// The event's type.
    pub event: String,
    /// The linked account it is about; absent for a test.
    pub account_id: Option<AccountId>,
    /// The account's log that it comes from: `changes` or `events`.
    pub log: Option<String>,
    /// The entry's number in it.
    pub seq: Option<i64>,
    /// Whether the last attempt succeeded.
    pub delivered: bool,
    /// The number of attempts.
    pub attempts: u32,
    /// The last answer's HTTP status; absent without an answer.
    pub response: Option<u16>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// How long the last attempt took, in milliseconds.
    pub took_ms: u64,
    /// When it was first attempted.
    pub first_at: Timestamp,
    /// When it was last attempted.
    pub last_at: Timestamp,
}

row! {
    struct DeliveryRow {
        webhook_id: String,
        r#type: String,
        account_id: Option<String>,
        log: Option<String>,
        seq: Option<i64>,
        delivered: bool,
        attempts: i64,
        response: Option<i64>,
        error: Option<String>,
        took_ms: i64,
        first_ms: i64,
        last_ms: i64,
    }
}

fn corrupt(source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Corrupt { what: "webhook delivery", source: Box::new(source) }
}

impl DeliveryRow {
    fn read(self) -> Result<WebhookDelivery, Error> {
        Ok(WebhookDelivery {
            webhook_id: self.webhook_id,
            event: self.r#type,
            account_id: self.account_id.map(|id| id.parse().map_err(corrupt)).transpose()?,
            log: self.log,
            seq: self.seq,
            delivered: self.delivered,
            attempts: u32::try_from(self.attempts).unwrap_or(u32::MAX),
            response: self.response.and_then(|status| u16::try_from(status).ok()),
            error: self.error,
            took_ms: from_sql_count(self.took_ms),
            first_at: of_ms(self.first_ms),
            last_at: of_ms(self.last_ms),
        })
    }
}

const DOING: &str = "recording a webhook delivery";

impl Store {
    /// Lists the linked accounts with entries that an endpoint may not have received, oldest first.
    #[boxed]
    pub async fn webhook_backlog(&self, endpoint: &Destination) -> Result<Vec<Backlog>, Error> {
        // One statement, so that no event is read without its changes.
        let rows: Vec<(i64, String, i64, i64, i64, i64, i64)> = on!(self.db, pool => sqlx::query_as(
            "SELECT a.no, a.id, coalesce(c.seq, a.changes_cut), coalesce(c.slot, $3), coalesce(e.seq, 0), coalesce(e.slot, $3), \
             a.event_seq FROM linked_accounts a \
             LEFT JOIN webhook_cursors c ON c.endpoint_id = $1 AND c.account_no = a.no AND c.log = 'changes' \
             LEFT JOIN webhook_cursors e ON e.endpoint_id = $1 AND e.account_no = a.no AND e.log = 'events' \
             WHERE ($2 IS NULL OR a.no = $2) AND (a.change_seq > coalesce(c.seq, a.changes_cut) OR coalesce(c.slot, $3) < $3 \
             OR a.event_seq > coalesce(e.seq, 0) OR coalesce(e.slot, $3) < $3) ORDER BY a.no",
        )
        .bind(endpoint.id.to_string())
        .bind(endpoint.account_no)
        .bind(Cursor::WHOLE)
        .fetch_all(pool)
        .await)
        .map_err(while_doing("reading outstanding webhook events"))?;
        let read =
            |(account_no, id, seq, slot, event_seq, event_slot, last_event): (_, String, _, _, _, _, _)| {
                Ok(Backlog {
                    account_no,
                    account_id: id.parse().map_err(corrupt)?,
                    changes: Cursor { seq, slot },
                    events: Cursor { seq: event_seq, slot: event_slot },
                    last_event,
                })
            };
        rows.into_iter().map(read).collect()
    }

    /// Returns the first ended sync of a linked account that had read employees: the employees that it found
    /// are not new.
    #[boxed]
    pub async fn first_sync(&self, account_no: i64) -> Result<Option<RunId>, Error> {
        // Run ids begin with their creation time, so their order is that of the runs.
        let id: Option<String> = on!(self.db, pool => sqlx::query_scalar(
            "SELECT min(id) FROM runs WHERE account_no = $1 AND outcome IN ('succeeded', 'incomplete')",
        )
        .bind(account_no)
        .fetch_one(pool)
        .await)
        .map_err(while_doing("reading the first sync"))?;
        id.map(|id| id.parse().map_err(corrupt)).transpose()
    }

    /// Moves an endpoint's cursor past entries that need no delivery. Returns false if another process moved
    /// it meanwhile.
    #[boxed]
    pub async fn pass_over(
        &self,
        endpoint: DestinationId,
        (account_no, log): (i64, Log),
        (from, to): (Cursor, Cursor),
    ) -> Result<bool, Error> {
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            let moved = move_cursor(&mut tx, &endpoint.to_string(), account_no, log, Some(from), to).await?;
            tx.commit().await?;
            Ok(moved)
        };
        write.await.map_err(while_doing(DOING))
    }

    /// Moves an endpoint's cursor to another position: the events after it are delivered, again or not. The
    /// delivery starts at once.
    #[boxed]
    pub async fn replay_webhooks(
        &self,
        endpoint: &Destination,
        (account_no, log): (i64, Log),
        to: Cursor,
        by: (Actor, Timestamp),
    ) -> Result<(), Error> {
        const DOING: &str = "starting a replay of webhooks";
        let id = endpoint.id.to_string();
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        in_tx!(&mut tx, connection => sqlx::query(
            "UPDATE destinations SET next_attempt_ms = 0 WHERE id = $1",
        )
        .bind(&id)
        .execute(connection)
        .await
        .map(drop))
        .map_err(while_doing(DOING))?;
        move_cursor(&mut tx, &id, account_no, log, None, to).await.map_err(while_doing(DOING))?;
        commit(tx, true, by, "replayed", (endpoint.id, endpoint.account_id))
            .await
            .map_err(while_doing(DOING))
            .map(drop)
    }

    /// Records the attempts and their consequences, and moves the cursor, in one transaction. After a failure
    /// the lease is released. Returns false if the endpoint may receive no more events under this lease:
    /// another process holds it by now, or a replay moved the cursor.
    pub async fn record_deliveries(
        &self,
        endpoint: DestinationId,
        holder: &str,
        report: DeliveryResults<'_>,
    ) -> Result<bool, Error> {
        let id = endpoint.to_string();
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            let is_ours = note_attempt(&mut tx, &id, holder, report.failed).await?;
            if !is_ours {
                return Ok(false);
            }
            let ((account_no, log), (from, to)) = (report.of, report.moved);
            let may_continue =
                from == to || move_cursor(&mut tx, &id, account_no, log, Some(from), to).await?;
            for attempt in report.attempts {
                note(&mut tx, &id, attempt).await?;
            }
            if let Some(issue) = report.issue {
                issues::open(&mut tx, issue).await?;
            }
            tx.commit().await?;
            Ok(may_continue)
        };
        write.await.map_err(while_doing(DOING))
    }

    /// Records the attempt to deliver a test event.
    pub async fn webhook_tested(&self, endpoint: DestinationId, attempt: &Attempt<'_>) -> Result<(), Error> {
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            note(&mut tx, &endpoint.to_string(), attempt).await?;
            tx.commit().await
        };
        write.await.map_err(while_doing(DOING))
    }

    /// Lists the deliveries to an endpoint, the last attempted first: all, or only successful or failed ones.
    #[boxed]
    pub async fn webhook_deliveries(
        &self,
        endpoint: DestinationId,
        delivered: Option<bool>,
        limit: u32,
    ) -> Result<Vec<WebhookDelivery>, Error> {
        let rows: Vec<DeliveryRow> = on!(self.db, pool => sqlx::query_as(
            "SELECT d.webhook_id, d.type, d.log, d.seq, d.delivered, d.attempts, d.response, d.error, d.took_ms, \
             d.first_ms, d.last_ms, \
             (SELECT a.id FROM linked_accounts a WHERE a.no = d.account_no) AS account_id \
             FROM webhook_deliveries d WHERE endpoint_id = $1 AND ($2 IS NULL OR delivered = $2) \
             ORDER BY last_ms DESC, log DESC, seq DESC, webhook_id LIMIT $3",
        )
        .bind(endpoint.to_string())
        .bind(delivered)
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
        .map_err(while_doing("reading webhook deliveries"))?;
        rows.into_iter().map(DeliveryRow::read).collect()
    }
}

/// Adds the cursors of a new endpoint, at the end of the logs: of one linked account, or of all.
pub(crate) async fn add_cursors(
    tx: &mut Tx,
    endpoint: &str,
    account_no: Option<i64>,
) -> Result<(), sqlx::Error> {
    for (log, seq) in [(Log::Changes, "change_seq"), (Log::Events, "event_seq")] {
        let sql = sqlx::AssertSqlSafe(format!(
            "INSERT INTO webhook_cursors (endpoint_id, account_no, log, seq, slot) \
             SELECT $1, no, $2, {seq}, $3 FROM linked_accounts WHERE $4 IS NULL OR no = $4"
        ));
        in_tx!(&mut *tx, connection => sqlx::query(sql)
            .bind(endpoint)
            .bind(log.name())
            .bind(Cursor::WHOLE)
            .bind(account_no)
            .execute(connection)
            .await
            .map(drop))?;
    }
    Ok(())
}

/// Moves a cursor: from the expected position, or from any. Returns whether it was there.
async fn move_cursor(
    tx: &mut Tx,
    endpoint: &str,
    account_no: i64,
    log: Log,
    from: Option<Cursor>,
    to: Cursor,
) -> Result<bool, sqlx::Error> {
    in_tx!(tx, connection => sqlx::query(
        "INSERT INTO webhook_cursors (endpoint_id, account_no, log, seq, slot) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (endpoint_id, account_no, log) DO UPDATE SET seq = excluded.seq, slot = excluded.slot \
         WHERE $6 IS NULL OR (webhook_cursors.seq = $6 AND webhook_cursors.slot = $7)",
    )
    .bind(endpoint)
    .bind(account_no)
    .bind(log.name())
    .bind(to.seq)
    .bind(to.slot)
    .bind(from.map(|from| from.seq))
    .bind(from.map(|from| from.slot))
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1))
}

async fn note(tx: &mut Tx, endpoint: &str, attempt: &Attempt<'_>) -> Result<(), sqlx::Error> {
    in_tx!(tx, connection => sqlx::query(
        "INSERT INTO webhook_deliveries (endpoint_id, webhook_id, type, account_no, log, seq, delivered, attempts, \
         response, error, took_ms, first_ms, last_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $10, $11, $11) \
         ON CONFLICT (endpoint_id, webhook_id) DO UPDATE SET delivered = excluded.delivered, \
         attempts = webhook_deliveries.attempts + 1, response = excluded.response, error = excluded.error, \
         took_ms = excluded.took_ms, last_ms = excluded.last_ms",
    )
    .bind(endpoint)
    .bind(&attempt.webhook_id)
    .bind(attempt.event)
    .bind(attempt.from.map(|(account_no, _, _)| account_no))
    .bind(attempt.from.map(|(_, log, _)| log.name()))
    .bind(attempt.from.map(|(_, _, seq)| seq))
    .bind(attempt.error.is_none())
    .bind(attempt.response.map(i64::from))
    .bind(attempt.error)
    .bind(attempt.took_ms)
    .bind(attempt.at.as_millisecond())
    .execute(connection)
    .await
    .map(drop))
}
