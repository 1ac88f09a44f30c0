//! Calls that do exactly what they request: runs, the change log, references to employees.

use std::time::Duration;

use jobs::SyncDuty;
use lucca_emulator::{PersonPatch, Rights, Status};
use reqwest::Method;
use serde_json::{Value, json};
use test_database::Engine;

use crate::support::{OPERATOR, Service, tenant};

#[tokio::test]
async fn full_run_reads_everything() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(30, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        service.sync(&account).await;
        let runs = format!("/v1/linked-accounts/{}/runs", account.id);
        let duty = SyncDuty(service.services.clone());
        let mode_of_people = async |body: Option<Value>| {
            service.clock.advance(Duration::from_secs(5));
            let (status, started) = service.api(Method::POST, &runs, body).await;
            assert_eq!(status, 202, "{started}");
            service.do_due(&duty).await;
            let (_, run) = service.get(&format!("{runs}/{}", started["id"].as_str().unwrap())).await;
            assert_eq!(run["outcome"], "succeeded", "{run}");
            let streams = run["progress"].as_array().unwrap();
            streams.iter().find(|one| one["stream"] == "users").unwrap()["mode"].clone()
        };
        assert_eq!(mode_of_people(Some(json!({ "full": true }))).await, "full");
        assert_eq!(mode_of_people(Some(json!({ "full": false }))).await, "incremental");
        assert_eq!(mode_of_people(None).await, "incremental");

        // Requested again while it is queued: one run, which reads everything.
        service.clock.advance(Duration::from_secs(5));
        let (_, plain) = service.post(&runs, json!({})).await;
        let (_, full) = service.post(&runs, json!({ "full": true })).await;
        assert_eq!(plain["id"], full["id"]);
        assert!(service.database.store.is_full_run_asked(account.no).await.unwrap());
        // A run that is cancelled before it began is no longer requested.
        let path = format!("{runs}/{}/cancel", full["id"].as_str().unwrap());
        assert_eq!(service.post(&path, json!({})).await.0, 202);
        assert!(!service.database.store.is_full_run_asked(account.no).await.unwrap());
    }
}

#[tokio::test]
async fn invalid_run_options_are_refused() {
    let service = Service::start("").await;
    let emulator = tenant(5, Rights::all()).await;
    let account = service.linked(&emulator, &[]).await;
    let runs = format!("/v1/linked-accounts/{}/runs", account.id);
    for body in [json!({ "ful": true }), json!({ "full": "yes" }), json!({ "full": true, "people": false })] {
        let (status, problem) = service.post(&runs, body.clone()).await;
        assert_eq!((status, &problem["code"]), (422, &json!("request.invalid")), "{body}");
    }
    for (text, expected) in [("{", 400), ("full", 400), ("null", 422), ("[true]", 422)] {
        let request = service.http.post(format!("{}{runs}", service.url)).bearer_auth(OPERATOR);
        let answer = request.header("content-type", "application/json").body(text).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), expected, "{text}");
    }
    let (_, all) = service.get(&runs).await;
    assert_eq!(all["items"], json!([]), "a refused call asked for a run");
}

#[tokio::test]
async fn sequence_beyond_the_last_change_is_gone() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(5, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        service.sync(&account).await;
        let changes = format!("/v1/linked-accounts/{}/changes", account.id);
        let mut last = 0;
        loop {
            let (status, page) = service.get(&format!("{changes}?limit=1000&after={last}")).await;
            assert_eq!(status, 200);
            let is_end = page["items"].as_array().unwrap().is_empty();
            last = page["next_after"].as_i64().unwrap();
            if is_end {
                break;
            }
        }
        for beyond in [last + 1, last + 1_000_000, i64::MAX] {
            let (status, problem) = service.get(&format!("{changes}?after={beyond}")).await;
            assert_eq!((status, &problem["code"]), (410, &json!("changes.truncated")), "{beyond}");
            assert!(problem["detail"].as_str().unwrap().contains(&last.to_string()), "{problem}");
        }
    }
}

#[tokio::test]
async fn request_bodies_take_typed_references() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(40, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        let people: Vec<i64> = emulator
            .tenant()
            .people(Some(Status::Active), usize::MAX)
            .into_iter()
            .map(|person| person.id)
            .filter(|id| *id > 0)
            .collect();
        let (numbered, identified) = (people[3], people[4]);
        let number = format!("0{identified}");
        for (id, number) in [(numbered, number.clone()), (identified, "N7".to_owned())] {
            let patch = PersonPatch { employee_number: Some(Some(number)), ..PersonPatch::default() };
            emulator.tenant().change(id, patch).unwrap();
        }
        service.sync(&account).await;
        let base = format!("/v1/linked-accounts/{}", account.id);
        let wanted = |person: &str| json!({ "employee_id": person, "leave_type_id": "34", "starts_on": "2027-02-02", "ends_on": "2027-02-02" });
        for (text, id) in [
            (format!("id:{identified}"), identified),
            ("number:N7".to_owned(), identified),
            (format!("number:{number}"), numbered),
            (number.clone(), numbered),
        ] {
            let (status, preview) =
                service.post(&format!("{base}/absence-submissions/preview"), wanted(&text)).await;
            assert_eq!(status, 200, "{preview}");
            assert_eq!(preview["employee"]["id"], id.to_string(), "{text}");
            assert!(!preview["employee"]["name"].as_str().unwrap().is_empty());
            let (status, types) = service.get(&format!("{base}/employees/{text}/leave-types")).await;
            assert_eq!((status, &types["employee"]["id"]), (200, &json!(id.to_string())), "{types}");
        }
        let bare = identified.to_string();
        let before = emulator.tenant().writes().len();
        let request = service
            .http
            .post(format!("{}{base}/absence-submissions", service.url))
            .bearer_auth(OPERATOR)
            .header("idempotency-key", "k")
            .json(&wanted(&bare));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 422);
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "absence.ambiguous_employee");
        let mut named: Vec<&str> = problem["candidates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["employee"]["id"].as_str().unwrap())
            .collect();
        named.sort_unstable();
        let mut both = [numbered.to_string(), identified.to_string()];
        both.sort();
        assert_eq!(named, both);
        assert_eq!(service.get(&format!("{base}/employees/{bare}/leave-types")).await.0, 422);
        assert_eq!(emulator.tenant().writes().len(), before, "nothing was asked of Lucca");
    }
}
