//! Commits: a page of a stream is one transaction under the run's lease, with its records, the states of
//! others, the change log, the stream's state and the run's progress.

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use people::{Kind, RemoteId};
use sqlx::{AssertSqlSafe, QueryBuilder, Sqlite};

use crate::accounts::account_events;
use crate::db::{Tx, in_tx, sql_time};
use crate::dialect::json_list;
use crate::error::while_doing;
use crate::records::audience::is_people_kind;
use crate::records::changes::{self, NewChange};
use crate::records::lookup::RecordUpsert;
use crate::records::quarantine::{self, Quarantined};
use crate::records::search_columns::SearchColumnSql;
use crate::sync::holds;
use crate::sync::inbound_webhooks;
use crate::sync::runs::{self, StreamProgress};
use crate::sync::stream_states;
use crate::{Error, Lease, RecordState, Store};

/// The changes of one page.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// Records to write: new, changed, or returned again.
    pub upserts: Vec<RecordUpsert>,
    /// Records whose content is rewritten; their state stays.
    pub rewritten: Vec<RecordUpsert>,
    /// Records to mark as gone or hidden; their content stays.
    pub marked: Vec<(RecordState, Vec<RemoteId>)>,
    /// The entries in the change log, in order.
    pub changes: Vec<NewChange>,
    /// Records that could not be parsed.
    pub quarantined: Vec<Quarantined>,
    /// Records that leave the quarantine: they can be parsed again, or are no longer in Lucca.
    pub recovered: Vec<RemoteId>,
    /// The stream's new state: its name, and JSON.
    pub state: Option<(&'static str, String)>,
    /// The run's progress.
    pub progress: Option<StreamProgress>,
    /// The records of this kind that need an operator's decision from now on: the reason, and the records. An
    /// empty list withdraws the hold.
    pub hold: Option<(String, Vec<RemoteId>)>,
    /// Whether the notices that the run claimed have been read.
    pub notices_read: bool,
}

impl Commit {
    /// Whether the commit is empty.
    pub fn is_empty(&self) -> bool {
        self.upserts.is_empty()
            && self.rewritten.is_empty()
            && self.marked.iter().all(|(_, ids)| ids.is_empty())
            && self.changes.is_empty()
            && self.quarantined.is_empty()
            && self.recovered.is_empty()
            && self.state.is_none()
            && self.progress.is_none()
            && self.hold.is_none()
            && !self.notices_read
    }
}

/// Rows per statement. One size, so that its statement is prepared once; a smaller rest is prepared anew.
pub(crate) const ROWS_A_STATEMENT: usize = 512;

impl Store {
    /// Writes a page in one transaction. An empty commit takes no transaction.
    ///
    /// # Errors
    ///
    /// [`Error::LeaseLost`] if another process has claimed the lease, and database errors.
    #[boxed]
    pub async fn commit(
        &self,
        lease: &Lease,
        kind: Kind,
        commit: &Commit,
        at: Timestamp,
    ) -> Result<(), Error> {
        const DOING: &str = "writing records";
        if commit.is_empty() {
            return Ok(());
        }
        let mut tx = self.begin_under(lease, at, DOING).await?;
        let no = lease.account_no;
        let write = async {
            for rows in commit.upserts.chunks(ROWS_A_STATEMENT) {
                upsert(&mut tx, no, kind, rows, at).await?;
            }
            for record in &commit.rewritten {
                rewrite(&mut tx, no, kind, record, at).await?;
            }
            for (state, ids) in &commit.marked {
                self.mark(&mut tx, no, kind, ids, *state, at).await?;
            }
            if kind == Kind::Employment {
                let written = commit.upserts.iter().chain(&commit.rewritten).map(|record| &record.id);
                let marked = commit.marked.iter().flat_map(|(_, ids)| ids);
                self.touch_owners(&mut tx, no, &written.chain(marked).cloned().collect::<Vec<_>>(), at)
                    .await?;
            }
            changes::append(&mut tx, no, lease.run(), &commit.changes, at).await?;
            quarantine::write(&mut tx, no, kind, commit, at).await?;
            if let Some((stream, state)) = &commit.state {
                stream_states::write(&mut tx, no, stream, state, at).await?;
            }
            if let Some(progress) = &commit.progress {
                runs::write_progress(&mut tx, lease.run_id, progress, at).await?;
            }
            if let Some((reason, ids)) = &commit.hold
                && holds::write(&mut tx, no, kind, reason, ids, at).await?
            {
                let event_detail =
                    serde_json::json!({ "kind": kind.name(), "reason": reason, "records": ids.len() });
                account_events::append(&mut tx, no, "sync.held", &event_detail, at).await?;
            }
            if commit.notices_read {
                inbound_webhooks::forget_read(&mut tx, lease).await?;
            }
            tx.commit().await
        };
        write.await.map_err(while_doing(DOING))
    }

