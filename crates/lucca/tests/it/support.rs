//! A tenant made of closures, and a client for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use lucca::{
    ApiKey, Client, ClientBuilder, Enumeration, Note, Proof, RequestBudget, Resource, TenantUrl, UserQuery,
};
use net::NetworkPolicy;
use net::clock::{Clock, TestClock};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

pub(crate) const KEY: &str = "f3a1c0de-1234-4abc-8def-0123456789ab";

/// A server that answers every request with `answer`, which also receives the number of earlier requests.
pub(crate) async fn tenant<F>(answer: F) -> MockServer
where
    F: Fn(&Request, usize) -> ResponseTemplate + Send + Sync + 'static,
{
    struct Answer<F>(F, AtomicUsize);

    impl<F: Fn(&Request, usize) -> ResponseTemplate + Send + Sync> Respond for Answer<F> {
        fn respond(&self, request: &Request) -> ResponseTemplate {
            (self.0)(request, self.1.fetch_add(1, Ordering::SeqCst))
        }
    }

    let server = MockServer::start().await;
    Mock::given(any()).respond_with(Answer(answer, AtomicUsize::new(0))).mount(&server).await;
    server
}

pub(crate) fn builder(url: &str) -> (ClientBuilder, Arc<TestClock>) {
    let clock = Arc::new(TestClock::new("2026-03-01T12:00:00Z".parse::<Timestamp>().unwrap()));
    let tenant = TenantUrl::parse(url, NetworkPolicy::AllowLoopback).unwrap();
    let builder = Client::builder(tenant, ApiKey::parse(KEY).unwrap())
        .clock(Arc::clone(&clock) as Arc<dyn Clock>)
        .budget(Arc::new(RequestBudget::unlimited()))
        // One at a time, so that the requests to a server do not depend on which is faster.
        .pages_in_flight(1)
        .request_timeout(Duration::from_secs(5));
    (builder, clock)
}

pub(crate) fn client(server: &MockServer) -> Client {
    builder(&server.uri()).0.build().unwrap()
}

pub(crate) fn parameter(request: &Request, name: &str) -> Option<String> {
    request.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// `paging=offset,limit`.
pub(crate) fn paging(request: &Request) -> (usize, usize) {
    let paging = parameter(request, "paging").expect("paging is always sent");
    let (offset, limit) = paging.split_once(',').unwrap();
    (offset.parse().unwrap(), limit.parse().unwrap())
}

pub(crate) fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

pub(crate) fn text(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body.to_owned(), "application/json")
}

pub(crate) fn rows(ids: impl IntoIterator<Item = usize>) -> Vec<Value> {
    ids.into_iter().map(|id| json!({"id": id, "name": format!("User {id}")})).collect()
}

/// A v3 answer: the requested page of `0..total`, counted.
pub(crate) fn counted(request: &Request, total: usize) -> ResponseTemplate {
    let (offset, limit) = paging(request);
    let items = rows((offset..total).take(limit));
    ok(
        json!({"header": {"generated": "2026-03-01T13:00:00.0000000"}, "data": {"items": items, "count": total}}),
    )
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Every id an enumeration yields, in order.
pub(crate) async fn ids<T: Resource>(enumeration: &mut Enumeration<T>) -> Vec<u64> {
    let mut ids = Vec::new();
    while let Some(page) = enumeration.next_page().await.unwrap() {
        assert!(!page.items.is_empty());
        ids.extend(page.items.iter().map(|item| item.id.as_ref().unwrap().as_str().parse::<u64>().unwrap()));
    }
    ids
}

pub(crate) struct Outcome {
    pub(crate) ids: Vec<u64>,
    pub(crate) proof: Proof,
    pub(crate) notes: Vec<Note>,
    pub(crate) requests: u64,
    pub(crate) page_size: u32,
}

impl Outcome {
    #[track_caller]
    pub(crate) fn has_each_once(&self, total: u64) {
        let mut sorted = self.ids.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..total).collect::<Vec<_>>());
    }
}

pub(crate) fn users(answer: impl Fn(&Request, usize) -> ResponseTemplate + Send + Sync + 'static) -> Outcome {
    users_with(answer, |client| client.users(UserQuery::default()))
}

pub(crate) fn users_with<T: Resource>(
    answer: impl Fn(&Request, usize) -> ResponseTemplate + Send + Sync + 'static,
    start: impl FnOnce(&Client) -> Enumeration<T>,
) -> Outcome {
    block_on(async {
        let server = tenant(answer).await;
        let client = client(&server);
        let mut enumeration = start(&client);
        let ids = ids(&mut enumeration).await;
        Outcome {
            ids,
            proof: enumeration.proof(),
            notes: enumeration.notes().to_vec(),
            requests: client.stats().requests(),
            page_size: enumeration.page_size(),
        }
    })
}
