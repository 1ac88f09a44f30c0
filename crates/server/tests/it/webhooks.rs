//! Webhook endpoints through the API, and the events of a real sync.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::StatusCode;
use delivery::webhooks::Courier;
use lucca_emulator::Rights;
use net::NetworkPolicy;
use reqwest::Method;
use serde_json::{Value, json};
use test_database::Engine;

use crate::support::{Service, tenant};

const ENDPOINTS: &str = "/v1/webhook-endpoints";

/// A receiver that accepts everything, and its log.
async fn receiver() -> (SocketAddr, Arc<Mutex<Vec<Value>>>) {
    let taken = Arc::<Mutex<Vec<Value>>>::default();
    let inside = Arc::clone(&taken);
    let take = move |axum::Json(body): axum::Json<Value>| {
        inside.lock().unwrap().push(body);
        async { StatusCode::NO_CONTENT }
    };
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(take);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, taken)
}

fn courier(service: &Service) -> Courier {
    let services = &service.services;
    let (vault, clock) = (services.vault.clone(), services.clock.clone());
    Courier::new(services.store.clone(), vault, clock, NetworkPolicy::AllowLoopback, ("test", 1)).unwrap()
}

#[tokio::test]
async fn endpoint_receives_events_of_a_sync() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(12, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        let (address, taken) = receiver().await;
        let wanted = json!({
            "url": format!("http://{address}/hooks"),
            "linked_account_id": account.id,
            "event_types": ["employee.*", "sync.completed"],
            "payload": "full",
        });
        let (status, made) = service.post(ENDPOINTS, wanted).await;
        assert_eq!(status, 201, "{made}");
        service.sync(&account).await;
        let courier = courier(&service);
        courier.deliver_due().await.unwrap();

        let first = std::mem::take(&mut *taken.lock().unwrap());
        let people = first.iter().filter(|body| body["type"] == "employee.created").count();
        assert!(people >= 12, "{people}");
        assert!(first.iter().all(|body| body["linked_account_id"] == json!(account.id)));
        assert!(first.iter().all(|body| body["type"] != "employee.hired"), "they were there before");
        assert_eq!(first.last().unwrap()["type"], "sync.completed");
        assert!(first[0]["data"]["record"]["id"].is_string(), "{}", first[0]);

        let place = format!("{ENDPOINTS}/{}", made["id"].as_str().unwrap());
        let (status, log) = service.get(&format!("{place}/deliveries?limit=500&delivered=true")).await;
        assert_eq!((status, log["items"].as_array().unwrap().len()), (200, first.len()));
        assert_eq!(log["items"][0]["response_status"], 204);

        let (status, replayed) = service.post(&format!("{place}/replay"), json!({ "after_seq": 0 })).await;
        assert_eq!(status, 202, "{replayed}");
        courier.deliver_due().await.unwrap();
        // The other log is not replayed.
        assert_eq!(taken.lock().unwrap().as_slice(), &first[..first.len() - 1]);
        let beyond = json!({ "after_seq": replayed["last_seq"].as_i64().unwrap() + 1 });
        let (status, problem) = service.post(&format!("{place}/replay"), beyond).await;
        assert_eq!((status, problem["code"].as_str()), (422, Some("webhook.no_such_sequence")));
    }
}

#[tokio::test]
async fn endpoint_lifecycle_shows_the_secret_once() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let (address, taken) = receiver().await;
        let url = format!("http://{address}/hooks");
        let (_, made) = service.post(ENDPOINTS, json!({ "url": url, "description": "people app" })).await;
        let secret = made["secret"].as_str().unwrap().to_owned();
        assert!(secret.starts_with("whsec_") && secret.len() == 50, "{made}");
        assert_eq!((&made["enabled"], &made["payload"]), (&json!(true), &json!("thin")));
        let place = format!("{ENDPOINTS}/{}", made["id"].as_str().unwrap());
        let (_, list) = service.get(ENDPOINTS).await;
        assert!(list["items"][0]["id"] == made["id"] && !list.to_string().contains(&secret));
        assert!(!service.database.raw_content().await.contains(&secret));

        let (status, tested) = service.post(&format!("{place}/test"), json!({})).await;
        assert_eq!((status, &tested["delivered"]), (200, &json!(true)));
        assert_eq!(taken.lock().unwrap()[0]["type"], "webhook.test");

        let (status, rotated) = service.post(&format!("{place}/rotate-secret"), json!({})).await;
        assert_eq!(status, 200, "{rotated}");
        assert_eq!(rotated["previous_secret_until"], "2026-11-26T10:00:00Z");
        assert_ne!(rotated["secret"], json!(secret));

        let patch = json!({ "enabled": false, "description": null, "event_types": ["employee.hired"] });
        let (status, changed) = service.api(Method::PATCH, &place, Some(patch)).await;
        assert_eq!(status, 200, "{changed}");
        assert_eq!(
            (&changed["disabled_reason"], &changed["description"]),
            (&json!("requested"), &Value::Null)
        );
        assert_eq!((&changed["event_types"], &changed["url"]), (&json!(["employee.hired"]), &json!(url)));
        let (_, changed) = service.api(Method::PATCH, &place, Some(json!({ "enabled": true }))).await;
        assert_eq!((&changed["enabled"], &changed["disabled_reason"]), (&json!(true), &Value::Null));

        assert_eq!(service.api(Method::DELETE, &place, None).await.0, 204);
        for (method, path) in [(Method::GET, place.clone()), (Method::DELETE, place.clone())] {
            assert_eq!(service.api(method, &path, None).await.0, 404);
        }
        let audit = service.services.store.audit_log(None).await.unwrap();
        let actions: Vec<&str> = audit.iter().map(|entry| entry.action.as_str()).collect();
        let expected = ["created", "secret_rotated", "changed", "changed", "removed"];
        assert_eq!(actions, expected.map(|done| format!("webhook_endpoint.{done}")));
    }
}

#[tokio::test]
async fn invalid_endpoints_are_refused() {
    let service = Service::start("").await;
    let ok = "https://app.example/hooks";
    for (body, field, code) in [
        (json!({ "url": "https://10.0.0.1/" }), "url", "target.not_public"),
        (json!({ "url": "http://app.example/" }), "url", "target.not_https"),
        (json!({ "url": "https://u:p@app.example/" }), "url", "target.invalid_url"),
        (json!({ "url": ok, "event_types": ["employee.sacked"] }), "event_types", "webhook.unknown_type"),
        (json!({ "url": ok, "linked_account_id": "acct_1" }), "linked_account_id", "request.invalid"),
        (json!({ "url": ok, "description": "x".repeat(501) }), "description", "request.invalid"),
    ] {
        let (status, problem) = service.post(ENDPOINTS, body).await;
        let said = (problem["field"].as_str(), problem["code"].as_str());
        assert_eq!((status, said), (422, (Some(field), Some(code))), "{problem}");
    }
    assert_eq!(service.post(ENDPOINTS, json!({ "url": ok, "payload": "fat" })).await.0, 422);
    let (_, made) = service.post(ENDPOINTS, json!({ "url": ok })).await;
    let replay = format!("{ENDPOINTS}/{}/replay", made["id"].as_str().unwrap());
    let (status, problem) = service.post(&replay, json!({ "after_seq": 0 })).await;
    assert_eq!((status, problem["field"].as_str()), (422, Some("linked_account_id")));
}
