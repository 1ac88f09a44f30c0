//! The doctor's verdicts in common situations, and the requests that it sends.

use linking::{Evidence, Excess, Likelier, Permission, Probe, Verdict, examine};
use lucca_emulator::{Fault, FaultKind, HiddenFields, Rights};
use people::{Feature, Features};

use crate::support::{Steps, TODAY, client, examined, switch, tenant};

fn features(names: &str) -> Features {
    names.parse().unwrap()
}

fn refuse(path: &str, code: u16) -> Fault {
    Fault {
        path: path.to_owned(),
        query_contains: None,
        nth: None,
        probability: None,
        kind: FaultKind::Status { code, body: String::new() },
    }
}

#[tokio::test]
async fn full_key_is_granted_in_few_requests() {
    for employees in [300, 5000] {
        let emulator = tenant(employees).await;
        let diagnosis = examined(&emulator, &Rights::all(), &Features::all()).await.unwrap();
        let told: Vec<_> = diagnosis.findings.iter().map(|one| (one.permission, one.verdict)).collect();
        let expected = Permission::ALL.map(|permission| match permission {
            Permission::MakeAbsenceRequests => (permission, Verdict::CannotTell),
            _ => (permission, Verdict::Granted),
        });
        assert_eq!(told, expected);
        assert_eq!(diagnosis.unsettled(&[]).count(), 0, "requests can be read, so nothing is open");
        assert_eq!(diagnosis.narrowed, None);
        assert_eq!(diagnosis.excess, [Excess::WritePreset]);
        let truth = emulator.truth();
        let (people, status) = (diagnosis.people, truth.by_status);
        assert_eq!(people.total, Some(truth.employees));
        assert_eq!(
            (people.active, people.future, people.former),
            (Some(status.active), Some(status.future), Some(status.former))
        );
        let requests = emulator.requests();
        assert!(requests.len() <= 12, "{} requests", requests.len());
        for request in requests {
            assert_eq!(request.method, "GET");
            let query = request.query.to_lowercase();
            assert!(
                !query.contains("firstname") && !query.contains("mail") && !query.contains("displayname")
            );
        }
    }
}

#[tokio::test]
async fn absence_of_leavers_needs_confirmation() {
    let emulator = tenant(300).await;
    for person in emulator.tenant().people(Some(lucca_emulator::Status::Former), usize::MAX) {
        emulator.tenant().remove(person.id);
    }
    let diagnosis = examined(&emulator, &Rights::all(), &Features::default()).await.unwrap();
    let finding = diagnosis.finding(Permission::SeeFormerEmployees).unwrap();
    assert_eq!((finding.verdict, finding.likelier), (Verdict::CannotTell, Some(Likelier::Missing)));
    assert_eq!(diagnosis.required_unsettled(&[]).count(), 1);
    assert_eq!(diagnosis.required_unsettled(&[Permission::SeeFormerEmployees]).count(), 0);
}

#[tokio::test]
async fn contracts_of_unseen_people_prove_missing() {
    let emulator = tenant(300).await;
    switch(&emulator, |switches| switches.contracts_follow_users = false);
    let rights = Rights { see_former: false, see_future: false, ..Rights::all() };
    let diagnosis = examined(&emulator, &rights, &Features::default()).await.unwrap();
    let truth = emulator.truth().by_status;
    assert_eq!((truth.former, truth.future), (0, 0), "the truth is what the key sees");
    for permission in [Permission::SeeFormerEmployees, Permission::SeeFutureEmployees] {
        let finding = diagnosis.finding(permission).unwrap();
        assert_eq!(finding.verdict, Verdict::Missing, "{finding:?}");
        assert!(matches!(finding.evidence, Evidence::ContractsOfUnseen { people: 3.. }));
    }
    // People with running contracts who are not shown point to a narrowed role instead.
    let mut seen = diagnosis.observations;
    seen.unseen.running = 40;
    let finding = linking::judge(&seen, Permission::SeeFormerEmployees);
    assert_eq!((finding.verdict, finding.likelier), (Verdict::CannotTell, Some(Likelier::Missing)));
}

#[tokio::test]
async fn role_narrowed_to_establishment_is_noticed() {
    let emulator = tenant(300).await;
    let rights = Rights { establishment_scope: Some(vec![1]), ..Rights::all() };
    let diagnosis = examined(&emulator, &rights, &Features::all()).await.unwrap();
    assert!(diagnosis.narrowed.is_some_and(|narrowed| narrowed.unseen >= 5), "{diagnosis:#?}");
    assert_eq!(diagnosis.missing().count(), 0);
}

#[tokio::test]
async fn excess_rights_are_found_by_reading_only() {
    let emulator = tenant(300).await;
    let diagnosis = examined(&emulator, &Rights::all(), &Features::default()).await.unwrap();
    assert_eq!(diagnosis.excess, [Excess::WritePreset, Excess::Leaves, Excess::CustomFields]);
    assert!(diagnosis.excess.iter().filter(|excess| excess.is_seen()).count() == 2);
    let asked = |what: &str| emulator.requests().iter().any(|request| request.query.contains(what));
    assert!(!asked("jobTitle") && !asked("manager") && !asked("extendedData"), "no feature needs these");
    assert!(!asked("ownerId,"), "the owner of a leave is not requested either");

    let least = Rights { view_users: true, see_former: true, see_future: true, ..Rights::none() };
    let diagnosis = examined(&emulator, &least, &Features::default()).await.unwrap();
    assert_eq!(diagnosis.excess, [Excess::WritePreset]);
    assert!(emulator.requests().iter().all(|request| request.method == "GET"));
}

