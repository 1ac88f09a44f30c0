//! Records of the normalised model: looked up to be compared by content hash, counted, and read back as the
//! model's types. How they are written is in `commit`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use async_recursion::async_recursion as boxed;
use futures::TryStreamExt;
use jiff::Timestamp;
use jiff::civil::Date;
use people::{Kind, Model, RemoteId};
use serde::{Deserialize, Serialize};

use crate::db::{from_sql_count, on};
use crate::dialect::json_list;
use crate::error::while_doing;
use crate::{Error, Store};

/// How a stored record stands at its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordState {
    /// Seen when the source was last enumerated.
    Present,
    /// An enumeration that was provably complete did not have it.
    Gone,
    /// No longer shown, and the evidence is that the API key lost a permission.
    Hidden,
}

impl RecordState {
    /// The state's name, as JSON and the database write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Gone => "gone",
            Self::Hidden => "hidden",
        }
    }

    pub(crate) fn from_name(name: &str) -> Self {
        match name {
            "gone" => Self::Gone,
            "hidden" => Self::Hidden,
            _ => Self::Present,
        }
    }
}

/// The content hash of a record and how it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredHash {
    /// See [`content_hash`].
    pub hash: u128,
    /// How the record stands.
    pub state: RecordState,
}

/// A record to write: new, changed, or back after it was gone.
#[derive(Clone, Debug)]
pub struct RecordUpsert {
    /// The record's id at its source.
    pub id: RemoteId,
    /// The content hash of `body`.
    pub hash: u128,
    /// The model as JSON.
    pub body: String,
    /// The record as Lucca sent it, where it is kept: as it was when the model last changed.
    pub raw: Option<String>,
}

/// The content hash by which a record's change is recognised: of its model as JSON. Not cryptographic.
///
/// The raw record is left out: it holds counters and addresses that change without the record changing.
pub fn content_hash(body: &str) -> u128 {
    xxhash_rust::xxh3::xxh3_128(body.as_bytes())
}

/// What an absence request waits for: enough to tell whether anything was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRequest {
    /// Its status's name.
    pub status: String,
    /// Whose decision is expected next.
    pub next_approver_id: Option<RemoteId>,
    /// The ids of the decisions so far, and of the demands to cancel it.
    pub steps: BTreeSet<RemoteId>,
}

/// The ids in a JSON list of objects. What has none is left out.
fn ids_of(list: &str) -> Vec<RemoteId> {
    #[derive(Deserialize)]
    struct Step {
        id: Option<RemoteId>,
    }
    let steps: Vec<Step> = serde_json::from_str(list).unwrap_or_default();
    steps.into_iter().filter_map(|step| step.id).collect()
}

/// A stored record, read back.
#[derive(Clone, Debug)]
pub struct Stored<T> {
    /// The record.
    pub record: T,
    /// As Lucca sent it when the model last changed, where that is kept.
    pub raw: Option<String>,
    /// How it stands at its source.
    pub state: RecordState,
    /// When it was last written.
    pub updated_at: Timestamp,
}

/// Records that outputs may hand out: the account's configuration does not withhold them.
const DELIVERED: &str = "withheld IS NULL";
/// All that are stored.
const KEPT: &str = "true";

impl Store {
    /// The hashes of those of `ids` that are stored.
    #[boxed]
    pub async fn hashes(
        &self,
        account_no: i64,
        kind: Kind,
        ids: &[RemoteId],
    ) -> Result<HashMap<RemoteId, StoredHash>, Error> {
        let sql = self.db.with_ids(
            "SELECT remote_id, hash, state FROM records \
             WHERE account_no = $1 AND kind = $2 AND remote_id IN {ids}",
            3,
        );
        let rows: Vec<(String, Vec<u8>, String)> = on!(self.db, pool => sqlx::query_as(sql)
            .bind(account_no)
            .bind(kind.name())
            .bind(json_list(ids))
            .fetch_all(pool)
            .await)
        .map_err(while_doing("comparing records with what is stored"))?;
        Ok(rows
            .into_iter()
            .map(|(id, hash, state)| {
                // A hash of another length equals no new one, so the record is simply written again.
                let hash = hash.try_into().map_or(0, u128::from_be_bytes);
                (RemoteId::from(id), StoredHash { hash, state: RecordState::from_name(&state) })
            })
            .collect())
    }

