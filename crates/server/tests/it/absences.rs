//! Absence requests over HTTP: preview, creation, refusals and progress.

use std::time::Duration;

use lucca_emulator::{AbsenceFacts, Emulator, Fault, FaultKind, KeyConfig, Loss, Rights, Status};
use reqwest::Method;
use serde_json::{Value, json};
use store::LinkedAccount;
use test_database::Engine;

use crate::support::{OPERATOR, Service, tenant};

/// Leave types of the emulated tenant.
const REMOTE: &str = "34";
const UNPAID: &str = "5";

/// A service with a linked and synced tenant.
struct App {
    service: Service,
    emulator: Emulator,
    account: LinkedAccount,
    base: String,
}

struct Answer {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: Value,
}

impl Answer {
    fn code(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }

    fn location(&self) -> &str {
        self.headers["location"].to_str().unwrap()
    }
}

async fn app() -> App {
    app_on(Engine::Sqlite, &[]).await
}

async fn app_on(engine: Engine, declined: &[&str]) -> App {
    let service = Service::on(engine, "").await;
    let emulator = tenant(40, Rights::all()).await;
    let account = service.linked(&emulator, declined).await;
    let base = format!("/v1/linked-accounts/{}", account.id);
    let app = App { service, emulator, account, base };
    app.sync().await;
    app
}

impl App {
    async fn sync(&self) {
        self.service.sync(&self.account).await;
        self.emulator.tenant().clear_requests();
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = request.bearer_auth(OPERATOR).send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        assert!(!text.contains(self.emulator.api_key()), "the key in an answer");
        Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null) }
    }

    fn to(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.service.http.request(method, format!("{}{}{path}", self.service.url, self.base))
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(self.to(Method::GET, path)).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.to(Method::POST, path).json(&body)).await
    }

    async fn request(&self, key: &str, body: &Value) -> Answer {
        self.send(self.to(Method::POST, "/absence-submissions").header("idempotency-key", key).json(body))
            .await
    }

    async fn import(&self, parameters: &str, file: &str) -> Answer {
        let to = self.to(Method::POST, &format!("/absence-submissions/imports{parameters}"));
        self.send(to.header("content-type", "text/csv; charset=utf-8").body(file.to_owned())).await
    }

    fn writes(&self) -> usize {
        self.emulator.tenant().writes().len()
    }

    /// A full-time employee without absences in January and February and on one day in November.
    fn free_employee(&self) -> i64 {
        let tenant = self.emulator.tenant();
        let (from, to) = ("2027-01-01".parse().unwrap(), "2027-02-28".parse().unwrap());
        let late = "2026-11-20".parse().unwrap();
        let is_free = |id: &i64| {
            let busy = |facts: &AbsenceFacts| {
                (facts.ends_on >= from && facts.starts_on <= to)
                    || (facts.ends_on >= late && facts.starts_on <= late)
            };
            tenant.what_it_would_take(*id, from, true, to, false).len() == 80
                && tenant.what_it_would_take(*id, late, true, late, false).len() == 2
                && !tenant.absences_of(*id).iter().any(busy)
        };
        let people = tenant.people(Some(Status::Active), usize::MAX);
        people.into_iter().map(|person| person.id).find(is_free).expect("a free employee")
    }

    fn set_rights(&self, change: impl FnOnce(&mut Rights)) {
        let mut rights = Rights::all();
        change(&mut rights);
        self.emulator.tenant().put_key(KeyConfig { rights, ..KeyConfig::full(7) });
    }

    /// Injects a fault into the next request to a path.
    fn once(&self, path: &str, kind: FaultKind) {
        let path = path.to_owned();
        let fault = Fault { path, query_contains: None, nth: Some(1), probability: None, kind };
        self.emulator.tenant().set_faults(vec![fault]);
    }
}

fn wanted(owner: i64, leave_type: &str, starts_on: &str, ends_on: &str) -> Value {
    json!({ "employee_id": owner.to_string(), "leave_type_id": leave_type, "starts_on": starts_on, "ends_on": ends_on })
}

