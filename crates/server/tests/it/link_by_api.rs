//! `POST /v1/linked-accounts`: links a tenant without the linking flow.

use lucca_emulator::Rights;
use serde_json::{Value, json};
use test_database::Engine;

use crate::support::{Service, tenant};

fn body(customer: &str, url: &str, key: &str) -> Value {
    json!({ "customer_id": customer, "organization": "Acme", "tenant_url": url, "api_key": key })
}

#[tokio::test]
async fn tenant_is_linked_and_relinked_by_its_key() {
    for engine in Engine::available() {
        let service = Service::on(engine, "[linking]\nrequests_per_minute = 0\n").await;
        let emulator = tenant(30, Rights::all()).await;
        let request = |customer| body(customer, &emulator.url(), emulator.api_key());
        let (status, made) = service.post("/v1/linked-accounts", request("cust_1")).await;
        assert_eq!(status, 201, "{engine:?} {made}");
        assert_eq!(made["customer_id"], "cust_1");
        assert_eq!(made["status"], "linked");
        assert_eq!(made["diagnosis"]["readiness"], "ready", "{made}");
        assert!(!made.to_string().contains(emulator.api_key()));
        let path = format!("/v1/linked-accounts/{}", made["id"].as_str().unwrap());
        let (_, runs) = service.get(&format!("{path}/runs")).await;
        assert_eq!(runs["items"][0]["status"], "queued", "{runs}");

        let (status, again) = service.post("/v1/linked-accounts", request("cust_1")).await;
        assert_eq!((status, &again["id"]), (200, &made["id"]), "{again}");
        let (status, taken) = service.post("/v1/linked-accounts", request("cust_2")).await;
        assert_eq!((status, &taken["code"]), (409, &json!("linking.tenant_taken")));
    }
}

#[tokio::test]
async fn missing_permissions_come_with_their_remedy() {
    let service = Service::start("[linking]\nrequests_per_minute = 0\n").await;
    let rights = Rights { see_former: false, ..Rights::all() };
    let emulator = tenant(60, rights).await;
    let mut request = body("cust_1", &emulator.url(), emulator.api_key());
    let (status, refused) = service.post("/v1/linked-accounts", request.clone()).await;
    assert_eq!((status, &refused["code"]), (422, &json!("linking.permissions_missing")), "{refused}");
    let permission = &refused["permissions"][0];
    assert_eq!(permission["permission"], "see_former_employees", "{refused}");
    assert!(permission["remedy"].as_str().unwrap().len() > 20, "{refused}");
    assert_eq!(service.get("/v1/linked-accounts").await.1["items"], json!([]));

    request["allow_missing_permissions"] = json!(true);
    let (status, made) = service.post("/v1/linked-accounts", request).await;
    assert_eq!((status, &made["diagnosis"]["readiness"]), (201, &json!("not_ready")), "{made}");
}

#[tokio::test]
async fn wrong_input_names_its_member() {
    let service = Service::start("[linking]\nrequests_per_minute = 0\n").await;
    let emulator = tenant(5, Rights::all()).await;
    let (url, key) = (emulator.url(), emulator.api_key());
    let other_key = "0a0a0a0a-0b0b-0c0c-0d0d-0e0e0e0e0e0e";
    let expected = [
        (body("", &url, key), "customer_id"),
        (body("cust_1", "https://acme.example.com", key), "tenant_url"),
        (body("cust_1", &url, "not a key"), "api_key"),
        (body("cust_1", &url, other_key), "api_key"),
    ];
    for (request, field) in expected {
        let (status, refused) = service.post("/v1/linked-accounts", request).await;
        assert_eq!((status, &refused["field"]), (422, &json!(field)), "{refused}");
    }
    let with = |member: &str, value: Value| {
        let mut request = body("cust_1", &url, key);
        request[member] = value;
        request
    };
    for (member, value) in [
        ("features", json!(["everything"])),
        ("field_groups", json!(["everything"])),
        ("confirmed_permissions", json!(["everything"])),
    ] {
        let (status, refused) = service.post("/v1/linked-accounts", with(member, value)).await;
        assert_eq!((status, &refused["field"]), (422, &json!(member)), "{refused}");
    }
    assert_eq!(service.get("/v1/linked-accounts").await.1["items"], json!([]));
}

#[tokio::test]
async fn two_requests_at_once_make_one_account() {
    for engine in Engine::available() {
        let service = Service::on(engine, "[linking]\nrequests_per_minute = 0\n").await;
        let emulator = tenant(5, Rights::all()).await;
        let mut request = body("cust_1", &emulator.url(), emulator.api_key());
        request["allow_missing_permissions"] = json!(true);
        let send = || service.post("/v1/linked-accounts", request.clone());
        let (one, other) = tokio::join!(send(), send());
        assert_eq!(one.0.min(other.0), 200, "{engine:?} {} {}", one.1, other.1);
        assert_eq!(one.0.max(other.0), 201, "{engine:?} {} {}", one.1, other.1);
        assert_eq!(one.1["id"], other.1["id"]);
    }
}
