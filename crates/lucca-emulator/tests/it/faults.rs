//! Faults of pages and bodies, changes of the tenant between pages, and random schedules of faults.

use std::collections::HashSet;

use lucca_emulator::{Change, Fault, FaultKind, Hire, NewAbsence};
use serde_json::json;

use crate::client::Lab;

const USERS: &str = "/api/v3/users";

fn always(kind: FaultKind) -> Fault {
    Fault { path: USERS.to_owned(), query_contains: None, nth: None, probability: None, kind }
}

#[tokio::test]
async fn retry_after_is_optional() {
    let lab = Lab::of(5).await;
    let tenant = lab.emulator.tenant();
    tenant.set_faults(vec![
        Fault::once(USERS, 1, FaultKind::TooMany { retry_after_s: Some(7), http_date: false }),
        Fault::once(USERS, 2, FaultKind::TooMany { retry_after_s: Some(7), http_date: true }),
        Fault::once(USERS, 3, FaultKind::TooMany { retry_after_s: None, http_date: false }),
    ]);
    let answers = [lab.get(USERS).await, lab.get(USERS).await, lab.get(USERS).await];
    assert!(answers.iter().all(|answer| answer.status == 429));
    let after = answers
        .map(|answer| answer.headers.get("retry-after").map(|value| value.to_str().unwrap_or("").to_owned()));
    assert_eq!(after[0].as_deref(), Some("7"));
    assert!(after[1].as_deref().is_some_and(|date| date.ends_with("GMT")));
    assert_eq!(after[2], None);
    assert_eq!(lab.get(USERS).await.status, 200);
}

#[tokio::test]
async fn pages_repeat_fall_short_or_are_too_large() {
    let lab = Lab::of(100).await;
    let tenant = lab.emulator.tenant();
    let page = async |offset: u32| lab.get(&format!("{USERS}?orderBy=id,asc&paging={offset},10")).await.ids();
    let (first, second) = (page(0).await, page(10).await);
    tenant.set_faults(vec![Fault::once(USERS, 2, FaultKind::RepeatedPage)]);
    assert_eq!([page(0).await, page(10).await, page(10).await], [first.clone(), first.clone(), second]);
    tenant.set_faults(vec![always(FaultKind::RepeatedPage)]);
    assert_eq!(page(0).await, first);
    tenant.set_faults(vec![always(FaultKind::ShortPage)]);
    assert_eq!(page(0).await, first[..5]);
    let contracts = "/directory/api/4.0/work-contracts?limit=10&page=";
    let one = lab.get(&format!("{contracts}1")).await.ids();
    tenant.set_faults(vec![Fault::once("/directory", 1, FaultKind::RepeatedPage)]);
    assert_eq!(lab.get(&format!("{contracts}2")).await.ids(), one);
    assert_ne!(lab.get(&format!("{contracts}2")).await.ids(), one);
    tenant.set_faults(vec![always(FaultKind::PageAbove { rows: 50, code: 413 })]);
    assert_eq!(lab.get(&format!("{USERS}?paging=0,51")).await.status, 413);
    assert_eq!(lab.get(&format!("{USERS}?paging=0,50")).await.ids().len(), 50);
}

#[tokio::test]
async fn bodies_trickle_and_break_off() {
    let lab = Lab::of(30).await;
    let tenant = lab.emulator.tenant();
    let authorization = format!("lucca application={}", lab.key);
    let whole = lab.get(USERS).await.text;
    tenant.set_faults(vec![always(FaultKind::Drip { bytes: 400, every_ms: 1 })]);
    assert_eq!(lab.get(USERS).await.text, whole);
    tenant.set_faults(vec![always(FaultKind::Drip { bytes: 1, every_ms: 60_000 })]);
    let patience = std::time::Duration::from_millis(150);
    let waited = tokio::time::timeout(patience, lab.try_send("GET", USERS, &authorization)).await;
    assert!(waited.is_err(), "it does not end");
    tenant.set_faults(vec![always(FaultKind::ResetMidBody)]);
    assert!(lab.try_send("GET", USERS, &authorization).await.is_err());
    tenant.set_faults(Vec::new());
    lab.switch(|switches| switches.latency_per_row_us = 10_000_000);
    let waited = tokio::time::timeout(patience, lab.try_send("GET", USERS, &authorization)).await;
    assert!(waited.is_err(), "thirty rows take five minutes");
    assert_eq!(
        lab.get(&format!("{USERS}?fields=collection.count")).await.status,
        200,
        "no row takes no time"
    );
}

