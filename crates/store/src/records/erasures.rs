//! Erasure of one employee: removes all data stored of them; the change log keeps only that entries existed,
//! and the id is stored so that no sync stores them again. Finding their name in other employees' records is
//! in `traces`.

mod traces;

use std::collections::{BTreeMap, HashSet};

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use people::{AbsenceRequest, Employee, Kind, RemoteId};
use serde::Serialize;
use serde_json::json;
use sqlx::AssertSqlSafe;

use self::traces::Traces;
use crate::db::{Db, Tx, from_sql_count, in_tx, on, row, sql_time};
use crate::dialect::json_list;
use crate::error::{stored, while_doing};
use crate::operations::audit::{self, Actor, NewAuditEntry};
use crate::operations::audit_chain::AuditHead;
use crate::operations::idempotency;
use crate::records::changes::{self, NewChange, Operation};
use crate::records::commit;
use crate::records::commit::records_written;
use crate::records::lookup::RecordUpsert;
use crate::sync::submissions;
use crate::{AccountId, ErasureId, Error, LinkedAccount, Store};

/// Kinds whose records belong to an employee, named by `employee_id`.
const OWNED: &str = "'employments', 'absences', 'absence_requests', 'user_log_entries'";

/// An employee to erase.
#[derive(Clone, Copy, Debug)]
pub struct Erasure<'a> {
    /// The receipt's id.
    pub id: ErasureId,
    /// The employee's id in Lucca.
    pub remote_id: &'a RemoteId,
    /// The actor that requests it.
    pub actor: Actor,
    /// The current time.
    pub at: Timestamp,
}

/// Receipt of an erasure. Its only data of the employee is the id in Lucca.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// The receipt's id, `era_…`.
    pub id: ErasureId,
    /// The linked account.
    pub account_id: AccountId,
    /// The employee's id in Lucca.
    pub remote_id: RemoteId,
    /// The actor that requested it.
    pub actor: String,
    /// When the employee was erased, UTC.
    pub erased_at: Timestamp,
    /// The number of rows erased or emptied, by table.
    pub counts: BTreeMap<String, u64>,
    /// Time since which the employee may be stored again; absent while that is forbidden.
    pub allowed_at: Option<Timestamp>,
    /// Its entry in the audit log, whose chain proves when it was written; absent for receipts from before
    /// the chain.
    pub audit: Option<AuditHead>,
}

const DOING: &str = "erasing an employee";

impl Store {
    /// Erases an employee, in one transaction: their records of every kind, their records in quarantine,
    /// their content in the change log, and their comments in other employees' requests. Their id stays in
    /// other records' references, and in the receipt, so that they are not stored again. The change log gets
    /// one more entry, `erased`.
    ///
    /// A running sync of the account can commit no more pages: it ends with [`Error::LeaseLost`], and the
    /// next one applies the erasure. Call [`Store::scrub`] afterwards to overwrite the freed space.
    pub async fn erase_person(
        &self,
        account: &LinkedAccount,
        erasure: Erasure<'_>,
    ) -> Result<Receipt, Error> {
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            let counts = self.erase(&mut tx, account.no, erasure).await?;
            let json = serde_json::to_string(&counts).unwrap_or_default();
            in_tx!(&mut tx, connection => sqlx::query(
                "INSERT INTO erasures (id, account_no, remote_id, actor, erased_at, counts) VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(erasure.id.to_string())
            .bind(account.no)
            .bind(erasure.remote_id.as_str())
            .bind(erasure.actor.name())
            .bind(sql_time(erasure.at))
            .bind(json)
            .execute(connection)
            .await
            .map(drop))?;
            let by = (erasure.actor, erasure.at);
            let detail = json!({ "erasure_id": erasure.id, "counts": counts });
            let entry = NewAuditEntry::new(by, "person.erased", Some(account.id), detail);
            let audited = audit::append(&mut tx, &entry).await?;
            in_tx!(&mut tx, connection => sqlx::query("UPDATE erasures SET audit_seq = $2 WHERE id = $1")
                .bind(erasure.id.to_string())
                .bind(audited.seq)
                .execute(connection)
                .await
                .map(drop))?;
            tx.commit().await?;
            Ok((counts, audited))
        };
        let (counts, audited) = write.await.map_err(while_doing(DOING))?;
        Ok(Receipt {
            id: erasure.id,
            account_id: account.id,
            remote_id: erasure.remote_id.clone(),
            actor: erasure.actor.name().to_owned(),
            erased_at: erasure.at,
            counts,
            allowed_at: None,
            audit: Some(audited),
        })
    }

