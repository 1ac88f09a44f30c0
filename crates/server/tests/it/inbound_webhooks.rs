//! Webhooks from a customer's Lucca: accepted only from it, recorded, and read from it again at once. The
//! emulated tenant sends them in every documented and every plausible form.

use std::time::Duration;

use jiff::civil::{Date, date};
use lucca_emulator::{
    AuthorizationAs, Change, Emulator, Fault, FaultKind, NewAbsence, Rights, Status, Switches, Telling,
};
use people::{Absence, AbsenceRequest, AbsenceRequestStatus, Kind, RemoteId};
use reqwest::Method;
use serde_json::{Value, json};
use store::{ChangeFilter, LinkedAccount, RecordState};
use sync::{RunExtent, RunReport};

use crate::support::{Service, tenant};

const MONDAY: Date = date(2027, 3, 1);
const TUESDAY: Date = date(2027, 3, 2);
/// Unpaid leave.
const UNPAID: i64 = 5;

struct App {
    service: Service,
    emulator: Emulator,
    account: LinkedAccount,
    settings: String,
    url: String,
    key: String,
    /// Employees who work on Mondays and Tuesdays.
    people: Vec<i64>,
}

/// A service that receives webhooks of a customer's Lucca, and a synced tenant.
async fn app(switches: impl FnOnce(&mut Switches)) -> App {
    let service = Service::start("").await;
    let emulator = tenant(40, Rights::all()).await;
    // The service's clock is at ten in London, the tenant's at nine in Paris.
    emulator.tenant().advance_minutes(120);
    let mut set = emulator.tenant().switches();
    switches(&mut set);
    emulator.tenant().set_switches(set);
    let people = workers_on_both_days(&emulator);
    let account = service.linked(&emulator, &[]).await;
    service.sync(&account).await;
    let settings = format!("/v1/linked-accounts/{}/inbound-webhooks", account.id);
    assert_eq!(service.get(&settings).await.0, 404);
    let (status, on) = service.api(Method::PUT, &settings, Some(json!({}))).await;
    assert_eq!(status, 201, "{on}");
    let text = |name: &str| on[name].as_str().unwrap().to_owned();
    let (url, key) = (text("url"), text("key"));
    let app = App { service, emulator, account, settings, url, key, people };
    app.set_telling(|_| {});
    app
}

/// Employees for whose request of two days in the week before four half-days were taken.
fn workers_on_both_days(emulator: &Emulator) -> Vec<i64> {
    let tenant = emulator.tenant();
    let (monday, tuesday) = (date(2027, 2, 22), date(2027, 2, 23));
    let works = |person: &i64| {
        let absence = NewAbsence::days(*person, UNPAID, monday, tuesday);
        let Ok(period) = tenant.make(Change::Absence(absence)) else { return false };
        let facts = tenant.absences_of(*person);
        facts.iter().any(|one| one.leave_period_id == period && one.halves.len() == 4)
    };
    tenant.people(Some(Status::Active), 40).iter().map(|person| person.id).filter(works).collect()
}

impl App {
    fn set_telling(&self, change: impl FnOnce(&mut Telling)) {
        let mut switches = self.emulator.tenant().switches();
        let mut telling = Telling::to(&self.url, &self.key);
        change(&mut telling);
        switches.telling = Some(telling);
        self.emulator.tenant().set_switches(switches);
    }

    /// Requests two days off for an employee; returns the period's id and the absence's id.
    fn two_days_off(&self) -> (i64, RemoteId) {
        let tenant = self.emulator.tenant();
        let ask = |person: &i64| {
            tenant.make(Change::Absence(NewAbsence::days(*person, UNPAID, MONDAY, TUESDAY))).ok()
        };
        let period = self.people.iter().find_map(ask).unwrap();
        (period, RemoteId::from(period))
    }

    /// Waits until this many webhooks were sent; returns the statuses of the responses.
    async fn told(&self, count: usize) -> Vec<u16> {
        let tenant = self.emulator.tenant();
        let all = async {
            while tenant.told().len() < count {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), all).await.unwrap();
        tenant.told()
    }

