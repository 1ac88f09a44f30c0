//! Records of the normalised model: looked up for comparison by content hash, counted, and read back as the
//! model's types. Writing them is in `commit`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use async_recursion::async_recursion as boxed;
use futures::TryStreamExt;
use jiff::Timestamp;
use jiff::civil::Date;
use people::catalog::{Column, SearchColumns};
use people::{AbsenceRequest, Kind, Model, RemoteId};
use serde::{Deserialize, Serialize};

use crate::db::{from_sql_count, on};
use crate::dialect::json_list;
use crate::error::{stored, while_doing};
use crate::{Error, Store};

/// State of a stored record in Lucca.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordState {
    /// Returned by the last enumeration.
    Present,
    /// A provably complete enumeration did not contain it.
    Gone,
    /// No longer returned, and the evidence is that the API key lost a permission.
    Hidden,
}

people::names! { RecordState: "record state" { Present = "present", Gone = "gone", Hidden = "hidden" } }

/// A record's content hash and state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredHash {
    /// See [`content_hash`].
    pub hash: u128,
    /// The record's state.
    pub state: RecordState,
}

/// A record to write: new, changed, or returned again after it was gone.
#[derive(Clone, Debug)]
pub struct RecordUpsert {
    /// The record's id in Lucca.
    pub id: RemoteId,
    /// The content hash of `body`.
    pub hash: u128,
    /// The model as JSON.
    pub body: String,
    /// The record as Lucca sent it when the model last changed, if it is stored.
    pub raw: Option<String>,
    /// The values by which it is found.
    pub search: SearchColumns,
}

impl RecordUpsert {
    /// A record to write, from the model and its JSON.
    pub fn of<M: Model>(model: &M, body: String, raw: Option<String>) -> Self {
        let search = model.search_columns();
        Self { id: model.id().clone(), hash: content_hash(&body), body, raw, search }
    }

    /// A record to write, from its JSON. A record that can't be parsed is written as well, and found by its
    /// id only.
    pub fn of_json(kind: Kind, id: RemoteId, body: String, raw: Option<String>) -> Self {
        let search = SearchColumns::of_json(kind, &body).unwrap_or_default();
        Self { id, hash: content_hash(&body), body, raw, search }
    }
}

/// Content hash of a record's model as JSON, which detects changes of the record. Not cryptographic.
///
/// The raw record is left out: it contains counters and URLs that change without the record changing.
pub fn content_hash(body: &str) -> u128 {
    xxhash_rust::xxh3::xxh3_128(body.as_bytes())
}

/// An absence request that awaits a decision: enough to detect any decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRequest {
    /// The name of its status.
    pub status: String,
    /// The employee whose decision is expected next.
    pub next_approver_id: Option<RemoteId>,
    /// The ids of the decisions so far, and of the requests to cancel it.
    pub steps: BTreeSet<RemoteId>,
}

/// A stored record, read back.
#[derive(Clone, Debug)]
pub struct Stored<T> {
    /// The record.
    pub record: T,
    /// The record as Lucca sent it when the model last changed, if it is stored.
    pub raw: Option<String>,
    /// Its state in Lucca.
    pub state: RecordState,
    /// When it was last written.
    pub updated_at: Timestamp,
}

/// SQL condition: records that outputs may return, because the account's configuration does not withhold
/// them.
const DELIVERED: &str = "withheld IS NULL";
/// SQL condition: all stored records.
const ALL_STORED: &str = "true";

impl Store {
    /// Returns the hashes of those of `ids` that are stored.
    #[boxed]
    pub async fn hashes(
        &self,
        account_no: i64,
        kind: Kind,
        ids: &[RemoteId],
    ) -> Result<HashMap<RemoteId, StoredHash>, Error> {
        let sql = self.db.with_keys("SELECT remote_id, hash, state FROM records WHERE {keys}", "$2", 3);
        let rows: Vec<(String, Vec<u8>, String)> = on!(self.db, pool => sqlx::query_as(sql)
            .bind(account_no)
            .bind(kind.name())
            .bind(json_list(ids))
            .fetch_all(pool)
            .await)
        .map_err(while_doing("comparing records with stored ones"))?;
        rows.into_iter()
            .map(|(id, hash, state)| {
                // A hash of another length matches no new one, so the record is written again.
                let hash = hash.try_into().map_or(0, u128::from_be_bytes);
                Ok((RemoteId::from(id), StoredHash { hash, state: stored("records", &state)? }))
            })
            .collect()
    }

