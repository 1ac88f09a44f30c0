//! The rate limit, and faults on demand.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use lucca_emulator::{Fault, FaultKind, RateCounting, RetryAfter, TooManyBody};
use serde_json::json;

use crate::client::Lab;

fn fault(path: &str, kind: FaultKind) -> Fault {
    Fault { path: path.to_owned(), query_contains: None, nth: None, probability: None, kind }
}

/// A clock of the rate limit that a test moves, in milliseconds.
fn test_clock(lab: &Lab) -> Arc<AtomicU64> {
    let clock = Arc::new(AtomicU64::new(3_600_000));
    let now = Arc::clone(&clock);
    lab.emulator.tenant().set_rate_clock(move || Duration::from_millis(now.load(Ordering::SeqCst)));
    clock
}

async fn admitted(lab: &Lab, requests: usize) -> usize {
    let mut admitted = 0;
    for _ in 0..requests {
        admitted += usize::from(lab.get("/api/v3/users?paging=0,1").await.status == 200);
    }
    admitted
}

#[tokio::test]
async fn refused_requests_count_and_fade_out() {
    let lab = Lab::of(3).await;
    lab.switch(|switches| switches.rate_limit = Some(50));
    let clock = test_clock(&lab);
    assert_eq!(admitted(&lab, 60).await, 50);
    let refused = lab.get("/directory/api/4.0/work-contracts").await;
    assert_eq!(
        (refused.status, &refused.headers["content-type"]),
        (429, &"text/html".parse().expect("a label"))
    );
    assert!(refused.text.starts_with("<html>") && refused.headers.get("retry-after").is_none());
    clock.fetch_add(72_000, Ordering::SeqCst);
    // Of the 61, four fifths still count.
    assert_eq!(admitted(&lab, 3).await, 1);
    let facts = lab.control("GET", "/rate-limit", None).await.json();
    assert_eq!(facts, json!({"highest_estimate": 61.0, "refused": 13, "others_refused": 0}));
}

#[tokio::test]
async fn another_integration_shares_the_limit() {
    let lab = Lab::of(3).await;
    lab.switch(|switches| {
        switches.rate_limit = Some(50);
        switches.rate_anchor_ms = 59_000;
        switches.other_requests_per_minute = 10;
    });
    let clock = test_clock(&lab);
    assert_eq!(admitted(&lab, 50).await, 40);
    clock.fetch_add(121_000, Ordering::SeqCst);
    assert_eq!(admitted(&lab, 50).await, 39);
}

#[tokio::test]
async fn rate_limit_answer_follows_its_switches() {
    let lab = Lab::of(3).await;
    lab.switch(|switches| {
        switches.rate_limit = Some(50);
        switches.retry_after = RetryAfter::Seconds;
        switches.too_many_body = TooManyBody::Api;
        switches.rate_counting = RateCounting::Admitted;
    });
    test_clock(&lab);
    assert_eq!(admitted(&lab, 60).await, 50);
    let refused = lab.get("/api/v3/users").await;
    assert_eq!(refused.json(), json!({"Status": 429, "Message": "Too many requests"}));
    assert_eq!(refused.headers["retry-after"], "60");
    lab.switch(|switches| switches.retry_after = RetryAfter::HttpDate);
    let refused = lab.get("/api/v3/users").await;
    assert!(refused.headers["retry-after"].to_str().is_ok_and(|date| date.ends_with(" GMT")));
    lab.switch(|switches| switches.rate_limit = None);
    assert_eq!(lab.get("/api/v3/users").await.status, 200);
}

#[tokio::test]
async fn faults_strike_where_they_were_aimed() {
    let lab = Lab::of(60).await;
    let tenant = lab.emulator.tenant();
    let authorization = format!("lucca application={}", lab.key);
    tenant.set_faults(vec![Fault {
        nth: Some(2),
        ..fault("/api/v3/users", FaultKind::Status { code: 503, body: "{}".to_owned() })
    }]);
    let statuses =
        [lab.get("/api/v3/users").await, lab.get("/api/v3/users").await, lab.get("/api/v3/users").await];
    assert_eq!(statuses.map(|answer| answer.status), [200, 503, 200]);

    tenant.set_faults(vec![fault("/api/v3/users", FaultKind::Empty200)]);
    assert_eq!(lab.get("/api/v3/users").await.text, "");
    assert_eq!(lab.get("/api/v3/roles").await.status, 200);
    tenant.set_faults(vec![fault("", FaultKind::Html200)]);
    assert!(lab.get("/api/v3/users").await.text.starts_with("<!DOCTYPE html>"));
    tenant.set_faults(vec![fault("", FaultKind::TruncatedJson)]);
    let cut = lab.get("/api/v3/users").await;
    assert_eq!(cut.status, 200);
    assert!(serde_json::from_str::<serde_json::Value>(&cut.text).is_err());
    tenant.set_faults(vec![fault("", FaultKind::WrongEnvelope)]);
    assert!(lab.get("/api/v3/users").await.json().get("result").is_some());
    tenant.set_faults(vec![fault("", FaultKind::NoCount)]);
    assert!(lab.get("/api/v3/users?fields=id,collection.count").await.json()["data"].get("count").is_none());
    tenant.set_faults(vec![fault("", FaultKind::CorruptRecord { id: 1 })]);
    let corrupt = lab.get("/api/v3/users?fields=id,name,modifiedAt").await.items();
    assert!(corrupt[0]["name"].is_object() && corrupt[1]["name"].is_string());
    tenant.set_faults(vec![fault("", FaultKind::ResetConnection)]);
    assert!(lab.try_send("GET", "/api/v3/users", &authorization).await.is_err());
    tenant.set_faults(vec![fault("", FaultKind::Hang)]);
    let hanging = lab.try_send("GET", "/api/v3/users", &authorization);
    assert!(tokio::time::timeout(Duration::from_millis(100), hanging).await.is_err());
    tenant.set_faults(Vec::new());
    assert_eq!(lab.get("/api/v3/users").await.status, 200);
    let statuses: Vec<u16> = lab.emulator.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 0).count(), 2);
}