    /// Runs the service a second later; returns the report of the run, if there was one.
    async fn a_second_later(&self) -> Option<RunReport> {
        self.service.clock.advance(Duration::from_secs(1));
        let services = &self.service.services;
        let accounts = jobs::accounts_notified(&services.store, self.service.now()).await.unwrap();
        self.emulator.tenant().clear_requests();
        let account = accounts.first()?;
        let report = jobs::sync_notified(services, account).await.unwrap()?;
        let sent = u64::try_from(self.emulator.requests().len()).unwrap();
        assert_eq!(sent, report.total_requests());
        Some(report)
    }

    async fn absence(&self, id: &RemoteId) -> Option<Absence> {
        let stored = self.service.services.store.record::<Absence>(self.account.no, id).await.unwrap();
        stored.filter(|stored| stored.state == RecordState::Present).map(|stored| stored.record)
    }

    async fn request_status(&self, absence: &RemoteId) -> Option<AbsenceRequestStatus> {
        let requests: Vec<AbsenceRequest> = self.service.services.store.all(self.account.no).await.unwrap();
        requests.into_iter().find(|one| one.absence_id.as_ref() == Some(absence)).map(|one| one.status)
    }

    /// The operations that the change log has for a record.
    async fn changes(&self, kind: Kind, id: &RemoteId) -> Vec<String> {
        let filter = ChangeFilter { kind: Some(kind), id: Some(id), ..ChangeFilter::default() };
        let changes = self.service.services.store.changes(self.account.no, filter, 100).await.unwrap();
        changes.into_iter().map(|one| one.operation.name().to_owned()).collect()
    }

    async fn waiting(&self) -> u64 {
        self.service.get(&self.settings).await.1["waiting"].as_u64().unwrap()
    }

    /// Sends a webhook as Lucca would.
    async fn send(&self, url: &str, authorization: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
        let request = self.service.http.post(url).header("authorization", authorization).body(body);
        let answer = request.header("x-event", "approved").send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or(Value::Null))
    }
}

#[tokio::test]
async fn notified_absence_is_read_within_a_second() {
    let app = app(|_| {}).await;
    let (period, id) = app.two_days_off();
    assert_eq!(app.told(4).await, [202; 4]);
    let report = app.a_second_later().await.unwrap();
    assert_eq!(app.absence(&id).await.unwrap().half_days, 4);
    assert_eq!(app.request_status(&id).await, Some(AbsenceRequestStatus::Pending));
    // The employee's leaves on these days, and the requests that were created lately.
    assert_eq!(report.total_requests(), 2, "{report:#?}");
    assert_eq!(app.waiting().await, 0);

    while app.emulator.tenant().approve(period).is_ok() {}
    app.told(8).await;
    let report = app.a_second_later().await.unwrap();
    assert_eq!(app.absence(&id).await.unwrap().is_confirmed, Some(true));
    assert_eq!(app.request_status(&id).await, Some(AbsenceRequestStatus::Approved));
    assert_eq!(app.changes(Kind::Absence, &id).await, ["created", "updated"]);
    // The employee's leaves on these days, and the request by its id.
    assert_eq!(report.total_requests(), 2, "{report:#?}");
    assert!(report.streams.iter().all(|stream| stream.mode == sync::Mode::Notified), "{report:#?}");

    // Without a webhook nothing is read.
    assert!(app.a_second_later().await.is_none());
    // The cursor has not moved: the next sync requests the changes as if there had been no webhook.
    app.service.clock.advance(Duration::from_mins(16));
    app.service.sync(&app.account).await;
    assert_eq!(app.changes(Kind::Absence, &id).await, ["created", "updated"]);
}