    /// Marks records as gone or hidden. Their content stays.
    pub(crate) async fn mark(
        &self,
        tx: &mut Tx,
        account_no: i64,
        kind: Kind,
        ids: &[RemoteId],
        state: RecordState,
        at: Timestamp,
    ) -> Result<(), sqlx::Error> {
        if ids.is_empty() {
            return Ok(());
        }
        let sql = self.db.with_keys(
            "UPDATE records SET state = $4, updated_at = $5, touched_us = $6 WHERE {keys} AND state <> $4",
            "$2",
            3,
        );
        in_tx!(&mut *tx, connection => sqlx::query(sql)
            .bind(account_no)
            .bind(kind.name())
            .bind(json_list(ids))
            .bind(state.name())
            .bind(sql_time(at))
            .bind(at.as_microsecond())
            .execute(connection)
            .await
            .map(drop))?;
        records_written(tx, account_no).await
    }

    /// Records that data returned with these employees' records has changed.
    pub(crate) async fn touch(
        &self,
        tx: &mut Tx,
        account_no: i64,
        employees: &[RemoteId],
        at: Timestamp,
    ) -> Result<(), sqlx::Error> {
        // The plus keeps SQLite from using the index on `touched_us`, which holds all employees: it looks
        // each one up by key.
        let sql = self.db.with_keys(
            "UPDATE records SET touched_us = $3 WHERE {keys} AND +touched_us < $3",
            "'employees'",
            2,
        );
        if employees.is_empty() {
            return Ok(());
        }
        in_tx!(&mut *tx, connection => sqlx::query(sql)
            .bind(account_no)
            .bind(json_list(employees))
            .bind(at.as_microsecond())
            .execute(connection)
            .await
            .map(drop))?;
        records_written(tx, account_no).await
    }

    /// Same as [`Self::touch`], for the owners of these employments.
    async fn touch_owners(
        &self,
        tx: &mut Tx,
        account_no: i64,
        employments: &[RemoteId],
        at: Timestamp,
    ) -> Result<(), sqlx::Error> {
        if employments.is_empty() {
            return Ok(());
        }
        let sql =
            self.db.with_keys("SELECT DISTINCT employee_id FROM records WHERE {keys}", "'employments'", 2);
        let owners: Vec<Option<String>> = in_tx!(&mut *tx, connection => sqlx::query_scalar(sql)
            .bind(account_no)
            .bind(json_list(employments))
            .fetch_all(connection)
            .await)?;
        let owners: Vec<RemoteId> = owners.into_iter().flatten().map(RemoteId::from).collect();
        self.touch(tx, account_no, &owners, at).await
    }
}

/// Invalidates data of an account's records that was read before. Writers of records call it once per
/// statement: a trigger of SQLite's, which runs for each row, would take longer than the write itself.
pub(crate) async fn records_written(tx: &mut Tx, account_no: i64) -> Result<(), sqlx::Error> {
    let mark = match tx {
        Tx::Sqlite(_) => "hex(randomblob(12))",
        Tx::Postgres(_) => "gen_random_uuid()::text",
    };
    let sql = AssertSqlSafe(format!("UPDATE linked_accounts SET records_mark = {mark} WHERE no = $1"));
    in_tx!(tx, connection => sqlx::query(sql).bind(account_no).execute(connection).await.map(drop))
}

/// Rewrites the content of a stored record.
pub(crate) async fn rewrite(
    tx: &mut Tx,
    account_no: i64,
    kind: Kind,
    record: &RecordUpsert,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    let columns = SearchColumnSql::of(kind);
    let sql = AssertSqlSafe(format!(
        "UPDATE records SET hash = $4, body = $5, raw = $6, updated_at = $7, touched_us = $8{} \
         WHERE account_no = $1 AND kind = $2 AND remote_id = $3",
        columns.assignments(9),
    ));
    in_tx!(&mut *tx, connection => columns.values(&record.search).fold(sqlx::query(sql)
    .bind(account_no)
    .bind(kind.name())
    .bind(record.id.as_str())
    .bind(record.hash.to_be_bytes().to_vec())
    .bind(&record.body)
    .bind(record.raw.as_deref())
    .bind(sql_time(at))
    .bind(at.as_microsecond()), |query, value| query.bind(value))
    .execute(connection)
    .await
    .map(drop))?;
    records_written(tx, account_no).await
}

