//! Absence submissions (absence requests made through the connector): the requested absence, its progress on
//! the way to Lucca, and its state in Lucca since. A submission is stored before the connector sends the
//! request, so that after a crash the next process can see that it may have been sent.

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use people::{Absence, AbsenceRequest, RemoteId};
use sqlx::AssertSqlSafe;

use crate::db::{Tx, in_tx, on, row, sql_count, sql_time};
use crate::error::{stored, while_doing};
use crate::{Error, Store, SubmissionId};

/// Progress of a submission on its way to Lucca.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubmissionState {
    /// Stored; not sent yet.
    Queued,
    /// Being sent, or it was when the process ended.
    Sending,
    /// Sent, but Lucca's answer did not arrive: the connector looks it up in Lucca.
    InDoubt,
    /// Lucca has it.
    Made,
    /// Lucca refused it.
    Refused,
    /// It was sent, did not arrive, and was not sent again.
    NotMade,
}

people::names! {
    SubmissionState: "submission state" {
        Queued = "queued",
        Sending = "sending",
        InDoubt = "in_doubt",
        Made = "made",
        Refused = "refused",
        NotMade = "not_made",
    }
}

/// An absence submission.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The submission's id, `abr_…`.
    pub id: SubmissionId,
    /// The linked account.
    pub account_no: i64,
    /// The caller's idempotency key: two submissions under one key are one.
    pub idempotency_key: String,
    /// The employee who would be absent.
    pub employee_id: RemoteId,
    /// The requested absence, as JSON that only the `absences` crate reads.
    pub ask: String,
    /// Its progress.
    pub state: SubmissionState,
    /// The data needed to send it to Lucca, as JSON that only the `absences` crate reads.
    pub detail: String,
    /// Lucca's id of the request, once known.
    pub request_id: Option<RemoteId>,
    /// Lucca's id of the absence, once known.
    pub absence_id: Option<RemoteId>,
    /// The request as Lucca last reported it.
    pub request: Option<AbsenceRequest>,
    /// The absence as Lucca last reported it.
    pub absence: Option<Absence>,
    /// Grows with each save. A save of an outdated version writes nothing.
    pub version: i64,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// When to process it next; absent: never.
    pub due_at: Option<Timestamp>,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
}

/// An absence submission to store.
#[derive(Clone, Debug)]
pub struct NewSubmission<'a> {
    /// The id it gets if it is new.
    pub id: SubmissionId,
    /// The linked account.
    pub account_no: i64,
    /// The caller's idempotency key.
    pub idempotency_key: &'a str,
    /// The employee who would be absent.
    pub employee_id: &'a RemoteId,
    /// The requested absence, as JSON.
    pub ask: &'a str,
    /// The data needed to send it to Lucca, as JSON.
    pub detail: &'a str,
    /// When to process it, unless that happens earlier.
    pub due_at: Timestamp,
    /// The current time.
    pub at: Timestamp,
}

/// Filter for [`Store::submissions`].
#[derive(Clone, Debug, Default)]
pub struct SubmissionFilter {
    /// Only of this linked account.
    pub account_no: Option<i64>,
    /// Only of this employee.
    pub employee_id: Option<RemoteId>,
    /// Only those due by this time.
    pub due_by: Option<Timestamp>,
    /// Only those made before this one.
    pub before: Option<SubmissionId>,
}

const SELECT: &str = "SELECT id, account_no, idempotency_key, employee_id, ask, state, detail, request_id, absence_id, \
                      request, absence, version, sent_at, due_at, created_at, updated_at FROM submissions";

row! {
    struct Row {
        id: String,
        account_no: i64,
        idempotency_key: String,
        employee_id: String,
        ask: String,
        state: String,
        detail: String,
        request_id: Option<String>,
        absence_id: Option<String>,
        request: Option<String>,
        absence: Option<String>,
        version: i64,
        sent_at: Option<jiff_sqlx::Timestamp>,
        due_at: Option<jiff_sqlx::Timestamp>,
        created_at: jiff_sqlx::Timestamp,
        updated_at: jiff_sqlx::Timestamp,
    }
}