#[tokio::test]
async fn duplicates_and_reordering_yield_one_change() {
    let app = app(|_| {}).await;
    app.set_telling(|telling| (telling.backwards, telling.repeats) = (true, 2));
    let (period, id) = app.two_days_off();
    while app.emulator.tenant().approve(period).is_ok() {}
    app.told(24).await;
    let report = app.a_second_later().await.unwrap();
    assert_eq!(report.total_requests(), 2, "{report:#?}");
    assert_eq!(app.changes(Kind::Absence, &id).await, ["created"]);
    assert!(app.a_second_later().await.is_none());

    app.set_telling(|telling| telling.backwards = true);
    app.emulator.tenant().cancel(period).unwrap();
    app.emulator.tenant().cancel(period).unwrap();
    app.told(28).await;
    // A webhook about an earlier state arrives late and changes nothing.
    let late = json!({ "id": format!("{period}-20270301-AM"), "isConfirmed": true });
    assert_eq!(app.send(&app.url, &app.key, late.to_string()).await.0, 202);
    app.a_second_later().await.unwrap();
    assert!(!app.absence(&id).await.unwrap().is_active);
    assert_eq!(app.request_status(&id).await, Some(AbsenceRequestStatus::Cancelled));
}

#[tokio::test]
async fn all_webhook_variants_are_understood() {
    let ways: [fn(&mut Telling); 7] = [
        |telling| telling.together = true,
        |telling| telling.authorization_as = AuthorizationAs::Basic,
        |telling| telling.authorization_as = AuthorizationAs::BasicPassword,
        |telling| telling.observed_casing = true,
        |telling| telling.text_ids = true,
        |telling| telling.timed_dates = true,
        |telling| telling.without_event = true,
    ];
    let app = app(|_| {}).await;
    let mut told = 0;
    for way in ways {
        app.set_telling(way);
        let (period, id) = app.two_days_off();
        let calls = match &app.emulator.tenant().switches().telling {
            Some(telling) if telling.together => 1,
            _ => 4,
        };
        told += calls;
        assert!(app.told(told).await.iter().all(|status| *status == 202));
        app.a_second_later().await.unwrap();
        assert!(app.absence(&id).await.is_some());
        app.emulator.tenant().cancel(period).unwrap();
        told += calls;
        app.told(told).await;
        app.a_second_later().await.unwrap();
        assert!(!app.absence(&id).await.unwrap().is_active);
    }
}

#[tokio::test]
async fn hidden_pending_and_inactive_leaves_are_read() {
    let app =
        app(|switches| (switches.leaves_show_pending, switches.leaves_show_inactive) = (false, false)).await;
    let (period, id) = app.two_days_off();
    app.told(4).await;
    app.a_second_later().await.unwrap();
    assert_eq!(app.absence(&id).await.unwrap().is_confirmed, Some(false));
    app.emulator.tenant().deny(period, Some("no")).unwrap();
    app.told(8).await;
    let report = app.a_second_later().await.unwrap();
    assert!(!app.absence(&id).await.unwrap().is_active);
    assert_eq!(app.request_status(&id).await, Some(AbsenceRequestStatus::Denied));
    assert!(report.total_requests() <= 5, "{report:#?}");
}

#[tokio::test]
async fn lost_webhook_is_covered_by_scheduled_sync() {
    let app = app(|_| {}).await;
    app.set_telling(|telling| telling.lost = true);
    let (_, id) = app.two_days_off();
    assert!(app.a_second_later().await.is_none() && app.absence(&id).await.is_none());
    app.service.clock.advance(Duration::from_mins(15));
    let services = &app.service.services;
    let client = services.tenants.client_of(&app.account, &services.vault, None).await.unwrap();
    let (run, how) = (services.new_run().unwrap(), (RunExtent::Due, None));
    services.sync(&app.account, &client, run, how, &sync::Silent).await.unwrap();
    assert_eq!(app.absence(&id).await.unwrap().half_days, 4);
}

