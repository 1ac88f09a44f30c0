//! Retention: removes old rows in batches that lock little, each with its share of the round's receipt. The
//! age limits, and when a round is due, are in `jobs`.

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use people::{Kind, RemoteId};
use sqlx::AssertSqlSafe;

use crate::db::{Tx, from_sql_count, in_tx, on, sql_time};
use crate::dialect::json_list;
use crate::error::{stored, while_doing};
use crate::operations::receipts;
use crate::records::changes::{self, Operation};
use crate::records::commit::records_written;
use crate::{Error, ReceiptId, Store};

/// Rows per transaction.
const BATCH_ROWS: i64 = 500;

/// A rule by which old rows are removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetentionRule {
    /// The log of webhook deliveries.
    Deliveries,
    /// Account events that every webhook endpoint has received.
    Events,
    /// Runs, except the last of each account.
    Runs,
    /// Absence submissions that are decided, refused, or did not arrive.
    AbsenceRequests,
    /// Answers stored for idempotency keys, after a day.
    Answers,
    /// Linking flows that ended or whose links have all expired, with their tokens.
    LinkingFlows,
    /// Records in quarantine.
    Quarantine,
    /// Records that are gone or hidden, and their content in the change log.
    GoneRecords,
    /// The change log, as far as every webhook endpoint has received it.
    Changes,
}

people::names! {
    RetentionRule: "retention rule" {
        Deliveries = "deliveries",
        Events = "events",
        Runs = "runs",
        AbsenceRequests = "absence_requests",
        Answers = "answers",
        LinkingFlows = "linking_flows",
        Quarantine = "quarantine",
        GoneRecords = "gone_records",
        Changes = "changes",
    }
}

/// The table that a rule removes rows from.
struct RuleTable {
    table: &'static str,
    /// The columns that identify a row.
    key: &'static str,
    /// SQL condition for old rows: `$1` is the time before which they are old.
    old: &'static str,
    /// Whether that time is compared in Unix milliseconds.
    in_ms: bool,
}

impl RetentionRule {
    /// The table of a rule that needs one statement; records and the change log need more.
    fn table(self) -> Option<RuleTable> {
        let with_timestamp = |table, key, old| Some(RuleTable { table, key, old, in_ms: false });
        match self {
            Self::Deliveries => Some(RuleTable {
                table: "webhook_deliveries",
                key: "endpoint_id, webhook_id",
                old: "last_ms < $1",
                in_ms: true,
            }),
            Self::Events => with_timestamp(
                "account_events",
                "account_no, seq",
                "at < $1 AND NOT EXISTS (SELECT 1 FROM destinations w LEFT JOIN webhook_cursors c \
                 ON c.endpoint_id = w.id AND c.account_no = account_events.account_no AND c.log = 'events' \
                 WHERE w.kind = 'webhook' AND (w.account_no IS NULL OR w.account_no = account_events.account_no) \
                 AND coalesce(c.seq, 0) < account_events.seq)",
            ),
            Self::Runs => with_timestamp(
                "runs",
                "id",
                "finished_at < $1 AND EXISTS (SELECT 1 FROM runs later WHERE later.account_no = runs.account_no \
                 AND later.id > runs.id AND later.report IS NOT NULL)",
            ),
            Self::AbsenceRequests => with_timestamp(
                "submissions",
                "id",
                "updated_at < $1 AND due_at IS NULL AND state IN ('made', 'refused', 'not_made')",
            ),
            Self::Answers => Some(RuleTable {
                table: "idempotency_keys",
                key: "hash",
                old: "expires_ms < $1",
                in_ms: true,
            }),
            Self::LinkingFlows => with_timestamp(
                "link_flows",
                "id",
                "updated_at < $1 AND NOT EXISTS (SELECT 1 FROM link_tokens t \
                 WHERE t.flow_id = link_flows.id AND t.expires_at >= $1)",
            ),
            Self::Quarantine => {
                with_timestamp("quarantine", "account_no, kind, remote_id", "first_seen < $1")
            }
            Self::GoneRecords | Self::Changes => None,
        }
    }
}

const OLD_RECORDS: &str = "state IN ('gone', 'hidden') AND updated_at < $1 AND NOT EXISTS (SELECT 1 FROM leases l \
                           WHERE l.account_no = records.account_no AND l.expires_ms > $2)";

const DOING: &str = "removing data past its retention period";

/// The age limit in whole seconds: SQLite compares times as text, which is right only if neither has more
/// digits than the other.
fn old_before(before: Timestamp) -> jiff_sqlx::Timestamp {
    sql_time(Timestamp::from_second(before.as_second()).unwrap_or(before))
}

