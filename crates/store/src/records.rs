//! Records of the normalised model: written page by page in one transaction, compared by content hash, read
//! back as the model's types.

use std::collections::{HashMap, HashSet};

use futures::TryStreamExt;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use people::{Kind, Model, RemoteId};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite};

use crate::error::while_doing;
use crate::quarantine::{self, Quarantined};
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

    fn from_name(name: &str) -> Self {
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

/// What one page changes. Written in one transaction or not at all.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// Records to write.
    pub upserts: Vec<RecordUpsert>,
    /// Records that could not be read.
    pub quarantined: Vec<Quarantined>,
    /// Records that read again and leave the quarantine.
    pub recovered: Vec<RemoteId>,
}

impl Commit {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.upserts.is_empty() && self.quarantined.is_empty() && self.recovered.is_empty()
    }
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

/// SQLite takes at most 32,766 parameters a statement; four a row leave room.
const ROWS_A_STATEMENT: usize = 500;

impl Store {
    /// The hashes of those of `ids` that are stored.
    pub async fn hashes(
        &self,
        account_no: i64,
        kind: Kind,
        ids: &[RemoteId],
    ) -> Result<HashMap<RemoteId, StoredHash>, Error> {
        let rows: Vec<(String, Vec<u8>, String)> = sqlx::query_as(
            "SELECT remote_id, hash, state FROM records \
             WHERE account_no = $1 AND kind = $2 AND remote_id IN (SELECT value FROM json_each($3))",
        )
        .bind(account_no)
        .bind(kind.name())
        .bind(json_list(ids))
        .fetch_all(&self.pool)
        .await
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

    /// The stored models, as JSON, of those of `ids` that are stored.
    pub async fn bodies(
        &self,
        account_no: i64,
        kind: Kind,
        ids: &[RemoteId],
    ) -> Result<HashMap<RemoteId, String>, Error> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT remote_id, body FROM records \
             WHERE account_no = $1 AND kind = $2 AND remote_id IN (SELECT value FROM json_each($3))",
        )
        .bind(account_no)
        .bind(kind.name())
        .bind(json_list(ids))
        .fetch_all(&self.pool)
        .await
        .map_err(while_doing("reading records"))?;
        Ok(rows.into_iter().map(|(id, body)| (RemoteId::from(id), body)).collect())
    }

    /// Writes a page: everything in `commit`, or nothing. An empty commit takes no transaction.
    pub async fn commit(
        &self,
        account_no: i64,
        kind: Kind,
        commit: &Commit,
        at: Timestamp,
    ) -> Result<(), Error> {
        const DOING: &str = "writing records";
        if commit.is_empty() {
            return Ok(());
        }
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(while_doing(DOING))?;
        for rows in commit.upserts.chunks(ROWS_A_STATEMENT) {
            upsert(&mut transaction, account_no, kind, rows, at).await.map_err(while_doing(DOING))?;
        }
        quarantine::write(&mut transaction, account_no, kind, commit, at)
            .await
            .map_err(while_doing(DOING))?;
        transaction.commit().await.map_err(while_doing(DOING))
    }

    /// Marks records as `gone` or `hidden`. Their content stays.
    pub async fn set_state(
        &self,
        account_no: i64,
        kind: Kind,
        ids: &[RemoteId],
        state: RecordState,
        at: Timestamp,
    ) -> Result<(), Error> {
        if ids.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "UPDATE records SET state = $4, updated_at = $5 WHERE account_no = $1 AND kind = $2 \
             AND remote_id IN (SELECT value FROM json_each($3)) AND state <> $4",
        )
        .bind(account_no)
        .bind(kind.name())
        .bind(json_list(ids))
        .bind(state.name())
        .bind(at.to_sqlx())
        .execute(&self.pool)
        .await
        .map_err(while_doing("marking records"))?;
        Ok(())
    }

    /// How many records of a kind are present.
    pub async fn count_present(&self, account_no: i64, kind: Kind) -> Result<u64, Error> {
        let count: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM records WHERE account_no = $1 AND kind = $2 AND state = 'present'",
        )
        .bind(account_no)
        .bind(kind.name())
        .fetch_one(&self.pool)
        .await
        .map_err(while_doing("counting records"))?;
        Ok(u64::try_from(count).unwrap_or(0))
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
        let mut rows = sqlx::query_scalar::<_, String>(
            "SELECT remote_id FROM records WHERE account_no = $1 AND kind = $2 AND state = 'present'",
        )
        .bind(account_no)
        .bind(kind.name())
        .fetch(&self.pool);
        let mut ids = HashSet::new();
        while let Some(id) = rows.try_next().await.map_err(while_doing(DOING))? {
            let id = RemoteId::from(id);
            if wanted(&id) {
                ids.insert(id);
            }
        }
        Ok(ids)
    }

    /// Whether there is any record of a kind, whatever its state.
    pub async fn has_records(&self, account_no: i64, kind: Kind) -> Result<bool, Error> {
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM records WHERE account_no = $1 AND kind = $2)")
            .bind(account_no)
            .bind(kind.name())
            .fetch_one(&self.pool)
            .await
            .map_err(while_doing("looking for records"))
    }

    /// How many records of each kind stand in each state. Kinds without records are left out.
    pub async fn count_records(&self, account_no: i64) -> Result<HashMap<(Kind, RecordState), u64>, Error> {
        let rows: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT kind, state, count(*) FROM records WHERE account_no = $1 GROUP BY kind, state",
        )
        .bind(account_no)
        .fetch_all(&self.pool)
        .await
        .map_err(while_doing("counting records"))?;
        Ok(rows
            .into_iter()
            .filter_map(|(kind, state, count)| {
                let key = (kind.parse().ok()?, RecordState::from_name(&state));
                Some((key, u64::try_from(count).unwrap_or(0)))
            })
            .collect())
    }

    /// Every present record of a model type, in the order of ids as text.
    pub async fn all<T: Model>(&self, account_no: i64) -> Result<Vec<T>, Error> {
        let bodies: Vec<String> = sqlx::query_scalar(
            "SELECT body FROM records WHERE account_no = $1 AND kind = $2 AND state = 'present' \
             ORDER BY remote_id",
        )
        .bind(account_no)
        .bind(T::KIND.name())
        .fetch_all(&self.pool)
        .await
        .map_err(while_doing("reading records"))?;
        bodies.iter().map(|body| parse(body)).collect()
    }

    /// One record by its id at the source, whatever its state.
    pub async fn record<T: Model>(&self, account_no: i64, id: &RemoteId) -> Result<Option<Stored<T>>, Error> {
        let row: Option<(String, Option<String>, String, jiff_sqlx::Timestamp)> = sqlx::query_as(
            "SELECT body, raw, state, updated_at FROM records \
             WHERE account_no = $1 AND kind = $2 AND remote_id = $3",
        )
        .bind(account_no)
        .bind(T::KIND.name())
        .bind(id.as_str())
        .fetch_optional(&self.pool)
        .await
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

/// Ids as one parameter, for `json_each`.
fn json_list(ids: &[RemoteId]) -> String {
    // A list of texts always has a JSON form.
    serde_json::to_string(ids).unwrap_or_else(|_| "[]".to_owned())
}

fn parse<T: Model>(body: &str) -> Result<T, Error> {
    serde_json::from_str(body).map_err(|source| Error::CorruptRecord { kind: T::KIND, source })
}

async fn upsert(
    connection: &mut SqliteConnection,
    account_no: i64,
    kind: Kind,
    rows: &[RecordUpsert],
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT INTO records (account_no, kind, remote_id, hash, body, raw, created_at, updated_at) SELECT ",
    );
    query.push_bind(account_no).push(", ").push_bind(kind.name());
    query.push(", column1, column2, column3, column4, ").push_bind(at.to_sqlx());
    query.push(", ").push_bind(at.to_sqlx()).push(" FROM (");
    query.push_values(rows, |mut row, record| {
        row.push_bind(record.id.as_str())
            .push_bind(record.hash.to_be_bytes().to_vec())
            .push_bind(record.body.as_str())
            .push_bind(record.raw.as_deref());
    });
    // Without a condition SQLite would read ON as the beginning of a join's.
    query.push(") WHERE true");
    query.push(
        " ON CONFLICT (account_no, kind, remote_id) DO UPDATE SET hash = excluded.hash, \
         body = excluded.body, raw = excluded.raw, state = 'present', updated_at = excluded.updated_at",
    );
    query.build().execute(connection).await?;
    Ok(())
}
