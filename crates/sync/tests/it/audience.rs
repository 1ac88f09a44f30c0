//! Delivered employees: the store's outputs and the replayed change log agree with the filter's selection
//! among Lucca's employees.

use std::collections::BTreeSet;

use people::{Absence, Employee, EmployeeStatus, Employment, Kind, Model, PeopleFilter, RemoteId};
use store::{AccountSettings, Actor, ChangeFilter, DeliveryRules, Operation, SettingsChange};

use crate::support::{App, app};
use lucca_emulator::Switches;

/// The ids that remain after replaying the change log of a kind.
async fn folded(app: &App, kind: Kind) -> BTreeSet<RemoteId> {
    let filter = ChangeFilter { kind: Some(kind), ..ChangeFilter::default() };
    let mut there = BTreeSet::new();
    for change in app.store.changes(app.account.no, filter, 1_000_000).await.unwrap() {
        match change.operation {
            Operation::Created => assert!(there.insert(change.id.clone()), "{kind:?} {} twice", change.id),
            Operation::Restored => drop(there.insert(change.id)),
            Operation::Updated | Operation::Started | Operation::Ended => {
                assert!(there.contains(&change.id), "{kind:?} {} is told of and not delivered", change.id);
            }
            _ => assert!(there.remove(&change.id), "{kind:?} {} ends and was not there", change.id),
        }
    }
    there
}

async fn delivered<T: Model>(app: &App, id: impl Fn(&T) -> &RemoteId) -> BTreeSet<RemoteId> {
    let ids: BTreeSet<RemoteId> = app.all::<T>().await.iter().map(|one| id(one).clone()).collect();
    assert_eq!(folded(app, T::KIND).await, ids);
    ids
}

/// Checks that all outputs agree; returns the employees.
async fn people(app: &App) -> Vec<Employee> {
    let ids = delivered::<Employee>(app, |one| &one.id).await;
    delivered::<Employment>(app, |one| &one.id).await;
    delivered::<Absence>(app, |one| &one.id).await;
    for contract in app.all::<Employment>().await {
        assert!(ids.contains(&contract.employee_id));
    }
    for absence in app.all::<Absence>().await {
        assert!(absence.employee_id.as_ref().is_none_or(|owner| ids.contains(owner)));
    }
    app.all().await
}

async fn filter(app: &App, people: Option<PeopleFilter>) {
    let account = app.store.account(app.account.id).await.unwrap().unwrap();
    let settings = AccountSettings {
        delivery: DeliveryRules { people, ..DeliveryRules::default() }.plain(),
        ..account.settings.clone()
    };
    let change = SettingsChange { settings: &settings, gives_delivery: false };
    let by = (Actor::Vendor, app.account.created_at);
    app.store.set_account_settings(&account, change, by).await.unwrap();
}

#[tokio::test]
async fn filter_changes_add_and_remove_employees() {
    let app = app(80, Switches::default()).await;
    app.sync().await;
    let everybody = people(&app).await;
    let place = everybody.iter().find_map(|one| one.establishment_id.clone()).unwrap();
    let of_place = everybody.iter().filter(|one| one.establishment_id.as_ref() == Some(&place)).count();
    assert!(of_place > 0 && of_place < everybody.len());

    // A person narrowed the filter, so the brake does not apply.
    let only = PeopleFilter { establishments: vec![place.clone()], ..PeopleFilter::default() };
    filter(&app, Some(only.clone())).await;
    let report = app.sync_changes().await;
    assert_eq!(report.audience.left, (everybody.len() - of_place) as u64);
    let picked = people(&app).await;
    assert_eq!(picked.len(), of_place);
    assert!(picked.iter().all(|one| one.establishment_id.as_ref() == Some(&place)));
    // No judgement is due.
    assert!(app.sync().await.audience.is_nothing());

    // Withheld records are still compared: without the filter they are back and need not be created again.
    filter(&app, None).await;
    let report = app.sync_changes().await;
    assert_eq!(report.audience.entered, (everybody.len() - of_place) as u64);
    assert_eq!(people(&app).await.len(), everybody.len());
}

#[tokio::test]
async fn initial_filter_withholds_until_judged() {
    let app = app(60, Switches::default()).await;
    let active = PeopleFilter { statuses: vec![EmployeeStatus::Active], ..PeopleFilter::default() };
    filter(&app, Some(active)).await;
    app.sync().await;
    let active = people(&app).await;
    let all = app.store.count_kept(app.account.no).await.unwrap();
    let all = all[&(Kind::Employee, store::RecordState::Present)];
    assert!(!active.is_empty() && (active.len() as u64) < all);
    filter(&app, None).await;
    app.sync_changes().await;
    assert_eq!(people(&app).await.len() as u64, all);
}

#[tokio::test]
async fn run_never_removes_many_employees() {
    let app = app(80, Switches::default()).await;
    let everybody = |id| PeopleFilter { establishments: vec![id], ..PeopleFilter::default() };
    app.sync().await;
    let before = people(&app).await.len() as u64;
    // As if the filter's establishment had been renumbered in Lucca: the settings name an unknown one, and no
    // person has changed them just now.
    let renumbered = Some(everybody(RemoteId::from("no-such-place".to_owned())));
    let mut account = app.account.clone();
    account.settings.delivery.people = renumbered;
    let settings = AccountSettings { requests_per_minute: Some(40), ..account.settings.clone() };
    let by = (Actor::Vendor, app.account.created_at);
    let unsaid = SettingsChange { settings: &settings, gives_delivery: false };
    app.store.set_account_settings(&account, unsaid, by).await.unwrap();
    let report = app.sync_changes().await;
    assert_eq!((report.audience.left, report.audience.held), (0, before));
    assert_eq!(people(&app).await.len() as u64, before);
    // Once a person saves the filter, it applies.
    let said = SettingsChange { gives_delivery: true, ..unsaid };
    let account = app.store.account(account.id).await.unwrap().unwrap();
    app.store.set_account_settings(&account, said, by).await.unwrap();
    assert_eq!(app.sync_changes().await.audience.left, before);
    assert!(people(&app).await.is_empty());
}
