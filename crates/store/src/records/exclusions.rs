//! Exclusions: removes the records that a linked account's configuration now excludes, and their content in
//! the change log and the quarantine. The sync engine selects those records.

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use people::{Kind, RemoteId};

use crate::db::{Db, Tx, from_sql_count, in_tx, on, sql_time};
use crate::dialect::json_list;
use crate::error::{stored, while_doing};
use crate::records::commit::records_written;
use crate::records::lookup::RecordState;
use crate::sync::holds;
use crate::{Error, Lease, Store};

/// A stored record, in any state.
#[derive(Clone, Debug)]
pub struct KeptRecord {
    /// The record's id in Lucca.
    pub id: RemoteId,
    /// The model as JSON.
    pub body: String,
    /// The record as Lucca sent it, if it is stored.
    pub raw: Option<String>,
    /// Its state in Lucca.
    pub state: RecordState,
}

impl Store {
    /// Returns the records of a kind after `after`, at most `limit`, in the order of ids as text. They may be
    /// in any state, and withheld ones are included.
    #[boxed]
    pub async fn kept(
        &self,
        account_no: i64,
        kind: Kind,
        after: Option<&RemoteId>,
        limit: u32,
    ) -> Result<Vec<KeptRecord>, Error> {
        let rows: Vec<(String, String, Option<String>, String)> = on!(self.db, pool => sqlx::query_as(
            "SELECT remote_id, body, raw, state FROM records WHERE account_no = $1 AND kind = $2 \
             AND ($3 IS NULL OR remote_id > $3) ORDER BY remote_id LIMIT $4",
        )
        .bind(account_no)
        .bind(kind.name())
        .bind(after.map(RemoteId::as_str))
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
        .map_err(while_doing("reading records"))?;
        let read = |(id, body, raw, state): (String, String, Option<String>, String)| {
            Ok(KeptRecord { id: RemoteId::from(id), body, raw, state: stored("records", &state)? })
        };
        rows.into_iter().map(read).collect()
    }

    /// Removes the records of a kind, or of these ids, because the account's configuration excludes them.
    /// Those that were not deleted before are logged as excluded. Their content in the change log is removed
    /// with them; without `ids`, so are the kind's quarantine and its hold. Returns the number of logged
    /// records.
    ///
    /// # Errors
    ///
    /// [`Error::LeaseLost`] if another process has claimed the lease, and database errors.
    #[boxed]
    pub async fn exclude(
        &self,
        lease: &Lease,
        kind: Kind,
        ids: Option<&[RemoteId]>,
        at: Timestamp,
    ) -> Result<u64, Error> {
        const DOING: &str = "removing excluded records";
        let mut tx = self.begin_under(lease, at, DOING).await?;
        let write = async {
            let logged = self.remove(&mut tx, lease, kind, ids, at).await?;
            tx.commit().await?;
            Ok(logged)
        };
        write.await.map_err(while_doing(DOING))
    }

    async fn remove(
        &self,
        tx: &mut Tx,
        lease: &Lease,
        kind: Kind,
        ids: Option<&[RemoteId]>,
        at: Timestamp,
    ) -> Result<u64, sqlx::Error> {
        let no = lease.account_no;
        let list = ids.map(json_list);
        let list = list.as_deref();
        let among = if ids.is_some() { "AND remote_id IN {ids}" } else { "AND $3 IS NULL" };
        let of_them = format!("account_no = $1 AND kind = $2 {among}");
        // Withheld records were logged as excluded before, or never logged.
        let count =
            format!("SELECT count(*) FROM records WHERE {of_them} AND state <> 'gone' AND withheld IS NULL");
        let sql = self.db.with_ids(&count, 3);
        let logged: i64 = in_tx!(&mut *tx, connection => sqlx::query_scalar(sql)
            .bind(no).bind(kind.name()).bind(list).fetch_one(connection).await)?;
        let last: i64 = in_tx!(&mut *tx, connection => sqlx::query_scalar(
            "UPDATE linked_accounts SET change_seq = change_seq + $2 WHERE no = $1 RETURNING change_seq",
        ).bind(no).bind(logged).fetch_one(connection).await)?;
        let statements = [
            "UPDATE changes SET fields = NULL, hash = NULL WHERE {of_them} AND (fields IS NOT NULL OR hash IS NOT NULL)",
            "INSERT INTO changes (account_no, seq, kind, remote_id, op, run_id, at) \
             SELECT account_no, $4 + row_number() OVER (ORDER BY remote_id), kind, remote_id, 'excluded', $5, $6 \
             FROM records WHERE {of_them} AND state <> 'gone' AND withheld IS NULL",
            "DELETE FROM records WHERE {of_them}",
        ];
        for (index, statement) in statements.into_iter().enumerate() {
            let sql = self.db.with_ids(&statement.replace("{of_them}", &of_them), 3);
            in_tx!(&mut *tx, connection => {
                let query = sqlx::query(sql).bind(no).bind(kind.name()).bind(list);
                let query = if index == 1 {
                    let run_id = lease.run().map(|run_id| run_id.to_string());
                    query.bind(last - logged).bind(run_id).bind(sql_time(at))
                } else {
                    query
                };
                query.execute(connection).await.map(drop)
            })?;
        }
        records_written(tx, no).await?;
        if ids.is_none() {
            in_tx!(&mut *tx, connection => sqlx::query("DELETE FROM quarantine WHERE account_no = $1 AND kind = $2")
                .bind(no).bind(kind.name()).execute(connection).await.map(drop))?;
            holds::remove(tx, no, kind).await?;
        }
        Ok(from_sql_count(logged))
    }

    /// Removes the values of some members from the change log of a kind; the fact that they changed stays.
    /// Returns the number of removed values: an entry with two of the members counts twice.
    ///
    /// # Errors
    ///
    /// [`Error::LeaseLost`] if another process has claimed the lease, and database errors.
    #[boxed]
    pub async fn forget_values(
        &self,
        lease: &Lease,
        kind: Kind,
        members: &[&str],
        at: Timestamp,
    ) -> Result<u64, Error> {
        const DOING: &str = "removing values from the change log";
        let mut tx = self.begin_under(lease, at, DOING).await?;
        let write = async {
            let emptied = self.forget(&mut tx, lease.account_no, kind, members, None).await?;
            tx.commit().await?;
            Ok(emptied)
        };
        write.await.map_err(while_doing(DOING))
    }

    /// Same as [`Self::forget_values`], within a transaction, and for some records only if `ids` are given.
    pub(crate) async fn forget(
        &self,
        tx: &mut Tx,
        account_no: i64,
        kind: Kind,
        members: &[&str],
        ids: Option<&[RemoteId]>,
    ) -> Result<u64, sqlx::Error> {
        let mut emptied = 0;
        let among = if ids.is_some() { "AND remote_id IN {ids}" } else { "AND $3 IS NULL" };
        for member in members {
            let (set, has_values) = match self.db {
                Db::Sqlite(_) => (
                    format!("json_set(fields, '$.{member}', json('null'))"),
                    format!("json_type(fields, '$.{member}') = 'object'"),
                ),
                Db::Postgres(_) => (
                    format!("jsonb_set(fields::jsonb, '{{{member}}}', 'null')::text"),
                    format!("jsonb_typeof(fields::jsonb -> '{member}') = 'object'"),
                ),
            };
            let sql = self.db.with_ids(
                &format!(
                    "UPDATE changes SET fields = {set} WHERE account_no = $1 AND kind = $2 {among} \
                     AND fields IS NOT NULL AND {has_values}"
                ),
                3,
            );
            emptied += in_tx!(&mut *tx, connection => sqlx::query(sql)
                .bind(account_no)
                .bind(kind.name())
                .bind(ids.map(json_list))
                .execute(connection)
                .await
                .map(|done| done.rows_affected()))?;
        }
        Ok(emptied)
    }
}
