//! Erasing a person: of them, only the id is left in any table or file.

use people::{AbsenceRequest, Kind, RemoteId};
use serde_json::{Value, json};
use sqlx::Connection;
use store::{
    Actor, ChangeFilter, Commit, Erasure, ErasureId, Error, Lease, NewChange, Operation, Quarantined,
    RecordState, RecordUpsert,
};
use test_database::DatabaseLocation;

use crate::on_both_engines;
use crate::support::{Fixture, at, run_id};

on_both_engines!(
    erasure_leaves_nothing_of_the_person,
    running_sync_cannot_write_after_erasure,
    allowed_person_may_be_stored_again,
    exclusion_is_logged_and_content_removed,
);

const CANARIES: [&str; 3] = ["Canary", "canary@example.org", "CANARY-WORDS"];

fn record(kind: Kind, id: &str, body: &Value) -> RecordUpsert {
    RecordUpsert::of_json(kind, id.into(), body.to_string(), None)
}

fn logged_change(kind: Kind, record: &RecordUpsert, operation: Operation, fields: Option<&str>) -> NewChange {
    NewChange {
        kind,
        id: record.id.clone(),
        operation,
        hash: Some(record.hash),
        fields: fields.map(str::to_owned),
    }
}

/// Writes a record as a sync does, with its entry in the change log.
async fn write(fixture: &Fixture, lease: &Lease, kind: Kind, record: RecordUpsert) {
    let fields = r#"{"last_name":{"before":"Canary","after":"Other"},"quote":null}"#;
    let changes = vec![
        logged_change(kind, &record, Operation::Created, None),
        logged_change(kind, &record, Operation::Updated, (record.id.as_str() == "7").then_some(fields)),
    ];
    let commit = Commit { upserts: vec![record], changes, ..Commit::default() };
    fixture.store.commit(lease, kind, &commit, at(5)).await.unwrap();
}

fn employee(id: &str, name: &str) -> RecordUpsert {
    let mail = format!("{}@example.org", name.to_lowercase());
    record(
        Kind::Employee,
        id,
        &json!({"id": id, "name": name, "last_name": name, "work_email": mail, "manager_id": "7"}),
    )
}

fn request(id: &str, owner: &str) -> RecordUpsert {
    let approval = json!({"id": "1", "approver_id": "7", "approved": true, "comment": "CANARY-WORDS"});
    let body = json!({"id": id, "employee_id": owner, "status": "approved", "approvals": [approval], "is_active": true});
    let request: AbsenceRequest = serde_json::from_value(body).unwrap();
    record(Kind::AbsenceRequest, id, &serde_json::to_value(request).unwrap())
}

