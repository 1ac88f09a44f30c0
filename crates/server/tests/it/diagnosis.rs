//! The diagnosis of a key: page, API, issues and audit log agree, and it belongs to the key and the tenant
//! that are linked.

use lucca_emulator::{Fault, FaultKind, KeyConfig, Rights};
use serde_json::{Value, json};

use crate::support::{Browser, Service, tenant};

const CONFIG: &str = "[linking]\nrequests_per_minute = 0\nsame_tenant = \"allow\"";

async fn checked(browser: &Browser<'_>, tenant: &str, key: &str, features: &[&str]) -> String {
    let ticked: Vec<(&str, &str)> = features.iter().map(|&name| ("features", name)).collect();
    assert_eq!(browser.post("welcome", &ticked).await.step(), "access");
    browser.post("access", &[("can", "yes")]).await;
    assert_eq!(browser.post("tenant", &[("tenant", tenant)]).await.step(), "key");
    browser.post("key", &[]).await;
    browser.post("role", &[]).await;
    browser.give_key(key).await;
    browser.checks_done().await.html
}

const REQUIRED: [&str; 3] = ["view_users", "see_future_employees", "see_former_employees"];

/// Asserts that the API's diagnosis and the open issues agree; returns the diagnosis.
async fn assert_agree(service: &Service, account: &str, about: &str) -> Value {
    let (_, shown) = service.get(&format!("/v1/linked-accounts/{account}")).await;
    let diagnosis = shown["diagnosis"].clone();
    let (_, issues) = service.get(&format!("/v1/linked-accounts/{account}/issues")).await;
    let open: Vec<&str> = issues["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|issue| issue["resolved_at"].is_null())
        .map(|issue| issue["code"].as_str().unwrap())
        .collect();
    assert_eq!(shown["open_issue_count"], open.len(), "{about}");
    let is_open = |name: &str| open.iter().any(|code| code.ends_with(&format!(".{name}")));
    let is_blocked = REQUIRED.iter().any(|name| is_open(name));
    let about = format!("{about}: {diagnosis} {open:?}");
    assert_eq!(diagnosis["readiness"] == "not_ready", is_blocked, "{about}");
    assert_eq!(diagnosis["narrowed"].is_object(), open.contains(&"role.scope_partial"), "{about}");
    for one in diagnosis["permissions"].as_array().unwrap() {
        let name = one["permission"].as_str().unwrap();
        if one["verdict"] == "missing" {
            assert!(is_open(name), "{about}");
        }
        if one["settled"] == true {
            assert!(!is_open(name), "{about}");
        }
    }
    assert_eq!(
        diagnosis["readiness"] == "ready",
        open.is_empty() && diagnosis["missing"] == json!([]),
        "{about}"
    );
    diagnosis
}

const FEATURES: [&str; 6] = ["employees", "leaves", "jobs", "managers", "qualifications", "absence_requests"];

#[tokio::test]
async fn page_api_issues_and_audit_agree() {
    assert_all_agree(&FEATURES).await;
}

#[tokio::test]
async fn page_api_issues_and_audit_agree_on_five() {
    assert_all_agree(&FEATURES[..5]).await;
}

/// Links with each kind of role, and asserts that all views of the diagnosis agree.
async fn assert_all_agree(wanted: &[&str]) {
    let service = Service::start(CONFIG).await;
    let emulator = tenant(120, Rights::all()).await;
    let all = Rights::all;
    let scoped = |scope: &[i64]| Rights { establishment_scope: Some(scope.to_vec()), ..all() };
    // `None` where the role is narrowed.
    let (ready, limited, not_ready) = (Some("ready"), Some("limited"), Some("not_ready"));
    let cases = [
        ("everything", all(), ready),
        ("no managers", Rights { view_managers: false, ..all() }, limited),
        ("no jobs", Rights { view_jobs: false, ..all() }, limited),
        ("no qualifications", Rights { view_qualifications: false, ..all() }, limited),
        ("no contracts", Rights { view_contracts: false, ..all() }, limited),
        ("no leaves", Rights { consult_leaves: false, ..all() }, limited),
        // Creating requests is never tried: it stays undecided, and counts as granted.
        ("no requests", Rights { make_absence_requests: false, ..all() }, ready),
        ("no future", Rights { see_future: false, ..all() }, not_ready),
        ("no former", Rights { see_former: false, ..all() }, not_ready),
        ("neither", Rights { see_future: false, see_former: false, ..all() }, not_ready),
        ("one establishment", scoped(&[1]), None),
        ("another", scoped(&[2]), None),
        ("two", scoped(&[1, 2]), None),
    ];
    for (n, (name, rights, readiness)) in cases.into_iter().enumerate() {
        emulator.tenant().put_key(KeyConfig { rights, ..KeyConfig::full(7) });
        let about = format!("{name} with {} features", wanted.len());
        let customer = format!("cust_{n}");
        let (token, flow) = service.link_token(json!({ "customer_id": customer, "features": wanted })).await;
        let browser = service.browser(&token).await;
        let page = checked(&browser, &emulator.url(), emulator.api_key(), wanted).await;
        assert_eq!(browser.post("checks/link", &[("anyway", "yes")]).await.step(), "sync", "{about}");
        let (_, flow) = service.get(&format!("/v1/linking-flows/{flow}")).await;
        let account = flow["linked_account_id"].as_str().unwrap();
        let diagnosis = assert_agree(&service, account, &about).await;
        if let Some(readiness) = readiness {
            assert_eq!(diagnosis["readiness"], readiness, "{about}: {diagnosis}");
        } else {
            assert!(diagnosis["narrowed"].is_object(), "{about}: {diagnosis}");
        }
        assert_eq!(diagnosis["source"], "linking");
        let headline = diagnosis["headline"].as_str().unwrap();
        assert!(page.contains(headline), "{about}: {headline}\n{page}");
        let (_, audit) = service.get(&format!("/v1/linked-accounts/{account}/audit")).await;
        let linked = &audit["items"][0];
        assert_eq!(linked["action"], "account.linked", "{audit}");
        assert_eq!(linked["detail"]["readiness"], diagnosis["readiness"], "{about}");
        assert_eq!(linked["detail"]["narrowed"], diagnosis["narrowed"], "{about}");

        browser.synced().await;
        let after = assert_agree(&service, account, &about).await;
        assert_eq!(
            (&after["source"], &after["readiness"]),
            (&json!("sync"), &diagnosis["readiness"]),
            "{about}"
        );
        let summary = browser.get("summary").await.html;
        assert!(summary.contains(after["headline"].as_str().unwrap()), "{about}: {summary}");
    }
}

/// A slow response of the tenant.
fn slow_once() -> Fault {
    let kind = FaultKind::Drip { bytes: 2_000, every_ms: 20 };
    Fault { path: "users".to_owned(), query_contains: None, nth: Some(1), probability: None, kind }
}

#[tokio::test]
async fn a_diagnosis_of_another_key_links_nothing() {
    let service = Service::start(CONFIG).await;
    let emulator = tenant(120, Rights::all()).await;
    let lesser = "22222222-2222-4333-8444-555555555555";
    let rights = Rights { see_former: false, ..Rights::all() };
    let key = KeyConfig { name: "lesser".to_owned(), key: lesser.to_owned(), rights };
    emulator.tenant().put_key(key);
    let (token, _) = service.link_token(json!({})).await;
    let browser = service.browser(&token).await;
    browser.up_to_key(&emulator.url()).await;
    emulator.tenant().set_faults(vec![slow_once()]);
    // The first key has every right, and its check is still running when the second key is entered.
    browser.give_key(emulator.api_key()).await;
    browser.give_key(lesser).await;
    for _ in 0..300 {
        let checks = browser.checks_done().await.html;
        assert!(checks.contains("Not ready"), "of the second key: {checks}");
    }
    assert_eq!(browser.post("checks/link", &[]).await.step(), "checks");
    // A page that showed the first key's result does not link the second key.
    let old = [("anyway", "yes"), ("checked", "1")];
    assert_eq!(browser.post("checks/link", &old).await.step(), "checks");
    assert!(service.database.store.accounts().await.unwrap().is_empty());
    assert_eq!(browser.post("checks/link", &[("anyway", "yes"), ("checked", "3")]).await.step(), "sync");
}

#[tokio::test]
async fn a_diagnosis_of_another_tenant_links_nothing() {
    let service = Service::start(CONFIG).await;
    let (emulator, other) = (tenant(120, Rights::all()).await, tenant(5, Rights::all()).await);
    let (token, _) = service.link_token(json!({})).await;
    let browser = service.browser(&token).await;
    browser.up_to_key(&emulator.url()).await;
    emulator.tenant().set_faults(vec![slow_once()]);
    browser.give_key(emulator.api_key()).await;
    assert_eq!(browser.post("tenant", &[("tenant", &other.url())]).await.step(), "key");
    for _ in 0..300 {
        assert_eq!(browser.get("checks").await.step(), "enter-key");
    }
    assert_eq!(browser.post("checks/link", &[("anyway", "yes")]).await.step(), "enter-key");
    assert!(service.database.store.accounts().await.unwrap().is_empty());
}