#[tokio::test]
async fn unauthenticated_webhooks_get_one_refusal() {
    let app = app(|_| {}).await;
    let body = json!({ "id": "9-20270301-AM", "date": "2027-03-01", "owner": { "id": 1 } }).to_string();
    let unknown = format!("{}/v1/inbound/inw_{}", app.service.url, "0".repeat(32));
    let nonsense = format!("{}/v1/inbound/x", app.service.url);
    let mut answers = Vec::new();
    for (url, key) in [
        (&app.url, "inb_wrong"),
        (&app.url, ""),
        (&app.url, "Basic !"),
        (&unknown, app.key.as_str()),
        (&nonsense, app.key.as_str()),
    ] {
        let (status, answer) = app.send(url, key, body.clone()).await;
        assert_eq!(status, 401, "{url} {answer}");
        answers.push(answer);
    }
    // The operator's key is refused here.
    let (status, answer) = app.send(&app.url, &format!("Bearer {}", crate::support::OPERATOR), body).await;
    assert_eq!((status, &answer), (401, &answers[0]));
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:#?}");
    let large = app.send(&app.url, &app.key, vec![b' '; 300 * 1024]).await;
    assert_eq!((large.0, large.1["code"].as_str()), (413, Some("request.too_large")));
    for body in ["", "[]", "{}", "{\"id\":", "\u{0}"] {
        let (status, answer) = app.send(&app.url, &app.key, body).await;
        assert_eq!((status, answer["code"].as_str()), (400, Some("inbound.malformed")), "{body}");
    }
    let (_, shown) = app.service.get(&app.settings).await;
    assert_eq!(
        (&shown["received"], &shown["malformed"], &shown["waiting"]),
        (&json!(5), &json!(5), &json!(0))
    );
    assert!(!shown["last_malformed_at"].is_null() && shown.get("key").is_none());
    // Repeated guessing is rate limited.
    let mut last = 0;
    for _ in 0..30 {
        last = app.send(&app.url, "inb_wrong", "{}").await.0;
    }
    assert_eq!(last, 429);
}

#[tokio::test]
async fn webhook_content_is_neither_data_nor_query() {
    let app = app(|_| {}).await;
    let person = app.emulator.tenant().people(Some(Status::Active), 1)[0].id;
    let made_up = json!({
        "id": "999999-20270301-AM", "date": "2027-03-01", "owner": { "id": person }, "isConfirmed": true,
        "leaveAccount": { "id": UNPAID }
    });
    app.send(&app.url, &app.key, made_up.to_string()).await;
    let report = app.a_second_later().await.unwrap();
    assert_eq!(report.written(), 0, "{report:#?}");
    assert!(app.absence(&RemoteId::from(999_999)).await.is_none());
    // Webhooks about unknown employees only cause a read of recent changes.
    for owner in ["greaterthan,0", "1,2,3", "987654321"] {
        let body = json!({ "id": "7-20270301-AM", "owner": { "id": owner } });
        app.send(&app.url, &app.key, body.to_string()).await;
        let report = app.a_second_later().await.unwrap();
        assert!(report.total_requests() <= 6 && report.written() == 0, "{report:#?}");
        let asked = app.emulator.requests();
        assert!(asked.iter().all(|request| !request.query.contains("987654321")), "{asked:#?}");
    }
}

#[tokio::test]
async fn webhook_during_a_sync_is_read_after_it() {
    let app = app(|_| {}).await;
    let store = &app.service.services.store;
    let run = app.service.services.new_run().unwrap();
    let lease =
        store.take_lease(&app.account, run, "another", None, app.service.now()).await.unwrap().unwrap();
    let (_, id) = app.two_days_off();
    app.told(4).await;
    assert!(app.a_second_later().await.is_none() && app.waiting().await == 4);
    store.release_lease(&lease).await.unwrap();
    app.a_second_later().await.unwrap();
    assert!(app.absence(&id).await.is_some() && app.waiting().await == 0);
}

#[tokio::test]
async fn killed_run_leaves_notices_to_the_next() {
    let app = app(|_| {}).await;
    let (_, id) = app.two_days_off();
    app.told(4).await;
    let store = &app.service.services.store;
    let run = app.service.services.new_run().unwrap();
    let now = app.service.now();
    let killed = store.take_lease(&app.account, run, "killed", None, now).await.unwrap().unwrap();
    store.start_run(&killed, now).await.unwrap();
    assert_eq!(store.take_notices(&killed, now).await.unwrap().len(), 4);
    // The lease of the killed run expires.
    app.service.clock.advance(Duration::from_mins(16));
    app.a_second_later().await.unwrap();
    assert!(app.absence(&id).await.is_some() && app.waiting().await == 0);
}

