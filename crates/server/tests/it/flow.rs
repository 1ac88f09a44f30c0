//! The linking flow without JavaScript: forms and links only.

use lucca_emulator::{Fault, FaultKind, KeyConfig, Rights};
use serde_json::{Value, json};
use test_database::Engine;

use crate::support::{Browser, Page, Service, tenant};

/// Goes through the whole flow; returns the last page.
async fn link(browser: &Browser<'_>, tenant: &str, key: &str) -> Page {
    browser.up_to_key(tenant).await;
    browser.give_key(key).await;
    browser.checks_done().await;
    let linked = browser.post("checks/link", &[("anyway", "yes")]).await;
    assert_eq!(linked.step(), "sync", "{}", linked.html);
    let synced = browser.synced().await;
    assert!(synced.step() == "summary" || synced.status == 200, "{synced:?}");
    assert_eq!(browser.get("summary").await.status, 200);
    browser.post("done", &[]).await
}

/// The public token on the last page.
fn public_token(page: &Page) -> String {
    let at = page.html.find("pub_").expect("a public token");
    page.html[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect()
}

async fn exchange(service: &Service, token: &str) -> (u16, Value) {
    service.post("/v1/public-tokens/exchange", json!({ "public_token": token })).await
}

#[tokio::test]
async fn flow_links_an_account() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(300, Rights::all()).await;
        let (token, flow) = service.link_token(json!({ "return_url": "https://app.example/back?x=1" })).await;
        let browser = service.browser(&token).await;
        let done = link(&browser, &emulator.url(), emulator.api_key()).await;
        assert!(
            done.html.contains("https://app.example/back?x=1&amp;public_token=pub_")
                || done.html.contains("https://app.example/back?x=1&#38;public_token=pub_"),
            "{}",
            done.html
        );

        let public = public_token(&done);
        let (status, account) = exchange(&service, &public).await;
        assert_eq!(status, 200);
        assert_eq!(account["customer_id"], "cust_1");
        assert_eq!(account["tenant"], emulator.url());
        assert_eq!(account["status"], "linked");
        assert_eq!(exchange(&service, &public).await.0, 404, "once");
        let (_, flow) = service.get(&format!("/v1/linking-flows/{flow}")).await;
        assert_eq!((&flow["status"], &flow["linked_account_id"]), (&json!("finished"), &account["id"]));

        // All employees of the tenant are stored.
        let stored = service.database.store.accounts().await.unwrap();
        let people =
            service.database.store.count_present(stored[0].no, people::Kind::Employee).await.unwrap();
        assert_eq!(people, 300);
        let (_, audit) =
            service.get(&format!("/v1/linked-accounts/{}/audit", account["id"].as_str().unwrap())).await;
        assert_eq!(audit["items"][0]["action"], "account.linked");
    }
}

#[tokio::test]
async fn queued_first_sync_is_shown() {
    let service = Service::start("").await;
    let emulator = tenant(5, Rights::all()).await;
    for (language, text) in
        [("en", "The sync is in the queue"), ("fr", "La synchronisation est en file d’attente")]
    {
        let (token, _) = service.link_token(json!({ "language": language })).await;
        let browser = service.browser(&token).await;
        browser.up_to_key(&emulator.url()).await;
        browser.give_key(emulator.api_key()).await;
        browser.checks_done().await;
        browser.post("checks/link", &[("anyway", "yes")]).await;
        let page = browser.get("sync").await.html;
        assert!(page.contains(text) && page.contains("http-equiv=\"refresh\""), "{page}");
        assert!(browser.synced().await.html.contains("/summary"));
        service.clock.advance(std::time::Duration::from_mins(1));
    }
}

#[tokio::test]
async fn answers_are_kept_for_another_device() {
    let service = Service::start("").await;
    let emulator = tenant(5, Rights::all()).await;
    let (token, _) = service.link_token(json!({})).await;
    service.browser(&token).await.up_to_key(&emulator.url()).await;
    let other = service.browser(&token).await;
    assert!(other.get("tenant").await.html.contains(&emulator.url()));
    assert_eq!(other.get("enter-key").await.status, 200);
    // A step that is not open yet redirects to the furthest one.
    assert_eq!(other.get("summary").await.step(), "enter-key");
}

