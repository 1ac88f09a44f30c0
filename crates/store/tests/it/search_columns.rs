//! The columns by which records are found, and values of a newer version.

use people::catalog::Column;
use people::{Kind, RemoteId};
use store::{Commit, ListCondition, ListFilter, RecordUpsert};

use crate::on_both_engines;
use crate::support::{Fixture, at};

on_both_engines!(
    employees_are_found_by_folded_text,
    rewritten_records_are_found_by_new_values,
    employees_of_old_versions_become_searchable,
    cancelled_half_days_are_outside_an_absence,
    unknown_stored_value_names_its_table,
);

fn employee(id: &str, name: &str, department: Option<&str>) -> RecordUpsert {
    let body = serde_json::json!({ "id": id, "name": name, "department_id": department });
    RecordUpsert::of_json(Kind::Employee, id.into(), body.to_string(), None)
}

async fn ids(fixture: &Fixture, account_no: i64, filter: ListFilter) -> Vec<String> {
    let found = fixture.store.list(account_no, Kind::Employee, &filter, 10).await.unwrap();
    found.into_iter().map(|record| record.id.to_string()).collect()
}

fn by_text(text: &str) -> ListFilter {
    ListFilter { search: Some(people::search_key(text)), ..ListFilter::default() }
}

fn by_department(id: &str) -> ListFilter {
    ListFilter {
        conditions: vec![ListCondition::Equal(Column::DepartmentId, id.to_owned())],
        ..ListFilter::default()
    }
}

async fn employees_are_found_by_folded_text(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    let upserts = vec![employee("1", "Zoé Lefèvre", Some("3")), employee("2", "100% Müller", None)];
    let commit = Commit { upserts, ..Commit::default() };
    fixture.store.commit(&lease, Kind::Employee, &commit, at(3)).await.unwrap();
    for (text, found) in
        [("LEFEVRE", &["1"][..]), ("100%", &["2"]), ("%", &["2"]), ("_", &[]), ("muller", &["2"])]
    {
        assert_eq!(ids(&fixture, account.no, by_text(text)).await, found, "{text}");
    }
    assert_eq!(ids(&fixture, account.no, by_department("3")).await, ["1"]);
}

async fn rewritten_records_are_found_by_new_values(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    let upserts = vec![employee("1", "Canary", Some("3"))];
    let commit = Commit { upserts, ..Commit::default() };
    fixture.store.commit(&lease, Kind::Employee, &commit, at(3)).await.unwrap();
    // As when the customer declines a field: its value may not stay in a column either.
    let commit = Commit { rewritten: vec![employee("1", "", None)], ..Commit::default() };
    fixture.store.commit(&lease, Kind::Employee, &commit, at(4)).await.unwrap();
    assert!(ids(&fixture, account.no, by_text("canary")).await.is_empty());
    assert!(ids(&fixture, account.no, by_department("3")).await.is_empty());
    fixture.store.scrub().await.unwrap();
    assert!(!fixture.database.raw_content().await.contains("canary"));
}

async fn employees_of_old_versions_become_searchable(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    let upserts = (0..1200).map(|n| employee(&n.to_string(), "Zoé Lefèvre", None)).collect();
    let commit = Commit { upserts, ..Commit::default() };
    fixture.store.commit(&lease, Kind::Employee, &commit, at(3)).await.unwrap();
    fixture.database.place.execute("UPDATE records SET search_text = NULL").await.unwrap();
    assert!(ids(&fixture, account.no, by_text("lefevre")).await.is_empty());
    let again = fixture.database.place.open().await.unwrap();
    let found = again.list(account.no, Kind::Employee, &by_text("lefevre"), 2000).await.unwrap();
    assert_eq!(found.len(), 1200);
}

async fn cancelled_half_days_are_outside_an_absence(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    let leave = |day: &str, is_active: bool| serde_json::json!({ "id": format!("1-{day}-AM"), "date": day, "half": "am", "is_active": is_active });
    // The first and the last half-day were cancelled.
    let leaves = [leave("2026-05-04", false), leave("2026-05-05", true), leave("2026-05-06", false)];
    let body = serde_json::json!({
        "id": "1", "first": "2026-05-05 AM", "last": "2026-05-05 AM", "half_days": 1, "is_active": true, "leaves": leaves,
    });
    let upserts = vec![RecordUpsert::of_json(Kind::Absence, "1".into(), body.to_string(), None)];
    fixture
        .store
        .commit(&lease, Kind::Absence, &Commit { upserts, ..Commit::default() }, at(3))
        .await
        .unwrap();
    for (from, to, is_found) in [(4, 4, false), (5, 5, true), (6, 6, false), (4, 6, true)] {
        let day = |day| jiff::civil::date(2026, 5, day);
        let conditions = vec![ListCondition::EndsFrom(day(from)), ListCondition::BeginsBy(day(to))];
        let filter = ListFilter { conditions, ..ListFilter::default() };
        let found = fixture.store.list(account.no, Kind::Absence, &filter, 10).await.unwrap();
        assert_eq!(found.len(), usize::from(is_found), "{from} to {to}");
    }
}

async fn unknown_stored_value_names_its_table(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    let hold = Some(("because".to_owned(), vec![RemoteId::from("1")]));
    let commit = Commit { hold, ..Commit::default() };
    fixture.store.commit(&lease, Kind::Employee, &commit, at(3)).await.unwrap();
    fixture.database.place.execute("UPDATE holds SET kind = 'robots'").await.unwrap();
    let error = fixture.store.holds(account.no).await.unwrap_err();
    assert_eq!(error.code(), "store.unknown_value");
    assert!(error.to_string().contains("holds"), "{error}");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("unknown record kind \"robots\""), "{cause}");
}