    async fn erase(
        &self,
        tx: &mut Tx,
        no: i64,
        Erasure { remote_id, at, .. }: Erasure<'_>,
    ) -> Result<BTreeMap<String, u64>, sqlx::Error> {
        // A process that writes under the previous epoch has not read the erasure.
        in_tx!(&mut *tx, connection => sqlx::query(
            "UPDATE leases SET epoch = epoch + 1, expires_ms = 0 WHERE account_no = $1",
        )
        .bind(no).execute(connection).await.map(drop))?;

        let person: Option<(String, Option<String>)> = in_tx!(&mut *tx, connection => sqlx::query_as(
            "SELECT body, raw FROM records WHERE account_no = $1 AND kind = 'employees' AND remote_id = $2",
        )
        .bind(no).bind(remote_id.as_str()).fetch_optional(connection).await)?;
        let employee = person.and_then(|(body, _)| serde_json::from_str::<Employee>(&body).ok());
        let traces = Traces::of(remote_id, employee.as_ref());

        let owned = AssertSqlSafe(format!(
            "DELETE FROM records WHERE account_no = $1 AND (kind IN ({OWNED}) AND employee_id = $2 \
             OR kind = 'employees' AND remote_id = $2) RETURNING kind, remote_id"
        ));
        let gone: Vec<(String, String)> = in_tx!(&mut *tx, connection => sqlx::query_as(owned)
            .bind(no).bind(remote_id.as_str()).fetch_all(connection).await)?;
        records_written(tx, no).await?;
        let mut by_kind: BTreeMap<String, Vec<RemoteId>> = BTreeMap::new();
        by_kind.insert(Kind::Employee.name().to_owned(), vec![remote_id.clone()]);
        let records = gone.len();
        for (kind, id) in gone {
            by_kind.entry(kind).or_default().push(RemoteId::from(id));
        }

        let mut emptied = 0;
        for (kind, ids) in &by_kind {
            let sql = self.db.with_ids(
                "UPDATE changes SET op = 'erased', hash = NULL, fields = NULL \
                 WHERE account_no = $1 AND kind = $2 AND remote_id IN {ids}",
                3,
            );
            emptied += in_tx!(&mut *tx, connection => sqlx::query(sql)
                .bind(no).bind(kind).bind(json_list(ids)).execute(connection).await
                .map(|done| done.rows_affected()))?;
        }
        let quarantined = erase_quarantined(tx, no, remote_id, &traces).await?;
        let holds = erase_held(tx, no, &by_kind).await?;
        let rewritten =
            self.erase_comments(tx, no, remote_id, at).await? + erase_names(tx, no, &traces, at).await?;
        let submissions = submissions::erase(tx, no, remote_id).await?;
        idempotency::forget(tx, no).await?;
        let change = NewChange {
            kind: Kind::Employee,
            id: remote_id.clone(),
            operation: Operation::Erased,
            hash: None,
            fields: None,
        };
        changes::append(tx, no, None, &[change], at).await?;
        let records = u64::try_from(records).unwrap_or(u64::MAX);
        let counts = [
            ("records", records),
            ("changes", emptied),
            ("quarantine", quarantined),
            ("holds", holds),
            ("records_of_others", rewritten),
            ("submissions", submissions),
        ];
        Ok(counts.into_iter().map(|(table, count)| (table.to_owned(), count)).collect())
    }

