//! Users and groups at a small SCIM service: refusals of single resources, and keys that see less than before. Nobody
//! loses access or memberships without a proven end.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Json, Router};
use delivery::scim::{Action, Drift, Mode, Pusher, Report};
use jiff::civil::{Date, date};
use net::NetworkPolicy;
use net::clock::Clock;
use people::{Kind, RemoteId};
use secrecy::SecretString;
use serde_json::{Value, json};
use store::{Commit, DestinationId, DestinationKind, IssueFilter, NewDestination, RecordState, RecordUpsert};
use test_database::Engine;

use crate::support::World;

const TODAY: Date = date(2026, 11, 25);
const AS_USUAL: Mode = Mode::Apply { confirmed: false, compare: false };

/// A deviation from SCIM that a service has, one at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Quirk {
    #[default]
    None,
    /// Ids are numbers.
    NumericIds,
    /// `active` is a text.
    ActiveAsText,
    /// Answers 201 without a body, with the address in `Location`.
    OnlyLocation,
    /// Refuses SCIM's media type.
    PlainJson,
    /// Can't filter; lists have no `totalResults`.
    NoTotal,
    /// Can't filter; `startIndex` is ignored, and a page has 10 resources.
    NoStartIndex,
    /// Can't filter; fails with 500 on `count`.
    FailsOnCount,
    /// User names are unique in any case, and filters compare their case.
    CaseSensitiveFilter,
}

#[derive(Debug, Default)]
struct Resources {
    quirk: Quirk,
    /// The paths that the service forbids, such as `Users/u-1`; `*` forbids everything.
    forbidden: BTreeSet<String>,
    by_path: BTreeMap<String, BTreeMap<String, Value>>,
}

