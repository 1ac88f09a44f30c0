//! A worker with every duty: an account that was just linked is synced, and a webhook endpoint hears of it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use base64::Engine as _;
use delivery::webhooks::{Payload, Settings};
use jiff::civil::date;
use jobs::queue::Queue;
use jobs::{Holder, Retention, Services, Tenants, Worker};
use lucca_emulator::{Config, Emulator};
use net::NetworkPolicy;
use net::clock::{Clock, SystemClock};
use secrecy::SecretString;
use store::{
    AccountId, AccountSettings, Actor, DestinationId, DestinationKind, LinkTarget, MasterKey, NewAccount,
    NewDestination, Outcome, Vault,
};
use test_database::{Engine, TestDatabase};
use tokio_util::sync::CancellationToken;

use crate::rate_limit::entropy;

/// The types of the events that a receiver got.
type Received = Arc<Mutex<Vec<String>>>;

async fn receiver() -> (String, Received) {
    let received = Received::default();
    let events = Arc::clone(&received);
    let take = async move |body: String| {
        let event: serde_json::Value = serde_json::from_str(&body).unwrap();
        events.lock().unwrap().push(event["type"].as_str().unwrap().to_owned());
    };
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, Router::new().route("/hooks", post(take))).into_future());
    (url, received)
}

#[tokio::test(flavor = "multi_thread")]
async fn linked_account_is_synced_and_delivered() {
    for engine in Engine::available() {
        let database = TestDatabase::new(engine).await;
        let mut tenant = Config::new(8, 3, date(2026, 11, 23));
        tenant.switches.rate_limit = None;
        let emulator = Emulator::start(tenant).await.unwrap();
        let (store, clock) = (database.store.clone(), Arc::new(SystemClock));
        let services = Services {
            store: store.clone(),
            vault: Arc::new(Vault::new(MasterKey::from_random([7; 32]), [])),
            clock: clock.clone(),
            entropy: entropy(),
            tenants: Tenants::new(
                Some(store.clone()),
                NetworkPolicy::AllowLoopback,
                clock.clone(),
                entropy(),
            ),
            holder: Holder { name: "a test".to_owned(), has_ended: |_| false },
        };
        let now = clock.now();
        let settings = AccountSettings { requests_per_minute: Some(0), ..AccountSettings::default() };
        let new = NewAccount {
            target: LinkTarget::New(AccountId::mint(now, [1; 10])),
            tenant: &emulator.url(),
            origin: &emulator.url(),
            api_key: &SecretString::from(emulator.api_key()),
            settings: &settings,
            actor: Actor::Cli,
            at: now,
            nonce: [1; 12],
        };
        let account = store.link_account(&services.vault, new).await.unwrap();
        let (url, received) = receiver().await;
        let secret = base64::engine::general_purpose::STANDARD.encode([5; 32]);
        let settings = Settings {
            event_types: vec!["sync.completed".to_owned()],
            payload: Payload::Full,
            description: None,
        };
        let endpoint = NewDestination {
            id: DestinationId::mint(DestinationKind::Webhook, now, [2; 10]),
            address: &url,
            account: None,
            settings: &settings.to_json(),
            credential: &SecretString::from(format!("whsec_{secret}")),
            nonce: [2; 12],
            actor: Actor::Cli,
            at: now,
        };
        store.add_destination(&services.vault, endpoint).await.unwrap();

        let queue = Queue::of(&store).await.unwrap();
        let allowed = NetworkPolicy::AllowLoopback;
        let ages = Retention::default();
        let worker = Worker::with_all_duties(&services, queue, allowed, ages, "0.0.0").unwrap();
        let stop = CancellationToken::new();
        let working = tokio::spawn(worker.run(stop.clone()));
        let delivered = async {
            while !received.lock().unwrap().contains(&"sync.completed".to_owned()) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), delivered).await.expect("sync.completed");
        stop.cancel();
        working.await.unwrap().unwrap();
        let runs = store.runs(Some(account.no), None, 10).await.unwrap();
        assert_eq!(runs[0].outcome, Some(Outcome::Succeeded));
    }
}
