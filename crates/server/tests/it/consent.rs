//! What the pages say is written to Lucca, and what they ask for, by what the app wants.

use lucca_emulator::Rights;
use serde_json::json;

use crate::support::{Browser, Service, tenant};

/// What all pages say that are shown before the account is linked, and the mail by which it is handed over.
async fn said(browser: &Browser<'_>, tenant: &str, key: &str, ticked: &[&str]) -> String {
    let ticked: Vec<(&str, &str)> = ticked.iter().map(|&name| ("features", name)).collect();
    let mut said = browser.get("welcome").await.html;
    assert_eq!(browser.post("welcome", &ticked).await.step(), "access");
    browser.post("access", &[("can", "yes")]).await;
    browser.post("tenant", &[("tenant", tenant)]).await;
    said += &browser.get("key").await.html;
    said += &browser.post("hand-over", &[]).await.html;
    browser.post("key", &[]).await;
    said += &browser.get("role").await.html;
    browser.post("role", &[]).await;
    browser.give_key(key).await;
    said + &browser.checks_done().await.html
}

const READS: [(&str, &str); 2] = [("en", "We only read"), ("fr", "Nous ne faisons que lire")];
const WRITES: [&str; 2] =
    ["We write absence requests to Lucca", "Nous écrivons dans Lucca les demandes d’absence"];

#[tokio::test]
async fn only_reads_is_said_where_nothing_is_written() {
    let service = Service::start("").await;
    let emulator = tenant(60, Rights::all()).await;
    for ((language, reads), writes) in READS.into_iter().zip(WRITES) {
        for wants_requests in [false, true] {
            let mut features = vec!["employees", "leaves", "jobs"];
            features.extend(wants_requests.then_some("absence_requests"));
            let (token, _) = service.link_token(json!({ "features": features, "language": language })).await;
            let browser = service.browser(&token).await;
            let said = said(&browser, &emulator.url(), emulator.api_key(), &features).await;
            assert_eq!((said.contains(reads), said.contains(writes)), (!wants_requests, wants_requests));
            // The box that is asked for is not called needless.
            let needless = said.split("<ul class=\"plainlist\">").nth(1).expect("boxes that do more");
            let needless = needless.split_once("</ul>").unwrap().0;
            assert!(!needless.contains("Make absence requests"), "{needless}");
        }
    }
}

#[tokio::test]
async fn declined_requests_are_not_written() {
    let service = Service::start("").await;
    let emulator = tenant(5, Rights::all()).await;
    let (token, _) = service.link_token(json!({ "features": ["absence_requests"] })).await;
    let browser = service.browser(&token).await;
    assert!(browser.get("welcome").await.html.contains("will read and write"));
    browser.post("welcome", &[("features", "leaves")]).await;
    assert!(browser.get("welcome").await.html.contains(READS[0].1), "as the boxes are ticked");
    let said = said(&browser, &emulator.url(), emulator.api_key(), &["leaves"]).await;
    assert!(!said.contains(WRITES[0]));
}

#[tokio::test]
async fn nothing_is_claimed_where_more_is_let_through() {
    let service = Service::start("[passthrough]\nmethods = [\"GET\", \"POST\"]").await;
    let emulator = tenant(5, Rights::all()).await;
    let (token, _) = service.link_token(json!({})).await;
    let said = said(&service.browser(&token).await, &emulator.url(), emulator.api_key(), &["leaves"]).await;
    assert!(!said.contains(READS[0].1) && !said.contains("and nothing else"));
}