    /// Returns the stored models, as JSON, and the states of those of `ids` that are delivered.
    #[boxed]
    pub async fn bodies(
        &self,
        account_no: i64,
        kind: Kind,
        ids: &[RemoteId],
    ) -> Result<HashMap<RemoteId, (String, RecordState)>, Error> {
        self.bodies_where(DELIVERED, account_no, kind, ids).await
    }

    /// Same as [`Self::bodies`] for all stored records, withheld ones included: for code that maintains
    /// records, not for outputs.
    #[boxed]
    pub async fn kept_bodies(
        &self,
        account_no: i64,
        kind: Kind,
        ids: &[RemoteId],
    ) -> Result<HashMap<RemoteId, (String, RecordState)>, Error> {
        self.bodies_where(ALL_STORED, account_no, kind, ids).await
    }

    async fn bodies_where(
        &self,
        scope: &str,
        account_no: i64,
        kind: Kind,
        ids: &[RemoteId],
    ) -> Result<HashMap<RemoteId, (String, RecordState)>, Error> {
        let sql = self.db.with_keys(
            &format!("SELECT remote_id, body, state FROM records WHERE {{keys}} AND {scope}"),
            "$2",
            3,
        );
        let rows: Vec<(String, String, String)> = on!(self.db, pool => sqlx::query_as(sql)
            .bind(account_no)
            .bind(kind.name())
            .bind(json_list(ids))
            .fetch_all(pool)
            .await)
        .map_err(while_doing("reading records"))?;
        rows.into_iter()
            .map(|(id, body, state)| Ok((RemoteId::from(id), (body, stored("records", &state)?))))
            .collect()
    }

    /// Returns when each of these records was first stored.
    #[boxed]
    pub async fn first_stored(
        &self,
        account_no: i64,
        kind: Kind,
        ids: &[RemoteId],
    ) -> Result<HashMap<RemoteId, Timestamp>, Error> {
        let sql = self.db.with_keys("SELECT remote_id, created_at FROM records WHERE {keys}", "$2", 3);
        let rows: Vec<(String, jiff_sqlx::Timestamp)> = on!(self.db, pool => sqlx::query_as(sql)
            .bind(account_no)
            .bind(kind.name())
            .bind(json_list(ids))
            .fetch_all(pool)
            .await)
        .map_err(while_doing("reading when records were stored"))?;
        Ok(rows.into_iter().map(|(id, at)| (RemoteId::from(id), at.to_jiff())).collect())
    }

    /// Returns those of `ids` that are present.
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

    /// Counts the present records of a kind.
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