    /// Removes the employee's comments from other employees' requests.
    async fn erase_comments(
        &self,
        tx: &mut Tx,
        no: i64,
        person: &RemoteId,
        at: Timestamp,
    ) -> Result<u64, sqlx::Error> {
        let rows: Vec<(String, String, Option<String>, String)> = in_tx!(&mut *tx, connection => sqlx::query_as(
            "SELECT remote_id, body, raw, state FROM records WHERE account_no = $1 AND kind = 'absence_requests' \
             AND body LIKE '%\"comment\"%'",
        )
        .bind(no).fetch_all(connection).await)?;
        let mut changes = Vec::new();
        let mut touched = Vec::new();
        for (id, body, raw, state) in rows {
            let Ok(mut request) = serde_json::from_str::<AbsenceRequest>(&body) else { continue };
            if !request.forget_words_of(|author| author == person) {
                continue;
            }
            let Ok(body) = serde_json::to_string(&request) else { continue };
            let record = RecordUpsert { id: RemoteId::from(id), ..RecordUpsert::of(&request, body, raw) };
            commit::rewrite(tx, no, Kind::AbsenceRequest, &record, at).await?;
            touched.push(record.id.clone());
            if state == "present" {
                changes.push(NewChange {
                    kind: Kind::AbsenceRequest,
                    id: record.id,
                    operation: Operation::Updated,
                    hash: Some(record.hash),
                    fields: Some(r#"{"approvals":null,"cancellation_requests":null}"#.to_owned()),
                });
            }
        }
        if !touched.is_empty() {
            let members = ["approvals", "cancellation_requests"];
            self.forget(tx, no, Kind::AbsenceRequest, &members, Some(&touched)).await?;
            changes::append(tx, no, None, &changes, at).await?;
        }
        Ok(u64::try_from(touched.len()).unwrap_or(u64::MAX))
    }

    /// Overwrites the deleted rows' remains in the database's files. Takes as long as writing the database
    /// once, and waits for other writers.
    ///
    /// # Errors
    ///
    /// If other connections keep the database busy: the erased rows are deleted from the tables; call this
    /// again.
    #[boxed]
    pub async fn scrub(&self) -> Result<(), Error> {
        const DOING: &str = "overwriting erased data";
        match &self.db {
            Db::Sqlite(pool) => {
                // Deleted rows are overwritten, but copies of them stay in pages that were split before.
                sqlx::query("VACUUM").execute(pool).await.map_err(while_doing(DOING))?;
                let (busy, ..): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)")
                    .fetch_one(pool)
                    .await
                    .map_err(while_doing(DOING))?;
                if busy != 0 {
                    let busy = sqlx::Error::Io(std::io::ErrorKind::ResourceBusy.into());
                    return Err(while_doing(DOING)(busy));
                }
            }
            Db::Postgres(pool) => {
                sqlx::query("VACUUM records, changes, quarantine, holds, submissions")
                    .execute(pool)
                    .await
                    .map_err(while_doing(DOING))?;
            }
        }
        Ok(())
    }

    /// Counts the stored data of an employee by kind: records in any state, and records in quarantine.
    #[boxed]
    pub async fn holdings(&self, account_no: i64, person: &RemoteId) -> Result<BTreeMap<Kind, u64>, Error> {
        let sql = AssertSqlSafe(format!(
            "SELECT kind, count(*) FROM records WHERE account_no = $1 AND (kind IN ({OWNED}) \
             AND employee_id = $2 OR kind = 'employees' AND remote_id = $2) GROUP BY kind \
             UNION ALL SELECT kind, count(*) FROM quarantine WHERE account_no = $1 \
             AND (owner_id = $2 OR kind = 'employees' AND remote_id = $2) GROUP BY kind"
        ));
        let rows: Vec<(String, i64)> = on!(self.db, pool => sqlx::query_as(sql)
            .bind(account_no)
            .bind(person.as_str())
            .fetch_all(pool)
            .await)
        .map_err(while_doing("counting the stored data of an employee"))?;
        let mut counts = BTreeMap::new();
        for (kind, count) in rows {
            *counts.entry(stored("records", &kind)?).or_default() += from_sql_count(count);
        }
        Ok(counts)
    }