impl Store {
    /// Counts the rows that a rule would remove now, by table.
    #[boxed]
    pub async fn count_old(
        &self,
        rule: RetentionRule,
        before: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<(&'static str, u64)>, Error> {
        let count = |count: i64| from_sql_count(count);
        if let Some(RuleTable { table, old, in_ms, .. }) = rule.table() {
            let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table} WHERE {old}"));
            let found: i64 = on!(self.db, pool => {
                let query = sqlx::query_scalar(sql);
                let query = match in_ms {
                    true => query.bind(before.as_millisecond()),
                    false => query.bind(old_before(before)),
                };
                query.fetch_one(pool).await
            })
            .map_err(while_doing(DOING))?;
            return Ok(vec![(table, count(found))]);
        }
        if rule == RetentionRule::GoneRecords {
            let sql = AssertSqlSafe(format!("SELECT count(*) FROM records WHERE {OLD_RECORDS}"));
            let found: i64 = on!(self.db, pool => sqlx::query_scalar(sql)
                .bind(old_before(before))
                .bind(now.as_millisecond())
                .fetch_one(pool)
                .await)
            .map_err(while_doing(DOING))?;
            return Ok(vec![("records", count(found))]);
        }
        let mut all = 0;
        for (account_no, cut) in self.changes_to_cut(before).await? {
            let found: i64 = on!(self.db, pool => sqlx::query_scalar(
                "SELECT count(*) FROM changes WHERE account_no = $1 AND seq <= $2",
            )
            .bind(account_no)
            .bind(cut)
            .fetch_one(pool)
            .await)
            .map_err(while_doing(DOING))?;
            all += count(found);
        }
        Ok(vec![("changes", all)])
    }

    /// Removes the next rows past a rule's age limit, and adds them to the round's receipt, in one
    /// transaction. Returns false if none is left.
    #[boxed]
    pub async fn remove_old(
        &self,
        rule: RetentionRule,
        before: Timestamp,
        receipt: ReceiptId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        if let Some(table) = rule.table() {
            return self.remove_rows(rule, &table, before, receipt).await.map_err(while_doing(DOING));
        }
        match rule {
            RetentionRule::GoneRecords => self.remove_records(before, receipt, now).await,
            _ => self.cut_changes(before, receipt).await,
        }
    }

    async fn remove_rows(
        &self,
        rule: RetentionRule,
        &RuleTable { table, key, old, in_ms }: &RuleTable,
        before: Timestamp,
        receipt: ReceiptId,
    ) -> Result<bool, sqlx::Error> {
        let sql = AssertSqlSafe(format!(
            "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {old} LIMIT $2)"
        ));
        let mut tx = self.begin().await?;
        let removed = in_tx!(&mut tx, connection => {
            let query = sqlx::query(sql);
            let query = match in_ms {
                true => query.bind(before.as_millisecond()),
                false => query.bind(old_before(before)),
            };
            query.bind(BATCH_ROWS).execute(connection).await.map(|done| done.rows_affected())
        })?;
        if removed > 0 {
            receipts::note(&mut tx, receipt, rule.name(), before, &[(table, removed)]).await?;
        }
        tx.commit().await?;
        Ok(removed >= BATCH_ROWS as u64)
    }

