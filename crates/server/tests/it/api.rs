//! The JSON API: authentication, refusals and their form.

use lucca_emulator::Rights;
use serde_json::{Value, json};
use test_database::Engine;

use crate::support::{OPERATOR, Service, tenant};

#[tokio::test]
async fn nothing_under_v1_answers_without_a_key() {
    // From many addresses, since one address would be rate limited.
    let service = Service::start("trust_forwarded_for = true").await;
    let description: Value = serde_json::from_str(&api::openapi()).unwrap();
    let mut tried = 0;
    for (path, methods) in description["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().filter(|_| path.starts_with("/v1/")) {
            let url = format!("{}{}", service.url, path.replace(['{', '}'], ""));
            let method: reqwest::Method = method.to_uppercase().parse().unwrap();
            for key in [None, Some("op_wrong"), Some("")] {
                let from = format!("10.0.0.{tried}");
                let request = service.http.request(method.clone(), &url).json(&json!({}));
                let mut request = request.header("x-forwarded-for", from);
                if let Some(key) = key {
                    request = request.bearer_auth(key);
                }
                let answer = request.send().await.unwrap();
                assert_eq!(answer.status(), 401, "{method} {path}");
                assert_eq!(answer.headers()["content-type"], "application/problem+json");
                assert_eq!(answer.headers()["www-authenticate"], "Bearer");
                tried += 1;
            }
        }
    }
    assert!(tried >= 100, "{tried}");
}

#[tokio::test]
async fn health_needs_no_key() {
    let service = Service::start("").await;
    for path in ["/healthz", "/readyz"] {
        let answer = service.http.get(format!("{}{path}", service.url)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.json::<Value>().await.unwrap()["status"], "ok");
    }
}

#[tokio::test]
async fn readiness_fails_without_the_database() {
    let service = Service::start("").await;
    service.database.store.clone().close().await;
    let answer = service.http.get(format!("{}/readyz", service.url)).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "not_ready");
}

#[tokio::test]
async fn link_token_has_an_address_and_expires() {
    let service = Service::start("").await;
    let (status, made) = service.post("/v1/link-tokens", json!({ "customer_id": "cust_1" })).await;
    assert_eq!(status, 201);
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("lnk_") && token.len() == 47, "{made}");
    assert_eq!(made["url"], format!("{}/link/{token}", service.url));
    assert_eq!(made["expires_at"], "2026-11-25T10:30:00Z");
    let (status, flow) =
        service.get(&format!("/v1/linking-flows/{}", made["flow_id"].as_str().unwrap())).await;
    assert_eq!(status, 200);
    assert_eq!(flow["status"], "open");
    assert_eq!(flow["features"], json!(["employees", "leaves", "jobs", "managers", "qualifications"]));
    assert!(!flow.to_string().contains(token));
}

#[tokio::test]
async fn mailed_link_is_valid_for_at_most_30_days() {
    let service = Service::start("").await;
    let make = |minutes: Value| {
        service
            .post("/v1/link-tokens", json!({ "customer_id": "c", "mailed": true, "valid_minutes": minutes }))
    };
    assert_eq!(make(json!(43_200)).await.1["expires_at"], "2026-12-25T10:00:00Z");
    assert_eq!(make(Value::Null).await.1["expires_at"], "2026-12-02T10:00:00Z");
    assert_eq!(make(json!(43_201)).await.0, 422);
}

#[tokio::test]
async fn invalid_link_token_members_are_refused() {
    let service = Service::start("").await;
    for (body, field) in [
        (json!({ "customer_id": " " }), "customer_id"),
        (json!({ "customer_id": "a\u{1}b" }), "customer_id"),
        (json!({ "customer_id": "x".repeat(201) }), "customer_id"),
        (json!({ "customer_id": "c", "features": ["salaries"] }), "features"),
        (json!({ "customer_id": "c", "language": "de" }), "language"),
        (json!({ "customer_id": "c", "email": "not an address" }), "email"),
        (json!({ "customer_id": "c", "email": "a@b.example?cc=x@y.example" }), "email"),
        (json!({ "customer_id": "c", "allowed_origin": "https://app.example/path" }), "allowed_origin"),
        (json!({ "customer_id": "c", "allowed_origin": "http://app.example" }), "allowed_origin"),
        (json!({ "customer_id": "c", "allowed_origin": "*" }), "allowed_origin"),
        (
            json!({ "customer_id": "c", "allowed_origin": "https://a.example; script-src *" }),
            "allowed_origin",
        ),
        (json!({ "customer_id": "c", "return_url": "javascript:alert(1)" }), "return_url"),
        (json!({ "customer_id": "c", "return_url": "https://user:pass@app.example" }), "return_url"),
        (
            json!({ "customer_id": "c", "return_url": "https://a.example", "allowed_origin": "https://a.example" }),
            "return_url",
        ),
        (json!({ "customer_id": "c", "valid_minutes": 31 }), "valid_minutes"),
        (json!({ "customer_id": "c", "valid_minutes": 0 }), "valid_minutes"),
        (json!({ "customer_id": "c", "linked_account_id": "run_1" }), "linked_account_id"),
    ] {
        let (status, problem) = service.post("/v1/link-tokens", body.clone()).await;
        assert_eq!((status, problem["field"].as_str()), (422, Some(field)), "{body}: {problem}");
    }
    let (status, problem) = service.post("/v1/link-tokens", json!({ "customer": "c" })).await;
    assert_eq!((status, problem["code"].as_str()), (422, Some("request.invalid")));
    assert!(problem["detail"].as_str().unwrap().contains("unknown field"), "{problem}");
}