#[tokio::test]
async fn change_happens_between_two_pages() {
    let lab = Lab::of(100).await;
    let tenant = lab.emulator.tenant();
    let hire = Hire { first_name: "A".to_owned(), last_name: "B".to_owned(), ..Hire::default() };
    let (id, page) = (tenant.people(None, 3)[2].id, "orderBy=id,asc&paging=");
    let json = json!([
        {"path": USERS, "nth": 1, "kind": {"then": {"change": {"remove_user": {"id": id}}}}},
        {"path": USERS, "nth": 2, "kind": {"then": {"change": {"hire": hire}}}},
        {"path": "/api/v3/leaves", "nth": 1, "kind": {"then": {"change": {"live": {"seed": 1, "steps": 5}}}}},
    ]);
    assert_eq!(lab.control("PUT", "/faults", Some(json)).await.status, 200);
    let all = "formerEmployees=true&fields=id,collection.count";
    let first = lab.get(&format!("{USERS}?{all}&{page}0,10")).await;
    let second = lab.get(&format!("{USERS}?{all}&{page}10,10")).await;
    let third = lab.get(&format!("{USERS}?{all}&{page}20,10")).await;
    assert!(first.ids().contains(&id));
    assert_eq!([first.count(), second.count(), third.count()], [100, 99, 100]);
    let before = tenant.snapshot(&lab.key);
    lab.get("/api/v3/leaves?date=today&leavePeriod.ownerId=1").await;
    assert_ne!(tenant.snapshot(&lab.key), before);
    // A change that contradicts existing records leaves the answer unchanged.
    let absence = NewAbsence::days(-1, 5, jiff::civil::date(2027, 1, 1), jiff::civil::date(2027, 1, 1));
    tenant.set_faults(vec![always(FaultKind::Then { change: Box::new(Change::Absence(absence)) })]);
    assert_eq!(lab.get(USERS).await.status, 200);
}

#[tokio::test]
async fn a_random_schedule_ends() {
    let faults = Fault::random_schedule(3, 400);
    assert_eq!(faults, Fault::random_schedule(3, 400));
    assert_ne!(faults, Fault::random_schedule(4, 400));
    assert!(faults.iter().all(|fault| fault.nth.is_some()));
    let kinds: HashSet<String> = faults
        .iter()
        .map(|fault| format!("{:?}", fault.kind).split([' ', '{']).next().unwrap_or("").to_owned())
        .collect();
    assert_eq!(kinds.len(), 14, "{kinds:?}");
    let read: Vec<Fault> = serde_json::from_value(json!(faults)).expect("reads back");
    assert_eq!(read, faults);

    let lab = Lab::of(60).await;
    let mut swift = Fault::random_schedule(5, 40);
    swift.retain(|fault| !fault.kind.takes_time());
    let latest = swift.iter().filter_map(|fault| fault.nth).max().unwrap_or(0);
    lab.emulator.tenant().set_faults(swift);
    let authorization = format!("lucca application={}", lab.key);
    let mut failed = 0;
    for _ in 0..latest {
        let answer = lab.try_send("GET", USERS, &authorization).await;
        failed += u32::from(!answer.is_ok_and(|answer| answer.status == 200));
    }
    assert!(failed > 0);
    assert_eq!(lab.get(USERS).await.status, 200);
}