async fn upsert(
    tx: &mut Tx,
    account_no: i64,
    kind: Kind,
    rows: &[RecordUpsert],
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    let columns = SearchColumnSql::of(kind);
    let on_conflict = format!(
        " ON CONFLICT (account_no, kind, remote_id) DO UPDATE SET hash = excluded.hash, body = excluded.body, \
         raw = excluded.raw, state = 'present', updated_at = excluded.updated_at, \
         touched_us = excluded.touched_us{}",
        columns.each(", {} = excluded.{}"),
    );
    // While employees are filtered, new records of employees are withheld until the filter was applied to
    // them.
    let filtered = match tx {
        Tx::Sqlite(_) => "settings ->> '$.delivery.people' IS NOT NULL",
        Tx::Postgres(_) => "settings::jsonb #> '{delivery,people}' IS NOT NULL",
    };
    let filtered = if is_people_kind(kind) { filtered } else { "false" };
    match tx {
        Tx::Sqlite(transaction) => {
            let mut query = QueryBuilder::<Sqlite>::new(format!(
                "INSERT INTO records (account_no, kind, remote_id, hash, body, raw{}, created_at, updated_at, \
                     touched_us, withheld) SELECT ",
                columns.each(", {}"),
            ));
            query.push_bind(account_no).push(", ").push_bind(kind.name());
            query.push(", column1, column2, column3, column4");
            for (n, _) in (5..).zip(columns.names()) {
                query.push(", column").push(n);
            }
            query.push(", ").push_bind(sql_time(at));
            query.push(", ").push_bind(sql_time(at)).push(", ").push_bind(at.as_microsecond());
            query.push(", CASE WHEN (SELECT ").push(filtered);
            query.push(" FROM linked_accounts WHERE no = ").push_bind(account_no);
            query.push(") THEN 'untold' END FROM (");
            query.push_values(rows, |mut row, record| {
                row.push_bind(record.id.as_str())
                    .push_bind(record.hash.to_be_bytes().to_vec())
                    .push_bind(record.body.as_str())
                    .push_bind(record.raw.as_deref());
                for value in columns.values(&record.search) {
                    row.push_bind(value);
                }
            });
            // Without a condition, SQLite would parse ON as part of a join.
            query.push(") WHERE true").push(on_conflict);
            let is_usual = rows.len() == ROWS_A_STATEMENT;
            query.build().persistent(is_usual).execute(&mut **transaction).await?;
        }
        Tx::Postgres(transaction) => {
            let arrays: String = (9..).zip(columns.names()).map(|(n, _)| format!(", ${n}::text[]")).collect();
            let names = columns.each(", {}");
            let insert = format!(
                "INSERT INTO records (account_no, kind, remote_id, hash, body, raw{names}, created_at, updated_at, \
                 touched_us, withheld) SELECT $1, $2, id, hash, body, raw{names}, $3, $3, $8, \
                 CASE WHEN (SELECT {filtered} FROM linked_accounts WHERE no = $1) THEN 'untold' END FROM \
                 UNNEST($4::text[], $5::bytea[], $6::text[], $7::text[]{arrays}) AS t (id, hash, body, raw{names})"
            );
            let mut values: Vec<Vec<Option<&str>>> =
                vec![Vec::with_capacity(rows.len()); columns.names().count()];
            for record in rows {
                for (column, value) in values.iter_mut().zip(columns.values(&record.search)) {
                    column.push(value);
                }
            }
            let query = sqlx::query(AssertSqlSafe(format!("{insert}{on_conflict}")))
                .bind(account_no)
                .bind(kind.name())
                .bind(sql_time(at))
                .bind(rows.iter().map(|record| record.id.as_str()).collect::<Vec<_>>())
                .bind(rows.iter().map(|record| record.hash.to_be_bytes().to_vec()).collect::<Vec<_>>())
                .bind(rows.iter().map(|record| record.body.as_str()).collect::<Vec<_>>())
                .bind(rows.iter().map(|record| record.raw.as_deref()).collect::<Vec<_>>())
                .bind(at.as_microsecond());
            let query = values.into_iter().fold(query, |query, column| query.bind(column));
            query.execute(&mut **transaction).await?;
        }
    }
    records_written(tx, account_no).await
}
