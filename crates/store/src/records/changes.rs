//! The change log: changes of records, as a gapless sequence per linked account (except for one jump at a
//! restore, see `restores`). Entries are written in the transaction of the change itself. Events of the
//! account are in `account_events`.

use std::collections::BTreeMap;

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use people::{Kind, RemoteId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::{QueryBuilder, Sqlite};

use crate::db::{Tx, from_sql_count, in_tx, on, row, sql_count, sql_time};
use crate::dialect::json_list;
use crate::error::{stored, while_doing};
use crate::records::audience;
use crate::records::commit::ROWS_A_STATEMENT;
use crate::sync::leases::Lease;
use crate::{Error, RunId, Store};

/// The kind of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// First returned by Lucca.
    Created,
    /// Its content changed.
    Updated,
    /// Returned again after it was deleted or hidden; its content may have changed meanwhile.
    Restored,
    /// No longer in Lucca.
    Deleted,
    /// The API key no longer sees it, probably because it lost a permission.
    Hidden,
    /// An employee's employment begins. Derived from dates, or from a change of them.
    Started,
    /// An employee's last employment ended. The record stays.
    Ended,
    /// No longer delivered, because the linked account's configuration excludes it: its feature was declined
    /// and the record is removed, or the filter excludes the employee and the record is kept. The record may
    /// be unchanged in Lucca.
    Excluded,
    /// An employee was erased. Consumers must erase their data of this employee too.
    Erased,
}

people::names! {
    Operation: "operation" {
        Created = "created",
        Updated = "updated",
        Restored = "restored",
        Deleted = "deleted",
        Hidden = "hidden",
        Started = "started",
        Ended = "ended",
        Excluded = "excluded",
        Erased = "erased",
    }
}

/// A change to be written, which gives it its sequence number.
#[derive(Clone, Debug)]
pub struct NewChange {
    /// The record's kind.
    pub kind: Kind,
    /// The record's id in Lucca.
    pub id: RemoteId,
    /// The kind of the change.
    pub operation: Operation,
    /// The record's content hash after the change; absent if its content did not change.
    pub hash: Option<u128>,
    /// The changed fields: a JSON object that maps each field's name to `{"before":…,"after":…}`, or to null
    /// if the values may not be stored.
    pub fields: Option<String>,
}

/// A change as stored.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// Position in the linked account's sequence, from 1, without gaps except at a restore.
    pub seq: i64,
    /// When it was written, UTC.
    pub at: Timestamp,
    /// The kind of record.
    #[serde(serialize_with = "kind_name")]
    pub kind: Kind,
    /// The record's id in Lucca.
    pub id: RemoteId,
    /// The kind of the change.
    pub operation: Operation,
    /// The changed fields; see [`NewChange::fields`].
    pub fields: Option<Box<RawValue>>,
    /// The run that found it; absent if an operator decided it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// The content hash of the record after the change.
    #[serde(skip)]
    pub hash: Option<u128>,
}

fn kind_name<S: serde::Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.name())
}

row! {
    struct ChangeRow {
        seq: i64,
        at: jiff_sqlx::Timestamp,
        kind: String,
        remote_id: String,
        op: String,
        hash: Option<Vec<u8>>,
        fields: Option<String>,
        run_id: Option<String>,
    }
}

impl ChangeRow {
    fn read(self) -> Result<Change, Error> {
        let corrupt =
            |source: Box<dyn std::error::Error + Send + Sync>| Error::Corrupt { what: "change", source };
        Ok(Change {
            seq: self.seq,
            at: self.at.to_jiff(),
            kind: stored("changes", &self.kind)?,
            id: RemoteId::from(self.remote_id),
            operation: stored("changes", &self.op)?,
            hash: self.hash.and_then(|hash| Some(u128::from_be_bytes(hash.try_into().ok()?))),
            fields: self
                .fields
                .map(RawValue::from_string)
                .transpose()
                .map_err(|error| corrupt(error.into()))?,
            run_id: self.run_id,
        })
    }
}

/// Filter for [`Store::changes`].
#[derive(Clone, Copy, Debug, Default)]
pub struct ChangeFilter<'a> {
    /// Only changes with a greater sequence number.
    pub after: i64,
    /// Only of this kind.
    pub kind: Option<Kind>,
    /// Only of this record.
    pub id: Option<&'a RemoteId>,
    /// Only this operation.
    pub operation: Option<Operation>,
}

