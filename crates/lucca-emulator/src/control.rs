//! The control surface: JSON over HTTP, on a port of its own, without a key.
//!
//! Not included: the changes themselves (`tenant`). [`control_routes`] lists the routes.

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::{get, patch, post},
};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    changes::{
        Change, ChangeError,
        people::{Hire, PersonPatch},
    },
    company::model::Status,
    faults::Fault,
    rights::{KeyConfig, digits_of},
    switches::Switches,
    tenant::Tenant,
};

type Answer = Result<Json<Value>, (StatusCode, Json<Value>)>;

/// The routes of the control surface with their descriptions, as `GET /` returns them.
pub fn control_routes() -> &'static [(&'static str, &'static str)] {
    &[
        ("GET /", "this list"),
        ("GET /truth?key=", "counts of what a key may see; the first key if none is named"),
        ("GET /snapshot?key=", "everything a key may see, as plain facts; the first key if none is named"),
        ("GET /requests", "the requests answered so far, oldest first"),
        ("DELETE /requests", "forget them"),
        (
            "GET /writes",
            "what was done about absences through the API, oldest first, whether or not the answer arrived",
        ),
        ("GET /switches", "the switches"),
        ("PUT /switches", "replace the switches; missing ones take their default"),
        ("PATCH /switches", "change the switches named"),
        ("GET /rate-limit", "what the rate limit has seen: the highest estimate, and requests refused"),
        ("GET /faults", "the faults"),
        ("PUT /faults", "replace the faults; their counters start anew"),
        (
            "GET /people?status=&limit=",
            "user records in short; status active, future or former; limit 100 unless said",
        ),
        (
            "POST /people",
            "hire: firstName, lastName; optional startsOn, endsOn, mail, jobTitle, departmentId, managerId, establishmentId",
        ),
        (
            "PATCH /people/{id}",
            "change fields: firstName, lastName, login, mail, employeeNumber, jobTitle, managerId, departmentId, establishmentId, birthDate, address, remuneration, startsOn, endsOn; touch=false leaves modifiedAt",
        ),
        ("DELETE /people/{id}", "delete a user and their contracts"),
        ("GET /people/{id}/absences", "all absences of a user, whatever their state, with their half-days"),
        ("GET /people/{id}/balances", "the balance of every leave account for a user, in days or hours"),
        ("POST /people/{id}/terminate", "give the applicable contract a last day: {\"date\":\"YYYY-MM-DD\"}"),
        (
            "POST /changes",
            "make a change: {\"hire\":{…}}, {\"person\":{\"id\",\"patch\"}}, terminate, rehire, remove_user, remove_contract, add_department, rename_department, remove_department, touch, absence, approve, deny, cancel, delete_leave, comment, move_absence, credit, close_account, permission, scope, pass; answers {\"id\"}",
        ),
        ("POST /live", "let {\"steps\"} random things happen, by {\"seed\"}; answers what they were"),
        ("GET /clock", "the tenant's clock, Paris time"),
        ("POST /clock", "{\"advance_days\":n}, {\"advance_minutes\":n} or {\"today\":\"YYYY-MM-DD\"}"),
        ("GET /keys", "the API keys and their rights"),
        ("POST /keys", "add a key or change a known one: {\"name\",\"key\",\"rights\"}"),
    ]
}

pub(crate) fn router(tenant: Tenant) -> Router {
    Router::new()
        .route("/", get(describe))
        .route("/truth", get(truth))
        .route("/snapshot", get(snapshot))
        .route("/requests", get(requests).delete(clear_requests))
        .route("/writes", get(writes))
        .route("/switches", get(switches).put(put_switches).patch(patch_switches))
        .route("/rate-limit", get(rate_limit))
        .route("/faults", get(faults).put(put_faults))
        .route("/people", get(people).post(hire))
        .route("/people/{id}", patch(change).delete(remove))
        .route("/people/{id}/absences", get(absences))
        .route("/people/{id}/balances", get(balances))
        .route("/people/{id}/terminate", post(terminate))
        .route("/changes", post(make))
        .route("/live", post(live))
        .route("/clock", get(clock).post(set_clock))
        .route("/keys", get(keys).post(put_key))
        .with_state(tenant)
}