    /// Lists the receipts of erasures, oldest first: of one linked account, or of all.
    #[boxed]
    pub async fn erasures(&self, account_no: Option<i64>) -> Result<Vec<Receipt>, Error> {
        let rows: Vec<Row> = on!(self.db, pool => sqlx::query_as(
            "SELECT e.id, a.id AS account_id, e.remote_id, e.actor, e.erased_at, e.counts, e.allowed_at, l.seq, l.hash \
             FROM erasures e JOIN linked_accounts a ON a.no = e.account_no LEFT JOIN audit_chain l ON l.seq = e.audit_seq \
             WHERE ($1 IS NULL OR e.account_no = $1) ORDER BY e.id",
        )
        .bind(account_no)
        .fetch_all(pool)
        .await)
        .map_err(while_doing("listing erasures"))?;
        rows.into_iter().map(Row::read).collect()
    }

    /// Lists the employees of a linked account that must not be stored again.
    #[boxed]
    pub async fn erased_ids(&self, account_no: i64) -> Result<HashSet<RemoteId>, Error> {
        let ids: Vec<String> = on!(self.db, pool => sqlx::query_scalar(
            "SELECT remote_id FROM erasures WHERE account_no = $1 AND allowed_at IS NULL",
        )
        .bind(account_no)
        .fetch_all(pool)
        .await)
        .map_err(while_doing("listing erased employees"))?;
        Ok(ids.into_iter().map(RemoteId::from).collect())
    }

    /// Allows an erased employee to be stored again: the next sync reads them. Returns false if they were not
    /// erased.
    #[boxed]
    pub async fn allow_person(
        &self,
        account: &LinkedAccount,
        person: &RemoteId,
        actor: Actor,
        at: Timestamp,
    ) -> Result<bool, Error> {
        const DOING: &str = "allowing an erased employee";
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let is_allowed = in_tx!(&mut tx, connection => sqlx::query(
            "UPDATE erasures SET allowed_at = $3, allowed_by = $4 \
             WHERE account_no = $1 AND remote_id = $2 AND allowed_at IS NULL",
        )
        .bind(account.no)
        .bind(person.as_str())
        .bind(sql_time(at))
        .bind(actor.name())
        .execute(connection)
        .await
        .map(|done| done.rows_affected() > 0))
        .map_err(while_doing(DOING))?;
        let entry = NewAuditEntry::new((actor, at), "person.allowed", Some(account.id), json!({}));
        audit::commit_audited(tx, is_allowed, &entry).await.map_err(while_doing(DOING))
    }
}

row! {
    struct Row {
        id: String,
        account_id: String,
        remote_id: String,
        actor: String,
        erased_at: jiff_sqlx::Timestamp,
        counts: String,
        allowed_at: Option<jiff_sqlx::Timestamp>,
        seq: Option<i64>,
        hash: Option<Vec<u8>>,
    }
}

impl Row {
    fn read(self) -> Result<Receipt, Error> {
        let corrupt =
            |source: Box<dyn std::error::Error + Send + Sync>| Error::Corrupt { what: "receipt", source };
        Ok(Receipt {
            id: self.id.parse().map_err(|error: crate::InvalidId| corrupt(error.into()))?,
            account_id: self.account_id.parse().map_err(|error: crate::InvalidId| corrupt(error.into()))?,
            remote_id: RemoteId::from(self.remote_id),
            actor: self.actor,
            erased_at: self.erased_at.to_jiff(),
            counts: serde_json::from_str(&self.counts).map_err(|error| corrupt(error.into()))?,
            allowed_at: self.allowed_at.map(jiff_sqlx::Timestamp::to_jiff),
            audit: AuditHead::of_entry(self.seq, self.hash.as_deref()),
        })
    }
}