/// A person with data in every table, and an employee who reports to them.
async fn populate(fixture: &Fixture, lease: &Lease) {
    write(fixture, lease, Kind::Employee, employee("7", "Canary")).await;
    let raw = r#"{"id":8,"manager":{"id":7,"name":"Canary"}}"#;
    let other = RecordUpsert { raw: Some(raw.into()), ..employee("8", "Other") };
    write(fixture, lease, Kind::Employee, other).await;
    for (kind, id) in [(Kind::Employment, "70"), (Kind::Absence, "71"), (Kind::UserLogEntry, "72")] {
        let body = json!({"id": id, "employee_id": "7", "comment": "Canary"});
        write(fixture, lease, kind, record(kind, id, &body)).await;
    }
    write(fixture, lease, Kind::AbsenceRequest, request("73", "7")).await;
    write(fixture, lease, Kind::AbsenceRequest, request("83", "8")).await;
    let broken = |id: &str, owner: Option<&str>, raw: &str| Quarantined {
        id: Some(id.into()),
        owner_id: owner.map(RemoteId::from),
        field: "startsOn".into(),
        reason: "missing".into(),
        raw: raw.into(),
    };
    let quarantined = vec![
        broken("74", Some("7"), r#"{"comment":"Canary"}"#),
        broken("75", None, r#"{"owner":{"id":7,"name":"Canary"}}"#),
        broken("84", Some("8"), r#"{"comment":"theirs"}"#),
    ];
    let hold = Some(("many".to_owned(), vec!["70".into(), "80".into()]));
    let commit = Commit { quarantined, hold, ..Commit::default() };
    fixture.store.commit(lease, Kind::Employment, &commit, at(6)).await.unwrap();
}

fn erasure(person: &RemoteId) -> Erasure<'_> {
    Erasure { id: ErasureId::mint(at(10), [3; 10]), remote_id: person, actor: Actor::Cli, at: at(10) }
}

/// Leaves a copy of the person's data in free pages, like a version that did not overwrite deleted rows.
async fn leave_a_copy(fixture: &Fixture) {
    let DatabaseLocation::File(path) = &fixture.database.place else { return };
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).pragma("secure_delete", "OFF");
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    let statements = [
        "CREATE TABLE copy AS SELECT kind, replace(hex(zeroblob(20000)), '00', 'Canary') AS body FROM records",
        "DROP TABLE copy",
    ];
    for statement in statements {
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
}

async fn erasure_leaves_nothing_of_the_person(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    populate(&fixture, &lease).await;
    leave_a_copy(&fixture).await;
    let before = fixture.database.raw_content().await;
    assert!(CANARIES.iter().all(|canary| before.contains(canary)));
    let person = RemoteId::from("7");
    let held = fixture.store.holdings(account.no, &person).await.unwrap();
    assert_eq!(held.values().sum::<u64>(), 6, "{held:?}");

    let receipt = fixture.store.erase_person(&account, erasure(&person)).await.unwrap();
    fixture.store.scrub().await.unwrap();
    let after = fixture.database.raw_content().await;
    for canary in CANARIES {
        assert!(!after.contains(canary), "{canary}");
    }
    assert!(after.contains("other@example.org"));
    let counts = |table: &str| receipt.counts[table];
    assert_eq!(
        ["records", "changes", "quarantine", "holds", "records_of_others"].map(counts),
        [5, 10, 2, 1, 2]
    );
    assert!(fixture.store.holdings(account.no, &person).await.unwrap().is_empty());

    // Their reports still refer to them by id; the entries about others are unchanged.
    let stored = fixture.store.bodies(account.no, Kind::Employee, &["8".into()]).await.unwrap();
    assert!(stored[&RemoteId::from("8")].0.contains(r#""manager_id":"7""#));
    let changes = fixture.store.changes(account.no, ChangeFilter::default(), 1000).await.unwrap();
    assert!(changes.iter().map(|change| change.seq).eq(1..=16), "{changes:#?}");
    let of_them = |id: &RemoteId| ["7", "70", "71", "72", "73"].contains(&id.as_str());
    for change in &changes {
        let is_erased = change.operation == Operation::Erased;
        assert_eq!(is_erased, of_them(&change.id), "{change:?}");
        assert!(!is_erased || change.hash.is_none() && change.fields.is_none());
    }
    let last = changes.last().unwrap();
    assert_eq!((last.kind, &last.id, last.operation), (Kind::Employee, &person, Operation::Erased));
    // Their comment in another person's request is logged as a change of that request, with the record's
    // hash.
    let rewritten = &changes[14];
    assert_eq!((&rewritten.id, rewritten.operation), (&"83".into(), Operation::Updated));
    let stored = fixture.store.hashes(account.no, Kind::AbsenceRequest, &["83".into()]).await.unwrap();
    assert_eq!(rewritten.hash, Some(stored[&RemoteId::from("83")].hash));
    assert_eq!(fixture.store.holds(account.no).await.unwrap()[0].ids, ["80".into()]);
    let quarantine = fixture.store.quarantined_ids(account.no, Kind::Employment).await.unwrap();
    assert_eq!(quarantine, ["84".into()]);
    assert_eq!(fixture.store.erasures(Some(account.no)).await.unwrap(), [receipt]);
}

async fn running_sync_cannot_write_after_erasure(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    populate(&fixture, &lease).await;
    fixture.store.erase_person(&account, erasure(&"7".into())).await.unwrap();
    let commit = Commit { upserts: vec![employee("7", "Canary")], ..Commit::default() };
    let written = fixture.store.commit(&lease, Kind::Employee, &commit, at(11)).await;
    assert!(matches!(written, Err(Error::LeaseLost)));
    let next = fixture.store.take_lease(&account, run_id(12), "me", None, at(12)).await.unwrap();
    assert!(next.is_some(), "the lease of the interrupted run is free");
}

async fn allowed_person_may_be_stored_again(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    populate(&fixture, &lease).await;
    let person = RemoteId::from("7");
    fixture.store.erase_person(&account, erasure(&person)).await.unwrap();
    assert_eq!(fixture.store.erased_ids(account.no).await.unwrap(), [person.clone()].into());
    assert!(fixture.store.allow_person(&account, &person, Actor::Cli, at(20)).await.unwrap());
    assert!(fixture.store.erased_ids(account.no).await.unwrap().is_empty());
    assert!(!fixture.store.allow_person(&account, &person, Actor::Cli, at(21)).await.unwrap());
    assert_eq!(fixture.store.erasures(None).await.unwrap()[0].allowed_at, Some(at(20)));
}

async fn exclusion_is_logged_and_content_removed(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    populate(&fixture, &lease).await;
    let kind = Kind::Employee;
    let marked = vec![(RecordState::Gone, vec!["8".into()])];
    let changes = vec![NewChange {
        hash: None,
        ..logged_change(kind, &employee("8", "Other"), Operation::Deleted, None)
    }];
    let commit = Commit { marked, changes, ..Commit::default() };
    fixture.store.commit(&lease, kind, &commit, at(7)).await.unwrap();
    let last = fixture.store.last_change(account.no).await.unwrap();

    fixture.store.forget_values(&lease, kind, &["last_name"], at(8)).await.unwrap();
    let changes = fixture.store.changes(account.no, ChangeFilter::default(), 2).await.unwrap();
    let fields: Value = serde_json::from_str(changes[1].fields.as_ref().unwrap().get()).unwrap();
    assert_eq!(fields, json!({"last_name": null, "quote": null}));

    assert_eq!(fixture.store.exclude(&lease, kind, None, at(9)).await.unwrap(), 1);
    assert_eq!(
        fixture.store.exclude(&lease, Kind::Employment, Some(&["99".into()]), at(9)).await.unwrap(),
        0
    );
    let counts = fixture.store.count_records(account.no).await.unwrap();
    assert!(counts.keys().all(|(stored, _)| *stored != kind) && counts.len() == 4, "{counts:?}");
    // A record logged as deleted is not logged again.
    let after = ChangeFilter { after: last, ..ChangeFilter::default() };
    let changes = fixture.store.changes(account.no, after, 10).await.unwrap();
    assert_eq!((changes.len(), &changes[0].id, changes[0].operation), (1, &"7".into(), Operation::Excluded));
    assert_eq!((changes[0].seq, changes[0].run_id.as_ref()), (last + 1, Some(&lease.run_id.to_string())));
}