#[tokio::test]
async fn missing_required_permission_blocks_linking() {
    let service = Service::start("[linking]\nallow_missing_permissions = false").await;
    let emulator = tenant(120, Rights { see_former: false, ..Rights::all() }).await;
    let (token, _) = service.link_token(json!({})).await;
    let browser = service.browser(&token).await;
    browser.up_to_key(&emulator.url()).await;
    browser.give_key(emulator.api_key()).await;
    let checks = browser.checks_done().await;
    assert!(checks.html.contains("See former employees"), "{}", checks.html);
    // The page does not offer to continue, and the service refuses a forced attempt.
    assert_eq!(browser.post("checks/link", &[("anyway", "yes")]).await.step(), "checks");

    let key = KeyConfig { rights: Rights::all(), ..KeyConfig::full(7) };
    emulator.tenant().put_key(key);
    assert_eq!(browser.post("checks/again", &[]).await.step(), "checks");
    browser.checks_done().await;
    assert_eq!(browser.post("checks/link", &[]).await.step(), "sync");
}

#[tokio::test]
async fn vendor_may_allow_missing_permissions() {
    let service = Service::start("").await;
    let emulator = tenant(120, Rights { see_future: false, ..Rights::all() }).await;
    let (token, _) = service.link_token(json!({})).await;
    let browser = service.browser(&token).await;
    browser.up_to_key(&emulator.url()).await;
    browser.give_key(emulator.api_key()).await;
    browser.checks_done().await;
    assert_eq!(browser.post("checks/link", &[]).await.step(), "checks", "not by mistake");
    assert_eq!(browser.post("checks/link", &[("anyway", "yes")]).await.step(), "sync");
}

#[tokio::test]
async fn undecided_permissions_can_be_confirmed() {
    let service = Service::start("[linking]\nallow_missing_permissions = false").await;
    let emulator = tenant(0, Rights::all()).await;
    let (token, _) = service.link_token(json!({ "features": ["employees"], "language": "fr" })).await;
    let browser = service.browser(&token).await;
    browser.up_to_key(&emulator.url()).await;
    browser.give_key(emulator.api_key()).await;
    browser.checks_done().await;
    // Each button says what it confirms, for users of screen readers.
    let checks = browser.get("checks").await.html;
    assert!(
        checks.contains("correct<span class=\"hidden\">\u{a0}: Futurs collaborateurs</span>"),
        "{checks}"
    );
    for permission in ["view_users", "see_future_employees", "see_former_employees", "view_contracts"] {
        assert_eq!(browser.post("checks/confirm", &[("permission", permission)]).await.step(), "checks");
    }
    assert_eq!(browser.post("checks/link", &[]).await.step(), "sync");
    let account = service.database.store.accounts().await.unwrap().remove(0);
    assert!(account.settings.confirmed_permissions.contains(&"see_former_employees".to_owned()));
}

#[tokio::test]
async fn a_refused_key_can_be_replaced() {
    let service = Service::start("").await;
    let emulator = tenant(5, Rights::all()).await;
    let (token, _) = service.link_token(json!({})).await;
    let browser = service.browser(&token).await;
    browser.up_to_key(&emulator.url()).await;
    let wrong = "11111111-2222-4333-8444-555555555555";
    browser.give_key(wrong).await;
    let checks = browser.checks_done().await;
    assert!(!checks.html.contains(wrong));
    assert_eq!(browser.post("checks/link", &[("anyway", "yes")]).await.step(), "checks", "nothing to link");
    browser.give_key(emulator.api_key()).await;
    browser.checks_done().await;
    assert_eq!(browser.post("checks/link", &[("anyway", "yes")]).await.step(), "sync");
    // A text that is no key is reported on the form.
    let (token, _) = service.link_token(json!({})).await;
    let browser = service.browser(&token).await;
    browser.up_to_key(&emulator.url()).await;
    assert_eq!(browser.post("enter-key", &[("key", "my key")]).await.status, 422);
}

#[tokio::test]
async fn declined_features_are_not_requested() {
    let service = Service::start("").await;
    let emulator = tenant(120, Rights::all()).await;
    let (token, _) = service.link_token(json!({})).await;
    let browser = service.browser(&token).await;
    // Browsers send ticked boxes: leaves and jobs were declined.
    let kept = [("features", "managers"), ("features", "qualifications")];
    assert_eq!(browser.post("welcome", &kept).await.step(), "access");
    link_from_access(&browser, &emulator.url(), emulator.api_key()).await;
    let account = service.database.store.accounts().await.unwrap().remove(0);
    let declined = &account.settings.declined_features;
    assert!(declined.contains(&"leaves".to_owned()) && declined.contains(&"jobs".to_owned()), "{declined:?}");
    let asked = emulator.tenant().requests();
    let asked: Vec<String> = asked.iter().map(|request| format!("{request:?}")).collect();
    assert!(!asked.iter().any(|request| request.contains("jobTitle")), "something declined was asked for");
    // The doctor requests the id of one leave, to detect a right that is not needed.
    let leaves: Vec<&String> = asked.iter().filter(|request| request.contains("leaves")).collect();
    assert!(leaves.len() <= 1, "{leaves:?}");
    assert!(asked.iter().any(|request| request.contains("/api/v3/users")));
}

