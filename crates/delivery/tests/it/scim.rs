//! Provisioning to a loopback service with faults: no user is duplicated, no user of other clients is
//! changed, no former employee stays active.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Json, Router};
use delivery::scim::{Action, Mode, Pusher, Report};
use jiff::civil::{Date, date};
use net::NetworkPolicy;
use net::clock::Clock;
use secrecy::SecretString;
use serde_json::{Value, json};
use store::{DestinationId, DestinationKind, IssueFilter, NewDestination};
use test_database::Engine;

use crate::support::World;
use crate::week::mortal;

const TODAY: Date = date(2026, 11, 25);
const AS_USUAL: Mode = Mode::Apply { confirmed: false, compare: false };

/// The service's behaviour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mood {
    #[default]
    Usual,
    /// Creates users and loses the response.
    LosesAnswers,
    /// Does not support PATCH.
    NoPatch,
    /// Ignores filters: returns every user.
    NoFilter,
    /// Answers every second request with `Retry-After`.
    Busy,
    Refuses,
    /// Always offers one more page of users.
    Endless,
    /// Answers every request with a login page.
    Page,
}

#[derive(Debug, Default)]
struct Inner {
    mood: Mood,
    users: BTreeMap<String, Value>,
    requests: usize,
    writes: usize,
}

/// A SCIM service with users.
struct Service {
    address: SocketAddr,
    inner: Arc<Mutex<Inner>>,
}

