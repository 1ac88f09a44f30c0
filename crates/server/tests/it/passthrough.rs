//! Asking Lucca in one's own words.

use lucca_emulator::Rights;
use reqwest::Method;
use serde_json::json;
use store::{Actor, DataPolicy};
use test_database::Engine;

use crate::support::{Service, tenant};

#[tokio::test]
async fn lucca_answers_as_it_answers_and_it_counts() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(12, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        // Other tests have no limit.
        let settings = store::AccountSettings { requests_per_minute: None, ..account.settings.clone() };
        let now = service.machinery.clock.now();
        let change = store::SettingsChange { settings: &settings, gives_delivery: false };
        service.database.store.set_account_settings(&account, change, (Actor::Cli, now)).await.unwrap();
        let path = format!("/v1/linked-accounts/{}/passthrough", account.id);
        let wanted = json!({ "path": "/api/v3/users?fields=id,name&formerEmployees=true&paging=0,5" });
        let (status, answer) = service.post(&path, wanted).await;
        assert_eq!((status, &answer["status"]), (200, &json!(200)), "{answer}");
        assert_eq!(answer["body"]["data"]["items"].as_array().unwrap().len(), 5, "{answer}");
        assert!(answer["content_type"].as_str().unwrap().starts_with("application/json"));

        // What Lucca refuses is its answer, not ours.
        let (status, answer) = service.post(&path, json!({ "path": "/api/v3/nothing" })).await;
        assert_eq!((status, &answer["status"]), (200, &json!(404)), "{answer}");

        let sent = service.database.store.requests_lately(&account.origin, now).await.unwrap();
        assert_eq!(sent, 2, "within the shared budget");
        let audit = service.database.store.audit_log(Some(account.id)).await.unwrap();
        let asked = audit.iter().find(|entry| entry.action == "passthrough.requested").unwrap();
        assert_eq!(asked.actor, Actor::Operator);
        assert_eq!(asked.detail, json!({ "method": "GET", "path": "/api/v3/users" }), "without its query");

        service.database.store.unlink(&account, DataPolicy::Keep, Actor::Operator, now).await.unwrap();
        let (status, answer) = service.post(&path, json!({ "path": "/api/v3/users" })).await;
        assert_eq!((status, &answer["code"]), (409, &json!("account.unlinked")));
    }
}

#[tokio::test]
async fn only_reading_and_only_lucca_s_apis_unless_the_operator_says_otherwise() {
    let emulator = tenant(12, Rights::all()).await;
    for (config, status, code) in [
        ("", 403, "passthrough.method_refused"),
        ("[passthrough]\nmethods = []", 403, "passthrough.method_refused"),
        // Lucca's own refusal, passed on.
        ("[passthrough]\nmethods = [\"GET\", \"PUT\"]", 200, ""),
    ] {
        let service = Service::start(config).await;
        let account = service.linked(&emulator, &[]).await;
        let path = format!("/v1/linked-accounts/{}/passthrough", account.id);
        let put = json!({ "method": "PUT", "path": "/api/v3/users/1", "body": { "jobTitle": "x" } });
        let (answered, answer) = service.post(&path, put).await;
        assert_eq!((answered, answer["code"].as_str().unwrap_or_default()), (status, code), "{answer}");

        for (wanted, code) in [
            (json!({ "path": "https://evil.example/api/v3/users" }), "passthrough.path_refused"),
            (json!({ "path": "/api/../home" }), "passthrough.path_refused"),
            (json!({ "path": "/api/v3/users", "method": "HEAD" }), "request.invalid"),
            (json!({ "path": "/api/v3/users", "headers": {} }), "request.invalid"),
        ] {
            let (answered, answer) = service.post(&path, wanted.clone()).await;
            let is_off = config.ends_with("[]") && code == "passthrough.path_refused";
            let expected = if is_off { (403, "passthrough.method_refused") } else { (422, code) };
            assert_eq!((answered, answer["code"].as_str().unwrap()), expected, "{wanted}");
        }
        let key = json!({ "name": "a test", "role": "read_only", "account_id": account.id });
        let (_, made) = service.post("/v1/api-keys", key).await;
        let request = service.http.request(Method::POST, format!("{}{path}", service.url));
        let request = request.bearer_auth(made["key"].as_str().unwrap());
        let answer = request.json(&json!({ "path": "/api/v3/users" })).send().await.unwrap();
        assert_eq!(answer.status(), 403, "a key that reads what was synced asks Lucca for nothing");
    }
}
