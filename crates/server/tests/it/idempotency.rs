//! Requests with an idempotency key: processed once, replayed, and separate for each caller.

use futures::future::join_all;
use serde_json::{Value, json};
use test_database::Engine;

use crate::support::{OPERATOR, Service};

struct Answer {
    status: u16,
    is_replayed: bool,
    body: Value,
}

async fn post(service: &Service, (key, name): (&str, &str), path: &str, body: &Value) -> Answer {
    let asked = service.http.post(format!("{}{path}", service.url)).bearer_auth(key).json(body);
    let answer = asked.header("idempotency-key", name).send().await.unwrap();
    Answer {
        status: answer.status().as_u16(),
        is_replayed: answer.headers().get("idempotent-replayed").is_some_and(|value| value == "true"),
        body: answer.json().await.unwrap(),
    }
}

async fn count(service: &Service) -> usize {
    service.get("/v1/api-keys").await.1["items"].as_array().unwrap().len()
}

fn key(name: &str) -> Value {
    json!({ "name": name, "role": "vendor" })
}

#[tokio::test]
async fn repeated_request_is_replayed() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let first = post(&service, (OPERATOR, "a"), "/v1/api-keys", &key("app")).await;
        assert_eq!((first.status, first.is_replayed), (201, false));
        let again = post(&service, (OPERATOR, "a"), "/v1/api-keys", &key("app")).await;
        assert_eq!((again.status, again.is_replayed), (201, true));
        assert_eq!(again.body, first.body, "the new key among it");
        assert_eq!(count(&service).await, 1);

        let other = post(&service, (OPERATOR, "a"), "/v1/api-keys", &key("another app")).await;
        assert_eq!((other.status, &other.body["code"]), (422, &json!("request.idempotency_key_reused")));
        let elsewhere =
            post(&service, (OPERATOR, "a"), "/v1/link-tokens", &json!({ "customer_id": "c" })).await;
        assert_eq!(elsewhere.status, 422);

        // Another caller's key with the same text is another key.
        let vendor = first.body["key"].as_str().unwrap();
        let theirs = post(&service, (vendor, "a"), "/v1/link-tokens", &json!({ "customer_id": "c" })).await;
        assert_eq!((theirs.status, theirs.is_replayed), (201, false));

        service.clock.advance(std::time::Duration::from_secs(24 * 3600));
        let next_day = post(&service, (OPERATOR, "a"), "/v1/api-keys", &key("another app")).await;
        assert_eq!((next_day.status, count(&service).await), (201, 2));
    }
}

#[tokio::test]
async fn refused_request_releases_its_key() {
    let service = Service::start("").await;
    let refused =
        post(&service, (OPERATOR, "a"), "/v1/api-keys", &json!({ "name": "", "role": "vendor" })).await;
    assert_eq!(refused.status, 422);
    assert_eq!(post(&service, (OPERATOR, "a"), "/v1/api-keys", &key("app")).await.status, 201);
    let too_long = "x".repeat(201);
    for name in ["", " ", "é", too_long.as_str()] {
        let answer = post(&service, (OPERATOR, name), "/v1/api-keys", &key("app")).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (400, &json!("request.invalid_idempotency_key")),
            "{name}"
        );
    }
    assert_eq!(count(&service).await, 1);
}

#[tokio::test]
async fn concurrent_requests_run_once() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let body = key("app");
        let all = join_all((0..12).map(|_| post(&service, (OPERATOR, "a"), "/v1/api-keys", &body))).await;
        assert_eq!(count(&service).await, 1);
        let made = all.iter().find(|answer| answer.status == 201).unwrap();
        for answer in &all {
            match answer.status {
                201 => assert_eq!(answer.body, made.body),
                _ => assert_eq!((answer.status, &answer.body["code"]), (409, &json!("request.in_progress"))),
            }
        }
        assert_eq!(all.iter().filter(|answer| answer.status == 201 && !answer.is_replayed).count(), 1);
    }
}
