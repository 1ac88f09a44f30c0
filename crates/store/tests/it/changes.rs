//! The change log, entries that follow from the calendar, and holds.

use jiff::civil::date;
use people::{Kind, RemoteId};
use store::{ChangeFilter, Commit, NewChange, Operation, RecordState, RecordUpsert};

use crate::on_both_engines;
use crate::support::{Fixture, at, category, run_id};

on_both_engines!(
    the_sequence_has_no_gap_and_is_filtered,
    the_state_of_a_stream_is_kept_with_its_page,
    contract_dates_are_logged_once,
    a_hold_is_approved_or_rejected,
);

fn change(id: &str, operation: Operation) -> NewChange {
    let hash = (operation == Operation::Created).then_some(7);
    NewChange { kind: Kind::OccupationCategory, id: id.into(), operation, hash, fields: None }
}

async fn the_sequence_has_no_gap_and_is_filtered(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    let kind = Kind::OccupationCategory;
    // More rows than one statement takes.
    let changes: Vec<_> = (0..2500).map(|id| change(&id.to_string(), Operation::Created)).collect();
    fixture.store.commit(&lease, kind, &Commit { changes, ..Commit::default() }, at(5)).await.unwrap();
    let fields = r#"{"name":{"before":"A","after":"B"}}"#;
    let updated = NewChange { fields: Some(fields.into()), ..change("7", Operation::Updated) };
    let changes = vec![updated, change("8", Operation::Deleted)];
    fixture.store.commit(&lease, kind, &Commit { changes, ..Commit::default() }, at(6)).await.unwrap();

    assert_eq!(fixture.store.last_change(account.no).await.unwrap(), 2502);
    let all = fixture.store.changes(account.no, ChangeFilter::default(), 10_000).await.unwrap();
    assert!(all.iter().map(|change| change.seq).eq(1..=2502));
    assert!(all.iter().take(2500).map(|change| change.id.to_string()).eq((0..2500).map(|id| id.to_string())));
    assert_eq!((all[0].hash, all[2501].hash), (Some(7), None));

    let after = ChangeFilter { after: 2500, ..ChangeFilter::default() };
    let two = fixture.store.changes(account.no, after, 1).await.unwrap();
    assert_eq!((two.len(), two[0].seq, two[0].operation), (1, 2501, Operation::Updated));
    assert_eq!(two[0].fields.as_ref().map(|fields| fields.get()), Some(fields));
    let of_one = ChangeFilter { id: Some(&RemoteId::from("7")), kind: Some(kind), ..ChangeFilter::default() };
    assert_eq!(fixture.store.changes(account.no, of_one, 10).await.unwrap().len(), 2);
    let deleted = ChangeFilter { operation: Some(Operation::Deleted), ..ChangeFilter::default() };
    assert_eq!(fixture.store.changes(account.no, deleted, 10).await.unwrap()[0].seq, 2502);
    assert_eq!(fixture.store.updates(account.no, kind, None).await.unwrap().len(), 1);

    let count = async |after, run| fixture.store.count_changes(account.no, run, after).await.unwrap();
    let counted = count(2499, lease.run_id).await;
    let one_each = [Operation::Created, Operation::Updated, Operation::Deleted].map(|op| ((kind, op), 1));
    assert_eq!(counted, one_each.into());
    assert!(count(0, run_id(99)).await.is_empty());
}

async fn the_state_of_a_stream_is_kept_with_its_page(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    for state in ["{\"a\":1}", "{\"a\":2}"] {
        let commit = Commit { state: Some(("users", state.into())), ..Commit::default() };
        fixture.store.commit(&lease, Kind::Employee, &commit, at(5)).await.unwrap();
    }
    let states = fixture.store.stream_states(account.no).await.unwrap();
    assert_eq!(states.get("users").map(String::as_str), Some("{\"a\":2}"));
    assert_eq!(states.len(), 1);
}

fn employee(id: &str, start: &str, end: Option<&str>) -> RecordUpsert {
    let end = end.map_or("null".to_owned(), |end| format!("\"{end}\""));
    let body = format!(r#"{{"id":"{id}","contract_start":"{start}","contract_end":{end}}}"#);
    RecordUpsert::of_json(Kind::Employee, id.into(), body, None)
}

async fn contract_dates_are_logged_once(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    let upserts = vec![
        employee("1", "2020-01-01", None),
        employee("2", "2020-01-01", Some("2026-05-31")),
        employee("3", "2026-06-01", None),
        employee("4", "2026-06-02", None),
        employee("5", "2019-01-01", Some("2026-05-30")),
    ];
    fixture
        .store
        .commit(&lease, Kind::Employee, &Commit { upserts, ..Commit::default() }, at(3))
        .await
        .unwrap();
    let log_contracts =
        async |day, second| fixture.store.tell_turning(&lease, day, at(second)).await.unwrap();
    assert_eq!(log_contracts(date(2026, 5, 31), 4).await, 0);
    assert_eq!(log_contracts(date(2026, 6, 1), 5).await, 2);
    assert_eq!(log_contracts(date(2026, 6, 1), 6).await, 0);
    let logged = fixture.store.changes(account.no, ChangeFilter::default(), 10).await.unwrap();
    let logged: Vec<_> = logged.iter().map(|change| (change.id.as_str(), change.operation)).collect();
    assert_eq!(logged, [("2", Operation::Ended), ("3", Operation::Started)]);
}

async fn a_hold_is_approved_or_rejected(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    let kind = Kind::OccupationCategory;
    let ids: Vec<RemoteId> = ["1", "2", "3"].map(RemoteId::from).to_vec();
    let upserts = ["1", "2", "3"].map(|id| category(id, "A")).to_vec();
    let hold = Some(("too many".to_owned(), ids.clone()));
    let commit = Commit { upserts, hold, ..Commit::default() };
    fixture.store.commit(&lease, kind, &commit, at(3)).await.unwrap();
    fixture.store.reject_hold(account.no, kind, at(4)).await.unwrap();
    let held = fixture.store.holds(account.no).await.unwrap();
    assert_eq!((held.len(), held[0].is_rejected, held[0].ids.len()), (1, true, 3));

    // A new decision is needed, because more is missing; one of the records is gone already.
    let hold = Some(("too many".to_owned(), ids.clone()));
    let marked = vec![(RecordState::Gone, vec![ids[0].clone()])];
    fixture.store.commit(&lease, kind, &Commit { hold, marked, ..Commit::default() }, at(5)).await.unwrap();
    let held = fixture.store.holds(account.no).await.unwrap();
    assert!(!held[0].is_rejected);
    assert_eq!(fixture.store.approve_hold(account.no, &held[0], at(6)).await.unwrap(), 2);
    assert_eq!(fixture.store.count_present(account.no, kind).await.unwrap(), 0);
    assert!(fixture.store.holds(account.no).await.unwrap().is_empty());
    let changes = fixture.store.changes(account.no, ChangeFilter::default(), 10).await.unwrap();
    assert_eq!(changes.len(), 2);
    assert!(changes.iter().all(|change| change.operation == Operation::Deleted && change.run_id.is_none()));
}
