//! Full reads: the store equals the tenant, and missing records are judged.

use jiff::ToSpan;
use lucca_emulator::{DictionaryMembers, Fault, FaultKind, Header, PersonPatch, Rights, Status, Switches};
use net::clock::Clock;
use people::{Department, Employee, Kind, RemoteId};
use people::{FieldGroup, FieldGroups};
use store::{AccountStatus, Actor, DataPolicy, Outcome, RecordState};
use sync::RunExtent;
use test_database::Engine;

use crate::support::{TODAY, app, app_on, app_with, fault, stream, with_custom_fields};

#[tokio::test]
async fn full_sync_matches_tenant_and_repeat_is_idle() {
    for employees in [0, 1, 2, 60, 99, 100, 101] {
        let app = app(employees, Switches { page_max: Some(100), ..Switches::default() }).await;
        let first = app.sync().await;
        assert_eq!(first.outcome, Outcome::Succeeded, "{employees} employees: {first:#?}");
        app.assert_matches_truth().await;
        let second = app.sync().await;
        assert_eq!((second.written(), second.outcome), (0, Outcome::Succeeded), "{employees} employees");
    }
}

#[tokio::test]
async fn ten_row_pages_give_the_same() {
    let app = app(
        137,
        Switches {
            page_default: Some(10),
            page_max: Some(10),
            v4_limit_max_organization: 10,
            v4_limit_max_contracts: 10,
            ..Switches::default()
        },
    )
    .await;
    let report = app.sync().await;
    assert_eq!(report.outcome, Outcome::Succeeded);
    app.assert_matches_truth().await;
    // The learned page size is remembered: no request is wasted on a refused one.
    let again = app.sync().await;
    assert_eq!(again.requests["users"], report.requests["users"] - 1);
    assert_eq!(again.written(), 0);
    // But it expires: the limit may have been lifted.
    app.set_switches(|switches| switches.page_max = Some(1000));
    app.clock.advance(std::time::Duration::from_secs(25 * 3600));
    let later = app.sync().await;
    assert_eq!(later.requests["users"], 1);
}

#[tokio::test]
async fn pages_of_full_size_take_one_request_each() {
    let app = app(1500, Switches::default()).await;
    assert_eq!(app.sync().await.requests["users"], 2);
}

#[tokio::test]
async fn pages_only_server_loses_no_employees() {
    let app = app(
        1001,
        Switches {
            no_count: true,
            header: Header::None,
            organization_gone: true,
            known_page_sizes: Some(vec![1000]),
            ..Switches::default()
        },
    )
    .await;
    app.emulator
        .tenant()
        .set_faults(vec![fault("/directory/", FaultKind::Status { code: 404, body: String::new() })]);
    let report = app.sync().await;
    assert_eq!(report.outcome, Outcome::Incomplete);
    assert_eq!(app.present(Kind::Employee).await, 1001);
    let users = stream(&report, "users");
    assert!(!users.complete && users.unproven_because.is_some());
    assert_eq!(stream(&report, "departments").error.as_ref().unwrap().code, "lucca.not_found");
    // The names that employees carry are stored as partial records.
    let departments = app.all::<Department>().await;
    assert!(!departments.is_empty() && departments.iter().all(|d| d.is_partial && d.name.is_some()));

    for id in app.ids(Status::Active, 3) {
        app.emulator.tenant().remove(id);
    }
    let report = app.sync().await;
    assert_eq!(app.present(Kind::Employee).await, 1001, "nothing proves that anyone is gone");
    assert_eq!(stream(&report, "users").held, 3);
    assert_eq!(report.written(), 0);

    // Once the list of departments can be read, full records replace partial ones.
    app.set_switches(|switches| switches.organization_gone = false);
    app.sync().await;
    assert!(app.all::<Department>().await.iter().all(|department| !department.is_partial));
}

#[tokio::test]
async fn name_tree_keeps_full_departments() {
    let app = app(300, Switches::default()).await;
    app.sync().await;
    let before = app.all::<Department>().await;
    let gone = |path: &str| Fault {
        path: path.to_owned(),
        query_contains: Some("count".to_owned()),
        nth: None,
        probability: None,
        kind: FaultKind::Status { code: 404, body: String::new() },
    };
    app.emulator.tenant().set_faults(vec![gone("/organization/structure/api/departments")]);
    let report = app.sync().await;
    let departments = stream(&report, "departments");
    assert!(departments.error.is_none() && !departments.complete, "{departments:#?}");
    assert!(departments.notes.iter().any(|note| note.contains("tree")), "{departments:#?}");
    assert_eq!(app.all::<Department>().await, before);
}

