//! Pages after linking: every page and device gets one public token, which can be exchanged once; and two
//! flows that link at the same time.

use lucca_emulator::Rights;
use serde_json::{Value, json};
use test_database::Engine;

use crate::support::{Browser, Page, Service, tenant};

/// Goes through the flow up to the end of the checks.
async fn checked(browser: &Browser<'_>, tenant: &str, key: &str) {
    browser.up_to_key(tenant).await;
    browser.give_key(key).await;
    browser.checks_done().await;
}

async fn linked(browser: &Browser<'_>, tenant: &str, key: &str) {
    checked(browser, tenant, key).await;
    assert_eq!(browser.post("checks/link", &[("anyway", "yes")]).await.step(), "sync");
}

/// The public token that a page passes to the embedding page.
fn token_on_page(page: &Page) -> Option<String> {
    let (_, rest) = page.html.split_once("data-public-token=\"")?;
    Some(rest.split_once('"').unwrap().0.to_owned())
}

async fn exchange(service: &Service, token: &str) -> (u16, Value) {
    service.post("/v1/public-tokens/exchange", json!({ "public_token": token })).await
}

const EMBEDDED: &str = "https://app.example";

#[tokio::test]
async fn pages_after_linking_have_the_same_token() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(5, Rights::all()).await;
        let (token, _) = service.link_token(json!({ "allowed_origin": EMBEDDED })).await;
        let browser = service.browser(&token).await;
        checked(&browser, &emulator.url(), emulator.api_key()).await;
        assert_eq!(token_on_page(&browser.get("checks").await), None);
        assert_eq!(browser.get("linked").await.status, 204);
        assert_eq!(browser.post("checks/link", &[("anyway", "yes")]).await.step(), "sync");
        assert_eq!(browser.get("linked").await.status, 200);
        let public = token_on_page(&browser.get("sync").await).expect("as soon as it is linked");
        browser.synced().await;
        // A reload, the following pages and the reopened link don't invalidate a token that is being
        // exchanged.
        for page in [browser.get("sync").await, browser.get("summary").await, browser.post("done", &[]).await]
        {
            assert_eq!(token_on_page(&page).as_ref(), Some(&public), "{}", page.html);
        }
        assert_eq!(token_on_page(&browser.get("").await).as_ref(), Some(&public));

        assert_eq!(exchange(&service, &public).await.0, 200);
        assert_eq!(exchange(&service, &public).await.0, 404, "once");
        let after = browser.get("sync").await;
        assert_eq!(token_on_page(&after), None);
        assert!(after.html.contains(" data-linked"), "{}", after.html);
    }
}

#[tokio::test]
async fn expired_token_is_reissued_on_reload() {
    let service = Service::start("").await;
    let emulator = tenant(5, Rights::all()).await;
    let (token, _) = service.link_token(json!({ "allowed_origin": EMBEDDED, "mailed": true })).await;
    let browser = service.browser(&token).await;
    linked(&browser, &emulator.url(), emulator.api_key()).await;
    let public = token_on_page(&browser.get("sync").await).unwrap();
    service.clock.advance(std::time::Duration::from_mins(31));
    assert_eq!(exchange(&service, &public).await.0, 404, "it is valid for 30 minutes");
    let again = token_on_page(&browser.get("sync").await).expect("the page is loaded again");
    assert_eq!(exchange(&service, &again).await.0, 200);
}

#[tokio::test]
async fn sync_page_returns_with_the_token() {
    let service = Service::start("").await;
    let emulator = tenant(5, Rights::all()).await;
    let (token, _) = service.link_token(json!({ "return_url": "https://app.example/back" })).await;
    let browser = service.browser(&token).await;
    linked(&browser, &emulator.url(), emulator.api_key()).await;
    let sync = browser.get("sync").await.html;
    assert!(sync.contains("href=\"https://app.example/back?public_token=pub_"), "{sync}");
}

#[tokio::test]
async fn a_used_link_says_that_lucca_is_connected() {
    let service = Service::start("").await;
    let emulator = tenant(5, Rights::all()).await;
    for (language, title) in [("en", "Lucca is already connected"), ("fr", "Lucca est déjà connecté")] {
        let (token, _) = service.link_token(json!({ "language": language })).await;
        let browser = service.browser(&token).await;
        linked(&browser, &emulator.url(), emulator.api_key()).await;
        let open = browser.get("").await;
        assert!(open.status == 200 && open.html.contains(title), "{}", open.html);
        service.clock.advance(std::time::Duration::from_mins(31));
        let expired = browser.get("").await;
        assert!(expired.status == 410 && expired.html.contains(title), "{}", expired.html);
        assert!(!expired.html.contains("pub_"));
    }
}

#[tokio::test]
async fn two_links_at_once_yield_one_account() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(5, Rights::all()).await;
        let (one, _) = service.link_token(json!({})).await;
        let (other, _) = service.link_token(json!({})).await;
        let (one, other) = (service.browser(&one).await, service.browser(&other).await);
        for browser in [&one, &other] {
            checked(browser, &emulator.url(), emulator.api_key()).await;
        }
        let anyway = [("anyway", "yes")];
        let (first, second) =
            tokio::join!(one.post("checks/link", &anyway), other.post("checks/link", &anyway));
        assert_eq!((first.step(), second.step()), ("sync", "sync"), "{first:?} {second:?}");
        assert_eq!(service.database.store.accounts().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_link_finished_twice_yields_one_account() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(5, Rights::all()).await;
        let (token, _) = service.link_token(json!({})).await;
        let (browser, other) = (service.browser(&token).await, service.browser(&token).await);
        checked(&browser, &emulator.url(), emulator.api_key()).await;
        let anyway = [("anyway", "yes")];
        let (first, second) =
            tokio::join!(browser.post("checks/link", &anyway), other.post("checks/link", &anyway));
        assert_eq!((first.step(), second.step()), ("sync", "sync"), "{first:?} {second:?}");
        let log = service.database.store.audit_log(None).await.unwrap();
        assert_eq!(log.iter().filter(|entry| entry.action.starts_with("account.")).count(), 1);
    }
}
