//! Reachability checks of a tenant's address.

use lucca::TenantUrl;
use net::NetworkPolicy;
use wiremock::ResponseTemplate;

use crate::support;

fn url(uri: &str) -> TenantUrl {
    TenantUrl::parse(uri, NetworkPolicy::AllowLoopback).unwrap()
}

#[tokio::test]
async fn any_answer_counts_and_redirects_are_ignored() {
    let elsewhere = support::tenant(|_, _| ResponseTemplate::new(200)).await;
    let target = elsewhere.uri();
    for status in [200, 302, 401, 404, 500] {
        let target = target.clone();
        let server = support::tenant(move |_, _| {
            ResponseTemplate::new(status).insert_header("location", target.as_str())
        })
        .await;
        lucca::reach(&url(&server.uri())).await.unwrap();
        let asked = server.received_requests().await.unwrap();
        assert_eq!(asked.len(), 1);
        assert!(!asked[0].headers.contains_key("authorization"), "no key is known yet");
    }
    assert_eq!(elsewhere.received_requests().await.unwrap().len(), 0, "a redirect was followed");
}

#[tokio::test]
async fn nothing_there_is_unreachable() {
    let error = lucca::reach(&url("http://127.0.0.1:9")).await.unwrap_err();
    assert_eq!(error.code(), "lucca.unreachable");
}