#[tokio::test]
async fn failed_read_is_retried_later() {
    let app = app(|_| {}).await;
    let (_, id) = app.two_days_off();
    app.told(4).await;
    let down = Fault {
        path: "/api/v3/leaves".to_owned(),
        query_contains: None,
        nth: None,
        probability: None,
        kind: FaultKind::Status { code: 403, body: String::new() },
    };
    app.emulator.tenant().set_faults(vec![down]);
    let report = app.a_second_later().await.unwrap();
    assert!(report.streams[0].error.is_some() && app.waiting().await == 4, "{report:#?}");
    app.emulator.tenant().set_faults(Vec::new());
    assert!(app.a_second_later().await.is_none());
    app.service.clock.advance(Duration::from_mins(1));
    app.a_second_later().await.unwrap();
    assert!(app.absence(&id).await.is_some() && app.waiting().await == 0);
}

#[tokio::test]
async fn key_rotation_has_no_gap() {
    let app = app(|_| {}).await;
    let body = json!({ "id": "7-20270301-AM" }).to_string();
    let put = async |body| app.service.api(Method::PUT, &app.settings, Some(body)).await;
    let (status, same) = put(json!({})).await;
    assert_eq!((status, same.get("key")), (200, None));
    let (_, rotated) = put(json!({ "new_key": true })).await;
    let new = rotated["key"].as_str().unwrap().to_owned();
    assert!(new != app.key && rotated["url"] == app.url.as_str());
    for key in [&app.key, &new] {
        assert_eq!(app.send(&app.url, key, body.clone()).await.0, 202);
    }
    app.service.clock.advance(Duration::from_hours(7 * 24));
    assert_eq!(app.send(&app.url, &app.key, body.clone()).await.0, 401);
    assert_eq!(app.send(&app.url, &new, body.clone()).await.0, 202);
    assert_eq!(app.service.api(Method::DELETE, &app.settings, None).await.0, 204);
    assert_eq!(app.send(&app.url, &new, body).await.0, 401);
    assert_eq!(app.service.api(Method::DELETE, &app.settings, None).await.0, 404);
}

#[tokio::test]
async fn signed_webhooks_are_verified_and_read() {
    let app = app(|_| {}).await;
    let asked = app.service.http.get(format!("{}?echo=a1-b2", app.url)).send().await.unwrap();
    assert_eq!(asked.status(), 200);
    assert!(asked.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    assert_eq!(asked.text().await.unwrap(), "a1-b2");
    let older = app.service.http.get(format!("{}?challenge=c", app.url)).send().await.unwrap();
    assert_eq!(older.text().await.unwrap(), "c");

    let sign = |secret: &str| app.set_telling(|telling| telling.signed_with = Some(secret.to_owned()));
    sign("lucca's own");
    let (period, id) = app.two_days_off();
    // Lucca's secret is not known yet.
    assert_eq!(app.told(1).await, [401]);
    let secret = json!({ "signing_secret": "lucca's own" });
    let (status, set) = app.service.api(Method::PUT, &app.settings, Some(secret)).await;
    assert_eq!((status, &set["signed"]), (200, &json!(true)));
    while app.emulator.tenant().approve(period).is_ok() {}
    assert_eq!(app.told(2).await[1], 202);
    app.a_second_later().await.unwrap();
    assert_eq!(app.absence(&id).await.unwrap().is_confirmed, Some(true));
    assert_eq!(app.request_status(&id).await, Some(AbsenceRequestStatus::Approved));
    app.emulator.tenant().cancel(period).unwrap();
    app.emulator.tenant().cancel(period).unwrap();
    app.told(3).await;
    app.a_second_later().await.unwrap();
    assert!(!app.absence(&id).await.unwrap().is_active);

    sign("another's");
    app.two_days_off();
    assert_eq!(app.told(4).await[3], 401);
    // A signature that is six minutes old is refused.
    sign("lucca's own");
    app.service.clock.advance(Duration::from_mins(6));
    app.two_days_off();
    assert_eq!(app.told(5).await[4], 401);
}