async fn link_from_access(browser: &Browser<'_>, tenant: &str, key: &str) {
    browser.post("access", &[("can", "yes")]).await;
    assert_eq!(browser.post("tenant", &[("tenant", tenant)]).await.step(), "key");
    browser.post("key", &[]).await;
    browser.post("role", &[]).await;
    browser.give_key(key).await;
    browser.checks_done().await;
    assert_eq!(browser.post("checks/link", &[("anyway", "yes")]).await.step(), "sync");
    browser.synced().await;
}

#[tokio::test]
async fn handed_over_link_outlives_the_first() {
    let service = Service::start("").await;
    let (token, _) = service.link_token(json!({})).await;
    let browser = service.browser(&token).await;
    browser.post("welcome", &[]).await;
    assert_eq!(browser.post("access", &[("can", "no")]).await.step(), "hand-over");
    let handed = browser.post("hand-over", &[]).await;
    assert_eq!(handed.status, 200);
    let whole = format!("{}/link/", service.url);
    let at = handed.html.find(&whole).expect("a link to hand over");
    let other: String = handed.html[at + whole.len()..].chars().take(47).collect();
    assert_ne!(other, token);
    service.clock.advance(std::time::Duration::from_hours(1));
    assert_eq!(browser.get("welcome").await.status, 410);
    assert_eq!(service.browser(&other).await.get("welcome").await.status, 200);
    service.clock.advance(std::time::Duration::from_hours(7 * 24));
    let url = format!("{}/link/{other}/welcome", service.url);
    assert_eq!(service.http.get(url).send().await.unwrap().status(), 410);
}

#[tokio::test]
async fn a_finished_flow_links_nothing_more() {
    let service = Service::start("").await;
    let emulator = tenant(5, Rights::all()).await;
    let (token, _) = service.link_token(json!({})).await;
    let browser = service.browser(&token).await;
    link(&browser, &emulator.url(), emulator.api_key()).await;
    assert_eq!(browser.get("enter-key").await.step(), "sync");
    let again = browser.post("enter-key", &[("key", emulator.api_key())]).await;
    assert_eq!(again.step(), "sync");
    assert_eq!(browser.post("checks/link", &[]).await.step(), "sync");
    assert_eq!(service.database.store.accounts().await.unwrap().len(), 1);
}

#[tokio::test]
async fn linking_again_keeps_the_id() {
    let service = Service::start("").await;
    let emulator = tenant(5, Rights::all()).await;
    let (token, _) = service.link_token(json!({ "return_url": "https://app.example" })).await;
    let done = link(&service.browser(&token).await, &emulator.url(), emulator.api_key()).await;
    let (_, first) = exchange(&service, &public_token(&done)).await;

    let (token, _) = service
        .link_token(json!({ "linked_account_id": first["id"], "return_url": "https://app.example" }))
        .await;
    let browser = service.browser(&token).await;
    browser.post("welcome", &[]).await;
    browser.post("access", &[("can", "yes")]).await;
    let other = browser.post("tenant", &[("tenant", "https://other.ilucca.net")]).await;
    assert_eq!(other.status, 422, "another tenant than the account's");
    let done = link(&browser, &emulator.url(), emulator.api_key()).await;
    let (_, second) = exchange(&service, &public_token(&done)).await;
    assert_eq!(first["id"], second["id"]);
    let (_, audit) =
        service.get(&format!("/v1/linked-accounts/{}/audit", first["id"].as_str().unwrap())).await;
    let actions: Vec<&str> =
        audit["items"].as_array().unwrap().iter().filter_map(|e| e["action"].as_str()).collect();
    assert!(actions.contains(&"account.linked") && actions.contains(&"account.relinked"), "{actions:?}");
}