fn refused(status: StatusCode, why: impl std::fmt::Display) -> (StatusCode, Json<Value>) {
    (status, Json(json!({"error": why.to_string()})))
}

fn no_such(what: &str) -> (StatusCode, Json<Value>) {
    refused(StatusCode::NOT_FOUND, format_args!("no such {what}"))
}

async fn describe() -> Json<Value> {
    let routes: Vec<Value> =
        control_routes().iter().map(|(route, does)| json!({"route": route, "does": does})).collect();
    Json(json!({"service": "lucca-emulator control", "routes": routes}))
}

#[derive(Deserialize)]
struct OfKey {
    key: Option<String>,
}

async fn truth(State(tenant): State<Tenant>, Query(of): Query<OfKey>) -> Answer {
    let key = of.key.or_else(|| tenant.keys().first().map(|key| key.key.clone()));
    let truth = key.and_then(|key| tenant.truth_for(&key)).ok_or_else(|| no_such("key"))?;
    Ok(Json(json!(truth)))
}

async fn snapshot(State(tenant): State<Tenant>, Query(of): Query<OfKey>) -> Answer {
    let key = of.key.or_else(|| tenant.keys().first().map(|key| key.key.clone()));
    let snapshot = key.and_then(|key| tenant.snapshot(&key)).ok_or_else(|| no_such("key"))?;
    Ok(Json(json!(snapshot)))
}

async fn requests(State(tenant): State<Tenant>) -> Json<Value> {
    Json(json!(tenant.requests()))
}

async fn clear_requests(State(tenant): State<Tenant>) -> StatusCode {
    tenant.clear_requests();
    StatusCode::NO_CONTENT
}

async fn writes(State(tenant): State<Tenant>) -> Json<Value> {
    Json(json!(tenant.writes()))
}

async fn absences(State(tenant): State<Tenant>, Path(id): Path<i64>) -> Answer {
    tenant.state().company().person(id).ok_or_else(|| no_such("user"))?;
    Ok(Json(json!(tenant.absences_of(id))))
}

async fn balances(State(tenant): State<Tenant>, Path(id): Path<i64>) -> Answer {
    tenant.state().company().person(id).ok_or_else(|| no_such("user"))?;
    Ok(Json(json!(tenant.balances_of(id))))
}

async fn switches(State(tenant): State<Tenant>) -> Json<Value> {
    Json(json!(tenant.switches()))
}

async fn put_switches(State(tenant): State<Tenant>, Json(wanted): Json<Value>) -> Answer {
    let switches: Switches =
        serde_json::from_value(wanted).map_err(|error| refused(StatusCode::UNPROCESSABLE_ENTITY, error))?;
    tenant.set_switches(switches);
    Ok(Json(json!(tenant.switches())))
}

async fn patch_switches(State(tenant): State<Tenant>, Json(wanted): Json<Value>) -> Answer {
    let mut all = json!(tenant.switches());
    let Some(wanted) = wanted.as_object() else {
        return Err(refused(StatusCode::UNPROCESSABLE_ENTITY, "an object of switches is expected"));
    };
    if let Some(all) = all.as_object_mut() {
        all.extend(wanted.clone());
    }
    put_switches(State(tenant), Json(all)).await
}

async fn rate_limit(State(tenant): State<Tenant>) -> Json<Value> {
    Json(json!(tenant.rate_facts()))
}

async fn faults(State(tenant): State<Tenant>) -> Json<Value> {
    Json(json!(tenant.switches().faults))
}

async fn put_faults(State(tenant): State<Tenant>, Json(wanted): Json<Value>) -> Answer {
    let faults: Vec<Fault> =
        serde_json::from_value(wanted).map_err(|error| refused(StatusCode::UNPROCESSABLE_ENTITY, error))?;
    tenant.set_faults(faults);
    Ok(Json(json!(tenant.switches().faults)))
}