fn answer(
    inner: &mut Inner,
    method: &Method,
    id: Option<&str>,
    filter: Option<&str>,
    body: &Value,
) -> Response {
    let created = |user: &Value| (StatusCode::CREATED, Json(user.clone())).into_response();
    inner.writes += usize::from(*method != Method::GET);
    match (method.as_str(), id) {
        ("GET", None) => {
            let is_meant = |user: &&Value| {
                filter.filter(|_| inner.mood != Mood::NoFilter).is_none_or(|filter| {
                    let (attribute, value) = filter.split_once(" eq ").unwrap();
                    user[attribute] == serde_json::from_str::<Value>(value).unwrap()
                })
            };
            let found: Vec<&Value> = inner.users.values().filter(is_meant).collect();
            Json(json!({ "totalResults": found.len(), "Resources": found })).into_response()
        }
        ("POST", None) => {
            if inner.users.values().any(|user| user["userName"] == body["userName"]) {
                return (StatusCode::CONFLICT, Json(json!({ "scimType": "uniqueness" }))).into_response();
            }
            let id = format!("u/{}", inner.users.len());
            let mut user = body.clone();
            user["id"] = json!(id);
            inner.users.insert(id, user.clone());
            if inner.mood == Mood::LosesAnswers {
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
            created(&user)
        }
        (_, Some(id)) if !inner.users.contains_key(id) => StatusCode::NOT_FOUND.into_response(),
        ("GET", Some(id)) => Json(inner.users[id].clone()).into_response(),
        ("PUT", Some(id)) => {
            inner.users.insert(id.to_owned(), body.clone());
            Json(body.clone()).into_response()
        }
        ("PATCH", Some(_)) if inner.mood == Mood::NoPatch => StatusCode::METHOD_NOT_ALLOWED.into_response(),
        ("PATCH", Some(id)) => {
            let user = inner.users.get_mut(id).unwrap();
            for operation in body["Operations"].as_array().unwrap() {
                let path = operation["path"].as_str().unwrap().replace('.', "/");
                let (object, name) = path.rsplit_once('/').unwrap_or(("", &path));
                let object = if object.is_empty() { &mut *user } else { &mut user[object] };
                object[name] = operation["value"].clone();
            }
            Json(user.clone()).into_response()
        }
        ("DELETE", Some(id)) => {
            inner.users.remove(id);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

async fn serve(
    State(inner): State<Arc<Mutex<Inner>>>,
    method: Method,
    Path(path): Path<Vec<String>>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    let mut inner = inner.lock().unwrap();
    inner.requests += 1;
    assert_eq!(headers["authorization"], "Bearer token");
    let body = serde_json::from_slice(&body).unwrap_or_default();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match (inner.mood, &path[..]) {
        (Mood::Refuses, _) => StatusCode::UNAUTHORIZED.into_response(),
        (Mood::Page, _) => "<html>Log in</html>".into_response(),
        (Mood::Busy, _) if inner.requests % 2 == 1 => {
            (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "3")]).into_response()
        }
        (Mood::Endless, ["Users"]) if query.contains_key("startIndex") => {
            let first: usize = query["startIndex"].parse().unwrap();
            let photo = "x".repeat(20_000);
            let page: Vec<Value> =
                (first..first + 100).map(|n| json!({ "id": format!("u/{n}"), "photo": photo })).collect();
            Json(json!({ "totalResults": first + 1000, "Resources": page })).into_response()
        }
        (_, ["Users"]) => answer(&mut inner, &method, None, query.get("filter").map(String::as_str), &body),
        (_, ["Users", id]) => answer(&mut inner, &method, Some(id), None, &body),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

impl Service {
    async fn start() -> Self {
        let inner = Arc::<Mutex<Inner>>::default();
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = listener.local_addr().unwrap();
        let one = Router::new().route("/{first}", any(serve)).route("/{first}/{second}", any(serve));
        let router = one.with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, inner }
    }

    fn is(&self, mood: Mood) {
        self.inner.lock().unwrap().mood = mood;
    }

    fn has(&self, user: Value) {
        let id = user["id"].as_str().unwrap().to_owned();
        self.inner.lock().unwrap().users.insert(id, user);
    }

    /// The users by external id; panics on duplicates.
    fn users(&self) -> BTreeMap<String, Value> {
        let mut found = BTreeMap::new();
        for user in self.inner.lock().unwrap().users.values() {
            let id = user["externalId"].as_str().unwrap_or_default().to_owned();
            assert!(found.insert(id, user.clone()).is_none(), "{user} twice");
        }
        found
    }

    fn writes(&self) -> usize {
        self.inner.lock().unwrap().writes
    }
}

struct Scene {
    world: World,
    service: Service,
    target: DestinationId,
    pushers: u64,
}

/// An employee as the store has them.
fn person(id: &str, name: &str, ends_on: Option<&str>) -> String {
    let mut body =
        json!({ "id": id, "name": name, "login": format!("user{id}"), "contract_start": "2020-01-01" });
    if let Some(ends_on) = ends_on {
        body["contract_end"] = json!(ends_on);
    }
    body.to_string()
}

impl Scene {
    async fn new(engine: Engine, settings: Value) -> Self {
        let world = World::new(engine).await;
        let service = Service::start().await;
        let at = world.clock.now();
        let target = DestinationId::mint(DestinationKind::Scim, at, [5; 10]);
        let new = NewDestination {
            id: target,
            account: Some(&world.account),
            address: &format!("http://{}", service.address),
            credential: &SecretString::from("token"),
            settings: &settings,
            nonce: [5; 12],
            actor: store::Actor::Vendor,
            at,
        };
        world.store.add_destination(&world.vault, new).await.unwrap();
        Self { world, service, target, pushers: 0 }
    }

    fn pusher(&mut self) -> Pusher {
        self.pushers += 1;
        let (store, vault) = (self.world.store.clone(), Arc::clone(&self.world.vault));
        let clock: Arc<dyn Clock> = self.world.clock.clone();
        Pusher::new(store, vault, clock, NetworkPolicy::AllowLoopback, ("a test", self.pushers))
    }

    async fn push(&mut self, mode: Mode) -> Report {
        self.pusher().push(self.target, TODAY, mode).await.unwrap().unwrap()
    }

    /// Writes `many` employees; those before `left` are former.
    async fn people(&mut self, is_new: bool, many: usize, left: usize) {
        let ids: Vec<String> = (1..=many).map(|n| n.to_string()).collect();
        let of = |(n, id): (usize, &String)| person(id, "Ada", (n < left).then_some("2026-11-24"));
        let bodies: Vec<String> = ids.iter().enumerate().map(of).collect();
        let all: Vec<(&str, bool, String)> =
            ids.iter().map(String::as_str).zip(bodies).map(|(id, body)| (id, is_new, body)).collect();
        self.world.write(&all).await;
    }

    async fn issues(&self) -> Vec<String> {
        let open = self.world.store.issues(Some(self.world.account.no), IssueFilter::Open).await.unwrap();
        open.into_iter().map(|issue| issue.code).collect()
    }
}

fn plain() -> Value {
    json!({ "without_groups": true, "attributes": { "userName": "login" } })
}

#[tokio::test]
async fn push_recovers_from_faults_without_duplicates() {
    for engine in Engine::available() {
        for mood in [Mood::LosesAnswers, Mood::NoPatch, Mood::NoFilter, Mood::Busy, Mood::Refuses, Mood::Page]
        {
            let mut scene = Scene::new(engine, plain()).await;
            scene.people(true, 4, 0).await;
            scene.service.is(mood);
            scene.push(AS_USUAL).await;
            scene.push(AS_USUAL).await;
            scene.service.is(if mood == Mood::NoPatch { mood } else { Mood::Usual });
            assert!(scene.push(AS_USUAL).await.is_complete(), "{mood:?}");
            assert_eq!(scene.service.users().len(), 4, "{mood:?}");
            let changed = [("2", false, person("2", "Grace", None))];
            scene.world.write(&changed).await;
            assert!(scene.push(AS_USUAL).await.is_complete(), "{mood:?}");
            assert_eq!(scene.service.users()["2"]["displayName"], "Grace", "{mood:?}");
            let writes = scene.service.writes();
            assert!(scene.push(AS_USUAL).await.steps.is_empty());
            assert_eq!(scene.service.writes(), writes, "{mood:?}");
            assert_eq!(scene.issues().await, Vec::<String>::new(), "{mood:?}");
            scene.world.end().await;
        }
    }
}

#[tokio::test]
async fn push_resumes_after_a_kill_at_any_step() {
    for engine in Engine::available() {
        for polls in (0..240).step_by(12) {
            let mut scene = Scene::new(engine, plain()).await;
            scene.people(true, 3, 0).await;
            let pusher = scene.pusher();
            drop(mortal(pusher.push(scene.target, TODAY, AS_USUAL), polls).await);
            // Wait until the killed pusher's lease expires.
            scene.world.wait(Duration::from_mins(6));
            assert!(scene.push(AS_USUAL).await.is_complete(), "{polls}");
            assert_eq!(scene.service.users().len(), 3, "{polls}");
            scene.world.end().await;
        }
    }
}

#[tokio::test]
async fn users_of_other_clients_are_untouched() {
    for engine in Engine::available() {
        let mut scene = Scene::new(engine, plain()).await;
        let theirs = json!({ "id": "a", "userName": "user1", "externalId": "hr-77", "active": true });
        let unclaimed = json!({ "id": "b", "userName": "USER2", "title": "kept", "active": true });
        let stranger = json!({ "id": "c", "userName": "stranger", "externalId": "x", "active": true });
        for user in [&theirs, &unclaimed, &stranger] {
            scene.service.has(user.clone());
        }
        scene.service.is(Mood::NoFilter);
        scene.people(true, 3, 0).await;
        let report = scene.push(AS_USUAL).await;
        assert_eq!(
            (report.count(Action::Fail), report.count(Action::Adopt), report.count(Action::Create)),
            (1, 1, 1)
        );
        assert!(report.steps.iter().any(|step| step.error.as_deref() == Some("scim.taken")));
        assert_eq!(scene.issues().await, ["scim.records_failed"]);
        let users = scene.service.inner.lock().unwrap().users.clone();
        assert_eq!((&users["a"], &users["c"]), (&theirs, &stranger));
        assert_eq!((&users["b"]["externalId"], &users["b"]["displayName"]), (&json!("2"), &json!("Ada")));
        scene.world.end().await;
    }
}

#[tokio::test]
async fn users_follow_departures_and_returns() {
    for engine in Engine::available() {
        let mut scene = Scene::new(engine, plain()).await;
        scene.people(true, 6, 1).await;
        scene.push(AS_USUAL).await;
        assert_eq!(scene.service.users().len(), 5, "who has left is never made");
        scene.people(false, 6, 3).await;
        let planned = scene.push(Mode::Plan).await;
        assert_eq!(planned.count(Action::Deactivate), 2);
        assert_eq!(scene.service.users()["2"]["active"], true, "a dry run");
        scene.push(AS_USUAL).await;
        let active =
            |scene: &Scene| scene.service.users().values().filter(|user| user["active"] == true).count();
        assert_eq!(active(&scene), 3);
        scene.people(false, 6, 0).await;
        let report = scene.push(AS_USUAL).await;
        assert_eq!(
            (report.count(Action::Reactivate), report.count(Action::Create), active(&scene)),
            (2, 1, 6)
        );
        scene.world.end().await;
    }
}

#[tokio::test]
async fn mass_deactivation_needs_confirmation() {
    for engine in Engine::available() {
        let mut scene = Scene::new(engine, plain()).await;
        scene.people(true, 20, 0).await;
        scene.push(AS_USUAL).await;
        scene.people(false, 20, 8).await;
        let report = scene.push(AS_USUAL).await;
        assert_eq!((report.held, report.count(Action::Deactivate)), (Some(8), 0));
        assert_eq!(scene.issues().await, ["scim.held"]);
        let report = scene.push(Mode::Apply { confirmed: true, compare: true }).await;
        assert_eq!((report.held, report.count(Action::Deactivate)), (None, 8));
        assert_eq!(scene.issues().await, Vec::<String>::new());
        scene.world.end().await;
    }
}

#[tokio::test]
async fn the_issues_of_a_removed_target_are_resolved() {
    for engine in Engine::available() {
        let mut scene = Scene::new(engine, plain()).await;
        scene.people(true, 20, 0).await;
        scene.push(AS_USUAL).await;
        scene.people(false, 20, 8).await;
        scene.push(AS_USUAL).await;
        assert_eq!(scene.issues().await, ["scim.held"]);
        let store = &scene.world.store;
        let target = store.destination(scene.target).await.unwrap().unwrap();
        let by = (store::Actor::Vendor, scene.world.clock.now());
        assert!(store.remove_destination(&target, by).await.unwrap());
        assert_eq!(scene.issues().await, Vec::<String>::new());
        let all = store.issues(Some(scene.world.account.no), IssueFilter::All).await.unwrap();
        assert!(all.iter().all(|issue| issue.resolved_at.is_some()));
        scene.world.end().await;
    }
}

#[tokio::test]
async fn manual_push_repairs_remote_changes() {
    for engine in Engine::available() {
        let mut scene = Scene::new(engine, plain()).await;
        scene.people(true, 2, 0).await;
        scene.push(AS_USUAL).await;
        for user in scene.service.inner.lock().unwrap().users.values_mut() {
            user["displayName"] = json!("Edited");
        }
        assert!(scene.push(AS_USUAL).await.steps.is_empty(), "what was told is trusted");
        let report = scene.push(Mode::Apply { confirmed: false, compare: true }).await;
        assert_eq!(report.count(Action::Update), 2);
        assert_eq!(scene.service.users()["1"]["displayName"], "Ada");

        // A user that the service reactivated is deactivated again.
        scene.people(false, 2, 1).await;
        scene.push(AS_USUAL).await;
        let let_in = |scene: &Scene| {
            for user in scene.service.inner.lock().unwrap().users.values_mut() {
                user["active"] = json!(true);
            }
        };
        let_in(&scene);
        let report = scene.push(Mode::Apply { confirmed: false, compare: true }).await;
        assert_eq!(report.count(Action::Deactivate), 1);
        assert_eq!(scene.service.users()["1"]["active"], false);
        scene.world.end().await;
    }
}

#[tokio::test]
async fn endless_list_is_refused() {
    let mut scene = Scene::new(Engine::Sqlite, plain()).await;
    scene.people(true, 2, 0).await;
    scene.service.is(Mood::Endless);
    let target = scene.world.store.destinations(DestinationKind::Scim).await.unwrap().remove(0);
    let failure = scene.pusher().drift(&target, TODAY).await.unwrap().unwrap_err();
    assert_eq!(failure.code(), "scim.endless_list");
    assert!(scene.service.inner.lock().unwrap().requests < 100, "64 MiB and no more");
    scene.world.end().await;
}