impl Store {
    /// Returns the next changes of a linked account in order, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`Error::PlaceGone`] if changes after that position are no longer in the log, and database errors.
    pub async fn changes(
        &self,
        account_no: i64,
        filter: ChangeFilter<'_>,
        limit: u32,
    ) -> Result<Vec<Change>, Error> {
        self.check_place(account_no, filter.after).await?;
        let rows: Vec<ChangeRow> = on!(self.db, pool => sqlx::query_as(
            "SELECT seq, at, kind, remote_id, op, hash, fields, run_id FROM changes \
             WHERE account_no = $1 AND seq > $2 AND ($3 IS NULL OR kind = $3) \
             AND ($4 IS NULL OR remote_id = $4) AND ($5 IS NULL OR op = $5) ORDER BY seq LIMIT $6",
        )
        .bind(account_no)
        .bind(filter.after)
        .bind(filter.kind.map(Kind::name))
        .bind(filter.id.map(RemoteId::as_str))
        .bind(filter.operation.map(Operation::name))
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
        .map_err(while_doing("reading the change log"))?;
        rows.into_iter().map(ChangeRow::read).collect()
    }

    /// Checks that the change log continues from a position without a gap. Returns an error for a position
    /// before the pruned part, one issued by a later state of the database than it was restored to, and one
    /// beyond the last change.
    #[boxed]
    pub async fn check_place(&self, account_no: i64, after: i64) -> Result<(), Error> {
        let (cut, base, last, is_change): (i64, i64, i64, bool) = on!(self.db, pool => sqlx::query_as(
            "SELECT changes_cut, changes_base, change_seq, \
             EXISTS (SELECT 1 FROM changes WHERE account_no = $1 AND seq = $2) FROM linked_accounts WHERE no = $1",
        )
        .bind(account_no)
        .bind(after)
        .fetch_one(pool)
        .await)
        .map_err(while_doing("checking a position in the change log"))?;
        // No change follows the last number, so a client there has missed none.
        if is_change || after == cut || after == base && base > 0 || after == last {
            return Ok(());
        }
        Err(Error::PlaceGone { first: cut, last })
    }

    /// Returns the position before the first change in the log.
    #[boxed]
    pub async fn first_place(&self, account_no: i64) -> Result<i64, Error> {
        on!(self.db, pool => sqlx::query_scalar("SELECT changes_cut FROM linked_accounts WHERE no = $1")
            .bind(account_no)
            .fetch_one(pool)
            .await)
        .map_err(while_doing("reading the change log"))
    }

    /// Lists updates of records of a kind, oldest first: of these records, or of all.
    #[boxed]
    pub async fn updates(
        &self,
        account_no: i64,
        kind: Kind,
        ids: Option<&[RemoteId]>,
    ) -> Result<Vec<Change>, Error> {
        // Worded so that the partial index applies.
        let among = if ids.is_some() { "remote_id IN {ids}" } else { "$3 IS NULL" };
        let sql = self.db.with_ids(
            &format!(
                "SELECT seq, at, kind, remote_id, op, hash, fields, run_id FROM changes \
                 WHERE account_no = $1 AND kind = $2 AND op = 'updated' AND {among} ORDER BY seq"
            ),
            3,
        );
        let rows: Vec<ChangeRow> = on!(self.db, pool => sqlx::query_as(sql)
        .bind(account_no)
        .bind(kind.name())
        .bind(ids.map(json_list))
        .fetch_all(pool)
        .await)
        .map_err(while_doing("reading updates"))?;
        rows.into_iter().map(ChangeRow::read).collect()
    }

    /// Counts a run's changes by kind and operation, among those after a position. The later the position,
    /// the fewer rows are read.
    #[boxed]
    pub async fn count_changes(
        &self,
        account_no: i64,
        run_id: RunId,
        after: i64,
    ) -> Result<BTreeMap<(Kind, Operation), u64>, Error> {
        let rows: Vec<(String, String, i64)> = on!(self.db, pool => sqlx::query_as(
            "SELECT kind, op, count(*) FROM changes WHERE account_no = $1 AND seq > $2 AND run_id = $3 \
             GROUP BY kind, op",
        )
        .bind(account_no)
        .bind(after)
        .bind(run_id.to_string())
        .fetch_all(pool)
        .await)
        .map_err(while_doing("counting a run's changes"))?;
        let read = |(kind, op, count): (String, String, i64)| {
            Ok(((stored("changes", &kind)?, stored("changes", &op)?), from_sql_count(count)))
        };
        rows.into_iter().map(read).collect()
    }

    /// Returns the number of a linked account's last change; 0 before the first.
    #[boxed]
    pub async fn last_change(&self, account_no: i64) -> Result<i64, Error> {
        on!(self.db, pool => sqlx::query_scalar("SELECT change_seq FROM linked_accounts WHERE no = $1")
            .bind(account_no)
            .fetch_one(pool)
            .await)
        .map_err(while_doing("reading the change log"))
    }
}

/// Appends changes to a linked account's log in order, except changes of withheld records.
pub(crate) async fn append(
    tx: &mut Tx,
    account_no: i64,
    run_id: Option<RunId>,
    changes: &[NewChange],
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    let deliverable = audience::deliverable(tx, account_no, changes).await?;
    let changes = deliverable.as_deref().unwrap_or(changes);
    if changes.is_empty() {
        return Ok(());
    }
    let count = sql_count(changes.len() as u64);
    // The row stays locked until the transaction ends, so the sequence has neither gaps nor duplicates.
    let last: i64 = in_tx!(&mut *tx, connection => sqlx::query_scalar(
        "UPDATE linked_accounts SET change_seq = change_seq + $2 WHERE no = $1 RETURNING change_seq",
    )
    .bind(account_no)
    .bind(count)
    .fetch_one(connection)
    .await)?;
    let mut seq = last - count;
    let run_id = run_id.map(|run_id| run_id.to_string());
    for rows in changes.chunks(ROWS_A_STATEMENT) {
        match tx {
            Tx::Sqlite(transaction) => {
                let mut query = QueryBuilder::<Sqlite>::new(
                    "INSERT INTO changes (account_no, seq, kind, remote_id, op, hash, fields, run_id, at) SELECT ",
                );
                query.push_bind(account_no);
                query.push(", column1, column2, column3, column4, column5, column6, ");
                query.push_bind(run_id.as_deref()).push(", ").push_bind(sql_time(at)).push(" FROM (");
                query.push_values(rows, |mut row, change| {
                    seq += 1;
                    row.push_bind(seq)
                        .push_bind(change.kind.name())
                        .push_bind(change.id.as_str())
                        .push_bind(change.operation.name())
                        .push_bind(change.hash.map(|hash| hash.to_be_bytes().to_vec()))
                        .push_bind(change.fields.as_deref());
                });
                query.push(")");
                let is_usual = rows.len() == ROWS_A_STATEMENT;
                query.build().persistent(is_usual).execute(&mut **transaction).await?;
            }
            Tx::Postgres(transaction) => {
                let first = seq;
                seq += sql_count(rows.len() as u64);
                sqlx::query(
                    "INSERT INTO changes (account_no, seq, kind, remote_id, op, hash, fields, run_id, at) \
                     SELECT $1, $2 + n, kind, id, op, hash, fields, $3, $4 FROM \
                     UNNEST($5::text[], $6::text[], $7::text[], $8::bytea[], $9::text[]) \
                     WITH ORDINALITY AS t (kind, id, op, hash, fields, n)",
                )
                .bind(account_no)
                .bind(first)
                .bind(run_id.as_deref())
                .bind(sql_time(at))
                .bind(rows.iter().map(|change| change.kind.name()).collect::<Vec<_>>())
                .bind(rows.iter().map(|change| change.id.as_str()).collect::<Vec<_>>())
                .bind(rows.iter().map(|change| change.operation.name()).collect::<Vec<_>>())
                .bind(
                    rows.iter()
                        .map(|change| change.hash.map(|hash| hash.to_be_bytes().to_vec()))
                        .collect::<Vec<_>>(),
                )
                .bind(rows.iter().map(|change| change.fields.as_deref()).collect::<Vec<_>>())
                .execute(&mut **transaction)
                .await?;
            }
        }
    }
    Ok(())
}

/// One change without content for each record, for operations that end or hide records.
pub(crate) fn state_changes(kind: Kind, ids: &[RemoteId], operation: Operation) -> Vec<NewChange> {
    ids.iter().map(|id| NewChange { kind, id: id.clone(), operation, hash: None, fields: None }).collect()
}

impl Lease {
    /// The run that changes are attributed to; `None` for a removal after an upgrade.
    pub(crate) fn run(&self) -> Option<RunId> {
        (!self.is_removal).then_some(self.run_id)
    }
}