/// Erases an employee's records in quarantine. A record with an unknown owner is erased if it mentions the
/// employee; a record of another employee returns when it is read again.
async fn erase_quarantined(
    tx: &mut Tx,
    no: i64,
    person: &RemoteId,
    traces: &Traces<'_>,
) -> Result<u64, sqlx::Error> {
    let rows: Vec<(String, String, Option<String>, String)> = in_tx!(&mut *tx, connection => sqlx::query_as(
        "SELECT kind, remote_id, owner_id, raw FROM quarantine WHERE account_no = $1",
    )
    .bind(no).fetch_all(connection).await)?;
    let mut erased = 0;
    for (kind, id, owner_id, raw) in rows {
        let is_theirs = match owner_id {
            Some(owner) => owner == person.as_str(),
            None if kind == Kind::Employee.name() && id == person.as_str() => true,
            None => traces.mentioned_in(&raw),
        };
        if is_theirs {
            in_tx!(&mut *tx, connection => sqlx::query(
                "DELETE FROM quarantine WHERE account_no = $1 AND kind = $2 AND remote_id = $3",
            )
            .bind(no).bind(kind).bind(id).execute(connection).await.map(drop))?;
            erased += 1;
        }
    }
    Ok(erased)
}

/// Removes records from open holds.
async fn erase_held(
    tx: &mut Tx,
    no: i64,
    gone: &BTreeMap<String, Vec<RemoteId>>,
) -> Result<u64, sqlx::Error> {
    let mut touched = 0;
    for (kind, gone) in gone {
        let ids: Option<String> = in_tx!(&mut *tx, connection => sqlx::query_scalar(
            "SELECT ids FROM holds WHERE account_no = $1 AND kind = $2",
        )
        .bind(no).bind(kind).fetch_optional(connection).await)?;
        let ids: Vec<RemoteId> = ids.and_then(|ids| serde_json::from_str(&ids).ok()).unwrap_or_default();
        let gone: HashSet<&RemoteId> = gone.iter().collect();
        let left: Vec<RemoteId> = ids.iter().filter(|id| !gone.contains(id)).cloned().collect();
        if left.len() == ids.len() {
            continue;
        }
        touched += 1;
        let sql = match left.is_empty() {
            true => "DELETE FROM holds WHERE account_no = $1 AND kind = $2 AND $3 = '[]'",
            false => "UPDATE holds SET ids = $3 WHERE account_no = $1 AND kind = $2",
        };
        in_tx!(&mut *tx, connection => sqlx::query(sql)
            .bind(no).bind(kind).bind(json_list(&left)).execute(connection).await.map(drop))?;
    }
    Ok(touched)
}

/// Removes the employee's name from the raw records of others, such as their reports. The model has ids only.
async fn erase_names(tx: &mut Tx, no: i64, traces: &Traces<'_>, at: Timestamp) -> Result<u64, sqlx::Error> {
    let rows: Vec<(String, String, String)> = in_tx!(&mut *tx, connection => sqlx::query_as(
        "SELECT kind, remote_id, raw FROM records WHERE account_no = $1 AND raw IS NOT NULL AND raw LIKE $2",
    )
    .bind(no).bind(format!("%{}%", traces.id())).fetch_all(connection).await)?;
    let mut touched = 0;
    for (kind, id, raw) in rows {
        let Some(raw) = traces.without_name(&raw) else { continue };
        in_tx!(&mut *tx, connection => sqlx::query(
            "UPDATE records SET raw = $4, updated_at = $5, touched_us = $6 \
             WHERE account_no = $1 AND kind = $2 AND remote_id = $3",
        )
        .bind(no).bind(kind).bind(id).bind(raw).bind(sql_time(at)).bind(at.as_microsecond())
        .execute(connection).await.map(drop))?;
        touched += 1;
    }
    records_written(tx, no).await?;
    Ok(touched)
}
