//! A store with a linked account whose employees change, and a webhook receiver.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use delivery::Target;
use delivery::webhooks::{Courier, Payload, Secret, Settings};
use jiff::Timestamp;
use net::NetworkPolicy;
use net::clock::{Clock, TestClock};
use people::Kind;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use store::{
    AccountId, AccountSettings, Actor, Commit, Destination, DestinationId, DestinationKind, LinkTarget,
    LinkedAccount, MasterKey, NewAccount, NewChange, NewDestination, Operation, Outcome, RecordUpsert, RunId,
    Store, Vault, content_hash,
};
use test_database::{Engine, TestDatabase};
use tokio::sync::Barrier;
use tokio::task::JoinHandle;

/// The receiver's behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Takes,
    /// Refuses before it reads the body.
    Refuses(u16),
    /// Accepts the event and answers with an error.
    TakesAndFails,
    AsksToWait(u32),
    /// Accepts every event except this record's.
    RefusesAbout(&'static str),
    /// Answers a request only when a second one is waiting.
    TakesInPairs,
}

/// An event that the receiver accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) id: String,
    pub(crate) signatures: usize,
    pub(crate) body: Value,
}

#[derive(Debug)]
struct Inner {
    mood: Mood,
    secret: String,
    pair: Arc<Barrier>,
    keeps_time: bool,
    taken: Vec<Taken>,
    requests: usize,
}

/// A webhook receiver that verifies events with the `standardwebhooks` library.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    inner: Arc<Mutex<Inner>>,
    task: Option<JoinHandle<()>>,
}

async fn receive(State(inner): State<Arc<Mutex<Inner>>>, headers: HeaderMap, body: Bytes) -> Response {
    let pair = {
        let inner = inner.lock().unwrap();
        (inner.mood == Mood::TakesInPairs).then(|| Arc::clone(&inner.pair))
    };
    if let Some(pair) = pair {
        pair.wait().await;
    }
    take(&mut inner.lock().unwrap(), &headers, &body)
}

