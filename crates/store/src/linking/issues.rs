//! Issues: actions that an operator or administrator must take about a linked account, with a stable code. At
//! most one issue is open for a code and a subject; once it is resolved, the next is a new issue.

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::accounts::account_events;
use crate::db::{Tx, from_sql_count, in_tx, on, row, sql_time};
use crate::error::while_doing;
use crate::{Error, IssueId, Store};

/// An action that an operator or administrator must take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// The issue's id, `iss_…`.
    pub id: IssueId,
    /// The linked account's short key.
    pub account_no: i64,
    /// A stable code, such as `permission.missing`.
    pub code: String,
    /// Its subject within the code, such as a permission's name.
    pub subject: String,
    /// Its evidence: codes and counts, no personal data.
    pub detail: Value,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was last confirmed.
    pub updated_at: Timestamp,
    /// When it was resolved; absent while it is open.
    pub resolved_at: Option<Timestamp>,
}

/// An issue to open.
#[derive(Clone, Debug)]
pub struct NewIssue<'a> {
    /// The id it gets, unless an issue is open for the same code and subject.
    pub id: IssueId,
    /// The linked account's short key.
    pub account_no: i64,
    /// A stable code.
    pub code: &'a str,
    /// Its subject within the code.
    pub subject: &'a str,
    /// Its evidence: codes and counts, no personal data.
    pub detail: &'a Value,
    /// The current time.
    pub at: Timestamp,
}

/// Filter for [`Store::issues`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IssueFilter {
    /// Open issues.
    #[default]
    Open,
    /// Resolved ones too.
    All,
}

row! {
    struct IssueRow {
        id: String,
        account_no: i64,
        code: String,
        subject: String,
        detail: String,
        opened_at: jiff_sqlx::Timestamp,
        updated_at: jiff_sqlx::Timestamp,
        resolved_at: Option<jiff_sqlx::Timestamp>,
    }
}

impl IssueRow {
    fn read(self) -> Result<Issue, Error> {
        let corrupt = |error| Error::Corrupt { what: "issue id", source: Box::new(error) };
        Ok(Issue {
            id: self.id.parse().map_err(corrupt)?,
            account_no: self.account_no,
            code: self.code,
            subject: self.subject,
            detail: serde_json::from_str(&self.detail).unwrap_or_default(),
            opened_at: self.opened_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
            resolved_at: self.resolved_at.map(jiff_sqlx::Timestamp::to_jiff),
        })
    }
}

impl Store {
    /// Opens an issue; one that is open for the same code and subject is updated instead.
    pub async fn open_issue(&self, issue: NewIssue<'_>) -> Result<(), Error> {
        const DOING: &str = "opening an issue";
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            open(&mut tx, &issue).await?;
            tx.commit().await
        };
        write.await.map_err(while_doing(DOING))
    }

    /// Resolves the open issue for a code and a subject. Returns whether there was one.
    #[boxed]
    pub async fn resolve_issue(
        &self,
        account_no: i64,
        code: &str,
        subject: &str,
        at: Timestamp,
    ) -> Result<bool, Error> {
        const DOING: &str = "resolving an issue";
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            account_events::lock(&mut tx, account_no).await?;
            let id: Option<String> = in_tx!(&mut tx, connection => sqlx::query_scalar(
                "UPDATE issues SET resolved_at = $4, updated_at = $4 \
                 WHERE account_no = $1 AND code = $2 AND subject = $3 AND resolved_at IS NULL RETURNING id",
            )
            .bind(account_no)
            .bind(code)
            .bind(subject)
            .bind(sql_time(at))
            .fetch_optional(connection)
            .await)?;
            if let Some(id) = &id {
                let event_detail = json!({ "issue_id": id, "code": code, "subject": subject });
                account_events::append(&mut tx, account_no, "issue.resolved", &event_detail, at).await?;
            }
            tx.commit().await?;
            Ok(id.is_some())
        };
        write.await.map_err(while_doing(DOING))
    }

    /// Lists issues, oldest first: of one linked account, or of all.
    #[boxed]
    pub async fn issues(&self, account_no: Option<i64>, filter: IssueFilter) -> Result<Vec<Issue>, Error> {
        let rows: Vec<IssueRow> = on!(self.db, pool => sqlx::query_as(
            "SELECT id, account_no, code, subject, detail, opened_at, updated_at, resolved_at FROM issues \
             WHERE ($1 IS NULL OR account_no = $1) AND ($2 OR resolved_at IS NULL) ORDER BY id",
        )
        .bind(account_no)
        .bind(filter == IssueFilter::All)
        .fetch_all(pool)
        .await)
        .map_err(while_doing("listing issues"))?;
        rows.into_iter().map(IssueRow::read).collect()
    }

    /// Returns an issue, open or resolved.
    #[boxed]
    pub async fn issue(&self, id: IssueId) -> Result<Option<Issue>, Error> {
        let row: Option<IssueRow> = on!(self.db, pool => sqlx::query_as(
            "SELECT id, account_no, code, subject, detail, opened_at, updated_at, resolved_at FROM issues WHERE id = $1",
        )
        .bind(id.to_string())
        .fetch_optional(pool)
        .await)
        .map_err(while_doing("looking up an issue"))?;
        row.map(IssueRow::read).transpose()
    }

    /// Counts the open issues of a linked account.
    #[boxed]
    pub async fn count_open_issues(&self, account_no: i64) -> Result<u64, Error> {
        let count: i64 = on!(self.db, pool => sqlx::query_scalar(
            "SELECT count(*) FROM issues WHERE account_no = $1 AND resolved_at IS NULL",
        )
        .bind(account_no)
        .fetch_one(pool)
        .await)
        .map_err(while_doing("counting issues"))?;
        Ok(from_sql_count(count))
    }
}