#[tokio::test]
async fn deleted_employee_is_gone_with_their_records() {
    let app = app(300, Switches::default()).await;
    app.sync().await;
    let id = app.ids(Status::Active, 1)[0];
    app.emulator.tenant().remove(id);
    let report = app.sync().await;
    assert_eq!((stream(&report, "users").gone, report.outcome), (1, Outcome::Succeeded));
    assert_eq!(app.state_of(id).await, RecordState::Gone);
    app.assert_matches_truth().await;
}

#[tokio::test]
async fn a_change_in_lucca_is_one_update() {
    let app = app(300, Switches::default()).await;
    app.sync().await;
    let id = app.ids(Status::Active, 1)[0];
    app.emulator.tenant().terminate(id, TODAY.checked_sub(1.day()).unwrap()).unwrap();
    let report = app.sync().await;
    assert_eq!(stream(&report, "users").updated, 1);
    assert_eq!(stream(&report, "users").gone, 0, "an ended employment is no deletion");
    app.assert_matches_truth().await;
}

#[tokio::test]
async fn brake_holds_mass_deletion_until_confirmed() {
    let app = app(400, Switches::default()).await;
    app.sync().await;
    for id in app.ids(Status::Active, 60) {
        app.emulator.tenant().remove(id);
    }
    let held = app.sync().await;
    assert_eq!((stream(&held, "users").held, held.outcome), (60, Outcome::Incomplete));
    assert_eq!(app.present(Kind::Employee).await, 400);
    let agreed = app.sync_with(RunExtent::Full, None).await;
    assert_eq!(stream(&agreed, "users").gone, 60);
    app.assert_matches_truth().await;
}

#[tokio::test]
async fn lost_permission_hides_and_never_deletes() {
    let app = app(300, Switches::default()).await;
    app.sync().await;
    let former = app.emulator.truth().by_status.former;
    let key = app.emulator.api_key().to_owned();
    assert!(app.emulator.tenant().set_rights(&key, Rights { see_former: false, ..Rights::all() }));
    let report = app.sync().await;
    let users = stream(&report, "users");
    assert_eq!((users.gone, users.held), (0, 0));
    assert_eq!((users.hidden, report.outcome), (former, Outcome::Incomplete));
    assert_eq!(app.count(Kind::Employee, RecordState::Hidden).await, former);
    let contracts = stream(&report, "work_contracts");
    assert_eq!((contracts.gone, contracts.held), (0, 0));
    assert!(contracts.hidden >= former, "what belongs to hidden people hides with them");

    assert!(app.emulator.tenant().set_rights(&key, Rights::all()));
    app.sync().await;
    app.assert_matches_truth().await;
}

#[tokio::test]
async fn no_deletion_while_a_permission_is_lost() {
    let app = app(300, Switches::default()).await;
    app.sync().await;
    // Three employees leave as the key loses former employees: they vanish like deleted ones.
    for id in app.ids(Status::Active, 3) {
        app.emulator.tenant().terminate(id, TODAY.checked_sub(1.day()).unwrap()).unwrap();
    }
    let key = app.emulator.api_key().to_owned();
    app.emulator.tenant().set_rights(&key, Rights { see_former: false, ..Rights::all() });
    let report = app.sync().await;
    let (users, contracts) = (stream(&report, "users"), stream(&report, "work_contracts"));
    assert_eq!((users.gone, users.held, contracts.gone), (0, 0, 0), "{users:#?} {contracts:#?}");
    assert_eq!(report.outcome, Outcome::Incomplete);
    // Nor in the next run, in which nothing else is missing.
    app.sync().await;
    assert_eq!(app.count(Kind::Employee, RecordState::Gone).await, 0);
}

#[tokio::test]
async fn narrowed_scope_hides_without_deleting() {
    let app = app(300, Switches::default()).await;
    app.sync().await;
    let mut by_establishment = std::collections::BTreeMap::<i64, u64>::new();
    for employee in app.all::<Employee>().await {
        let id: i64 = employee.establishment_id.unwrap().as_str().parse().unwrap();
        *by_establishment.entry(id).or_default() += 1;
    }
    // One or two employees may have been deleted: they stay undecided.
    let of_some_size = by_establishment.iter().filter(|(_, people)| **people >= 3);
    let (smallest, people) = of_some_size.min_by_key(|(_, people)| **people).unwrap();
    let others = by_establishment.keys().copied().filter(|id| id != smallest).collect();
    let key = app.emulator.api_key().to_owned();
    app.emulator.tenant().set_rights(&key, Rights { establishment_scope: Some(others), ..Rights::all() });
    let report = app.sync().await;
    let users = stream(&report, "users");
    assert_eq!((users.gone, users.hidden), (0, *people), "{users:#?}");
}