#[tokio::test]
async fn unknown_resources_are_not_found() {
    let service = Service::start("").await;
    for path in [
        "/v1/linking-flows/flow_0193a5b0c2d47b3e9f1a2b3c4d5e6f70",
        "/v1/linking-flows/nonsense",
        "/v1/linked-accounts/acct_0193a5b0c2d47b3e9f1a2b3c4d5e6f70",
        "/v1/linked-accounts/nonsense/issues",
        "/v1/nothing",
    ] {
        let (status, problem) = service.get(path).await;
        assert_eq!((status, problem["code"].as_str()), (404, Some("not_found")), "{path}");
    }
    let (status, problem) =
        service.post("/v1/public-tokens/exchange", json!({ "public_token": "pub_nothing" })).await;
    assert_eq!((status, problem["code"].as_str()), (404, Some("public_token.unknown")));
}

#[tokio::test]
async fn cancelled_flow_no_longer_opens() {
    let service = Service::start("").await;
    let (token, flow) = service.link_token(json!({})).await;
    let open = || service.http.get(format!("{}/link/{token}/welcome", service.url)).send();
    assert_eq!(open().await.unwrap().status(), 200);
    let (status, _) = service.api(reqwest::Method::DELETE, &format!("/v1/linking-flows/{flow}"), None).await;
    assert_eq!(status, 204);
    assert_eq!(open().await.unwrap().status(), 410);
}

#[tokio::test]
async fn key_guessing_is_rate_limited() {
    let service = Service::start("").await;
    let mut statuses = Vec::new();
    for at in 0..40 {
        let request =
            service.http.get(format!("{}/v1/linked-accounts", service.url)).bearer_auth(format!("op_{at}"));
        statuses.push(request.send().await.unwrap().status().as_u16());
    }
    assert_eq!((statuses[0], statuses[39]), (401, 429));
    // A client with a valid key is not locked out by those who guess.
    assert_eq!(service.get("/v1/linked-accounts").await.0, 200);
}

#[test]
fn description_matches_the_checked_in_file() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let now = api::openapi() + "\n";
    let agreed = std::fs::read_to_string(path).unwrap_or_default();
    // Writes the new description, so that the difference can be reviewed and committed.
    std::fs::write(path, &now).unwrap();
    assert!(agreed == now, "docs/openapi.json was out of date; it is not any more");
    assert!(!now.contains(OPERATOR));
}

#[tokio::test]
async fn nul_characters_are_refused() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(5, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        let base = format!("/v1/linked-accounts/{}", account.id);
        for path in [
            "/v1/linked-accounts?customer_id=%00".to_owned(),
            "/v1/linked-accounts?customer_id=a%00b".to_owned(),
            "/v1/linking-flows?customer_id=%00".to_owned(),
            format!("{base}/employees/%00"),
            format!("{base}/employees?department_id=%00"),
        ] {
            let (status, problem) = service.get(&path).await;
            assert_eq!((status, &problem["code"]), (422, &json!("request.invalid")), "{path}");
        }
        let body = json!({ "customer_id": "a\0b", "organization": "Acme" });
        let (status, problem) = service.post("/v1/link-tokens", body).await;
        assert_eq!((status, &problem["code"]), (422, &json!("request.invalid")));
        // Six characters that are not an escape sequence.
        let body = json!({ "customer_id": "a\\u0000b", "organization": "Acme" });
        assert_eq!(service.post("/v1/link-tokens", body).await.0, 201);
    }
}

#[tokio::test]
async fn views_are_logged_once_an_hour() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(12, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        service.sync(&account).await;
        let base = format!("/v1/linked-accounts/{}", account.id);
        let (_, page) = service.get(&format!("{base}/employees?limit=2")).await;
        let ids: Vec<&str> =
            page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
        let before = service.database.store.audit_log(Some(account.id)).await.unwrap().len();
        for _ in 0..50 {
            assert_eq!(service.get(&base).await.0, 200);
            for id in &ids {
                assert_eq!(service.get(&format!("{base}/employees/{id}")).await.0, 200);
            }
        }
        let log = async || service.database.store.audit_log(Some(account.id)).await.unwrap();
        let added = log().await.split_off(before);
        assert_eq!(added.len(), 1, "{added:?}");
        assert_eq!((&*added[0].action, &added[0].detail), ("account.viewed", &json!({ "key": "operator" })));

        service.clock.advance(std::time::Duration::from_secs(3600));
        service.do_due(&jobs::UpkeepDuty(service.services.clone())).await;
        let added = log().await.split_off(before + 1);
        assert_eq!(added.len(), 1, "{added:?}");
        assert_eq!(added[0].action, "account.people_viewed");
        assert_eq!((&added[0].detail["key"], &added[0].detail["people"]), (&json!("operator"), &json!(ids)));
        assert_eq!(service.database.store.verify_audit_log(None).await.unwrap().fault, None);
    }
}