/// Resolves all open issues about a subject whose codes begin with `prefix`, of all linked accounts, because
/// the subject changed or no longer exists.
pub(crate) async fn resolve_by_subject(
    tx: &mut Tx,
    prefix: &str,
    subject: &str,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    let codes = format!("{prefix}%");
    let accounts: Vec<i64> = in_tx!(&mut *tx, connection => sqlx::query_scalar(
        "SELECT DISTINCT account_no FROM issues WHERE subject = $1 AND resolved_at IS NULL AND code LIKE $2 \
         ORDER BY account_no",
    )
    .bind(subject)
    .bind(&codes)
    .fetch_all(connection)
    .await)?;
    for account_no in accounts {
        account_events::lock(&mut *tx, account_no).await?;
        let resolved: Vec<(String, String)> = in_tx!(&mut *tx, connection => sqlx::query_as(
            "UPDATE issues SET resolved_at = $4, updated_at = $4 WHERE account_no = $1 AND subject = $3 \
             AND resolved_at IS NULL AND code LIKE $2 RETURNING id, code",
        )
        .bind(account_no)
        .bind(&codes)
        .bind(subject)
        .bind(sql_time(at))
        .fetch_all(connection)
        .await)?;
        for (id, code) in resolved {
            let event_detail = json!({ "issue_id": id, "code": code, "subject": subject });
            account_events::append(&mut *tx, account_no, "issue.resolved", &event_detail, at).await?;
        }
    }
    Ok(())
}

/// Opens an issue, or updates the open one.
pub(crate) async fn open(tx: &mut Tx, issue: &NewIssue<'_>) -> Result<(), sqlx::Error> {
    let detail = issue.detail.to_string();
    account_events::lock(&mut *tx, issue.account_no).await?;
    let updated = in_tx!(&mut *tx, connection => sqlx::query(
        "UPDATE issues SET detail = $4, updated_at = $5 \
         WHERE account_no = $1 AND code = $2 AND subject = $3 AND resolved_at IS NULL",
    )
    .bind(issue.account_no)
    .bind(issue.code)
    .bind(issue.subject)
    .bind(&detail)
    .bind(sql_time(issue.at))
    .execute(connection)
    .await
    .map(|done| done.rows_affected() > 0))?;
    if !updated {
        in_tx!(&mut *tx, connection => sqlx::query(
            "INSERT INTO issues (id, account_no, code, subject, detail, opened_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $6)",
        )
        .bind(issue.id.to_string())
        .bind(issue.account_no)
        .bind(issue.code)
        .bind(issue.subject)
        .bind(&detail)
        .bind(sql_time(issue.at))
        .execute(connection)
        .await
        .map(drop))?;
        let event_detail = json!({ "issue_id": issue.id, "code": issue.code, "subject": issue.subject });
        account_events::append(&mut *tx, issue.account_no, "issue.opened", &event_detail, issue.at).await?;
    }
    Ok(())
}