    /// The stored models, as JSON, of those of `ids` that are delivered, and how they stand.
    #[boxed]
    pub async fn bodies(
        &self,
        account_no: i64,
        kind: Kind,
        ids: &[RemoteId],
    ) -> Result<HashMap<RemoteId, (String, RecordState)>, Error> {
        self.bodies_where(DELIVERED, account_no, kind, ids).await
    }

    /// The same of all that are stored, withheld ones included: for whoever keeps them, not for who hands them out.
    #[boxed]
    pub async fn kept_bodies(
        &self,
        account_no: i64,
        kind: Kind,
        ids: &[RemoteId],
    ) -> Result<HashMap<RemoteId, (String, RecordState)>, Error> {
        self.bodies_where(KEPT, account_no, kind, ids).await
    }

    async fn bodies_where(
        &self,
        sight: &str,
        account_no: i64,
        kind: Kind,
        ids: &[RemoteId],
    ) -> Result<HashMap<RemoteId, (String, RecordState)>, Error> {
        let sql = self.db.with_ids(
            &format!(
                "SELECT remote_id, body, state FROM records \
                 WHERE account_no = $1 AND kind = $2 AND remote_id IN {{ids}} AND {sight}"
            ),
            3,
        );
        let rows: Vec<(String, String, String)> = on!(self.db, pool => sqlx::query_as(sql)
            .bind(account_no)
            .bind(kind.name())
            .bind(json_list(ids))
            .fetch_all(pool)
            .await)
        .map_err(while_doing("reading records"))?;
        Ok(rows
            .into_iter()
            .map(|(id, body, state)| (RemoteId::from(id), (body, RecordState::from_name(&state))))
            .collect())
    }

    /// When each of these records was first stored.
    #[boxed]
    pub async fn first_stored(
        &self,
        account_no: i64,
        kind: Kind,
        ids: &[RemoteId],
    ) -> Result<HashMap<RemoteId, Timestamp>, Error> {
        let sql = self.db.with_ids(
            "SELECT remote_id, created_at FROM records \
             WHERE account_no = $1 AND kind = $2 AND remote_id IN {ids}",
            3,
        );
        let rows: Vec<(String, jiff_sqlx::Timestamp)> = on!(self.db, pool => sqlx::query_as(sql)
            .bind(account_no)
            .bind(kind.name())
            .bind(json_list(ids))
            .fetch_all(pool)
            .await)
        .map_err(while_doing("reading when records were stored"))?;
        Ok(rows.into_iter().map(|(id, at)| (RemoteId::from(id), at.to_jiff())).collect())
    }

    /// Those of `ids` that are present.
    #[boxed]
    pub async fn present_among(
        &self,
        account_no: i64,
        kind: Kind,
        ids: &[RemoteId],
    ) -> Result<Vec<RemoteId>, Error> {
        let known = self.hashes(account_no, kind, ids).await?;
        let is_present =
            |id: &&RemoteId| known.get(*id).is_some_and(|record| record.state == RecordState::Present);
        Ok(ids.iter().filter(is_present).cloned().collect())
    }

    /// How many records of a kind are present.
    #[boxed]
    pub async fn count_present(&self, account_no: i64, kind: Kind) -> Result<u64, Error> {
        let count: i64 = on!(self.db, pool => sqlx::query_scalar(
            "SELECT count(*) FROM records WHERE account_no = $1 AND kind = $2 AND state = 'present'",
        )
        .bind(account_no)
        .bind(kind.name())
        .fetch_one(pool)
        .await)
        .map_err(while_doing("counting records"))?;
        Ok(from_sql_count(count))
    }