#[tokio::test]
async fn relinking_with_a_lesser_key_lists_missing() {
    let service = Service::start("[linking]\nrequests_per_minute = 0").await;
    let emulator = tenant(120, Rights::all()).await;
    let (token, _) = service.link_token(json!({})).await;
    let browser = service.browser(&token).await;
    link(&browser, &emulator.url(), emulator.api_key()).await;
    let complete = browser.get("summary").await;
    assert!(!complete.html.contains("See former employees"), "{}", complete.html);

    let lesser = Rights { see_former: false, view_managers: false, ..Rights::all() };
    emulator.tenant().put_key(KeyConfig { rights: lesser, ..KeyConfig::full(7) });
    service.clock.advance(std::time::Duration::from_mins(15));
    let (token, _) = service.link_token(json!({})).await;
    let browser = service.browser(&token).await;
    link(&browser, &emulator.url(), emulator.api_key()).await;
    let summary = browser.get("summary").await;
    for permission in ["See former employees", "View employee managers"] {
        assert!(summary.html.contains(permission), "{permission}: {}", summary.html);
    }
}

#[tokio::test]
async fn tenant_of_another_customer_is_detected() {
    let emulator = tenant(5, Rights::all()).await;
    for (config, allowed) in [("", false), ("[linking]\nsame_tenant = \"allow\"", true)] {
        let service = Service::start(config).await;
        let (token, _) = service.link_token(json!({})).await;
        link(&service.browser(&token).await, &emulator.url(), emulator.api_key()).await;
        let (token, _) = service.link_token(json!({ "customer_id": "cust_2" })).await;
        let browser = service.browser(&token).await;
        if allowed {
            link(&browser, &emulator.url(), emulator.api_key()).await;
            let (_, all) = service.get("/v1/linked-accounts").await;
            assert_eq!(all["items"][1]["shares_tenant_with"], json!([all["items"][0]["id"]]));
        } else {
            browser.post("welcome", &[]).await;
            browser.post("access", &[("can", "yes")]).await;
            let refused = browser.post("tenant", &[("tenant", &emulator.url())]).await;
            assert_eq!(refused.status, 422);
        }
    }
}

#[tokio::test]
async fn unlinking_erases_key_and_requested_data() {
    let service = Service::start("").await;
    let emulator = tenant(5, Rights::all()).await;
    let (token, _) = service.link_token(json!({})).await;
    link(&service.browser(&token).await, &emulator.url(), emulator.api_key()).await;
    let (_, all) = service.get("/v1/linked-accounts").await;
    let path = format!("/v1/linked-accounts/{}", all["items"][0]["id"].as_str().unwrap());
    let (status, receipt) = service.api(reqwest::Method::DELETE, &format!("{path}?data=erase"), None).await;
    assert_eq!(status, 200);
    assert_eq!(receipt["linked_account"]["status"], "unlinked");
    assert_eq!(receipt["erased"]["employees"], 5);
    let account = service.database.store.accounts().await.unwrap().remove(0);
    assert_eq!(service.database.store.count_present(account.no, people::Kind::Employee).await.unwrap(), 0);
}

#[tokio::test]
async fn cross_site_form_is_refused() {
    let service = Service::start("").await;
    let (token, _) = service.link_token(json!({})).await;
    let csrf = service.csrf(&token).await;
    let url = format!("{}/link/{token}/welcome", service.url);
    let send = |name: &'static str, value: &'static str| {
        service.http.post(&url).header(name, value).form(&[("csrf", csrf.as_str())]).send()
    };
    assert_eq!(send("origin", "https://evil.example").await.unwrap().status(), 403);
    assert_eq!(send("sec-fetch-site", "cross-site").await.unwrap().status(), 403);
    assert_eq!(send("sec-fetch-site", "same-origin").await.unwrap().status(), 303);
    assert_eq!(send("origin", "null").await.unwrap().status(), 303);
}

#[tokio::test]
async fn only_the_allowed_origin_may_frame_the_flow() {
    let service = Service::start("").await;
    let (token, _) = service.link_token(json!({ "allowed_origin": "https://app.example" })).await;
    let page = service.http.get(format!("{}/link/{token}/welcome", service.url)).send().await.unwrap();
    let headers = page.headers().clone();
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("default-src 'none'") && policy.ends_with("frame-ancestors https://app.example"),
        "{policy}"
    );
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["referrer-policy"], "no-referrer");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    let html = page.text().await.unwrap();
    for elsewhere in ["src=\"http", "href=\"http://", "url(http", "//cdn", " style=\"", "onclick="] {
        assert!(!html.contains(elsewhere), "{elsewhere}");
    }
    let (token, _) = service.link_token(json!({})).await;
    let page = service.http.get(format!("{}/link/{token}/welcome", service.url)).send().await.unwrap();
    assert!(page.headers()["content-security-policy"].to_str().unwrap().ends_with("frame-ancestors 'none'"));
}

