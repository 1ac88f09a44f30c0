//! Changes of lists over time: ETags, short pages, `as_of`, positions; and cancelled runs.

use std::time::Duration;

use lucca_emulator::{PersonPatch, Rights, Status};
use people::{Kind, RemoteId};
use reqwest::{Method, header};
use serde_json::{Value, json};
use store::{Actor, Erasure, ErasureId, RunId};
use test_database::Engine;

use crate::support::{OPERATOR, Service, TODAY, tenant};

/// All items of a list, page by page, and the number of pages.
async fn every(service: &Service, path: &str) -> (Vec<Value>, usize) {
    let (mut items, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let mark = if path.contains('?') { '&' } else { '?' };
        let (status, page) = service.get(&format!("{path}{mark}{cursor}")).await;
        assert_eq!(status, 200, "{path}: {page}");
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("cursor={next}"),
            None => return (items, pages),
        }
    }
}

#[tokio::test]
async fn etag_is_valid_until_the_list_changes() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(60, Rights::all()).await;
        let account = service.linked(&emulator, &["leaves"]).await;
        service.sync(&account).await;
        let url = format!("{}/v1/linked-accounts/{}/employees?limit=100", service.url, account.id);
        let get = async |tag: &str| {
            let request = service.http.get(&url).bearer_auth(OPERATOR).header(header::IF_NONE_MATCH, tag);
            let answer = request.send().await.unwrap();
            let (status, tag) = (answer.status().as_u16(), answer.headers()[header::ETAG].clone());
            (status, tag.to_str().unwrap().to_owned(), answer.text().await.unwrap())
        };
        let (_, first, body) = get("none").await;
        assert_eq!(get(&first).await.0, 304);
        // A sync without changes keeps the ETag.
        service.clock.advance(Duration::from_mins(20));
        service.sync(&account).await;
        assert_eq!(get(&first).await.0, 304);
        assert_eq!(get("none").await.2, body);
        // An employee changes.
        let changed = emulator.tenant().people(Some(Status::Active), usize::MAX)[5].id;
        let patch = PersonPatch { job_title: Some(Some("Falconer".to_owned())), ..PersonPatch::default() };
        emulator.tenant().change(changed, patch).unwrap();
        service.sync(&account).await;
        let (status, second, body) = get(&first).await;
        assert_eq!(status, 200);
        assert!(body.contains("Falconer"));
        // An erased employee is gone at once, despite the page cache.
        let erased = RemoteId::from(changed);
        let now = service.services.clock.now();
        let id = ErasureId::mint(now, [3; 10]);
        let erasure = Erasure { id, remote_id: &erased, actor: Actor::Cli, at: now };
        service.database.store.erase_person(&account, erasure).await.unwrap();
        let (status, third, body) = get(&second).await;
        assert_eq!(status, 200);
        assert!(!body.contains("Falconer"));
        // A new day alone may change statuses.
        service.clock.advance(Duration::from_hours(24));
        assert_eq!(get(&third).await.0, 200);
    }
}

#[tokio::test]
async fn modified_after_includes_calendar_changes() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(80, Rights::all()).await;
        let account = service.linked(&emulator, &["leaves"]).await;
        let leaver = emulator.tenant().people(Some(Status::Active), usize::MAX)[7].id;
        emulator.tenant().terminate(leaver, TODAY.tomorrow().unwrap()).unwrap();
        service.sync(&account).await;
        let base = format!("/v1/linked-accounts/{}/employees", account.id);
        service.clock.advance(Duration::from_hours(48));
        let since = service.services.clock.now();
        let path = format!("{base}?modified_after={since}&limit=1");
        assert_eq!(every(&service, &path).await.0, Vec::<Value>::new());
        service.sync(&account).await;
        let (items, pages) = every(&service, &path).await;
        let leaver = leaver.to_string();
        let found = items.iter().find(|item| item["id"] == leaver);
        assert_eq!(found.map(|item| &item["status"]), Some(&json!("former")), "{items:?}");
        assert!(pages >= items.len());
        let mut ids: Vec<&str> = items.iter().map(|item| item["id"].as_str().unwrap()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), items.len(), "each once");
        // A cursor of one order is not valid for another.
        let (_, page) = service.get(&format!("{base}?limit=1")).await;
        let cursor = page["next_cursor"].as_str().unwrap();
        assert_eq!(service.get(&format!("{path}&cursor={cursor}")).await.0, 422);
    }
}

#[tokio::test]
async fn pages_of_a_rare_status_are_short() {
    let service = Service::start("").await;
    let emulator = tenant(2600, Rights::all()).await;
    let account = service.linked(&emulator, &["leaves"]).await;
    service.sync(&account).await;
    let base = format!("/v1/linked-accounts/{}/employees", account.id);
    let (_, page) = service.get(&format!("{base}?status=future&limit=500")).await;
    assert!(page["next_cursor"].is_string(), "not all were looked through");
    let (items, pages) = every(&service, &format!("{base}?status=future&limit=500")).await;
    assert_eq!(items.len(), emulator.tenant().people(Some(Status::Future), usize::MAX).len());
    assert!(pages >= 2);
}