#[derive(Deserialize)]
struct Wanted {
    status: Option<Status>,
    limit: Option<usize>,
}

async fn people(State(tenant): State<Tenant>, Query(wanted): Query<Wanted>) -> Json<Value> {
    Json(json!(tenant.people(wanted.status, wanted.limit.unwrap_or(100))))
}

async fn hire(State(tenant): State<Tenant>, Json(wanted): Json<Value>) -> Answer {
    let hire: Hire =
        serde_json::from_value(wanted).map_err(|error| refused(StatusCode::UNPROCESSABLE_ENTITY, error))?;
    Ok(Json(json!({"id": tenant.hire(hire)})))
}

async fn change(State(tenant): State<Tenant>, Path(id): Path<i64>, Json(wanted): Json<Value>) -> Answer {
    let patch: PersonPatch =
        serde_json::from_value(wanted).map_err(|error| refused(StatusCode::UNPROCESSABLE_ENTITY, error))?;
    let changed = tenant.change(id, patch).ok_or_else(|| no_such("user"))?;
    Ok(Json(json!(changed)))
}

async fn remove(
    State(tenant): State<Tenant>,
    Path(id): Path<i64>,
) -> Result<StatusCode, (StatusCode, Json<Value>)> {
    if tenant.remove(id) { Ok(StatusCode::NO_CONTENT) } else { Err(no_such("user")) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LastDay {
    date: Date,
}

async fn terminate(State(tenant): State<Tenant>, Path(id): Path<i64>, Json(wanted): Json<LastDay>) -> Answer {
    let changed = tenant.terminate(id, wanted.date).ok_or_else(|| no_such("user"))?;
    Ok(Json(json!(changed)))
}

async fn make(State(tenant): State<Tenant>, Json(wanted): Json<Value>) -> Answer {
    let change: Change =
        serde_json::from_value(wanted).map_err(|error| refused(StatusCode::UNPROCESSABLE_ENTITY, error))?;
    match tenant.make(change) {
        Ok(id) => Ok(Json(json!({"id": id}))),
        Err(ChangeError::NoSuch(what)) => Err(no_such(what)),
        Err(conflict) => Err(refused(StatusCode::CONFLICT, conflict)),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Life {
    seed: u64,
    steps: usize,
}

async fn live(State(tenant): State<Tenant>, Json(wanted): Json<Value>) -> Answer {
    let Life { seed, steps } =
        serde_json::from_value(wanted).map_err(|error| refused(StatusCode::UNPROCESSABLE_ENTITY, error))?;
    Ok(Json(json!(tenant.live(seed, steps))))
}

async fn clock(State(tenant): State<Tenant>) -> Json<Value> {
    Json(json!({"now": tenant.now(), "zone": "Europe/Paris"}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    advance_days: Option<i64>,
    advance_minutes: Option<i64>,
    today: Option<Date>,
}

async fn set_clock(State(tenant): State<Tenant>, Json(wanted): Json<Move>) -> Json<Value> {
    if let Some(today) = wanted.today {
        tenant.set_today(today);
    }
    if let Some(days) = wanted.advance_days {
        tenant.advance_days(days);
    }
    if let Some(minutes) = wanted.advance_minutes {
        tenant.advance_minutes(minutes);
    }
    clock(State(tenant)).await
}

async fn keys(State(tenant): State<Tenant>) -> Json<Value> {
    Json(json!(tenant.keys()))
}

async fn put_key(State(tenant): State<Tenant>, Json(wanted): Json<Value>) -> Answer {
    let key: KeyConfig =
        serde_json::from_value(wanted).map_err(|error| refused(StatusCode::UNPROCESSABLE_ENTITY, error))?;
    if digits_of(&key.key).is_none() {
        return Err(refused(StatusCode::UNPROCESSABLE_ENTITY, "the key is no GUID"));
    }
    tenant.put_key(key);
    Ok(Json(json!(tenant.keys())))
}