#[tokio::test]
async fn flow_speaks_french() {
    let service = Service::start("").await;
    let (token, _) = service.link_token(json!({ "language": "fr" })).await;
    let page = service.browser(&token).await.get("welcome").await;
    assert!(page.html.contains("lang=\"fr\""));
    let browser = service.browser(&token).await;
    browser.post("language", &[("language", "en"), ("step", "welcome")]).await;
    assert!(browser.get("welcome").await.html.contains("lang=\"en\""));
    // Without a chosen language, the browser's languages decide.
    let (token, _) = service.link_token(json!({ "language": null })).await;
    let url = format!("{}/link/{token}/welcome", service.url);
    let page =
        service.http.get(url).header("accept-language", "de, fr-CH;q=0.9, en;q=0.8").send().await.unwrap();
    assert!(page.text().await.unwrap().contains("lang=\"fr\""));
}

/// Syncs the one linked account a quarter of an hour later, as the scheduler does.
async fn sync(service: &Service) {
    service.clock.advance(std::time::Duration::from_mins(15));
    let account = service.services.store.accounts().await.unwrap().remove(0);
    service.sync(&account).await;
}

/// The codes of the open issues.
async fn open_issues(service: &Service) -> Vec<String> {
    let issues = service.database.store.issues(None, store::IssueFilter::Open).await.unwrap();
    issues.into_iter().map(|issue| issue.code).collect()
}

#[tokio::test]
async fn lost_permission_is_an_issue_until_restored() {
    let service = Service::start("[linking]\nrequests_per_minute = 0").await;
    let emulator = tenant(120, Rights::all()).await;
    let (token, _) = service.link_token(json!({})).await;
    link(&service.browser(&token).await, &emulator.url(), emulator.api_key()).await;
    sync(&service).await;
    assert_eq!(open_issues(&service).await, Vec::<String>::new());

    let key = |rights| KeyConfig { rights, ..KeyConfig::full(7) };
    emulator.tenant().put_key(key(Rights { see_former: false, consult_leaves: false, ..Rights::all() }));
    sync(&service).await;
    let open = open_issues(&service).await;
    assert!(open.iter().any(|code| code.ends_with(".see_former_employees")), "{open:?}");
    assert!(open.contains(&"permission.missing.consult_leaves".to_owned()), "{open:?}");
    let (_, account) = service.get("/v1/linked-accounts").await;
    let path = format!("/v1/linked-accounts/{}/issues", account["items"][0]["id"].as_str().unwrap());
    let (_, told) = service.get(&path).await;
    assert_eq!(told["items"].as_array().unwrap().len(), open.len());

    emulator.tenant().put_key(key(Rights::all()));
    sync(&service).await;
    assert_eq!(open_issues(&service).await, Vec::<String>::new());
}

#[tokio::test]
async fn refused_key_opens_an_issue() {
    let service = Service::start("[linking]\nrequests_per_minute = 0").await;
    let emulator = tenant(120, Rights::all()).await;
    let (token, _) = service.link_token(json!({})).await;
    link(&service.browser(&token).await, &emulator.url(), emulator.api_key()).await;
    // As after the key was deleted in Lucca.
    let refused = FaultKind::Status { code: 401, body: String::new() };
    let fault =
        Fault { path: String::new(), query_contains: None, nth: None, probability: None, kind: refused };
    emulator.tenant().set_faults(vec![fault]);
    sync(&service).await;
    assert_eq!(open_issues(&service).await, ["account.key_refused"]);
    let (_, all) = service.get("/v1/issues?language=fr").await;
    let issue = &all["items"][0];
    assert_eq!((&issue["code"], all["items"].as_array().unwrap().len()), (&json!("account.key_refused"), 1));
    assert_eq!(issue["message"], "Lucca refuse la clé API.");
    let (_, shown) = service.get(&format!("/v1/issues/{}?language=fr", issue["id"].as_str().unwrap())).await;
    assert_eq!(&shown, issue);
    let (_, resolved) = service.get("/v1/issues?status=resolved&limit=1").await;
    assert!(resolved["items"].as_array().unwrap().iter().all(|issue| issue["resolved_at"].is_string()));
    assert_eq!(service.get("/v1/issues?status=closed").await.0, 422);
    let (_, account) = service.get("/v1/linked-accounts").await;
    assert_eq!(account["items"][0]["status"], "relink_needed");
}