#[tokio::test]
async fn families_can_be_gone() {
    let lab = Lab::of(60).await;
    let authorization = format!("lucca application={}", lab.key);
    assert_eq!(lab.get("/api/v3/departments").await.status, 404);
    lab.switch(|switches| switches.v3_departments = lucca_emulator::V3Departments::Gone410);
    assert_eq!(lab.get("/api/v3/departments/2").await.status, 410);
    lab.switch(|switches| {
        switches.v3_departments = lucca_emulator::V3Departments::Alive;
        switches.organization_gone = true;
    });
    assert_eq!(lab.get("/organization/structure/api/departments").await.status, 404);
    let departments =
        lab.get("/api/v3/departments?fields=id,name,parentId,position,head,currentUsersCount").await;
    assert_eq!(departments.items().len() as u64, lab.emulator.truth().departments);
    assert!(departments.text.contains("\"position\":10000000000000000000,"));
    let missing = lab.get("/api/v3/departments/13651").await;
    assert_eq!(missing.status, 404);
    assert_eq!(
        missing.json(),
        json!({"Status": 404, "Message": "Resource Department with ID 13651 not found"})
    );
    let tree = lab.get("/api/v3/departments/tree").await.json();
    assert!(tree["data"]["node"].is_null());
    assert_eq!(tree["data"]["children"][0]["node"].as_object().map(serde_json::Map::len), Some(3));
    let nodes = async |query: &str| {
        let tree = lab.get(&format!("/api/v3/departments/tree?{query}")).await;
        assert_eq!(tree.status, 200, "{query}");
        tree.text.matches("\"node\":{\"code\":").count() as u64
    };
    let truth = lab.emulator.truth();
    let open = truth.departments - truth.departments_inactive;
    assert!(truth.departments_inactive > 0);
    assert_eq!(nodes("fields=code").await, open);
    assert_eq!(nodes("fields=code&isActive=true").await, open);
    assert_eq!(nodes("fields=code&isActive=false").await, truth.departments_inactive);
    assert_eq!(nodes("fields=code&isActive=true,false&appInstanceId=&operations=").await, truth.departments);
    for refused in ["fields=nothing", "nothing=1", "isActive=perhaps"] {
        assert_eq!(lab.get(&format!("/api/v3/departments/tree?{refused}")).await.status, 400, "{refused}");
    }
    assert_eq!(tree["data"]["children"][0]["node"]["name"], "Direction générale");
    for (verb, path, status, allow) in [
        ("DELETE", "/api/v3/users", 405, Some("GET")),
        ("TRACE", "/api/v3/users", 405, Some("GET")),
        ("PUT", "/api/v3/users/me", 405, Some("GET")),
        ("DELETE", "/api/v3/users/1", 405, Some("GET, PUT")),
        ("PUT", "/directory/api/4.0/work-contracts", 405, Some("GET, POST")),
        ("POST", "/directory/api/work-contract-hiring-types", 405, Some("GET")),
        ("GET", "/nowhere", 404, None),
        ("POST", "/nowhere", 404, None),
        ("GET", "/api/v3/users/999999", 500, None),
    ] {
        let answer = lab.send(verb, path, &authorization).await;
        assert_eq!(answer.status, status, "{verb} {path}");
        let said = answer.headers.get("allow").and_then(|value| value.to_str().ok());
        assert_eq!(said, allow, "{verb} {path}");
    }
}

#[tokio::test]
async fn answers_are_compressed_when_asked() {
    let lab = Lab::of(200).await;
    // This client accepts both; the transferred body is smaller than the decoded one.
    let answer = lab.get("/api/v3/users?fields=id,name,mail,department").await;
    assert_eq!(answer.items().len(), answer.ids().len());
    assert!(answer.headers.get("content-length").is_none(), "decoded on the way");
    let logged = lab.emulator.requests();
    assert_eq!(logged[0].response_bytes, answer.text.len() as u64);
    assert!(!format!("{logged:?}").contains(&lab.key));
}