#[tokio::test]
async fn as_of_follows_contracts_and_observations() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(200, Rights::all()).await;
        let account = service.linked(&emulator, &["leaves"]).await;
        service.sync(&account).await;
        let base = format!("/v1/linked-accounts/{}", account.id);
        let (contracts, _) = every(&service, &format!("{base}/employments?limit=500")).await;
        for day in ["2019-06-01", "2026-11-25", "2027-06-01"] {
            let (people, _) = every(&service, &format!("{base}/employees?as_of={day}&limit=500")).await;
            assert_eq!(people.len(), 200);
            let covers = |contract: &&Value| {
                let (first, last) = (contract["starts_on"].as_str().unwrap(), contract["ends_on"].as_str());
                first <= day && last.is_none_or(|last| last >= day)
            };
            for person in &people {
                let own = |contract: &&Value| contract["employee_id"] == person["id"];
                if contracts.iter().any(|contract| own(&contract)) {
                    let is_employed = contracts.iter().filter(own).any(|contract| covers(&contract));
                    assert_eq!(person["status"] == "active", is_employed, "{day} {person}");
                }
                assert_eq!(person["as_of"], day);
            }
            let (active, _) =
                every(&service, &format!("{base}/employees?as_of={day}&status=active&limit=500")).await;
            let expected = people.iter().filter(|person| person["status"] == "active").count();
            assert_eq!(active.len(), expected);
            let (in_force, _) = every(&service, &format!("{base}/employments?as_of={day}&limit=500")).await;
            assert_eq!(in_force.len(), contracts.iter().filter(covers).count());
        }

        // An employee gets another job; the day before still shows the previous one.
        let moved = emulator.tenant().people(Some(Status::Active), usize::MAX)[9].id;
        let (_, before) = service.get(&format!("{base}/employees/{moved}")).await;
        service.clock.advance(Duration::from_hours(72));
        let patch = PersonPatch { job_title: Some(Some("Falconer".to_owned())), ..PersonPatch::default() };
        emulator.tenant().change(moved, patch).unwrap();
        service.sync(&account).await;
        let (_, now) = service.get(&format!("{base}/employees/{moved}?as_of=2026-11-28")).await;
        let (_, then) = service.get(&format!("{base}/employees/{moved}?as_of=2026-11-26")).await;
        assert_eq!(now["job_title"], "Falconer");
        assert_eq!(then["job_title"], before["job_title"]);
        let (_, history) = service.get(&format!("{base}/employees/{moved}/positions")).await;
        let last = history["items"].as_array().unwrap().last().unwrap();
        assert_eq!(last["job_title"], json!({ "value": "Falconer", "source": "observation" }), "{history}");
        assert_eq!((&last["starts_on"], &last["ends_on"]), (&json!("2026-11-28"), &Value::Null));
        let (positions, pages) = every(&service, &format!("{base}/positions?limit=50")).await;
        assert_eq!(pages, 4);
        let moved = moved.to_string();
        let own: Vec<&Value> = positions.iter().filter(|position| position["employee_id"] == moved).collect();
        assert_eq!(own, history["items"].as_array().unwrap().iter().collect::<Vec<_>>());
        for wrong in ["employees?as_of=yesterday", "departments?as_of=2026-01-01", "positions?limit=0"] {
            assert_eq!(service.get(&format!("{base}/{wrong}")).await.0, 422, "{wrong}");
        }
        assert_eq!(service.get(&format!("{base}/employees/no-such-id/positions")).await.0, 404);
    }
}

#[tokio::test]
async fn tree_as_of_a_day_has_former_names() {
    let service = Service::start("").await;
    let emulator = tenant(100, Rights::all()).await;
    let account = service.linked(&emulator, &["leaves"]).await;
    service.sync(&account).await;
    let path = format!("/v1/linked-accounts/{}/departments/tree", account.id);
    let (_, before) = service.get(&path).await;
    let id: i64 = before["items"][0]["id"].as_str().unwrap().parse().unwrap();
    service.clock.advance(Duration::from_hours(48));
    assert!(emulator.tenant().rename_department(id, "Falconry".to_owned()));
    service.sync(&account).await;
    let (_, now) = service.get(&path).await;
    assert_eq!(now["items"][0]["name"], "Falconry");
    assert_eq!(service.get(&format!("{path}?as_of=2026-11-26")).await.1, before);
    assert_eq!(service.get(&format!("{path}?as_of=2026-11-27")).await.1, now);
    assert_eq!(service.get(&format!("{path}?as_of=x")).await.0, 422);
}