#[tokio::test]
async fn link_guessing_and_checks_are_rate_limited() {
    let service = Service::start("").await;
    let mut last = 0;
    for at in 0..40 {
        let url = format!("{}/link/lnk_{at}/welcome", service.url);
        last = service.http.get(url).send().await.unwrap().status().as_u16();
    }
    assert_eq!(last, 429);

    let emulator = tenant(5, Rights::all()).await;
    let (token, _) = service.link_token(json!({})).await;
    let browser = service.browser(&token).await;
    browser.up_to_key(&emulator.url()).await;
    let mut statuses = Vec::new();
    for _ in 0..8 {
        let page = browser.post("enter-key", &[("key", "11111111-2222-4333-8444-555555555555")]).await;
        statuses.push(page.status);
        browser.checks_done().await;
    }
    assert!(statuses.contains(&303) && statuses.ends_with(&[422]), "{statuses:?}");
}

#[tokio::test]
async fn key_that_reads_no_people_cannot_be_linked() {
    let service = Service::start("").await;
    let emulator = tenant(120, Rights { view_users: false, ..Rights::all() }).await;
    let (token, _) = service.link_token(json!({})).await;
    let browser = service.browser(&token).await;
    browser.up_to_key(&emulator.url()).await;
    browser.give_key(emulator.api_key()).await;
    let checks = browser.checks_done().await;
    for nothing in ["value=\"see_former_employees\"", "value=\"view_jobs\"", "name=\"anyway\""] {
        assert!(!checks.html.contains(nothing), "{nothing}");
    }
    assert_eq!(browser.post("checks/link", &[("anyway", "yes")]).await.step(), "checks");
}

#[tokio::test]
async fn tenant_names_are_limited_to_20_per_hour() {
    let service = Service::start("[linking]\nsame_tenant = \"refuse\"").await;
    let emulator = tenant(5, Rights::all()).await;
    let account = service.linked(&emulator, &[]).await;
    service.database.place.execute("UPDATE linked_accounts SET customer_id = 'cust_other'").await.unwrap();
    let (token, _) = service.link_token(json!({})).await;
    let browser = service.browser(&token).await;
    browser.post("welcome", &[]).await;
    browser.post("access", &[("can", "yes")]).await;
    let mut answers = Vec::new();
    for _ in 0..25 {
        answers.push(browser.post("tenant", &[("tenant", &account.origin)]).await.html);
    }
    let refused = answers.iter().filter(|html| html.contains("already")).count();
    assert_eq!(refused, 20, "then nothing is told of the tenant any more");
}

#[tokio::test]
async fn hand_over_cannot_extend_the_flow() {
    let service = Service::start("[linking]\nhand_over_days = 20").await;
    let (mut token, _) = service.link_token(json!({ "mailed": true, "valid_minutes": 43_200 })).await;
    let mut renewed = 0;
    for _ in 0..4 {
        let browser = service.browser(&token).await;
        let page = browser.post("hand-over", &[]).await;
        let Some((_, link)) = page.html.split_once(&format!("{}/link/", service.url)) else { break };
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        link.split(|c| !is_part(c)).next().unwrap().clone_into(&mut token);
        service.clock.advance(std::time::Duration::from_secs(19 * 24 * 3600));
        renewed += 1;
        let answer = service.http.get(format!("{}/link/{token}/welcome", service.url)).send().await.unwrap();
        if answer.status() != 200 {
            break;
        }
    }
    assert_eq!(renewed, 2, "30 days and no more");
}

#[tokio::test]
async fn only_one_plain_origin_may_embed_the_flow() {
    let service = Service::start("").await;
    for (origin, status) in [
        ("https://app.example.com", 201),
        ("https://app.example.com/", 201),
        ("http://127.0.0.1:3000", 201),
        ("http://[::1]:3000", 201),
        ("https://*.example.com", 422),
        ("https://app.example.com;frame-src", 422),
        ("https://a;b.example.com", 422),
        ("https://a'b.example.com", 422),
        ("https://a,b.example.com", 422),
        ("https://app.example.com//", 422),
        ("https://app..example.com", 422),
    ] {
        let wanted = json!({ "customer_id": "c", "organization": "Acme", "allowed_origin": origin });
        let (answered, made) = service.post("/v1/link-tokens", wanted).await;
        assert_eq!(answered, status, "{origin}: {made}");
    }
}
