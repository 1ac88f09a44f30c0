//! Accounts, records, the quarantine, and what a page writes.

use jiff::civil::date;
use people::{Kind, OccupationCategory, RemoteId};
use secrecy::ExposeSecret;
use store::{AccountStatus, Commit, Quarantined, RecordState};

use crate::on_both_engines;
use crate::support::{Fixture, KEY, at, category};

on_both_engines!(
    relinking_keeps_the_account_with_a_new_key,
    the_key_is_nowhere_in_the_files_in_clear,
    a_page_is_written_compared_and_read_back,
    accounts_do_not_see_each_other,
    quarantine_holds_each_record_once,
    absences_are_found_by_the_days_they_touch,
);

async fn relinking_keeps_the_account_with_a_new_key(fixture: Fixture) {
    let first = fixture.link("https://acme.ilucca.net", KEY, 1).await;
    fixture.store.set_account_status(&first, AccountStatus::RelinkNeeded, at(2)).await.unwrap();
    let again = fixture.link("https://acme.ilucca.net", "another", 3).await;
    assert_eq!((again.no, again.id, again.created_at), (first.no, first.id, first.created_at));
    assert_eq!(again.status, AccountStatus::Linked);
    assert_eq!(again.api_key(&fixture.vault).unwrap().expose_secret(), "another");
    let other = fixture.link("https://other.ilucca.ch", KEY, 4).await;
    assert_eq!(fixture.store.accounts().await.unwrap().len(), 2);
    assert_ne!(other.id, first.id);
}

async fn the_key_is_nowhere_in_the_files_in_clear(fixture: Fixture) {
    fixture.link("https://acme.ilucca.net", KEY, 1).await;
    fixture.store.clone().close().await;
    for file in std::fs::read_dir(fixture.database.dir()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for needle in [KEY.to_owned(), KEY.replace('-', ""), KEY.to_uppercase()] {
            assert!(!bytes.windows(needle.len()).any(|window| window == needle.as_bytes()));
        }
    }
}

async fn a_page_is_written_compared_and_read_back(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    let kind = Kind::OccupationCategory;
    // More rows than one statement takes.
    let upserts: Vec<_> = (0..1203).map(|id| category(&id.to_string(), "Cadre")).collect();
    let commit = Commit { upserts: upserts.clone(), ..Commit::default() };
    fixture.store.commit(&lease, kind, &commit, at(5)).await.unwrap();

    let ids: Vec<RemoteId> = ["0", "1202", "9999"].map(RemoteId::from).to_vec();
    let hashes = fixture.store.hashes(account.no, kind, &ids).await.unwrap();
    assert_eq!(hashes.len(), 2);
    assert_eq!(hashes[&ids[0]].hash, upserts[0].hash);
    assert_eq!(fixture.store.all::<OccupationCategory>(account.no).await.unwrap().len(), 1203);

    let gone = Commit { marked: vec![(RecordState::Gone, ids[..1].to_vec())], ..Commit::default() };
    fixture.store.commit(&lease, kind, &gone, at(6)).await.unwrap();
    assert_eq!(fixture.store.count_present(account.no, kind).await.unwrap(), 1202);
    let counts = fixture.store.count_records(account.no).await.unwrap();
    assert_eq!(counts[&(kind, RecordState::Gone)], 1);
    let gone = fixture.store.record::<OccupationCategory>(account.no, &ids[0]).await.unwrap().unwrap();
    assert_eq!((gone.state, gone.updated_at), (RecordState::Gone, at(6)));

    // Back again, under a new name.
    let commit = Commit { upserts: vec![category("0", "Ouvrier")], ..Commit::default() };
    fixture.store.commit(&lease, kind, &commit, at(7)).await.unwrap();
    let back = fixture.store.record::<OccupationCategory>(account.no, &ids[0]).await.unwrap().unwrap();
    assert_eq!(back.record.name.as_deref(), Some("Ouvrier"));
    assert_eq!(back.state, RecordState::Present);
}

async fn accounts_do_not_see_each_other(fixture: Fixture) {
    let (_, lease) = fixture.leased().await;
    let two = fixture.link("https://two.ilucca.net", KEY, 2).await;
    let commit = Commit { upserts: vec![category("1", "A")], ..Commit::default() };
    fixture.store.commit(&lease, Kind::OccupationCategory, &commit, at(3)).await.unwrap();
    assert!(fixture.store.present_ids(two.no, Kind::OccupationCategory, |_| true).await.unwrap().is_empty());
    let ids = [RemoteId::from("1")];
    assert!(fixture.store.hashes(two.no, Kind::OccupationCategory, &ids).await.unwrap().is_empty());
}

async fn quarantine_holds_each_record_once(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    let kind = Kind::Employee;
    let broken = |id: Option<&str>| Quarantined {
        owner_id: None,
        id: id.map(RemoteId::from),
        field: "dtContractStart".into(),
        reason: "not a date".into(),
        raw: "{}".into(),
    };
    let commit =
        Commit { quarantined: vec![broken(Some("7")), broken(None), broken(None)], ..Commit::default() };
    for _ in 0..2 {
        fixture.store.commit(&lease, kind, &commit, at(2)).await.unwrap();
        assert_eq!(fixture.store.quarantined_ids(account.no, kind).await.unwrap().len(), 2);
    }
    let recovered = fixture.store.quarantined_ids(account.no, kind).await.unwrap();
    let commit = Commit { recovered, ..Commit::default() };
    fixture.store.commit(&lease, kind, &commit, at(3)).await.unwrap();
    assert!(fixture.store.quarantined_ids(account.no, kind).await.unwrap().is_empty());
}

async fn absences_are_found_by_the_days_they_touch(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    let absence = |id: &str, first: &str, last: &str| {
        let body = format!(r#"{{"id":"{id}","leaves":[{{"date":"{first}"}},{{"date":"{last}"}}]}}"#);
        store::RecordUpsert::of_json(Kind::Absence, id.into(), body, None)
    };
    let upserts = vec![
        absence("1", "2026-05-04", "2026-05-08"),
        absence("2", "2026-05-08", "2026-05-20"),
        absence("3", "2026-06-01", "2026-06-01"),
    ];
    let commit = Commit { upserts, ..Commit::default() };
    fixture.store.commit(&lease, Kind::Absence, &commit, at(5)).await.unwrap();
    let mut found = Vec::new();
    let (first, last) = (date(2026, 5, 8), date(2026, 5, 9));
    let each = |id: RemoteId, _: &str| found.push(id.to_string());
    fixture.store.absences_between(account.no, first, last, each).await.unwrap();
    found.sort();
    assert_eq!(found, ["1", "2"]);
}