#[tokio::test]
async fn hidden_fields_keep_their_stored_values() {
    let app = app(300, Switches::default()).await;
    app.sync().await;
    let before = app.all::<Employee>().await;
    let key = app.emulator.api_key().to_owned();
    let rights = Rights { view_managers: false, view_jobs: false, ..Rights::all() };
    app.emulator.tenant().set_rights(&key, rights);
    let report = app.sync().await;
    assert_eq!(stream(&report, "users").hidden_fields, ["job_title", "manager_id"]);
    assert_eq!(report.outcome, Outcome::Incomplete);
    assert_eq!(app.all::<Employee>().await, before);
}

#[tokio::test]
async fn people_who_are_their_own_managers_have_none() {
    let app = app(300, Switches::default()).await;
    app.sync().await;
    let facts = app.emulator.tenant().snapshot(app.emulator.api_key()).unwrap().users;
    let by_id: std::collections::BTreeMap<i64, Option<i64>> =
        facts.iter().map(|user| (user.id, user.manager_id)).collect();
    let people = app.all::<Employee>().await;
    assert_eq!(people.len(), by_id.len());
    for person in &people {
        let id: i64 = person.id.as_str().parse().unwrap();
        let manager = person.manager_id.as_ref().map(|manager| manager.as_str().parse::<i64>().unwrap());
        assert_eq!(manager, by_id[&id], "{id}");
        assert_ne!(person.manager_id.as_ref(), Some(&person.id));
    }
    assert!(people.iter().any(|person| person.manager_id.is_none()), "heads");
}

#[tokio::test]
async fn unreadable_contracts_are_reported_stale() {
    let app = app(120, Switches::default()).await;
    app.sync().await;
    let key = app.emulator.api_key().to_owned();
    app.emulator.tenant().set_rights(&key, Rights { view_contracts: false, ..Rights::all() });
    let report = app.sync().await;
    let contracts = stream(&report, "work_contracts");
    assert!(contracts.error.as_ref().unwrap().not_offered);
    assert_eq!(contracts.stale, app.present(Kind::Employment).await);
    assert_eq!(report.outcome, Outcome::Incomplete);
}

#[tokio::test]
async fn deleted_employee_leaves_quarantine() {
    let app = app(120, Switches::default()).await;
    let id = app.ids(Status::Active, 1)[0];
    app.emulator.tenant().set_faults(vec![fault("/api/v3/users", FaultKind::CorruptRecord { id })]);
    app.sync().await;
    assert_eq!(app.store.count_quarantined(app.account.no).await.unwrap(), 1);
    app.emulator.tenant().set_faults(Vec::new());
    app.emulator.tenant().remove(id);
    app.sync().await;
    assert_eq!(app.store.count_quarantined(app.account.no).await.unwrap(), 0);
}

#[tokio::test]
async fn unreadable_record_is_quarantined_alone() {
    let app = app(300, Switches::default()).await;
    app.sync().await;
    let id = app.ids(Status::Active, 1)[0];
    app.emulator.tenant().set_faults(vec![fault("/api/v3/users", FaultKind::CorruptRecord { id })]);
    let report = app.sync().await;
    assert_eq!((report.quarantined(), report.outcome), (1, Outcome::Incomplete));
    assert_eq!(app.state_of(id).await, RecordState::Present, "what was stored stays");
    let quarantined = app.store.quarantined_ids(app.account.no, Kind::Employee).await.unwrap();
    assert_eq!(quarantined, [RemoteId::from(id)]);

    app.emulator.tenant().set_faults(Vec::new());
    assert_eq!(app.sync().await.outcome, Outcome::Succeeded);
    assert!(app.store.quarantined_ids(app.account.no, Kind::Employee).await.unwrap().is_empty());
}