    /// Removes records of one account and kind. Skips accounts that a run writes to, until another round.
    async fn remove_records(
        &self,
        before: Timestamp,
        receipt: ReceiptId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let sql = AssertSqlSafe(format!("SELECT account_no, kind FROM records WHERE {OLD_RECORDS} LIMIT 1"));
        let next: Option<(i64, String)> = on!(self.db, pool => sqlx::query_as(sql)
            .bind(old_before(before))
            .bind(now.as_millisecond())
            .fetch_optional(pool)
            .await)
        .map_err(while_doing(DOING))?;
        let Some((no, kind)) = next else { return Ok(false) };
        let kind: Kind = stored("records", &kind)?;
        let write = async {
            let mut tx = self.begin().await?;
            // Locked, so that no run begins before this is done.
            in_tx!(&mut tx, connection => sqlx::query("UPDATE leases SET epoch = epoch WHERE account_no = $1")
                .bind(no).execute(connection).await.map(drop))?;
            let sql = AssertSqlSafe(format!(
                "SELECT remote_id, state FROM records WHERE account_no = $3 AND kind = $4 AND {OLD_RECORDS} LIMIT $5"
            ));
            let rows: Vec<(String, String)> = in_tx!(&mut tx, connection => sqlx::query_as(sql)
                .bind(old_before(before))
                .bind(now.as_millisecond())
                .bind(no)
                .bind(kind.name())
                .bind(BATCH_ROWS)
                .fetch_all(connection)
                .await)?;
            let hidden: Vec<RemoteId> = rows
                .iter()
                .filter(|(_, state)| state == "hidden")
                .map(|(id, _)| RemoteId::from(id.as_str()))
                .collect();
            let ids: Vec<RemoteId> = rows.into_iter().map(|(id, _)| RemoteId::from(id)).collect();
            // Gone records were logged as deleted before; consumers still hold the hidden ones.
            let excluded = changes::state_changes(kind, &hidden, Operation::Excluded);
            changes::append(&mut tx, no, None, &excluded, now).await?;
            let mut counts = [("records", 0), ("changes_emptied", 0)];
            for (statement, (_, count)) in [
                "DELETE FROM records WHERE account_no = $1 AND kind = $2 AND remote_id IN {ids}",
                "UPDATE changes SET fields = NULL, hash = NULL WHERE account_no = $1 AND kind = $2 \
                 AND remote_id IN {ids} AND (fields IS NOT NULL OR hash IS NOT NULL)",
            ]
            .into_iter()
            .zip(&mut counts)
            {
                let sql = self.db.with_ids(statement, 3);
                *count = in_tx!(&mut tx, connection => sqlx::query(sql)
                    .bind(no)
                    .bind(kind.name())
                    .bind(json_list(&ids))
                    .execute(connection)
                    .await
                    .map(|done| done.rows_affected()))?;
            }
            records_written(&mut tx, no).await?;
            receipts::note(&mut tx, receipt, RetentionRule::GoneRecords.name(), before, &counts).await?;
            tx.commit().await?;
            // If another process removed them at this moment, this kind is done.
            Ok(counts[0].1 > 0)
        };
        write.await.map_err(while_doing(DOING))
    }

    /// Returns by linked account the number up to which its change log is past the age limit and was
    /// delivered to every webhook endpoint.
    async fn changes_to_cut(&self, before: Timestamp) -> Result<Vec<(i64, i64)>, Error> {
        on!(self.db, pool => sqlx::query_as(
            "SELECT no, cut FROM (SELECT a.no AS no, a.changes_cut AS cut_before, \
             (SELECT CASE WHEN told.seq < old.seq THEN told.seq ELSE old.seq END FROM \
             (SELECT max(c.seq) AS seq FROM changes c WHERE c.account_no = a.no AND c.at < $1) old, \
             (SELECT coalesce(min(coalesce(c.seq - CASE WHEN c.slot < 99 THEN 1 ELSE 0 END, a.changes_cut)), \
              a.change_seq) AS seq FROM destinations w LEFT JOIN webhook_cursors c ON c.endpoint_id = w.id \
              AND c.account_no = a.no AND c.log = 'changes' \
              WHERE w.kind = 'webhook' AND (w.account_no IS NULL OR w.account_no = a.no)) told) AS cut \
             FROM linked_accounts a) cuts WHERE cut > cut_before ORDER BY no",
        )
        .bind(old_before(before))
        .fetch_all(pool)
        .await)
        .map_err(while_doing(DOING))
    }

    async fn cut_changes(&self, before: Timestamp, receipt: ReceiptId) -> Result<bool, Error> {
        let Some((no, until)) = self.changes_to_cut(before).await?.into_iter().next() else {
            return Ok(false);
        };
        let write = async {
            let mut tx = self.begin().await?;
            let last: Option<i64> = in_tx!(&mut tx, connection => sqlx::query_scalar(
                "SELECT max(seq) FROM (SELECT seq FROM changes WHERE account_no = $1 AND seq <= $2 ORDER BY seq LIMIT $3) batch",
            )
            .bind(no)
            .bind(until)
            .bind(BATCH_ROWS)
            .fetch_one(connection)
            .await)?;
            let last = last.unwrap_or(until);
            in_tx!(&mut tx, connection => sqlx::query(
                "UPDATE linked_accounts SET changes_cut = $2 WHERE no = $1 AND changes_cut < $2",
            )
            .bind(no)
            .bind(last)
            .execute(connection)
            .await
            .map(drop))?;
            let removed = delete_changes(&mut tx, no, last).await?;
            receipts::note(&mut tx, receipt, RetentionRule::Changes.name(), before, &[("changes", removed)])
                .await?;
            tx.commit().await?;
            Ok(true)
        };
        write.await.map_err(while_doing(DOING))
    }
}

async fn delete_changes(tx: &mut Tx, account_no: i64, until: i64) -> Result<u64, sqlx::Error> {
    in_tx!(tx, connection => sqlx::query("DELETE FROM changes WHERE account_no = $1 AND seq <= $2")
        .bind(account_no)
        .bind(until)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
}