    /// The ids of those present records of a kind that `wanted` picks.
    pub async fn present_ids(
        &self,
        account_no: i64,
        kind: Kind,
        wanted: impl Fn(&RemoteId) -> bool,
    ) -> Result<HashSet<RemoteId>, Error> {
        const DOING: &str = "listing records";
        // Row by row: a large tenant's ids would take more memory than its pages.
        on!(self.db, pool => {
            let mut rows = sqlx::query_scalar::<_, String>(
                "SELECT remote_id FROM records WHERE account_no = $1 AND kind = $2 AND state = 'present'",
            )
            .bind(account_no)
            .bind(kind.name())
            .fetch(pool);
            let mut ids = HashSet::new();
            while let Some(id) = rows.try_next().await.map_err(while_doing(DOING))? {
                let id = RemoteId::from(id);
                if wanted(&id) {
                    ids.insert(id);
                }
            }
            Ok(ids)
        })
    }

    /// The present absences that touch the days from `first` to `last`, one after another, as JSON.
    pub async fn absences_between(
        &self,
        account_no: i64,
        first: Date,
        last: Date,
        each: impl FnMut(RemoteId, &str),
    ) -> Result<(), Error> {
        self.absences_where(DELIVERED, account_no, (first, last), each).await
    }

    /// The same with those that are withheld.
    pub async fn kept_absences_between(
        &self,
        account_no: i64,
        first: Date,
        last: Date,
        each: impl FnMut(RemoteId, &str),
    ) -> Result<(), Error> {
        self.absences_where(KEPT, account_no, (first, last), each).await
    }