#[tokio::test]
async fn cancelled_run_writes_nothing_more() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(5, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        let store = &service.database.store;
        let now = service.services.clock.now();
        let run = RunId::mint(now, [5; 10]);
        let lease = store.take_lease(&account, run, "a test", None, now).await.unwrap().unwrap();
        store.start_run(&lease, now).await.unwrap();
        let path = format!("/v1/linked-accounts/{}/runs/{run}", account.id);
        let (status, problem) =
            service.post(&format!("/v1/linked-accounts/{}/runs", account.id), json!({})).await;
        assert_eq!((status, &problem["code"]), (409, &json!("sync.busy")));
        for _ in 0..2 {
            let (status, told) = service.post(&format!("{path}/cancel"), json!({})).await;
            assert_eq!((status, &told["outcome"]), (202, &Value::Null), "{told}");
        }
        let commit = store::Commit { state: Some(("users", "{}".to_owned())), ..store::Commit::default() };
        let refused = store.commit(&lease, Kind::Employee, &commit, now).await;
        assert!(matches!(refused, Err(store::Error::Cancelled)), "{refused:?}");
        store.finish_run(&lease, store::Outcome::Cancelled, 3, None, now).await.unwrap();
        store.release_lease(&lease).await.unwrap();
        assert_eq!(service.get(&path).await.1["outcome"], "cancelled");
        assert_eq!(service.post(&format!("{path}/cancel"), json!({})).await.0, 202, "asked again");

        // The next run reads everything; a finished run can't be cancelled.
        service.clock.advance(Duration::from_secs(5));
        service.sync(&account).await;
        let (_, runs) = service.get(&format!("/v1/linked-accounts/{}/runs", account.id)).await;
        let last = runs["items"][0]["id"].as_str().unwrap();
        let ended = format!("/v1/linked-accounts/{}/runs/{last}/cancel", account.id);
        let (status, problem) = service.post(&ended, json!({})).await;
        assert_eq!((status, &problem["code"]), (409, &json!("run.ended")), "{problem}");
        let other = "run_01a21394572d76d881d5432106300cf4";
        let other = format!("/v1/linked-accounts/{}/runs/{other}/cancel", account.id);
        assert_eq!(service.api(Method::POST, &other, Some(json!({}))).await.0, 404);
    }
}

#[tokio::test]
async fn queued_sync_is_cancelled_and_due_sync_stays() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(5, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        let runs = format!("/v1/linked-accounts/{}/runs", account.id);
        let duty = jobs::SyncDuty(service.services.clone());
        let (_, asked) = service.post(&runs, json!({})).await;
        let path = format!("{runs}/{}", asked["id"].as_str().unwrap());
        // Cancelling wins even if a worker has already claimed the run.
        let told = jobs::Duty::due(&duty, service.now()).await.unwrap();
        let (status, cancelled) = service.post(&format!("{path}/cancel"), json!({})).await;
        assert_eq!((status, &cancelled["status"]), (202, &json!("cancelled")), "{cancelled}");
        assert_eq!(service.post(&format!("{path}/cancel"), json!({})).await.0, 202, "asked again");
        jobs::Duty::run(&duty, &told[0].id).await;
        let (_, all) = service.get(&runs).await;
        assert_eq!(all["items"].as_array().unwrap().len(), 1, "{all}");

        // Requested while it is due: one run, with the requested id, also if the schedule finds it first.
        service.clock.advance(Duration::from_secs(1));
        let (_, asked) = service.post(&runs, json!({})).await;
        jobs::Duty::run(&duty, &account.id.to_string()).await;
        service.do_due(&duty).await;
        let (_, all) = service.get(&runs).await;
        assert_eq!(all["items"].as_array().unwrap().len(), 2, "{all}");
        assert_eq!((&all["items"][0]["id"], &all["items"][0]["status"]), (&asked["id"], &json!("succeeded")));
    }
}

#[tokio::test]
async fn sync_of_a_dead_worker_is_interrupted() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(5, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        service.sync(&account).await;
        let (runs, store) = (format!("/v1/linked-accounts/{}/runs", account.id), &service.database.store);
        let duty = jobs::SyncDuty(service.services.clone());
        service.clock.advance(Duration::from_secs(60));
        assert!(jobs::Duty::due(&duty, service.now()).await.unwrap().is_empty());

        let (_, asked) = service.post(&runs, json!({})).await;
        let id = asked["id"].as_str().unwrap().parse().unwrap();
        store.beat("worker-1", "1", service.now()).await.unwrap();
        let lease = store.take_lease(&account, id, "worker-1", None, service.now()).await.unwrap().unwrap();
        assert!(store.start_run(&lease, service.now()).await.unwrap());
        let (status, problem) = service.post(&runs, json!({})).await;
        assert_eq!((status, &problem["code"]), (409, &json!("sync.busy")));
        // The account is synced as soon as the dead worker's lease has expired, before it is due.
        service.clock.advance(Duration::from_secs(46));
        service.do_due(&duty).await;
        let (_, all) = service.get(&runs).await;
        let states: Vec<&str> =
            all["items"].as_array().unwrap().iter().map(|run| run["status"].as_str().unwrap()).collect();
        assert_eq!(states, ["succeeded", "interrupted", "succeeded"], "{all}");
        assert_eq!(all["items"][1]["id"], asked["id"]);
    }
}