    /// Returns the ids of those present records of a kind that `is_selected` accepts.
    pub async fn present_ids(
        &self,
        account_no: i64,
        kind: Kind,
        is_selected: impl Fn(&RemoteId) -> bool,
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
                if is_selected(&id) {
                    ids.insert(id);
                }
            }
            Ok(ids)
        })
    }

    /// Calls `each` with every present, delivered absence that touches the days from `first` to `last`, as
    /// JSON.
    pub async fn absences_between(
        &self,
        account_no: i64,
        first: Date,
        last: Date,
        each: impl FnMut(RemoteId, &str),
    ) -> Result<(), Error> {
        self.absences_where(DELIVERED, account_no, (first, last), each).await
    }

    /// Same as [`Self::absences_between`], withheld ones included.
    pub async fn kept_absences_between(
        &self,
        account_no: i64,
        first: Date,
        last: Date,
        each: impl FnMut(RemoteId, &str),
    ) -> Result<(), Error> {
        self.absences_where(ALL_STORED, account_no, (first, last), each).await
    }

    async fn absences_where(
        &self,
        scope: &str,
        account_no: i64,
        (first, last): (Date, Date),
        mut each: impl FnMut(RemoteId, &str),
    ) -> Result<(), Error> {
        const DOING: &str = "reading absences";
        // Dates as YYYY-MM-DD sort as text.
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT remote_id, body FROM records WHERE account_no = $1 AND kind = 'absences' \
             AND state = 'present' AND {scope} AND starts_on <= $3 AND ends_on >= $2",
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

    /// Lists the present records of a kind whose member `member` is one of `values`: their ids, and the
    /// value.
    #[boxed]
    pub async fn referring(
        &self,
        account_no: i64,
        kind: Kind,
        column: Column,
        values: &[RemoteId],
    ) -> Result<Vec<(RemoteId, RemoteId)>, Error> {
        let column = column.name();
        let sql = format!(
            "SELECT remote_id, {column} FROM records WHERE account_no = $1 AND kind = $2 AND state = 'present' \
             AND {column} IN {{ids}}"
        );
        let rows: Vec<(String, String)> = on!(self.db, pool => sqlx::query_as(self.db.with_ids(&sql, 3))
            .bind(account_no)
            .bind(kind.name())
            .bind(json_list(values))
            .fetch_all(pool)
            .await)
        .map_err(while_doing("reading records that refer to others"))?;
        Ok(rows.into_iter().map(|(id, value)| (RemoteId::from(id), RemoteId::from(value))).collect())
    }

    /// Returns the latest present, delivered absence request of each of these absences, by the absence's id.
    #[boxed]
    pub async fn latest_requests_of(
        &self,
        account_no: i64,
        absences: &[RemoteId],
    ) -> Result<HashMap<RemoteId, AbsenceRequest>, Error> {
        let kind = Kind::AbsenceRequest;
        let referring = self.referring(account_no, kind, Column::AbsenceId, absences).await?;
        let ids: Vec<RemoteId> = referring.into_iter().map(|(id, _)| id).collect();
        let mut latest: HashMap<RemoteId, AbsenceRequest> = HashMap::new();
        for (body, _) in self.bodies(account_no, kind, &ids).await?.into_values() {
            let request: AbsenceRequest = parse(&body)?;
            let Some(absence) = request.absence_id.clone() else { continue };
            let known = latest.get(&absence);
            if known.is_none_or(|known| known.id.sort_key() < request.id.sort_key()) {
                latest.insert(absence, request);
            }
        }
        Ok(latest)
    }

    /// Returns the absence requests that await a decision, on themselves or on their cancellation.
    #[boxed]
    pub async fn open_absence_requests(
        &self,
        account_no: i64,
    ) -> Result<HashMap<RemoteId, OpenRequest>, Error> {
        // SQLite prefers its primary key, which would read every request there is.
        let hint = self.db.indexed_by("open_absence_requests");
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT body FROM records{hint} WHERE account_no = $1 AND kind = 'absence_requests' \
             AND status IN ('pending', 'cancellation_pending') AND state = 'present'",
        ));
        let rows: Vec<String> =
            on!(self.db, pool => sqlx::query_scalar(sql).bind(account_no).fetch_all(pool).await)
                .map_err(while_doing("reading undecided absence requests"))?;
        let read = |body: String| {
            let request: AbsenceRequest = parse(&body)?;
            let steps = request.approvals.into_iter().filter_map(|approval| approval.id);
            let cancellations = request.cancellation_requests.into_iter().filter_map(|request| request.id);
            let open = OpenRequest {
                status: request.status.name().to_owned(),
                next_approver_id: request.next_approver_id,
                steps: steps.chain(cancellations).collect(),
            };
            Ok((request.id, open))
        };
        rows.into_iter().map(read).collect()
    }

    /// Returns whether any record of a kind is stored, in any state.
    #[boxed]
    pub async fn has_records(&self, account_no: i64, kind: Kind) -> Result<bool, Error> {
        on!(self.db, pool => sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM records WHERE account_no = $1 AND kind = $2)",
        )
        .bind(account_no)
        .bind(kind.name())
        .fetch_one(pool)
        .await)
        .map_err(while_doing("checking for records"))
    }

    /// Counts the delivered records by kind and state. Kinds without records are left out.
    #[boxed]
    pub async fn count_records(&self, account_no: i64) -> Result<HashMap<(Kind, RecordState), u64>, Error> {
        self.count_where(DELIVERED, account_no).await
    }

    /// Counts the half-days of the present, delivered absences.
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

    /// Same as [`Self::count_records`], withheld ones included.
    #[boxed]
    pub async fn count_kept(&self, account_no: i64) -> Result<HashMap<(Kind, RecordState), u64>, Error> {
        self.count_where(ALL_STORED, account_no).await
    }

    async fn count_where(
        &self,
        scope: &str,
        account_no: i64,
    ) -> Result<HashMap<(Kind, RecordState), u64>, Error> {
        let sql = format!(
            "SELECT kind, state, count(*) FROM records WHERE account_no = $1 AND {scope} GROUP BY kind, state"
        );
        let rows: Vec<(String, String, i64)> =
            on!(self.db, pool => sqlx::query_as(sqlx::AssertSqlSafe(sql.as_str()))
        .bind(account_no)
        .fetch_all(pool)
        .await)
            .map_err(while_doing("counting records"))?;
        let read = |(kind, state, count): (String, String, i64)| {
            Ok(((stored("records", &kind)?, stored("records", &state)?), from_sql_count(count)))
        };
        rows.into_iter().map(read).collect()
    }

    /// Returns every present, delivered record of a model type, in the order of ids as text.
    pub async fn all<T: Model>(&self, account_no: i64) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        self.each(account_no, |record| all.push(record)).await?;
        Ok(all)
    }

    /// Calls `each` with every present, delivered record of a model type, in the order of ids as text.
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

    /// Calls `each` with every employee whose contract covers `day`: the id, and two members of the model as
    /// JSON, the public-holiday calendar and the work cycles. Reading the other members of every employee
    /// would be wasted.
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
             AND (starts_on IS NULL OR starts_on <= $2) AND (ends_on IS NULL OR ends_on >= $2)",
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

    /// Returns the content hash and state of every record of a linked account, by kind and id.
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
        let read = |(kind, id, hash, state): (String, String, Vec<u8>, String)| {
            let hash = hash.try_into().map_or(0, u128::from_be_bytes);
            let hash = StoredHash { hash, state: stored("records", &state)? };
            Ok(((stored("records", &kind)?, RemoteId::from(id)), hash))
        };
        rows.into_iter().map(read).collect()
    }

    /// Returns a record by its id in Lucca, in any state; `None` if it is withheld.
    pub async fn record<T: Model>(&self, account_no: i64, id: &RemoteId) -> Result<Option<Stored<T>>, Error> {
        self.record_where(DELIVERED, account_no, id).await
    }

    /// Same as [`Self::record`], withheld ones included.
    pub async fn kept_record<T: Model>(
        &self,
        account_no: i64,
        id: &RemoteId,
    ) -> Result<Option<Stored<T>>, Error> {
        self.record_where(ALL_STORED, account_no, id).await
    }

    async fn record_where<T: Model>(
        &self,
        scope: &str,
        account_no: i64,
        id: &RemoteId,
    ) -> Result<Option<Stored<T>>, Error> {
        let sql = format!(
            "SELECT body, raw, state, updated_at FROM records \
             WHERE account_no = $1 AND kind = $2 AND remote_id = $3 AND {scope}"
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
                state: stored("records", &state)?,
                updated_at: updated_at.to_jiff(),
            })
        })
        .transpose()
    }
}

fn parse<T: Model>(body: &str) -> Result<T, Error> {
    serde_json::from_str(body).map_err(|source| Error::CorruptRecord { kind: T::KIND, source })
}