#[tokio::test]
async fn refused_field_keeps_its_stored_value() {
    let app = app(150, Switches::default()).await;
    app.sync().await;
    let titles = async || {
        let employees = app.all::<Employee>().await;
        employees.into_iter().map(|employee| (employee.id, employee.job_title)).collect::<Vec<_>>()
    };
    let before = titles().await;
    assert!(before.iter().any(|(_, title)| title.is_some()));
    let message = "Selected property jobTitle does not exist on objet of type User";
    app.emulator.tenant().set_faults(vec![Fault {
        path: "/api/v3/users".to_owned(),
        query_contains: Some("jobTitle".to_owned()),
        nth: None,
        probability: None,
        kind: FaultKind::Status { code: 400, body: message.to_owned() },
    }]);
    // Other fields that were emptied in Lucca are emptied in the store.
    let id = app.ids(Status::Active, 1)[0];
    let empty = PersonPatch { mail: Some(None), ..PersonPatch::default() };
    app.emulator.tenant().change(id, empty).unwrap();
    let report = app.sync().await;
    assert!(stream(&report, "users").notes[0].contains("jobTitle"), "{report:#?}");
    assert_eq!(stream(&report, "users").updated, 1);
    let changed = app.store.record::<Employee>(app.account.no, &id.into()).await.unwrap().unwrap().record;
    assert_eq!(changed.work_email, None);
    assert_eq!(titles().await, before);
    app.emulator.tenant().set_faults(Vec::new());
    assert_eq!(app.sync().await.written(), 0, "nothing was changed and nothing has to be mended");
}

#[tokio::test]
async fn refused_key_needs_relinking_and_keeps_data() {
    let app = app(60, Switches::default()).await;
    app.sync().await;
    let refuse = |code| Fault {
        path: "/api/v3/users".to_owned(),
        query_contains: None,
        nth: None,
        probability: None,
        kind: FaultKind::Status {
            code,
            body: r#"{"Status":401,"Message":"Your token is invalid"}"#.to_owned(),
        },
    };
    app.emulator.tenant().set_faults(vec![refuse(401)]);
    let report = app.sync().await;
    assert_eq!(report.outcome, Outcome::Failed);
    assert_eq!(report.people_error().unwrap().code, "lucca.key_refused");
    assert_eq!(report.total_requests(), 1, "a refused key is not tried again");
    let status = async || app.store.accounts().await.unwrap()[0].status;
    assert_eq!(status().await, AccountStatus::RelinkNeeded);
    assert_eq!(app.present(Kind::Employee).await, 60);

    app.emulator.tenant().set_faults(Vec::new());
    app.sync().await;
    assert_eq!(status().await, AccountStatus::Linked);
}

#[tokio::test]
async fn unlinked_account_sends_no_request() {
    let app = app(5, Switches::default()).await;
    app.sync().await;
    app.store.unlink(&app.account, DataPolicy::Keep, Actor::Operator, app.clock.now()).await.unwrap();
    app.emulator.tenant().clear_requests();
    // The account was loaded before it was unlinked.
    let refused = app.try_sync(RunExtent::Full).await;
    assert!(matches!(refused, Err(sync::Error::Store(store::Error::Unlinked))), "{refused:?}");
    assert_eq!(app.emulator.requests().len(), 0);
    assert_eq!(app.present(Kind::Employee).await, 5);
}

#[tokio::test]
async fn a_stream_that_fails_does_not_stop_the_others() {
    let app = app(120, Switches::default()).await;
    app.sync().await;
    app.emulator.tenant().set_faults(vec![fault(
        "/organization/structure/api/establishments",
        FaultKind::Status { code: 503, body: String::new() },
    )]);
    let report = app.sync().await;
    assert_eq!(report.outcome, Outcome::Incomplete);
    assert_eq!(stream(&report, "establishments").error.as_ref().unwrap().code, "lucca.unavailable");
    assert!(stream(&report, "legal_units").complete);
    app.assert_matches_truth().await;
}

#[tokio::test]
async fn passing_faults_are_retried() {
    let app = app(700, Switches { page_max: Some(250), ..Switches::default() }).await;
    let kinds = [
        FaultKind::TruncatedJson,
        FaultKind::ResetConnection,
        FaultKind::Status { code: 502, body: "<html>".to_owned() },
        FaultKind::Status { code: 429, body: String::new() },
        FaultKind::Status { code: 500, body: String::new() },
    ];
    let nth = |(index, kind): (usize, FaultKind)| Fault {
        path: String::new(),
        query_contains: None,
        nth: Some(1 + 3 * u64::try_from(index).unwrap()),
        probability: None,
        kind,
    };
    app.emulator.tenant().set_faults(kinds.into_iter().enumerate().map(nth).collect());
    assert_eq!(app.sync().await.outcome, Outcome::Succeeded);
    app.assert_matches_truth().await;
}

