//! What a check proves about keys with different rights, and with servers that do not answer every question.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::sync::Arc;

use jiff::civil::{Date, date};
use linking::{Check, Permission, Verdict, check};
use lucca::clock::TestClock;
use lucca::{ApiKey, Client, HostPolicy, RequestBudget, TenantUrl};
use lucca_emulator::{Config, Emulator, Fault, FaultKind, Rights};

const TODAY: Date = date(2026, 11, 23);

async fn tenant(employees: u32, rights: Rights) -> Emulator {
    let mut config = Config::new(employees, 3, TODAY);
    config.switches.rate_limit = None;
    let emulator = Emulator::start(config).await.unwrap();
    let key = emulator.api_key().to_owned();
    emulator.tenant().set_rights(&key, rights);
    emulator
}

async fn checked(emulator: &Emulator) -> Result<Check, lucca::Error> {
    let tenant = TenantUrl::parse(&emulator.url(), HostPolicy::AllowLoopback).unwrap();
    let client = Client::builder(tenant, ApiKey::parse(emulator.api_key()).unwrap())
        .clock(Arc::new(TestClock::new("2026-11-23T09:00:00Z".parse().unwrap())))
        .budget(Arc::new(RequestBudget::unlimited()))
        .build()
        .unwrap();
    check(&client, TODAY).await
}

fn verdict(check: &Check, permission: Permission) -> Verdict {
    check.findings.iter().find(|finding| finding.permission == permission).unwrap().verdict
}

#[tokio::test]
async fn everything_is_proven_with_every_right() {
    let emulator = tenant(200, Rights::all()).await;
    let check = checked(&emulator).await.unwrap();
    assert!(check.findings.iter().all(|finding| finding.verdict == Verdict::Proven), "{check:#?}");
    assert_eq!((check.people, check.unreadable.len()), (Some(200), 0));
    assert!(emulator.requests().len() <= 14, "a check is cheap");
}

#[tokio::test]
async fn each_right_that_is_missing_is_told_apart() {
    let all = Rights::all;
    for (rights, permission, expected) in [
        (Rights { see_future: false, ..all() }, Permission::SeeFutureEmployees, Verdict::NotSeen),
        (Rights { see_former: false, ..all() }, Permission::SeeFormerEmployees, Verdict::NotSeen),
        (Rights { view_jobs: false, ..all() }, Permission::ViewJobs, Verdict::NotSeen),
        (Rights { view_managers: false, ..all() }, Permission::ViewManagers, Verdict::NotSeen),
        (Rights { view_qualifications: false, ..all() }, Permission::ViewQualifications, Verdict::NotSeen),
        (Rights { view_contracts: false, ..all() }, Permission::ViewContracts, Verdict::Missing),
    ] {
        let emulator = tenant(200, rights).await;
        let check = checked(&emulator).await.unwrap();
        assert_eq!(verdict(&check, permission), expected, "{permission:?}");
        let proven = check.findings.iter().filter(|finding| finding.verdict == Verdict::Proven).count();
        assert_eq!(proven, check.findings.len() - 1, "and nothing else: {permission:?}");
    }
}

#[tokio::test]
async fn a_key_that_may_not_read_people_is_refused() {
    let emulator = tenant(20, Rights::none()).await;
    assert_eq!(checked(&emulator).await.unwrap_err().code(), "lucca.permission_missing");
}

#[tokio::test]
async fn a_filter_that_is_not_taken_proves_nothing_and_stops_nothing() {
    let emulator = tenant(200, Rights::all()).await;
    let refuse = |filter: &str| Fault {
        path: "/api/v3/users".to_owned(),
        query_contains: Some(filter.to_owned()),
        nth: None,
        probability: None,
        kind: FaultKind::Status { code: 400, body: String::new() },
    };
    emulator.tenant().set_faults(vec![refuse("dtContractEnd=until"), refuse("dtContractStart=since")]);
    let check = checked(&emulator).await.unwrap();
    // Among everybody there are former and future employees, too.
    assert_eq!(check.required_not_proven().count(), 0);
    assert_eq!(check.people, Some(200));
}