impl Resources {
    fn answer(
        &mut self,
        method: &Method,
        path: &[&str],
        query: &BTreeMap<String, String>,
        body: &Value,
    ) -> Response {
        let filter = query.get("filter").map(String::as_str);
        let lists_only = [Quirk::NoTotal, Quirk::NoStartIndex, Quirk::FailsOnCount].contains(&self.quirk);
        if filter.is_some() && lists_only {
            return StatusCode::BAD_REQUEST.into_response();
        }
        if query.contains_key("count") && self.quirk == Quirk::FailsOnCount {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        let [kind, rest @ ..] = path else { return StatusCode::NOT_FOUND.into_response() };
        let place = path.join("/");
        let named = body["userName"].as_str().map(|name| format!("{kind}?{name}")).unwrap_or_default();
        if ["*", &place, &named].iter().any(|one| self.forbidden.contains(*one)) {
            return StatusCode::FORBIDDEN.into_response();
        }
        if !["Users", "Groups"].contains(kind) {
            return StatusCode::NOT_FOUND.into_response();
        }
        let all = self.by_path.entry((*kind).to_owned()).or_default();
        match (method.as_str(), rest) {
            ("GET", []) => {
                let is_meant = |one: &&Value| {
                    filter.is_none_or(|filter| {
                        let (attribute, value) = filter.split_once(" eq ").unwrap();
                        one[attribute] == serde_json::from_str::<Value>(value).unwrap()
                    })
                };
                let found: Vec<&Value> = all.values().filter(is_meant).collect();
                let total = found.len();
                let first = query.get("startIndex").map_or(1, |index| index.parse().unwrap());
                let first = if self.quirk == Quirk::NoStartIndex { 1 } else { first };
                let page: Vec<&Value> = found.into_iter().skip(first - 1).take(10).collect();
                match self.quirk {
                    Quirk::NoTotal => Json(json!({ "Resources": page })).into_response(),
                    _ => Json(json!({ "totalResults": total, "Resources": page })).into_response(),
                }
            }
            ("POST", []) => {
                let name = body["userName"].as_str();
                let is_same = |one: &Value| {
                    let known = one["userName"].as_str();
                    name.zip(known).is_some_and(|(name, known)| name.eq_ignore_ascii_case(known))
                };
                if all.values().any(is_same) {
                    return (StatusCode::CONFLICT, Json(json!({ "scimType": "uniqueness" }))).into_response();
                }
                let id = format!("{}-{}", kind[..1].to_lowercase(), all.len());
                let mut made = body.clone();
                made["id"] = json!(id);
                if self.quirk == Quirk::NumericIds {
                    made["id"] = json!(all.len() + 1);
                }
                let id = if self.quirk == Quirk::NumericIds { (all.len() + 1).to_string() } else { id };
                if self.quirk == Quirk::ActiveAsText {
                    made["active"] = json!(if made["active"] == json!(true) { "True" } else { "False" });
                }
                all.insert(id.clone(), made.clone());
                match self.quirk {
                    Quirk::OnlyLocation => {
                        let place = format!("https://id.example/scim/{kind}/{id}");
                        (StatusCode::CREATED, [("location", place)]).into_response()
                    }
                    _ => (StatusCode::CREATED, Json(made)).into_response(),
                }
            }
            (_, [id]) if !all.contains_key(*id) => StatusCode::NOT_FOUND.into_response(),
            ("GET", [id]) => Json(all[*id].clone()).into_response(),
            ("PUT", [id]) => {
                all.insert((*id).to_owned(), body.clone());
                Json(body.clone()).into_response()
            }
            _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
        }
    }
}

type Shared = Arc<Mutex<Resources>>;

async fn serve(
    State(resources): State<Shared>,
    method: Method,
    Path(path): Path<Vec<String>>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    let body = serde_json::from_slice(&body).unwrap_or_default();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let mut resources = resources.lock().unwrap();
    let is_scim = headers.get("content-type").is_some_and(|kind| kind == "application/scim+json");
    if resources.quirk == Quirk::PlainJson && is_scim {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    resources.answer(&method, &path, &query, &body)
}

struct Scene {
    world: World,
    service: Shared,
    target: DestinationId,
}

fn employee(n: usize, department: Option<usize>, ends_on: Option<&str>) -> RecordUpsert {
    let body = json!({
        "id": n.to_string(), "name": format!("Ada {n}"), "login": format!("user{n}"), "contract_start": "2020-01-01",
        "contract_end": ends_on, "department_id": department.map(|id| id.to_string()),
    });
    RecordUpsert::of_json(Kind::Employee, n.to_string().as_str().into(), body.to_string(), None)
}

impl Scene {
    /// `people` employees in `departments` departments, in turn, pushed once.
    async fn new(engine: Engine, people: usize, departments: usize) -> Self {
        let mut world = World::new(engine).await;
        let service = Shared::default();
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = listener.local_addr().unwrap();
        let one = Router::new().route("/{first}", any(serve)).route("/{first}/{second}", any(serve));
        let router = one.with_state(Arc::clone(&service));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let at = world.clock.now();
        let target = DestinationId::mint(DestinationKind::Scim, at, [6; 10]);
        let new = NewDestination {
            id: target,
            account: Some(&world.account),
            address: &format!("http://{address}"),
            credential: &SecretString::from("token"),
            settings: &json!({ "attributes": { "userName": "login" } }),
            nonce: [6; 12],
            actor: store::Actor::Vendor,
            at,
        };
        world.store.add_destination(&world.vault, new).await.unwrap();
        let teams = (0..departments).map(|n| {
            let body = json!({ "id": n.to_string(), "name": format!("Team {n}"), "is_active": true });
            RecordUpsert::of_json(Kind::Department, n.to_string().as_str().into(), body.to_string(), None)
        });
        world.commit(Kind::Department, &Commit { upserts: teams.collect(), ..Commit::default() }).await;
        let mut scene = Self { world, service, target };
        scene.write((0..people).map(|n| employee(n, Some(n % departments), None)).collect()).await;
        scene
    }

    async fn write(&mut self, upserts: Vec<RecordUpsert>) {
        self.world.commit(Kind::Employee, &Commit { upserts, ..Commit::default() }).await;
    }

    /// Marks records as no longer shown to the key.
    async fn hide(&mut self, kind: Kind, ids: impl Iterator<Item = usize>) {
        let ids: Vec<RemoteId> = ids.map(|n| n.to_string().as_str().into()).collect();
        let marked = vec![(RecordState::Hidden, ids)];
        self.world.commit(kind, &Commit { marked, ..Commit::default() }).await;
    }

    async fn push(&self, mode: Mode) -> Report {
        let clock: Arc<dyn Clock> = self.world.clock.clone();
        let (store, vault) = (self.world.store.clone(), Arc::clone(&self.world.vault));
        let pusher = Pusher::new(store, vault, clock, NetworkPolicy::AllowLoopback, ("a test", 1));
        pusher.push(self.target, TODAY, mode).await.unwrap().unwrap()
    }

    async fn drift(&self) -> Drift {
        let clock: Arc<dyn Clock> = self.world.clock.clone();
        let (store, vault) = (self.world.store.clone(), Arc::clone(&self.world.vault));
        let target = store.destination(self.target).await.unwrap().unwrap();
        let pusher = Pusher::new(store, vault, clock, NetworkPolicy::AllowLoopback, ("a test", 1));
        pusher.drift(&target, TODAY).await.unwrap().unwrap()
    }

    fn forbid(&self, paths: &[&str]) {
        self.service.lock().unwrap().forbidden = paths.iter().map(|path| (*path).to_owned()).collect();
    }

    /// The number of memberships at the service.
    fn memberships(&self) -> usize {
        let resources = self.service.lock().unwrap();
        let groups = resources.by_path.get("Groups").into_iter().flat_map(BTreeMap::values);
        groups.map(|group| group["members"].as_array().map_or(0, Vec::len)).sum()
    }

    /// The user names of active users.
    fn active(&self) -> BTreeSet<String> {
        let resources = self.service.lock().unwrap();
        let is_active = |user: &&Value| user["active"] != json!(false) && user["active"] != json!("False");
        let active = resources.by_path["Users"].values().filter(is_active);
        active.map(|user| user["userName"].as_str().unwrap().to_lowercase()).collect()
    }

    async fn issues(&self) -> Vec<String> {
        let open = self.world.store.issues(Some(self.world.account.no), IssueFilter::Open).await.unwrap();
        open.into_iter().map(|issue| issue.code).collect()
    }
}

#[tokio::test]
async fn forbidden_users_do_not_stop_the_others() {
    for engine in Engine::available() {
        let mut scene = Scene::new(engine, 30, 3).await;
        // Seven administrators of the service, and its configuration.
        let protected: Vec<String> = (0..7).map(|n| format!("Users?user{n}")).collect();
        let mut forbidden: Vec<&str> = protected.iter().map(String::as_str).collect();
        forbidden.push("ServiceProviderConfig");
        scene.forbid(&forbidden);
        let report = scene.push(AS_USUAL).await;
        assert_eq!(
            (report.count(Action::Fail), report.stopped.as_deref()),
            (7, None),
            "{engine:?} {report:?}"
        );
        assert!(report.steps.iter().any(|step| step.error.as_deref() == Some("scim.forbidden (403)")));
        assert_eq!(scene.active().len(), 23);
        assert_eq!(scene.issues().await, ["scim.records_failed"]);

        scene.write(vec![employee(29, Some(0), Some("2026-11-24"))]).await;
        scene.push(AS_USUAL).await;
        assert!(!scene.active().contains("user29"), "{engine:?}");
        scene.world.end().await;
    }
}

#[tokio::test]
async fn token_is_refused_if_everything_is_forbidden() {
    let scene = Scene::new(Engine::Sqlite, 30, 3).await;
    scene.forbid(&["*"]);
    let report = scene.push(AS_USUAL).await;
    assert_eq!(report.stopped.as_deref(), Some("scim.refused"), "{report:?}");
    assert!(report.count(Action::Fail) <= 5, "{report:?}");
    assert_eq!(scene.issues().await, ["scim.refused", "scim.records_failed"]);
    scene.world.end().await;

    let scene = Scene::new(Engine::Sqlite, 2, 1).await;
    scene.forbid(&["*"]);
    assert_eq!(
        scene.push(AS_USUAL).await.stopped.as_deref(),
        Some("scim.refused"),
        "also in a small company"
    );
    scene.world.end().await;
}

#[tokio::test]
async fn hidden_employees_keep_their_memberships() {
    for engine in Engine::available() {
        let mut scene = Scene::new(engine, 60, 4).await;
        scene.push(AS_USUAL).await;
        assert_eq!(scene.memberships(), 60);
        scene.hide(Kind::Employee, 0..50).await;
        scene.hide(Kind::Department, 3..4).await;
        for mode in [AS_USUAL, Mode::Apply { confirmed: true, compare: true }] {
            scene.push(mode).await;
            assert_eq!((scene.memberships(), scene.active().len()), (60, 60), "{engine:?} {mode:?}");
        }
        // A move among those who are still shown does not touch the others.
        scene.write(vec![employee(54, Some(1), None)]).await;
        scene.push(AS_USUAL).await;
        assert_eq!(scene.memberships(), 60);
        scene.world.end().await;
    }
}

#[tokio::test]
async fn many_lost_memberships_need_confirmation() {
    for engine in Engine::available() {
        let mut scene = Scene::new(engine, 40, 4).await;
        scene.push(AS_USUAL).await;
        // A reorganisation is no loss.
        scene.write((0..40).map(|n| employee(n, Some((n + 1) % 4), None)).collect()).await;
        let report = scene.push(AS_USUAL).await;
        assert_eq!((report.held_memberships, scene.memberships()), (None, 40), "{engine:?}");

        // The key no longer shows departments of employees.
        scene.write((0..20).map(|n| employee(n, None, None)).collect()).await;
        let report = scene.push(AS_USUAL).await;
        assert_eq!((report.held_memberships, scene.memberships()), (Some(20), 40), "{engine:?} {report:?}");
        assert_eq!(scene.issues().await, ["scim.memberships_held"]);
        assert_eq!(scene.push(Mode::Plan).await.held_memberships, Some(20));
        let report = scene.push(Mode::Apply { confirmed: true, compare: true }).await;
        assert_eq!((report.held_memberships, scene.memberships()), (None, 20), "{engine:?}");
        assert_eq!(scene.issues().await, Vec::<String>::new());
        scene.world.end().await;
    }
}

#[tokio::test]
async fn quirks_of_services_converge() {
    const ALL: [Quirk; 9] = [
        Quirk::None,
        Quirk::NumericIds,
        Quirk::ActiveAsText,
        Quirk::OnlyLocation,
        Quirk::PlainJson,
        Quirk::NoTotal,
        Quirk::NoStartIndex,
        Quirk::FailsOnCount,
        Quirk::CaseSensitiveFilter,
    ];
    for quirk in ALL {
        let mut scene = Scene::new(Engine::Sqlite, 25, 3).await;
        scene.service.lock().unwrap().quirk = quirk;
        if quirk == Quirk::CaseSensitiveFilter {
            let known = json!({ "id": "u-x", "userName": "USER7", "active": true });
            let mut resources = scene.service.lock().unwrap();
            resources.by_path.entry("Users".to_owned()).or_default().insert("u-x".to_owned(), known);
        }
        let report = scene.push(AS_USUAL).await;
        assert!(report.is_complete(), "{quirk:?} {report:?}");
        assert_eq!((scene.active().len(), scene.memberships()), (25, 25), "{quirk:?}");
        let again = scene.push(Mode::Apply { confirmed: false, compare: true }).await;
        assert_eq!((again.steps, again.stopped), (Vec::new(), None), "{quirk:?}");

        scene
            .write(vec![
                employee(3, Some(1), None),
                employee(4, Some(1), Some("2026-11-24")),
                employee(25, Some(2), None),
            ])
            .await;
        assert!(scene.push(AS_USUAL).await.is_complete(), "{quirk:?}");
        let active = scene.active();
        assert!(!active.contains("user4") && active.contains("user25"), "{quirk:?} {active:?}");
        assert_eq!((active.len(), scene.memberships()), (25, 25), "{quirk:?}");
        assert!(scene.drift().await.is_empty(), "{quirk:?}");
        scene.world.end().await;
    }
}
