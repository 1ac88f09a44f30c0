//! Statements on the pages about writing to Lucca, and the boxes that they request, by the app's features.

use lucca_emulator::Rights;
use serde_json::json;

use crate::support::{Browser, Service, tenant};

/// The texts of all pages before linking, and of the hand-over e-mail.
async fn page_texts(browser: &Browser<'_>, tenant: &str, key: &str, ticked: &[&str]) -> String {
    let ticked: Vec<(&str, &str)> = ticked.iter().map(|&name| ("features", name)).collect();
    let mut page_texts = browser.get("welcome").await.html;
    assert_eq!(browser.post("welcome", &ticked).await.step(), "access");
    browser.post("access", &[("can", "yes")]).await;
    browser.post("tenant", &[("tenant", tenant)]).await;
    page_texts += &browser.get("key").await.html;
    page_texts += &browser.post("hand-over", &[]).await.html;
    browser.post("key", &[]).await;
    page_texts += &browser.get("role").await.html;
    browser.post("role", &[]).await;
    browser.give_key(key).await;
    page_texts + &browser.checks_done().await.html
}

const READS: [(&str, &str); 2] = [("en", "We only read"), ("fr", "Nous ne faisons que lire")];
const WRITES: [&str; 2] =
    ["We write absence requests to Lucca", "Nous écrivons dans Lucca les demandes d’absence"];

#[tokio::test]
async fn pages_state_whether_lucca_is_written_to() {
    let service = Service::start("").await;
    let emulator = tenant(60, Rights::all()).await;
    for ((language, reads), writes) in READS.into_iter().zip(WRITES) {
        for wants_requests in [false, true] {
            let mut features = vec!["employees", "leaves", "jobs"];
            features.extend(wants_requests.then_some("absence_requests"));
            let (token, _) = service.link_token(json!({ "features": features, "language": language })).await;
            let browser = service.browser(&token).await;
            let page_texts = page_texts(&browser, &emulator.url(), emulator.api_key(), &features).await;
            assert_eq!(
                (page_texts.contains(reads), page_texts.contains(writes)),
                (!wants_requests, wants_requests)
            );
            // A requested box is not listed as unneeded.
            let needless = page_texts.split("<ul class=\"plainlist\">").nth(1).expect("boxes that do more");
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
    let page_texts = page_texts(&browser, &emulator.url(), emulator.api_key(), &["leaves"]).await;
    assert!(!page_texts.contains(WRITES[0]));
}

#[tokio::test]
async fn writing_passthrough_removes_the_statement() {
    let service = Service::start("[passthrough]\nmethods = [\"GET\", \"POST\"]").await;
    let emulator = tenant(5, Rights::all()).await;
    let (token, _) = service.link_token(json!({})).await;
    let page_texts =
        page_texts(&service.browser(&token).await, &emulator.url(), emulator.api_key(), &["leaves"]).await;
    assert!(!page_texts.contains(READS[0].1) && !page_texts.contains("and nothing else"));
}
