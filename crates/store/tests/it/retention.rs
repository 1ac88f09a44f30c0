//! Retention removes old rows only, and its receipts are right even after a process was killed.

use jiff::{SignedDuration, Timestamp};
use people::Kind;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use store::{
    Actor, ChangeFilter, Commit, DataPolicy, Error, NewChange, Operation, ReceiptId, RecordState,
    RetentionRule,
};
use test_database::DatabaseLocation;

use crate::support::{Fixture, at, category, run_id};

fn receipt(n: u8) -> ReceiptId {
    ReceiptId::mint(at(i64::from(n)), [n; 10])
}

async fn raw(fixture: &Fixture, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    match &fixture.database.place {
        DatabaseLocation::File(path) => {
            let mut connection = SqliteConnection::connect(&path.display().to_string()).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        }
        DatabaseLocation::Url(url) => {
            let mut connection = PgConnection::connect(url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        }
    }
}

/// Days after everything in the test happened.
fn days(days: i64) -> Timestamp {
    at(0) + SignedDuration::from_hours(24 * days)
}

/// Removes all rows that a rule considers old, and returns how many batches it took.
async fn remove(fixture: &Fixture, rule: RetentionRule, before: Timestamp, id: ReceiptId) -> usize {
    let mut batches = 1;
    while fixture.store.remove_old(rule, before, id, days(400)).await.unwrap() {
        batches += 1;
    }
    batches
}

async fn rows_are_removed_in_batches_with_receipts(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    let store = &fixture.store;
    let no = account.no;
    store.finish_run(&lease, store::Outcome::Succeeded, 1, Some("{}"), at(3)).await.unwrap();
    let time = |days_: i64| format!("'{:.0}'", days(days_));
    raw(&fixture, &format!(
        "INSERT INTO runs (id, account_no, started_at, finished_at, outcome, report) VALUES ('run_0', {no}, {0}, {0}, 'failed', NULL); \
         INSERT INTO link_flows (id, customer_id, features, status, state, email, created_at, updated_at) VALUES \
         ('flow_old', 'c', '[]', 'open', '{{}}', 'a@example.com', {0}, {0}), ('flow_open', 'c', '[]', 'open', '{{}}', NULL, {0}, {0}), \
         ('flow_new', 'c', '[]', 'finished', '{{}}', NULL, {1}, {1}); \
         INSERT INTO submissions (id, account_no, idempotency_key, employee_id, ask, state, detail, version, created_at, updated_at, due_at) \
         VALUES ('abr_1', {no}, 'k1', '1', '{{}}', 'made', '{{}}', 1, {0}, {0}, NULL), ('abr_2', {no}, 'k2', '1', '{{}}', 'made', '{{}}', 1, {0}, {0}, {1}), \
         ('abr_3', {no}, 'k3', '1', '{{}}', 'in_doubt', '{{}}', 1, {0}, {0}, NULL); \
         INSERT INTO quarantine (account_no, kind, remote_id, field, reason, raw, first_seen) VALUES ({no}, 'employees', '1', 'f', 'r', '{{}}', {0})",
        time(0), time(300)
    )).await;
    let token =
        if matches!(fixture.database.place, DatabaseLocation::File(_)) { "X'01'" } else { "'\\x01'::bytea" };
    raw(&fixture, &format!(
        "INSERT INTO link_tokens (hash, flow_id, kind, expires_at, created_at) VALUES ({token}, 'flow_open', 'mailed', {}, {})",
        time(500), time(0)
    )).await;
    let endpoint =
        "INSERT INTO destinations (id, kind, address, settings, credential, created_at, updated_at) VALUES";
    raw(&fixture, &format!("{endpoint} ('whe_1', 'webhook', 'u', '{{}}', {token}, {0}, {0})", time(0))).await;
    let deliveries: Vec<String> = (0..1200)
        .map(|n| {
            format!(
                "('whe_1', 'm{n}', 't', true, 1, 1, {0}, {0})",
                days(if n < 1100 { 1 } else { 390 }).as_millisecond()
            )
        })
        .collect();
    raw(&fixture, &format!(
        "INSERT INTO webhook_deliveries (endpoint_id, webhook_id, type, delivered, attempts, took_ms, first_ms, last_ms) VALUES {}",
        deliveries.join(",")
    )).await;

    let before = days(100);
    let counts = store.count_old(RetentionRule::Deliveries, before, days(400)).await.unwrap();
    assert_eq!(counts, [("webhook_deliveries", 1100)]);
    assert!(store.begin_retention(receipt(1), days(400)).await.unwrap());
    assert!(!store.begin_retention(receipt(2), days(400)).await.unwrap(), "one round at a time");
    assert_eq!(remove(&fixture, RetentionRule::Deliveries, before, receipt(1)).await, 3);
    for rule in [
        RetentionRule::Runs,
        RetentionRule::AbsenceRequests,
        RetentionRule::LinkingFlows,
        RetentionRule::Quarantine,
        RetentionRule::Answers,
    ] {
        remove(&fixture, rule, before, receipt(1)).await;
        let left = store.count_old(rule, before, days(400)).await.unwrap();
        assert!(left.iter().all(|(_, count)| *count == 0), "{rule:?}");
    }
    // The round was killed here; the next one ends its receipt.
    assert_eq!(store.retention_receipts().await.unwrap()[0].finished_at, None);
    assert!(store.begin_retention(receipt(3), days(401)).await.unwrap());
    assert_eq!(store.finish_retention(receipt(3), days(401)).await.unwrap(), None, "nothing was removed");

    let receipts = store.retention_receipts().await.unwrap();
    assert_eq!(receipts.len(), 1);
    let removed: Vec<_> = receipts[0].removed.iter().map(|r| (r.rule.as_str(), json!(r.rows))).collect();
    assert_eq!(
        removed,
        [
            ("deliveries", json!({ "webhook_deliveries": 1100 })),
            ("runs", json!({ "runs": 1 })),
            ("absence_requests", json!({ "submissions": 1 })),
            ("linking_flows", json!({ "link_flows": 1 })),
            ("quarantine", json!({ "quarantine": 1 })),
        ]
    );
    assert_eq!(receipts[0].finished_at, Some(days(401)));
    let log = store.audit_log(None).await.unwrap();
    let last = log.last().unwrap();
    assert_eq!((last.action.as_str(), last.actor), ("retention.interrupted", Actor::System));
    let audited = receipts[0].audit.unwrap();
    assert_eq!((audited.seq, audited.hash), (last.seq, last.hash));
    assert_eq!(store.verify_audit_log(Some(audited)).await.unwrap().fault, None);
    assert!(store.last_run(no).await.unwrap().is_some());
}

async fn gone_records_are_removed_with_their_traces(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    let (store, kind) = (&fixture.store, Kind::OccupationCategory);
    let all = ["1", "2", "3"];
    let upserts = all.map(|id| category(id, "Name")).to_vec();
    let change = |id: &str, operation| NewChange {
        kind,
        id: id.into(),
        operation,
        hash: Some(1),
        fields: Some(r#"{"name":{"before":"Secret","after":"Name"}}"#.into()),
    };
    let changes = all.map(|id| change(id, Operation::Updated)).to_vec();
    store.commit(&lease, kind, &Commit { upserts, changes, ..Commit::default() }, at(3)).await.unwrap();
    let marked = vec![(RecordState::Gone, vec!["1".into()]), (RecordState::Hidden, vec!["2".into()])];
    store.commit(&lease, kind, &Commit { marked, ..Commit::default() }, at(4)).await.unwrap();
    let rule = RetentionRule::GoneRecords;

    // Nothing is removed while a run writes to the account.
    assert!(store.begin_retention(receipt(1), at(5)).await.unwrap());
    assert!(!store.remove_old(rule, days(1), receipt(1), at(5)).await.unwrap());
    assert_eq!(remove(&fixture, rule, days(1), receipt(1)).await, 2);
    let counts = store.count_kept(account.no).await.unwrap();
    assert_eq!(counts, [((kind, RecordState::Present), 1)].into());
    let log = store.changes(account.no, ChangeFilter::default(), 10).await.unwrap();
    let seen: Vec<_> =
        log.iter().map(|change| (change.id.as_str(), change.operation, change.fields.is_some())).collect();
    assert_eq!(
        seen,
        [
            ("1", Operation::Updated, false),
            ("2", Operation::Updated, false),
            ("3", Operation::Updated, true),
            ("2", Operation::Excluded, false),
        ]
    );
    let done = store.finish_retention(receipt(1), days(400)).await.unwrap().unwrap();
    assert_eq!(json!(done.removed[0].rows), json!({ "records": 2, "changes_emptied": 2 }));
}

async fn change_log_is_cut_behind_all_endpoints(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    let (store, kind, no) = (&fixture.store, Kind::OccupationCategory, account.no);
    let change = |id: usize| NewChange {
        kind,
        id: id.to_string().into(),
        operation: Operation::Created,
        hash: None,
        fields: None,
    };
    let changes = (0..700).map(change).collect();
    store.commit(&lease, kind, &Commit { changes, ..Commit::default() }, at(3)).await.unwrap();
    let changes = (700..710).map(change).collect();
    let lease = store.take_lease(&account, run_id(9), "me", Some("me"), days(300)).await.unwrap().unwrap();
    store.commit(&lease, kind, &Commit { changes, ..Commit::default() }, days(300)).await.unwrap();
    let token =
        if matches!(fixture.database.place, DatabaseLocation::File(_)) { "X'01'" } else { "'\\x01'::bytea" };
    raw(&fixture, &format!(
        "INSERT INTO destinations (id, kind, address, settings, credential, created_at, updated_at) VALUES \
         ('whe_1', 'webhook', 'u', '{{}}', {token}, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'); \
         INSERT INTO webhook_cursors (endpoint_id, account_no, log, seq, slot) VALUES ('whe_1', {no}, 'changes', 601, 0)"
    )).await;

    let rule = RetentionRule::Changes;
    assert!(store.begin_retention(receipt(1), days(400)).await.unwrap());
    assert_eq!(store.count_old(rule, days(100), days(400)).await.unwrap(), [("changes", 600)]);
    remove(&fixture, rule, days(100), receipt(1)).await;
    // The endpoint's cursor is within entry 601.
    assert_eq!(store.first_place(no).await.unwrap(), 600);
    let read = async |after| {
        let filter = ChangeFilter { after, ..ChangeFilter::default() };
        store.changes(no, filter, 1).await.map(|changes| changes.first().map(|change| change.seq))
    };
    assert_eq!(read(600).await.unwrap(), Some(601));
    for after in [0, 1, 599] {
        let refused = read(after).await.unwrap_err();
        assert!(matches!(refused, Error::PlaceGone { first: 600, last: 710 }), "{after} {refused:?}");
        assert_eq!(refused.code(), "changes.truncated");
    }
    // An endpoint without a cursor has received nothing of this account.
    raw(&fixture, "DELETE FROM webhook_cursors").await;
    assert_eq!(store.count_old(rule, days(100), days(400)).await.unwrap(), [("changes", 0)]);
    raw(&fixture, "DELETE FROM destinations").await;
    remove(&fixture, rule, days(100), receipt(1)).await;
    assert_eq!((read(700).await.unwrap(), read(710).await.unwrap()), (Some(701), None));
    assert!(read(650).await.is_err());
    let done = store.finish_retention(receipt(1), days(400)).await.unwrap().unwrap();
    assert_eq!(json!(done.removed[0].rows), json!({ "changes": 700 }));

    store.unlink(&account, DataPolicy::Erase, Actor::Cli, days(401)).await.unwrap();
    assert!(read(705).await.is_err());
    assert_eq!(read(710).await.unwrap(), None);
}

crate::on_both_engines!(
    rows_are_removed_in_batches_with_receipts,
    gone_records_are_removed_with_their_traces,
    change_log_is_cut_behind_all_endpoints,
);