#[tokio::test]
async fn restricted_key_differs_from_unknown_key() {
    let emulator = tenant(20).await;
    for status in [401, 403] {
        switch(&emulator, |switches| switches.no_right_status = status);
        let rights = Rights { view_users: false, ..Rights::all() };
        let diagnosis = examined(&emulator, &rights, &features("employees,jobs")).await.unwrap();
        let finding = diagnosis.finding(Permission::ViewUsers).unwrap();
        assert_eq!(finding.verdict, Verdict::Missing);
        assert_eq!(finding.evidence, Evidence::Refused { status: Some(status) });
    }
    emulator.tenant().set_faults(vec![refuse("/", 401)]);
    let steps = Steps::default();
    let error = examine(&client(&emulator), &Features::all(), TODAY, &steps).await.unwrap_err();
    assert_eq!(error.code(), "lucca.key_refused");
    let steps = steps.0.into_inner().unwrap();
    let last = steps.last().unwrap().1.as_ref().unwrap();
    assert_eq!((last.probe, last.failed.as_deref()), (Probe::Key, Some("lucca.key_refused")));
}

#[tokio::test]
async fn unreachable_tenant_fails_at_first_step() {
    let emulator = tenant(5).await;
    let client = client(&emulator);
    emulator.shutdown().await;
    let steps = Steps::default();
    let error = examine(&client, &Features::all(), TODAY, &steps).await.unwrap_err();
    let steps = steps.0.into_inner().unwrap();
    assert_eq!(steps.len(), 1);
    let outcome = steps[0].1.as_ref().unwrap();
    assert_eq!((outcome.probe, outcome.failed.as_deref()), (Probe::Tenant, Some(error.code())));
}

#[tokio::test]
async fn step_findings_equal_the_diagnosis() {
    let emulator = tenant(300).await;
    let wanted = features("managers,leaves");
    for rights in [Rights::all(), Rights { see_former: false, view_managers: false, ..Rights::all() }] {
        emulator.tenant().set_rights(emulator.api_key(), rights);
        let steps = Steps::default();
        let diagnosis = examine(&client(&emulator), &wanted, TODAY, &steps).await.unwrap();
        let steps = steps.0.into_inner().unwrap();
        let taken: Vec<Probe> = steps.iter().map(|(probe, _)| *probe).collect();
        assert_eq!(taken, Probe::wanted(&wanted).collect::<Vec<_>>());
        let found: Vec<_> = steps.into_iter().filter_map(|(_, outcome)| outcome?.finding).collect();
        assert_eq!(found, diagnosis.findings);
    }
}

#[tokio::test]
async fn refused_filters_prove_and_stop_nothing() {
    let emulator = tenant(300).await;
    let without =
        |filter: &str| Fault { query_contains: Some(filter.to_owned()), ..refuse("/api/v3/users", 400) };
    emulator.tenant().set_faults(vec![without("dtContractEnd=until"), without("dtContractStart=since")]);
    let diagnosis = examined(&emulator, &Rights::all(), &Features::default()).await.unwrap();
    // The list of all people includes former and future employees too.
    assert_eq!(diagnosis.required_unsettled(&[]).count(), 0);
}

#[tokio::test]
async fn failing_list_is_no_missing_permission() {
    let emulator = tenant(300).await;
    emulator.tenant().set_faults(vec![refuse("/directory", 500), refuse("/api/v3/leaves", 404)]);
    let diagnosis = examined(&emulator, &Rights::all(), &Features::all()).await.unwrap();
    for permission in [Permission::ViewContracts, Permission::ConsultLeaves] {
        let finding = diagnosis.finding(permission).unwrap();
        assert_eq!(finding.verdict, Verdict::CannotTell);
        assert!(matches!(finding.evidence, Evidence::ListUnreadable { .. }), "{finding:?}");
    }
}

#[tokio::test]
async fn refused_field_leaves_other_fields_judged() {
    let emulator = tenant(300).await;
    switch(&emulator, |switches| switches.hidden_fields = HiddenFields::Refused);
    let rights = Rights { view_jobs: false, ..Rights::all() };
    let diagnosis = examined(&emulator, &rights, &Features::all()).await.unwrap();
    let missing: Vec<_> = diagnosis.missing().map(|finding| finding.permission).collect();
    assert_eq!(missing, [Permission::ViewJobs]);
    assert_eq!(diagnosis.verdict(Permission::ViewManagers), Some(Verdict::Granted));
}

#[tokio::test]
async fn diagnosis_round_trips_through_json() {
    let emulator = tenant(5).await;
    let rights = Rights { view_contracts: false, see_former: false, ..Rights::all() };
    let diagnosis = examined(&emulator, &rights, &Features::all().without(Feature::Jobs)).await.unwrap();
    let json = serde_json::to_string(&diagnosis).unwrap();
    assert_eq!(serde_json::from_str::<linking::Diagnosis>(&json).unwrap(), diagnosis);
}