#[tokio::test]
async fn absence_request_from_preview_to_cancellation() {
    for engine in Engine::available() {
        let app = app_on(engine, &[]).await;
        let owner = app.free_employee();
        let types = app.get(&format!("/employees/{owner}/leave-types?starts_on=2027-01-04")).await;
        assert_eq!((types.status, &types.body["is_offered"]), (200, &json!(true)), "{}", types.body);
        let items = types.body["items"].as_array().unwrap();
        let remote = items.iter().find(|one| one["id"] == REMOTE).expect("remote work");
        assert_eq!((&remote["unit"], &remote["half_days"]), (&json!("days"), &json!(true)));

        let body = wanted(owner, REMOTE, "2027-01-04 PM", "2027-01-06 AM");
        let preview = app.post("/absence-submissions/preview", body.clone()).await;
        assert_eq!(preview.status, 200, "{}", preview.body);
        let taken = json!(["2027-01-04 PM", "2027-01-05 AM", "2027-01-05 PM", "2027-01-06 AM"]);
        assert_eq!(preview.body["plan"]["taken"], taken);
        assert_eq!(preview.body["amount"], json!({ "value": 2.0, "unit": "days" }));
        assert_eq!(preview.body["can_be_requested"], true);
        assert_eq!((&preview.body["starts_on"], &preview.body["ends_on"]), (&taken[0], &taken[3]));
        assert_eq!(app.writes(), 0);

        let made = app.request("key-1", &body).await;
        assert_eq!((made.status, &made.body["status"]), (201, &json!("pending")), "{}", made.body);
        assert_eq!(app.writes(), 1);
        let halves = made.body["half_days"].as_array().unwrap();
        assert_eq!(json!(halves.iter().map(|half| &half["half_day"]).collect::<Vec<_>>()), taken);
        assert!(made.body["request_id"].is_string() && made.body["next_approver_id"].is_string());

        // Repeating the request returns the same; another request under the same key is refused.
        let again = app.request("key-1", &body).await;
        assert_eq!((again.status, &again.body), (200, &made.body));
        assert_eq!(again.location(), made.location());
        let other = app.request("key-1", &wanted(owner, REMOTE, "2027-01-11", "2027-01-11")).await;
        assert_eq!(other.code(), (409, "absence.idempotency_key_reused"));
        assert_eq!(app.writes(), 1);

        // The request is found at its location and in the list.
        let url = format!("{}{}", app.service.url, made.location());
        let shown = app.send(app.service.http.get(&url)).await;
        assert_eq!((shown.status, &shown.body), (200, &made.body));
        let fresh = app.send(app.service.http.get(format!("{url}?refresh=true"))).await;
        assert_eq!((fresh.status, &fresh.body["status"]), (200, &json!("pending")));
        let second = app.request("key-2", &wanted(owner, REMOTE, "2027-01-11", "2027-01-11")).await;
        assert_eq!(second.status, 201);
        let all = app.get(&format!("/absence-submissions?employee_id={owner}")).await;
        let ids: Vec<&Value> = all.body["items"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
        assert_eq!(ids, [&second.body["id"], &made.body["id"]], "the latest first");
        let latest = app.get("/absence-submissions?limit=1").await;
        assert_eq!(latest.body["items"].as_array().unwrap().len(), 1);
        let unknown = app.get("/absence-submissions?employee_id=unknown").await;
        assert_eq!(unknown.body["items"], json!([]));

        // First a part is cancelled, then the rest.
        let cancel = format!("/absence-submissions/{}/cancel", made.body["id"].as_str().unwrap());
        let half = app.post(&cancel, json!({ "half_days": ["2027-01-06 AM"] })).await;
        assert_eq!(half.status, 200, "{}", half.body);
        assert_eq!(half.body["half_days"], json!(["2027-01-04 PM", "2027-01-05 AM", "2027-01-05 PM"]));
        let none = app.post(&cancel, json!({ "half_days": ["2027-01-07 AM"] })).await;
        assert_eq!(none.code(), (422, "absence.unknown_half_day"));
        let gone = app.post(&cancel, json!({})).await;
        assert_eq!((gone.status, &gone.body["status"]), (200, &json!("cancelled")), "{}", gone.body);
        let twice = app.post(&cancel, json!({})).await;
        assert_eq!((twice.status, &twice.body["was_changed"]), (200, &json!(false)));
        let shown = app.send(app.service.http.get(&url)).await;
        assert_eq!(shown.body["status"], "cancelled");
    }
}

#[tokio::test]
async fn request_requires_an_idempotency_key() {
    let app = app().await;
    let body = wanted(app.free_employee(), REMOTE, "2027-01-04", "2027-01-04");
    let without = app.post("/absence-submissions", body.clone()).await;
    assert_eq!(without.code(), (400, "request.no_idempotency_key"));
    for key in ["", "two words", &"x".repeat(201)] {
        assert_eq!(app.request(key, &body).await.code(), (400, "absence.invalid_idempotency_key"));
    }
    let to = app.to(Method::POST, "/absence-submissions").header("idempotency-key", "clé").json(&body);
    assert_eq!(app.send(to).await.code(), (400, "absence.invalid_idempotency_key"));
    assert!(app.emulator.tenant().requests().is_empty());
}

#[tokio::test]
async fn warnings_must_be_acknowledged() {
    let app = app().await;
    let mut body = wanted(app.free_employee(), UNPAID, "2026-11-20", "2026-11-20");
    let open = app.request("late", &body).await;
    assert_eq!(open.code(), (409, "absence.confirmation_needed"), "{}", open.body);
    let warning = &open.body["warnings"][0];
    assert_eq!(warning["must_be_confirmed"], true);
    assert!(!warning["message"].as_str().unwrap().is_empty());
    assert_eq!(app.writes(), 0);
    let previewed = app.post("/absence-submissions/preview", body.clone()).await;
    assert_eq!(previewed.body["warnings"], open.body["warnings"]);

    body["acknowledged_warnings"] = json!([warning["id"]]);
    let made = app.request("late", &body).await;
    assert_eq!((made.status, &made.body["status"]), (201, &json!("pending")), "{}", made.body);
    assert_eq!(app.writes(), 1);
}

#[tokio::test]
async fn overlaps_are_reported_by_half_day() {
    let app = app().await;
    let owner = app.free_employee();
    assert_eq!(app.request("a", &wanted(owner, REMOTE, "2027-01-04", "2027-01-04 AM")).await.status, 201);
    let second = app.request("b", &wanted(owner, REMOTE, "2027-01-04", "2027-01-05")).await;
    assert_eq!(second.code(), (422, "absence.overlap"));
    let problem = &second.body["problems"][0];
    assert_eq!(
        (&problem["code"], &problem["half_days"]),
        (&json!("absence.overlap"), &json!(["2027-01-04 AM"]))
    );
    // The key can be used again.
    assert_eq!(app.request("b", &wanted(owner, REMOTE, "2027-01-05", "2027-01-05")).await.status, 201);
    let weekend = app.request("c", &wanted(owner, REMOTE, "2027-01-09", "2027-01-10")).await;
    assert_eq!(weekend.code(), (422, "absence.nothing_to_take"));
    assert_eq!(app.writes(), 2);
}

#[tokio::test]
async fn read_only_account_is_refused_without_request() {
    let app = app_on(Engine::Sqlite, &["absence_requests"]).await;
    let body = wanted(app.free_employee(), REMOTE, "2027-01-04", "2027-01-04");
    let file = "employee,leave_type,starts,ends\n1,34,2027-01-04,2027-01-04\n";
    for refused in [
        app.request("k", &body).await,
        app.post("/absence-submissions/preview", body.clone()).await,
        app.get("/employees/1/leave-types").await,
        app.post("/absences/5120/cancel", json!({})).await,
        app.post("/absences/5120/approve", json!({})).await,
        app.post("/absences/5120/deny", json!({ "comment": "no" })).await,
        app.import("", file).await,
        app.import("?dry_run=false", file).await,
    ] {
        assert_eq!(refused.code(), (403, "absence.not_permitted"));
        assert_eq!(refused.body["permission"], "make_absence_requests");
        assert!(
            refused.body["detail"].as_str().unwrap().contains("Make absence requests"),
            "{}",
            refused.body
        );
    }
    assert!(app.emulator.tenant().requests().is_empty(), "Lucca was asked");
}

#[tokio::test]
async fn missing_permission_is_named() {
    let app = app().await;
    app.set_rights(|rights| rights.make_absence_requests = false);
    let body = wanted(app.free_employee(), REMOTE, "2027-01-04", "2027-01-04");
    for _ in 0..2 {
        let refused = app.request("k", &body).await;
        assert_eq!(refused.code(), (403, "absence.not_permitted"), "{}", refused.body);
        assert_eq!(refused.body["permission"], "make_absence_requests");
        assert!(refused.body["detail"].as_str().unwrap().contains("Make absence requests"));
        assert_eq!(app.writes(), 0);
        // A request that was just refused is not repeated.
        app.emulator.tenant().clear_requests();
    }
    app.request("k", &body).await;
    assert!(app.emulator.tenant().requests().is_empty());
}

#[tokio::test]
async fn unknown_ids_are_not_found() {
    let app = app().await;
    let unknown = "abr_0193a5b0c2d47b3e9f1a2b3c4d5e6f70";
    assert_eq!(app.get(&format!("/absence-submissions/{unknown}")).await.code(), (404, "not_found"));
    assert_eq!(app.get("/absence-submissions/nonsense?refresh=true").await.code(), (404, "not_found"));
    for id in [unknown, "999999", "a%0d%0ab"] {
        for (what, body) in
            [("cancel", json!({})), ("approve", json!({})), ("deny", json!({ "comment": "no" }))]
        {
            let answer = app.post(&format!("/absence-submissions/{id}/{what}"), body).await;
            assert_eq!(answer.code(), (404, "absence.unknown"), "{id} {what}");
        }
    }
    for id in ["999999", ""] {
        let mut body = wanted(1, REMOTE, "2027-01-04", "2027-01-04");
        body["employee_id"] = json!(id);
        assert_eq!(app.request("k", &body).await.code(), (404, "absence.unknown_employee"), "{id:?}");
    }
    assert_eq!(app.get("/employees/999999/leave-types").await.code(), (404, "absence.unknown_employee"));
    let elsewhere = "/v1/linked-accounts/acct_0193a5b0c2d47b3e9f1a2b3c4d5e6f70";
    for path in ["/absence-submissions", "/employees/1/leave-types"] {
        let (status, problem) = app.service.get(&format!("{elsewhere}{path}")).await;
        assert_eq!((status, &problem["code"]), (404, &json!("not_found")));
    }
    assert!(app.emulator.tenant().requests().is_empty());
}

#[tokio::test]
async fn invalid_members_are_refused_by_name() {
    let app = app().await;
    let owner = app.free_employee();
    for (starts_on, ends_on, fields) in [
        ("tomorrow", "2027-01-04", vec!["starts_on"]),
        ("2027-01-04", "2027-02-30", vec!["ends_on"]),
        ("2027-01-04 noon", "é", vec!["starts_on", "ends_on"]),
        ("2027-01-05", "2027-01-04", vec!["ends_on"]),
        ("2027-01-04", "2028-02-04", vec!["ends_on"]),
    ] {
        let refused = app.request("k", &wanted(owner, REMOTE, starts_on, ends_on)).await;
        assert_eq!(refused.code(), (422, "absence.invalid_period"), "{starts_on} {ends_on}");
        let problems = refused.body["problems"].as_array().unwrap();
        assert_eq!(problems.iter().map(|one| one["field"].as_str().unwrap()).collect::<Vec<_>>(), fields);
    }
    let mut body = wanted(owner, REMOTE, "2027-01-04", "2027-01-05");
    body["minutes"] = json!(30);
    assert_eq!(app.request("k", &body).await.code(), (422, "absence.invalid_duration"));
    body = wanted(owner, REMOTE, "2027-01-04", "2027-01-05");
    body["comment"] = json!("x".repeat(2_001));
    assert_eq!(app.request("k", &body).await.code(), (422, "absence.invalid_comment"));
    body["colour"] = json!("red");
    assert_eq!(app.request("k", &body).await.code(), (422, "request.invalid"));
    for path in [
        "/leave-types?employee_id=1",
        "/absence-submissions?limit=0",
        "/absence-submissions?limit=501",
        "/absence-submissions?limit=many",
        "/absence-submissions/abr_0193a5b0c2d47b3e9f1a2b3c4d5e6f70?refresh=perhaps",
    ] {
        assert_eq!(app.get(path).await.code(), (422, "request.invalid"), "{path}");
    }
    let dated = app.get(&format!("/employees/{owner}/leave-types?ends_on=soon")).await;
    assert_eq!(dated.code(), (422, "absence.invalid_period"));
    let half = app.post("/absences/5120/cancel", json!({ "half_days": ["2027-01-04"] })).await;
    assert_eq!(half.code(), (422, "absence.invalid_period"));
    let silent = app.post("/absences/5120/deny", json!({ "comment": "  " })).await;
    assert_eq!(silent.code(), (422, "absence.comment_required"));
    assert_eq!(app.post("/absences/5120/deny", json!({})).await.code(), (422, "request.invalid"));
    assert!(app.emulator.tenant().requests().is_empty());
}

#[tokio::test]
async fn requests_are_approved_and_denied() {
    let app = app().await;
    let owner = app.free_employee();
    let first = app.request("a", &wanted(owner, REMOTE, "2027-01-04", "2027-01-04")).await;
    let first = first.body["id"].as_str().unwrap();
    let mut status = Value::Null;
    for _ in 0..5 {
        let answer = app.post(&format!("/absence-submissions/{first}/approve"), json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        status = answer.body["status"].clone();
        if status == "approved" {
            break;
        }
    }
    assert_eq!(status, "approved");
    let shown = app.get(&format!("/absence-submissions/{first}")).await;
    assert_eq!(shown.body["approvals"][0]["approved"], true);
    let again = app.post(&format!("/absence-submissions/{first}/deny"), json!({ "comment": "no" })).await;
    assert_eq!(again.code(), (409, "absence.wrong_state"));

    // By Lucca's id, as in a synced absence.
    let second = app.request("b", &wanted(owner, REMOTE, "2027-01-11", "2027-01-11")).await;
    app.sync().await;
    let absence = second.body["absence_id"].as_str().unwrap();
    let denied = app.post(&format!("/absences/{absence}/deny"), json!({ "comment": "Two are away." })).await;
    assert_eq!((denied.status, &denied.body["status"]), (200, &json!("denied")), "{}", denied.body);
    let path = format!("/absence-submissions/{}?refresh=true", second.body["id"].as_str().unwrap());
    let shown = app.get(&path).await;
    assert_eq!(shown.body["status"], "denied");
    assert_eq!(shown.body["approvals"][0]["comment"], "Two are away.");
}

#[tokio::test]
async fn import_is_simulated_and_then_made_once() {
    let app = app().await;
    let owner = app.free_employee();
    let bad =
        format!("employee,leave_type,starts,ends\n{owner},{REMOTE},2027-01-04,2027-01-05\nunknown,x,y,z\n");
    let tried = app.import("", &bad).await;
    assert_eq!(tried.status, 200, "{}", tried.body);
    assert_eq!((&tried.body["importable"], &tried.body["simulated"]), (&json!(false), &json!(false)));
    assert_eq!(tried.body["rows"][0]["half_days"].as_array().unwrap().len(), 4);
    assert_eq!(tried.body["rows"][1]["line"], 3);
    let refused = app.import("?dry_run=false", &bad).await;
    assert_eq!(refused.code(), (422, "absence.not_importable"));
    assert!(refused.body["problems"].as_array().unwrap().iter().all(|one| one["line"] == 3));
    assert!(app.emulator.tenant().requests().is_empty());

    let good = format!(
        "employee;leave_type;starts;ends\n{owner};{REMOTE};2027-01-04;2027-01-05\n{owner};{REMOTE};2027-01-11 PM;2027-01-11\n"
    );
    let tried = app.import("?dry_run=true", &good).await;
    assert_eq!((&tried.body["importable"], &tried.body["problems"]), (&json!(true), &json!([])));
    assert_eq!(app.writes(), 0);
    let made = app.import("?dry_run=false", &good).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let items = made.body["submissions"].as_array().unwrap();
    assert_eq!(items.iter().map(|one| &one["status"]).collect::<Vec<_>>(), ["pending", "pending"]);
    assert_eq!(items[1]["starts_on"], "2027-01-11 PM");
    let writes = app.writes();
    let again = app.import("?dry_run=false", &good).await;
    assert_eq!((again.status, &again.body), (200, &made.body));
    assert_eq!(app.writes(), writes);

    let json = app.send(app.to(Method::POST, "/absence-submissions/imports").json(&json!({}))).await;
    assert_eq!(json.code(), (415, "request.not_csv"));
    let huge = app.import("", &"x".repeat(1_100_000)).await;
    assert_eq!(huge.code(), (413, "request.too_large"));
    assert_eq!(app.import("", "employee,leave_type\n").await.code(), (422, "absence.not_importable"));
}

#[tokio::test]
async fn lost_response_is_resolved_by_reading() {
    let app = app().await;
    let body = wanted(app.free_employee(), REMOTE, "2027-01-04", "2027-01-04");
    app.post("/absence-submissions/preview", body.clone()).await;
    let reads = app.emulator.tenant().requests();
    let before = reads.iter().filter(|request| request.path.eq_ignore_ascii_case("/api/v3/leaves")).count();
    // The response is lost with the connection, and the reads right after it fail too.
    let fault = |path: &str, nth: usize, kind: FaultKind| Fault {
        path: path.to_owned(),
        query_contains: None,
        nth: Some(u64::try_from(nth).unwrap()),
        probability: None,
        kind,
    };
    let lost = fault("/api/v3/leaveRequestFactory", 1, FaultKind::LoseAnswer { how: Loss::Reset });
    let dead = (1..20).map(|nth| fault("GET /api/v3/leaves", before + nth, FaultKind::ResetConnection));
    app.emulator.tenant().set_faults(dead.chain([lost]).collect());
    let sent = app.request("k", &body).await;
    assert_eq!((sent.status, &sent.body["status"]), (202, &json!("in_doubt")), "{}", sent.body);
    app.emulator.tenant().set_faults(Vec::new());
    let url = format!("{}{}", app.service.url, sent.location());
    assert_eq!(app.send(app.service.http.get(&url)).await.body["status"], "in_doubt");

    app.service.clock.advance(Duration::from_secs(30));
    app.service.do_due(&jobs::RequestsDuty(app.service.services.clone())).await;
    let shown = app.send(app.service.http.get(&url)).await;
    assert_eq!(shown.body["status"], "pending", "{}", shown.body);
    let again = app.request("k", &body).await;
    assert_eq!((again.status, &again.body["id"]), (200, &sent.body["id"]));
    assert_eq!(app.writes(), 1);
}

#[tokio::test]
async fn rate_limited_request_is_sent_later() {
    let app = app().await;
    app.once(
        "/api/v3/leaveRequestFactory",
        FaultKind::TooMany { retry_after_s: Some(3600), http_date: false },
    );
    let body = wanted(app.free_employee(), REMOTE, "2027-01-04", "2027-01-04");
    let sent = app.request("k", &body).await;
    assert_eq!((sent.status, &sent.body["status"]), (202, &json!("submitting")), "{}", sent.body);
    app.service.clock.advance(Duration::from_mins(61));
    app.service.do_due(&jobs::RequestsDuty(app.service.services.clone())).await;
    let url = format!("{}{}", app.service.url, sent.location());
    let shown = app.send(app.service.http.get(url)).await;
    assert_eq!(shown.body["status"], "pending", "{}", shown.body);
    assert_eq!(app.writes(), 1);
}

#[tokio::test]
async fn failures_of_lucca_differ_from_refusals() {
    let app = app().await;
    let body = wanted(app.free_employee(), REMOTE, "2027-01-04", "2027-01-04");
    for (kind, status, code) in [
        (FaultKind::Status { code: 500, body: String::new() }, 502, "lucca.unavailable"),
        (FaultKind::ResetConnection, 502, "lucca.unreachable"),
        (FaultKind::Status { code: 401, body: String::new() }, 409, "lucca.key_refused"),
        (FaultKind::TooMany { retry_after_s: Some(7200), http_date: false }, 503, "lucca.rate_limited"),
    ] {
        let fault = Fault {
            path: "GET /api/v3/leaves".to_owned(),
            query_contains: None,
            nth: None,
            probability: None,
            kind,
        };
        app.emulator.tenant().set_faults(vec![fault]);
        let answer = app.request("k", &body).await;
        assert_eq!(answer.code(), (status, code), "{}", answer.body);
        assert_eq!(answer.headers.contains_key("retry-after"), status == 503, "{code}");
        assert!(!answer.body.to_string().contains("/api/"), "{}", answer.body);
    }
    app.emulator.tenant().set_faults(Vec::new());
    assert_eq!(app.writes(), 0);
    assert_eq!(app.request("k", &body).await.status, 201);
}

#[tokio::test]
async fn account_without_working_key_sends_nothing() {
    let app = app().await;
    let store = &app.service.services.store;
    let made = app.request("k", &wanted(app.free_employee(), REMOTE, "2027-01-04", "2027-01-04")).await;
    assert_eq!(made.status, 201);
    app.emulator.tenant().clear_requests();
    store
        .set_account_status(&app.account, store::AccountStatus::RelinkNeeded, app.account.updated_at)
        .await
        .unwrap();
    assert_eq!(app.get("/employees/1/leave-types").await.code(), (409, "lucca.key_refused"));
    let (status, _) = app.service.api(Method::DELETE, &app.base, None).await;
    assert_eq!(status, 200);
    let id = made.body["id"].as_str().unwrap();
    for answer in [
        app.get("/employees/1/leave-types").await,
        app.post(&format!("/absence-submissions/{id}/cancel"), json!({})).await,
        app.get(&format!("/absence-submissions/{id}?refresh=true")).await,
    ] {
        assert_eq!(answer.code(), (409, "account.unlinked"));
    }
    // Stored data is still shown.
    assert_eq!(app.get(&format!("/absence-submissions/{id}")).await.status, 200);
    assert!(app.emulator.tenant().requests().is_empty());
}
