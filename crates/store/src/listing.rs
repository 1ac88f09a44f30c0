//! Records in the order of their ids, page by page, for whoever lists them from outside.

use jiff::{Timestamp, Unit};
use people::{Employment, Kind, RemoteId};

use crate::db::{Db, on, sql_time};
use crate::dialect::json_list;
use crate::error::while_doing;
use crate::records::RecordState;
use crate::{Error, Store};

/// Which records to list.
#[derive(Clone, Debug, Default)]
pub struct ListFilter {
    /// Only those behind this id, in the order of ids as text.
    pub after: Option<RemoteId>,
    /// Only those written in this second or later. Of employees, those whose employments were, too.
    pub modified_since: Option<Timestamp>,
    /// Whether those that are gone or hidden are listed as well.
    pub with_deleted: bool,
    /// Whether they come as Lucca sent them too.
    pub with_raw: bool,
    /// Only those whose members have these values.
    pub equal: Vec<(&'static str, RemoteId)>,
}

/// A record as it is stored.
#[derive(Clone, Debug)]
pub struct ListedRecord {
    /// Its id at the source.
    pub id: RemoteId,
    /// The model as JSON.
    pub body: String,
    /// As Lucca sent it, where that is kept.
    pub raw: Option<String>,
    /// How it stands.
    pub state: RecordState,
    /// When it was last written.
    pub updated_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    remote_id: String,
    body: String,
    raw: Option<String>,
    state: String,
    updated_at: jiff_sqlx::Timestamp,
}

impl From<Row> for ListedRecord {
    fn from(row: Row) -> Self {
        Self {
            id: RemoteId::from(row.remote_id),
            body: row.body,
            raw: row.raw,
            state: RecordState::from_name(&row.state),
            updated_at: row.updated_at.to_jiff(),
        }
    }
}

const DOING: &str = "listing records";

/// The beginning of a second, as each engine compares it with what it keeps: SQLite keeps times as text, with as many
/// digits as they have, so the text up to the second is below all times in it.
fn second_of(at: Timestamp) -> (String, jiff_sqlx::Timestamp) {
    let second = at.round(jiff::TimestampRound::new().smallest(Unit::Second).mode(jiff::RoundMode::Floor));
    let second = second.unwrap_or(at);
    (second.to_string().trim_end_matches('Z').to_owned(), sql_time(second))
}

impl Store {
    /// The next records of a kind that are delivered, `limit` at most, in the order of their ids as text.
    pub async fn list(
        &self,
        account_no: i64,
        kind: Kind,
        filter: &ListFilter,
        limit: u32,
    ) -> Result<Vec<ListedRecord>, Error> {
        let nested = match (kind, filter.modified_since) {
            (Kind::Employee, Some(since)) => self.owners_of_changed_employments(account_no, since).await?,
            _ => Vec::new(),
        };
        let members: String = (8..)
            .zip(&filter.equal)
            .map(|(n, (member, _))| format!(" AND {} = ${n}", self.db.member(member)))
            .collect();
        let raw = if filter.with_raw { "raw" } else { "NULL" };
        let sql = format!(
            "SELECT remote_id, body, {raw} AS raw, state, updated_at FROM records \
             WHERE account_no = $1 AND kind = $2 AND withheld IS NULL AND remote_id > $4 \
             AND ($5 OR state = 'present') \
             AND ($6 IS NULL OR updated_at >= $6 OR remote_id IN {{ids}}){members} ORDER BY remote_id LIMIT $7"
        );
        let sql = self.db.with_ids(&sql, 3);
        let after = filter.after.as_ref().map_or("", RemoteId::as_str);
        let second = filter.modified_since.map(second_of);
        let rows: Vec<Row> = match &self.db {
            Db::Sqlite(pool) => {
                let query = sqlx::query_as(sql)
                    .bind(account_no)
                    .bind(kind.name())
                    .bind(json_list(&nested))
                    .bind(after)
                    .bind(filter.with_deleted)
                    .bind(second.map(|(text, _)| text))
                    .bind(i64::from(limit));
                let values = filter.equal.iter().map(|(_, value)| value.as_str());
                values.fold(query, |query, value| query.bind(value)).fetch_all(pool).await
            }
            Db::Postgres(pool) => {
                let query = sqlx::query_as(sql)
                    .bind(account_no)
                    .bind(kind.name())
                    .bind(json_list(&nested))
                    .bind(after)
                    .bind(filter.with_deleted)
                    .bind(second.map(|(_, time)| time))
                    .bind(i64::from(limit));
                let values = filter.equal.iter().map(|(_, value)| value.as_str());
                values.fold(query, |query, value| query.bind(value)).fetch_all(pool).await
            }
        }
        .map_err(while_doing(DOING))?;
        Ok(rows.into_iter().map(ListedRecord::from).collect())
    }

    /// One record, whatever its state; none where it is withheld.
    pub async fn listed(
        &self,
        account_no: i64,
        kind: Kind,
        id: &RemoteId,
    ) -> Result<Option<ListedRecord>, Error> {
        let row: Option<Row> = on!(self.db, pool => sqlx::query_as(
            "SELECT remote_id, body, raw, state, updated_at FROM records \
             WHERE account_no = $1 AND kind = $2 AND remote_id = $3 AND withheld IS NULL",
        )
        .bind(account_no)
        .bind(kind.name())
        .bind(id.as_str())
        .fetch_optional(pool)
        .await)
        .map_err(while_doing(DOING))?;
        Ok(row.map(ListedRecord::from))
    }

    /// The present employments of some employees, as far as they are delivered.
    pub async fn employments_of(
        &self,
        account_no: i64,
        owners: &[RemoteId],
    ) -> Result<Vec<Employment>, Error> {
        // Worded as the partial index is. SQLite prefers its primary key, which would read every employment there is.
        let hint = self.db.indexed_by("employments_of_employee");
        let owner = self.db.member("employee_id");
        let sql = self.db.with_ids(
            &format!(
                "SELECT body FROM records{hint} WHERE account_no = $1 AND kind = 'employments' \
                 AND {owner} IN {{ids}} AND state = 'present' AND withheld IS NULL"
            ),
            2,
        );
        let bodies: Vec<String> = on!(self.db, pool => sqlx::query_scalar(sql)
            .bind(account_no)
            .bind(json_list(owners))
            .fetch_all(pool)
            .await)
        .map_err(while_doing(DOING))?;
        let kind = Kind::Employment;
        let parse = |body: String| {
            serde_json::from_str(&body).map_err(|source| Error::CorruptRecord { kind, source })
        };
        bodies.into_iter().map(parse).collect()
    }

    /// Whose employments were written in a second or later.
    async fn owners_of_changed_employments(
        &self,
        account_no: i64,
        since: Timestamp,
    ) -> Result<Vec<RemoteId>, Error> {
        let sql = self.db.with_members(
            "SELECT DISTINCT {body.employee_id} FROM records \
             WHERE account_no = $1 AND kind = 'employments' AND updated_at >= $2",
        );
        let (text, time) = second_of(since);
        let owners: Vec<Option<String>> = match &self.db {
            Db::Sqlite(pool) => sqlx::query_scalar(sql).bind(account_no).bind(text).fetch_all(pool).await,
            Db::Postgres(pool) => sqlx::query_scalar(sql).bind(account_no).bind(time).fetch_all(pool).await,
        }
        .map_err(while_doing(DOING))?;
        Ok(owners.into_iter().flatten().map(RemoteId::from).collect())
    }
}