/// A due time in whole seconds, rounded up: SQLite compares these times as text, which sorts them only if all
/// have the same number of digits.
fn sql_due(at: Timestamp) -> jiff_sqlx::Timestamp {
    let second = at.as_second() + i64::from(at.subsec_nanosecond() > 0);
    sql_time(Timestamp::from_second(second).unwrap_or(at))
}

fn corrupt(what: &'static str, source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Corrupt { what, source: Box::new(source) }
}

fn read_json<T: serde::de::DeserializeOwned>(json: Option<String>) -> Result<Option<T>, Error> {
    json.map(|json| serde_json::from_str(&json).map_err(|error| corrupt("absence request", error)))
        .transpose()
}

fn json<T: serde::Serialize>(value: Option<&T>) -> Result<Option<String>, Error> {
    value
        .map(|value| serde_json::to_string(value).map_err(|error| corrupt("absence request", error)))
        .transpose()
}

impl Row {
    fn read(self) -> Result<Submission, Error> {
        Ok(Submission {
            id: self.id.parse().map_err(|error| corrupt("submission id", error))?,
            account_no: self.account_no,
            idempotency_key: self.idempotency_key,
            employee_id: RemoteId::from(self.employee_id),
            ask: self.ask,
            state: stored("submissions", &self.state)?,
            detail: self.detail,
            request_id: self.request_id.map(RemoteId::from),
            absence_id: self.absence_id.map(RemoteId::from),
            request: read_json(self.request)?,
            absence: read_json(self.absence)?,
            version: self.version,
            sent_at: self.sent_at.map(jiff_sqlx::Timestamp::to_jiff),
            due_at: self.due_at.map(jiff_sqlx::Timestamp::to_jiff),
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
        })
    }
}

impl Store {
    /// Stores an absence submission, unless one exists under the same idempotency key. Returns the stored
    /// one; its id shows whether it is the new one.
    pub async fn add_submission(&self, new: NewSubmission<'_>) -> Result<Submission, Error> {
        const DOING: &str = "storing an absence submission";
        on!(self.db, pool => sqlx::query(
            "INSERT INTO submissions (id, account_no, idempotency_key, employee_id, ask, state, detail, version, \
             due_at, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, 'queued', $6, 1, $7, $8, $8) \
             ON CONFLICT (account_no, idempotency_key) DO NOTHING",
        )
        .bind(new.id.to_string())
        .bind(new.account_no)
        .bind(new.idempotency_key)
        .bind(new.employee_id.as_str())
        .bind(new.ask)
        .bind(new.detail)
        .bind(sql_due(new.due_at))
        .bind(sql_time(new.at))
        .execute(pool)
        .await
        .map(drop))
        .map_err(while_doing(DOING))?;
        match self.submission_by_key(new.account_no, new.idempotency_key).await? {
            Some(submission) => Ok(submission),
            None => Err(while_doing(DOING)(sqlx::Error::RowNotFound)),
        }
    }

    /// Saves a submission's progress, unless another writer has saved it since it was read. Returns whether
    /// it was saved; its version grows then.
    #[boxed]
    pub async fn save_submission(&self, submission: &mut Submission, at: Timestamp) -> Result<bool, Error> {
        let (request, absence) = (json(submission.request.as_ref())?, json(submission.absence.as_ref())?);
        let written = on!(self.db, pool => sqlx::query(
            "UPDATE submissions SET state = $3, detail = $4, request_id = $5, absence_id = $6, request = $7, \
             absence = $8, version = version + 1, sent_at = $9, due_at = $10, updated_at = $11 \
             WHERE id = $1 AND version = $2",
        )
        .bind(submission.id.to_string())
        .bind(submission.version)
        .bind(submission.state.name())
        .bind(&submission.detail)
        .bind(submission.request_id.as_ref().map(RemoteId::as_str))
        .bind(submission.absence_id.as_ref().map(RemoteId::as_str))
        .bind(request)
        .bind(absence)
        .bind(submission.sent_at.map(sql_time))
        .bind(submission.due_at.map(sql_due))
        .bind(sql_time(at))
        .execute(pool)
        .await
        .map(|done| done.rows_affected() == 1))
        .map_err(while_doing("saving an absence submission"))?;
        if written {
            submission.version += 1;
            submission.updated_at = at;
        }
        Ok(written)
    }