    async fn absences_where(
        &self,
        sight: &str,
        account_no: i64,
        (first, last): (Date, Date),
        mut each: impl FnMut(RemoteId, &str),
    ) -> Result<(), Error> {
        const DOING: &str = "reading absences";
        // Leaves are kept in the order of their half-days, and dates as YYYY-MM-DD sort as text.
        let (first_leave, last_leave) = self.db.ends_of("leaves");
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT remote_id, body FROM records WHERE account_no = $1 AND kind = 'absences' \
             AND state = 'present' AND {sight} AND {first_leave} ->> 'date' <= $3 AND {last_leave} ->> 'date' >= $2",
        ));
        on!(self.db, pool => {
            let mut rows = sqlx::query_as::<_, (String, String)>(sql)
                .bind(account_no)
                .bind(first.to_string())
                .bind(last.to_string())
                .fetch(pool);
            while let Some((id, body)) = rows.try_next().await.map_err(while_doing(DOING))? {
                each(RemoteId::from(id), &body);
            }
            Ok(())
        })
    }

    /// The present records of a kind whose member `member` is one of `values`: their ids, and the value.
    #[boxed]
    pub async fn referring(
        &self,
        account_no: i64,
        kind: Kind,
        member: &'static str,
        values: &[RemoteId],
    ) -> Result<Vec<(RemoteId, RemoteId)>, Error> {
        let sql = self.db.with_members(&format!("{{body.{member}}}")).0;
        let sql = format!(
            "SELECT remote_id, {sql} FROM records WHERE account_no = $1 AND kind = $2 AND state = 'present' \
             AND {sql} IN {{ids}}"
        );
        let rows: Vec<(String, String)> = on!(self.db, pool => sqlx::query_as(self.db.with_ids(&sql, 3))
            .bind(account_no)
            .bind(kind.name())
            .bind(json_list(values))
            .fetch_all(pool)
            .await)
        .map_err(while_doing("looking for records that refer to others"))?;
        Ok(rows.into_iter().map(|(id, value)| (RemoteId::from(id), RemoteId::from(value))).collect())
    }

    /// The absence requests that wait for a decision, on themselves or on their cancellation.
    #[boxed]
    pub async fn open_absence_requests(
        &self,
        account_no: i64,
    ) -> Result<HashMap<RemoteId, OpenRequest>, Error> {
        // Worded as the partial index is. SQLite prefers its primary key, which would read every request there is.
        let hint = self.db.indexed_by("open_absence_requests");
        let sql = self.db.with_members(&format!(
            "SELECT remote_id, {{body.status}}, {{body.next_approver_id}}, {{body.approvals}}, \
             {{body.cancellation_requests}} FROM records{hint} WHERE account_no = $1 \
             AND kind = 'absence_requests' AND {{body.status}} IN ('pending', 'cancellation_pending') \
             AND state = 'present'",
        ));
        type Row = (String, String, Option<String>, Option<String>, Option<String>);
        let rows: Vec<Row> = on!(self.db, pool => sqlx::query_as(sql).bind(account_no).fetch_all(pool).await)
            .map_err(while_doing("looking for requests that wait"))?;
        let read = |(id, status, next, approvals, cancellations): Row| {
            let steps = approvals.iter().chain(&cancellations).flat_map(|list| ids_of(list)).collect();
            let next_approver_id = next.map(RemoteId::from);
            (RemoteId::from(id), OpenRequest { status, next_approver_id, steps })
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// Whether there is any record of a kind, whatever its state.
    #[boxed]
    pub async fn has_records(&self, account_no: i64, kind: Kind) -> Result<bool, Error> {
        on!(self.db, pool => sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM records WHERE account_no = $1 AND kind = $2)",
        )
        .bind(account_no)
        .bind(kind.name())
        .fetch_one(pool)
        .await)
        .map_err(while_doing("looking for records"))
    }

    /// How many records of each kind that are delivered stand in each state. Kinds without records are left out.
    #[boxed]
    pub async fn count_records(&self, account_no: i64) -> Result<HashMap<(Kind, RecordState), u64>, Error> {
        self.count_where(DELIVERED, account_no).await
    }

    /// How many half-days the present absences take that are delivered.
    #[boxed]
    pub async fn count_half_days(&self, account_no: i64) -> Result<u64, Error> {
        let sql = self.db.with_members(&format!(
            "SELECT CAST(coalesce(sum(CAST({{body.half_days}} AS BIGINT)), 0) AS BIGINT) FROM records \
             WHERE account_no = $1 AND kind = 'absences' AND state = 'present' AND {DELIVERED}"
        ));
        let count: i64 = on!(self.db, pool => sqlx::query_scalar(sql).bind(account_no).fetch_one(pool).await)
            .map_err(while_doing("counting half-days"))?;
        Ok(from_sql_count(count))
    }

    /// The same with those that are withheld.
    #[boxed]
    pub async fn count_kept(&self, account_no: i64) -> Result<HashMap<(Kind, RecordState), u64>, Error> {
        self.count_where(KEPT, account_no).await
    }

    async fn count_where(
        &self,
        sight: &str,
        account_no: i64,
    ) -> Result<HashMap<(Kind, RecordState), u64>, Error> {
        let sql = format!(
            "SELECT kind, state, count(*) FROM records WHERE account_no = $1 AND {sight} GROUP BY kind, state"
        );
        let rows: Vec<(String, String, i64)> =
            on!(self.db, pool => sqlx::query_as(sqlx::AssertSqlSafe(sql.as_str()))
        .bind(account_no)
        .fetch_all(pool)
        .await)
            .map_err(while_doing("counting records"))?;
        Ok(rows
            .into_iter()
            .filter_map(|(kind, state, count)| {
                let key = (kind.parse().ok()?, RecordState::from_name(&state));
                Some((key, from_sql_count(count)))
            })
            .collect())
    }

    /// Every present record of a model type that is delivered, in the order of ids as text.
    pub async fn all<T: Model>(&self, account_no: i64) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        self.each(account_no, |record| all.push(record)).await?;
        Ok(all)
    }

    /// Gives every present record of a model type that is delivered, one after another, in the order of ids as text.
    pub async fn each<T: Model>(&self, account_no: i64, mut each: impl FnMut(T)) -> Result<(), Error> {
        const DOING: &str = "reading records";
        on!(self.db, pool => {
            let mut bodies = sqlx::query_scalar::<_, String>(
                "SELECT body FROM records WHERE account_no = $1 AND kind = $2 AND state = 'present' \
                 AND withheld IS NULL ORDER BY remote_id",
            )
            .bind(account_no)
            .bind(T::KIND.name())
            .fetch(pool);
            while let Some(body) = bodies.try_next().await.map_err(while_doing(DOING))? {
                each(parse(&body)?);
            }
            Ok(())
        })
    }

    /// Gives every employee whose contract covers `day`, one after another: the id, and two members of the model as
    /// JSON, the public-holiday calendar and the work cycles. Not the rest: it would be read of everybody.
    pub async fn calendars_on(
        &self,
        account_no: i64,
        day: Date,
        mut each: impl FnMut(RemoteId, Option<&str>, Option<&str>),
    ) -> Result<(), Error> {
        const DOING: &str = "reading calendars";
        let sql = self.db.with_members(
            "SELECT remote_id, {body.calendar}, {body.work_cycles} FROM records WHERE account_no = $1 \
             AND kind = 'employees' AND state = 'present' \
             AND ({body.contract_start} IS NULL OR {body.contract_start} <= $2) \
             AND ({body.contract_end} IS NULL OR {body.contract_end} >= $2)",
        );
        on!(self.db, pool => {
            let mut rows = sqlx::query_as::<_, (String, Option<String>, Option<String>)>(sql)
                .bind(account_no)
                .bind(day.to_string())
                .fetch(pool);
            while let Some((id, calendar, cycles)) = rows.try_next().await.map_err(while_doing(DOING))? {
                each(RemoteId::from(id), calendar.as_deref(), cycles.as_deref());
            }
            Ok(())
        })
    }

    /// The content hash and state of every record of a linked account, by kind and id.
    #[boxed]
    pub async fn fingerprints(
        &self,
        account_no: i64,
    ) -> Result<BTreeMap<(Kind, RemoteId), StoredHash>, Error> {
        let rows: Vec<(String, String, Vec<u8>, String)> = on!(self.db, pool => sqlx::query_as(
            "SELECT kind, remote_id, hash, state FROM records WHERE account_no = $1",
        )
        .bind(account_no)
        .fetch_all(pool)
        .await)
        .map_err(while_doing("reading fingerprints"))?;
        Ok(rows
            .into_iter()
            .filter_map(|(kind, id, hash, state)| {
                let hash = hash.try_into().map_or(0, u128::from_be_bytes);
                let stored = StoredHash { hash, state: RecordState::from_name(&state) };
                Some(((kind.parse().ok()?, RemoteId::from(id)), stored))
            })
            .collect())
    }

    /// One record by its id at the source, whatever its state; none where it is withheld.
    pub async fn record<T: Model>(&self, account_no: i64, id: &RemoteId) -> Result<Option<Stored<T>>, Error> {
        self.record_where(DELIVERED, account_no, id).await
    }

    /// The same though it is withheld.
    pub async fn kept_record<T: Model>(
        &self,
        account_no: i64,
        id: &RemoteId,
    ) -> Result<Option<Stored<T>>, Error> {
        self.record_where(KEPT, account_no, id).await
    }

    async fn record_where<T: Model>(
        &self,
        sight: &str,
        account_no: i64,
        id: &RemoteId,
    ) -> Result<Option<Stored<T>>, Error> {
        let sql = format!(
            "SELECT body, raw, state, updated_at FROM records \
             WHERE account_no = $1 AND kind = $2 AND remote_id = $3 AND {sight}"
        );
        let row: Option<(String, Option<String>, String, jiff_sqlx::Timestamp)> =
            on!(self.db, pool => sqlx::query_as(sqlx::AssertSqlSafe(sql.as_str()))
            .bind(account_no)
            .bind(T::KIND.name())
            .bind(id.as_str())
            .fetch_optional(pool)
            .await)
            .map_err(while_doing("reading a record"))?;
        row.map(|(body, raw, state, updated_at)| {
            Ok(Stored {
                record: parse(&body)?,
                raw,
                state: RecordState::from_name(&state),
                updated_at: updated_at.to_jiff(),
            })
        })
        .transpose()
    }
}

fn parse<T: Model>(body: &str) -> Result<T, Error> {
    serde_json::from_str(body).map_err(|source| Error::CorruptRecord { kind: T::KIND, source })
}