fn take(inner: &mut Inner, headers: &HeaderMap, body: &[u8]) -> Response {
    inner.requests += 1;
    match inner.mood {
        Mood::Refuses(status) => return StatusCode::from_u16(status).unwrap().into_response(),
        Mood::AsksToWait(seconds) => {
            let header = [("retry-after", seconds.to_string())];
            return (StatusCode::SERVICE_UNAVAILABLE, header).into_response();
        }
        _ => {}
    }
    let text = |name| headers.get(name).unwrap().to_str().unwrap();
    let verifier = standardwebhooks::Webhook::new(&inner.secret).unwrap();
    let is_genuine = if inner.keeps_time {
        verifier.verify(body, headers).is_ok()
    } else {
        // The library checks timestamps by the machine's clock, so compare signatures at the sent timestamp
        // instead.
        let signed =
            verifier.sign(text("webhook-id"), text("webhook-timestamp").parse().unwrap(), body).unwrap();
        text("webhook-signature").split(' ').any(|signature| signature == signed)
    };
    if !is_genuine {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let taken = Taken {
        id: text("webhook-id").to_owned(),
        signatures: text("webhook-signature").split(' ').count(),
        body: serde_json::from_slice(body).unwrap(),
    };
    if matches!(inner.mood, Mood::RefusesAbout(id) if taken.body["data"]["id"] == id) {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    }
    inner.taken.push(taken);
    match inner.mood {
        Mood::TakesAndFails => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        _ => StatusCode::NO_CONTENT.into_response(),
    }
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let inner = Inner {
            mood: Mood::Takes,
            secret: String::new(),
            pair: Arc::new(Barrier::new(2)),
            keeps_time: false,
            taken: Vec::new(),
            requests: 0,
        };
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut receiver = Self { address, inner: Arc::new(Mutex::new(inner)), task: None };
        receiver.revive().await;
        receiver
    }

    pub(crate) async fn revive(&mut self) {
        if self.task.is_some() {
            return;
        }
        let listener = tokio::net::TcpListener::bind(self.address).await.unwrap();
        self.address = listener.local_addr().unwrap();
        let router = Router::new().fallback(receive).with_state(Arc::clone(&self.inner));
        self.task = Some(tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }));
    }

    /// Stops accepting connections. Existing ones stay open until they are idle, as with any server.
    pub(crate) async fn kill(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            drop(task.await);
        }
        self.set(Mood::Refuses(502));
    }

    pub(crate) fn set(&self, mood: Mood) {
        self.inner.lock().unwrap().mood = mood;
    }

    pub(crate) fn trust(&self, secret: &SecretString) {
        secret.expose_secret().clone_into(&mut self.inner.lock().unwrap().secret);
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.inner.lock().unwrap().taken.clone()
    }

    /// Lets the library check timestamps, too, by the machine's clock.
    pub(crate) fn keep_time(&self) {
        self.inner.lock().unwrap().keeps_time = true;
    }

    /// Requests received, accepted or not.
    pub(crate) fn requests(&self) -> usize {
        self.inner.lock().unwrap().requests
    }

    /// Takes the accepted events; returns their types, ordered by record.
    pub(crate) fn types(&self) -> Vec<String> {
        let mut taken = std::mem::take(&mut self.inner.lock().unwrap().taken);
        taken.sort_by_key(|taken| taken.body["data"]["id"].as_str().map(str::to_owned));
        taken.iter().map(|taken| taken.body["type"].as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

pub(crate) struct World {
    pub(crate) database: TestDatabase,
    pub(crate) store: Store,
    pub(crate) vault: Arc<Vault>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) account: LinkedAccount,
    pub(crate) receiver: Receiver,
    couriers: u64,
    runs: u8,
    names: HashMap<String, u32>,
}

/// An employee as the store has them, with a version in the name.
fn person(id: &str, version: u32) -> String {
    serde_json::json!({ "id": id, "name": format!("N{version}"), "contract_start": "2020-01-01" }).to_string()
}

impl World {
    pub(crate) async fn new(engine: Engine) -> Self {
        let database = TestDatabase::new(engine).await;
        let store = database.store.clone();
        let vault = Arc::new(Vault::new(MasterKey::from_random([9; 32]), []));
        let now: Timestamp = "2026-11-25T10:00:00Z".parse().unwrap();
        let clock = Arc::new(TestClock::new(now));
        let account = link(&store, &vault, "https://acme.ilucca.net", 1, now).await;
        let receiver = Receiver::start().await;
        let (couriers, runs, names) = (0, 0, HashMap::new());
        Self { database, store, vault, clock, account, receiver, couriers, runs, names }
    }

    /// A courier of another process.
    pub(crate) fn courier(&mut self) -> Courier {
        self.couriers += 1;
        let clock: Arc<dyn Clock> = self.clock.clone();
        let vault = Arc::clone(&self.vault);
        let name = ("a test", self.couriers);
        Courier::new(self.store.clone(), vault, clock, NetworkPolicy::AllowLoopback, name).unwrap()
    }

    pub(crate) async fn endpoint(&self, number: u8, types: &[&str], payload: Payload) -> Destination {
        let secret = Secret::from_random([number; 32]);
        let id = DestinationId::mint(DestinationKind::Webhook, self.clock.now(), [number; 10]);
        let url = format!("http://{}/hooks/{number}", self.receiver.address);
        let event_types = types.iter().map(|&name| name.to_owned()).collect();
        let settings = Settings { event_types, payload, description: None };
        let target = Target::parse(&url, NetworkPolicy::AllowLoopback).unwrap();
        let new = NewDestination {
            id,
            address: target.as_str(),
            account: None,
            settings: &settings.to_json(),
            credential: &secret,
            nonce: [number; 12],
            actor: Actor::Vendor,
            at: self.clock.now(),
        };
        self.store.add_destination(&self.vault, new).await.unwrap();
        self.receiver.trust(&secret);
        self.found(id).await
    }

    /// An actor and the current time.
    pub(crate) fn by(&self) -> (Actor, Timestamp) {
        (Actor::Vendor, self.clock.now())
    }

    pub(crate) async fn found(&self, id: DestinationId) -> Destination {
        self.store.destination(id).await.unwrap().unwrap()
    }

    /// A sync that finds these employees changed, or new if they are unknown.
    pub(crate) async fn sync(&mut self, ids: &[&str]) {
        let bodies = ids.iter().map(|&id| {
            let version = self.names.entry(id.to_owned()).and_modify(|version| *version += 1).or_insert(1);
            (id, *version == 1, person(id, *version))
        });
        let bodies: Vec<_> = bodies.collect();
        self.write(&bodies).await;
    }

    /// A sync that finds these bodies; the flag marks new ones.
    pub(crate) async fn write(&mut self, bodies: &[(&str, bool, String)]) {
        let mut commit = Commit::default();
        for (id, is_new, body) in bodies {
            let (id, body) = (*id, body.clone());
            let (operation, fields) = if *is_new {
                (Operation::Created, None)
            } else {
                (Operation::Updated, Some(r#"{"name":null}"#.to_owned()))
            };
            let hash = content_hash(&body);
            let hashed = (operation == Operation::Created).then_some(hash);
            commit.changes.push(NewChange {
                kind: Kind::Employee,
                id: id.into(),
                operation,
                hash: hashed,
                fields,
            });
            commit.upserts.retain(|record: &RecordUpsert| record.id.as_str() != id);
            commit.upserts.push(RecordUpsert::of_json(Kind::Employee, id.into(), body, None));
        }
        self.commit(Kind::Employee, &commit).await;
    }

    /// Commits records of a kind in a run of its own.
    pub(crate) async fn commit(&mut self, kind: Kind, commit: &Commit) {
        let now = self.clock.now();
        self.runs = self.runs.wrapping_add(1);
        let run = RunId::mint(now, [self.runs; 10]);
        let lease = self.store.take_lease(&self.account, run, "me", None, now).await.unwrap().unwrap();
        self.store.start_run(&lease, now).await.unwrap();
        self.store.commit(&lease, kind, commit, now).await.unwrap();
        self.store.finish_run(&lease, Outcome::Succeeded, 1, Some("{}"), now).await.unwrap();
        self.store.release_lease(&lease).await.unwrap();
    }

    pub(crate) fn wait(&self, time: Duration) {
        self.clock.advance(time);
    }

    pub(crate) async fn end(self) {
        drop(self.store);
        self.database.remove().await;
    }
}

pub(crate) async fn link(
    store: &Store,
    vault: &Vault,
    tenant: &str,
    number: u8,
    at: Timestamp,
) -> LinkedAccount {
    let new = NewAccount {
        target: LinkTarget::New(AccountId::mint(at, [number; 10])),
        tenant,
        origin: tenant,
        api_key: &SecretString::from("0f8fad5b-d9cb-469f-a165-70867728950e"),
        settings: &AccountSettings::default(),
        actor: Actor::Cli,
        at,
        nonce: [number; 12],
    };
    store.link_account(vault, new).await.unwrap()
}