    /// Returns a submission.
    #[boxed]
    pub async fn submission(&self, id: SubmissionId) -> Result<Option<Submission>, Error> {
        let sql = AssertSqlSafe(format!("{SELECT} WHERE id = $1"));
        let row: Option<Row> = on!(self.db, pool => sqlx::query_as(sql)
            .bind(id.to_string())
            .fetch_optional(pool)
            .await)
        .map_err(while_doing("looking up an absence submission"))?;
        row.map(Row::read).transpose()
    }

    /// Returns the submission with this idempotency key.
    #[boxed]
    pub async fn submission_by_key(&self, account_no: i64, key: &str) -> Result<Option<Submission>, Error> {
        let sql = AssertSqlSafe(format!("{SELECT} WHERE account_no = $1 AND idempotency_key = $2"));
        let row: Option<Row> = on!(self.db, pool => sqlx::query_as(sql)
        .bind(account_no)
        .bind(key)
        .fetch_optional(pool)
        .await)
        .map_err(while_doing("looking up an absence submission"))?;
        row.map(Row::read).transpose()
    }

    /// Returns the linked accounts with submissions that are due. Submissions of other accounts wait until
    /// the account is linked again.
    #[boxed]
    pub async fn accounts_with_due_submissions(&self, now: Timestamp) -> Result<Vec<i64>, Error> {
        on!(self.db, pool => sqlx::query_scalar(
            "SELECT DISTINCT s.account_no FROM submissions s JOIN linked_accounts a ON a.no = s.account_no \
             WHERE s.due_at <= $1 AND a.status = 'linked' ORDER BY s.account_no",
        )
        .bind(sql_time(Timestamp::from_second(now.as_second()).unwrap_or(now)))
        .fetch_all(pool)
        .await)
        .map_err(while_doing("reading due absence submissions"))
    }

    /// Lists submissions, latest first.
    #[boxed]
    pub async fn submissions(&self, filter: &SubmissionFilter, limit: u64) -> Result<Vec<Submission>, Error> {
        let sql = AssertSqlSafe(format!(
            "{SELECT} WHERE ($1 IS NULL OR account_no = $1) AND ($2 IS NULL OR employee_id = $2) \
             AND ($3 IS NULL OR due_at <= $3) AND ($4 IS NULL OR id < $4) ORDER BY id DESC LIMIT $5",
        ));
        let rows: Vec<Row> = on!(self.db, pool => sqlx::query_as(sql)
        .bind(filter.account_no)
        .bind(filter.employee_id.as_ref().map(RemoteId::as_str))
        .bind(filter.due_by.map(|by| sql_time(Timestamp::from_second(by.as_second()).unwrap_or(by))))
        .bind(filter.before.map(|id| id.to_string()))
        .bind(sql_count(limit))
        .fetch_all(pool)
        .await)
        .map_err(while_doing("listing absence submissions"))?;
        rows.into_iter().map(Row::read).collect()
    }
}

/// Erases an employee's submissions, and the employee's comments in other employees' submissions. Returns the
/// number of changed rows.
pub(crate) async fn erase(tx: &mut Tx, account_no: i64, person: &RemoteId) -> Result<u64, sqlx::Error> {
    let mut touched = in_tx!(&mut *tx, connection => sqlx::query(
        "DELETE FROM submissions WHERE account_no = $1 AND employee_id = $2",
    )
    .bind(account_no)
    .bind(person.as_str())
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    let rows: Vec<(String, String)> = in_tx!(&mut *tx, connection => sqlx::query_as(
        "SELECT id, request FROM submissions WHERE account_no = $1 AND request LIKE '%\"comment\"%'",
    )
    .bind(account_no)
    .fetch_all(connection)
    .await)?;
    for (id, request) in rows {
        let Ok(mut request) = serde_json::from_str::<AbsenceRequest>(&request) else { continue };
        if !request.forget_words_of(|author| author == person) {
            continue;
        }
        let Ok(request) = serde_json::to_string(&request) else { continue };
        in_tx!(&mut *tx, connection => sqlx::query(
            "UPDATE submissions SET request = $2, version = version + 1 WHERE id = $1",
        )
        .bind(&id)
        .bind(&request)
        .execute(connection)
        .await
        .map(drop))?;
        touched += 1;
    }
    Ok(touched)
}