#[tokio::test]
async fn unrequested_field_groups_are_not_kept() {
    let groups = FieldGroups::default().with(FieldGroup::Bank).without(FieldGroup::CustomFields);
    let app = app_with(80, Switches::default(), groups, true).await;
    app.sync().await;
    let employees = app.all::<Employee>().await;
    assert!(employees.iter().any(|employee| employee.bank.as_ref().is_some_and(|bank| bank.iban.is_some())));
    for employee in &employees {
        assert!(employee.birth.is_none() && employee.address.is_none() && employee.identifiers.is_none());
        assert!(employee.custom_fields.is_empty());
        let stored = app.store.record::<Employee>(app.account.no, &employee.id).await.unwrap().unwrap();
        let raw: serde_json::Value = serde_json::from_str(&stored.raw.unwrap()).unwrap();
        assert!(raw.get("iban").is_some());
        assert!(raw.get("birthDate").is_none() && raw.get("extendedData").is_none());
    }
}

/// With any server's treatment of requested `applicationData` members, pay is stored only if requested, and
/// never beside the profiles.
#[tokio::test]
async fn pay_is_read_only_on_request() {
    for dictionary_members in
        [DictionaryMembers::Honoured, DictionaryMembers::Ignored, DictionaryMembers::Refused]
    {
        let switches = || Switches { dictionary_members, ..Switches::default() };
        let with_pay = with_custom_fields().with(FieldGroup::PayAndReviews);
        for (groups, has_pay) in [(with_custom_fields(), false), (with_pay, true)] {
            let app = app_with(30, switches(), groups, true).await;
            app.sync().await;
            let people = app.all::<Employee>().await;
            let paid = |person: &Employee| {
                let pay = person.pay_and_reviews.as_ref();
                pay.is_some_and(|pay| pay.theoretical_remuneration.is_some())
            };
            assert_eq!(people.iter().any(paid), has_pay, "{dictionary_members:?}");
            let has_profile = |person: &Employee| person.application_data.contains_key("profile_figgo");
            assert!(people.iter().any(has_profile), "{dictionary_members:?}");
            let kept = app.store.kept(app.account.no, Kind::Employee, None, 100).await.unwrap();
            let names_pay = |text: &str| text.contains("heoretical");
            for record in kept {
                let raw = record.raw.unwrap();
                assert!(has_pay || !names_pay(&raw) && !names_pay(&record.body), "{dictionary_members:?}");
                assert!(!raw.contains("\"link\""), "addresses beside pay are not kept");
            }
        }
    }
}

#[tokio::test]
async fn nul_character_quarantines_a_record() {
    for engine in Engine::available() {
        for keep_raw in [false, true] {
            let app = app_on(engine, 60, Switches::default(), with_custom_fields(), keep_raw).await;
            let ids = app.ids(Status::Active, 2);
            let name =
                |name: &str| PersonPatch { last_name: Some(name.to_owned()), ..PersonPatch::default() };
            app.emulator.tenant().change(ids[0], name("Mar\0tin")).unwrap();
            let report = app.sync().await;
            assert_eq!((report.quarantined(), report.outcome), (1, Outcome::Incomplete), "{report:#?}");
            let quarantined = app.store.quarantined_ids(app.account.no, Kind::Employee).await.unwrap();
            assert_eq!(quarantined, [RemoteId::from(ids[0])]);
            assert_eq!(app.state_of(ids[1]).await, RecordState::Present, "the others are stored");

            app.emulator.tenant().change(ids[0], name("Martin")).unwrap();
            assert_eq!(app.sync().await.outcome, Outcome::Succeeded);
            assert_eq!(app.store.count_quarantined(app.account.no).await.unwrap(), 0);
        }
    }
}

#[tokio::test]
#[ignore = "a minute"]
async fn endless_employees_are_held() {
    let app = app(60, Switches::default()).await;
    app.sync().await;
    let people: Vec<Employee> = app.all().await;
    app.emulator.tenant().set_faults(vec![fault("/api/v3/users", FaultKind::Endless)]);
    for run in 1..=2 {
        let report = app.sync().await;
        let employees = stream(&report, "users");
        let error = employees.error.as_ref().unwrap();
        assert_eq!((error.code.as_str(), employees.complete), ("lucca.endless_list", false), "run {run}");
        // The read stops at 50,000 rows.
        assert!(app.present(Kind::Employee).await <= 50_000, "run {run}");
    }
    for person in &people {
        assert_eq!(app.state_of(person.id.as_str().parse().unwrap()).await, RecordState::Present);
    }
    app.emulator.tenant().set_faults(Vec::new());
    assert!(stream(&app.sync().await, "users").complete, "the list has an end again");
    for person in &people {
        assert_eq!(app.state_of(person.id.as_str().parse().unwrap()).await, RecordState::Present);
    }
}
