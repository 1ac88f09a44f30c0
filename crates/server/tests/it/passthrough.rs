//! Passthrough requests: off by default, and within what the customer shared.

use lucca_emulator::Rights;
use people::RemoteId;
use reqwest::Method;
use serde_json::{Value, json};
use store::{AccountSettings, Actor, DataPolicy, Erasure, ErasureId, LinkedAccount, SettingsChange};
use test_database::Engine;

use crate::support::{Service, tenant};

impl Service {
    /// Allows passthrough requests, and returns the path for them.
    async fn allow(&self, account: &LinkedAccount) -> String {
        let path = format!("/v1/linked-accounts/{}/passthrough", account.id);
        let (status, view) = self.api(Method::PUT, &path, Some(json!({ "allowed": true }))).await;
        assert_eq!((status, &view["passthrough_allowed"]), (200, &json!(true)), "{view}");
        path
    }

    async fn ask(&self, path: &str, asked: &str) -> (u16, Value) {
        self.post(path, json!({ "path": asked })).await
    }
}

#[tokio::test]
async fn passthrough_is_off_by_default() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(12, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        let path = format!("/v1/linked-accounts/{}/passthrough", account.id);
        let (status, answer) = service.ask(&path, "/api/v3/users?fields=id").await;
        assert_eq!((status, &answer["code"]), (403, &json!("passthrough.disabled")), "{answer}");

        let (_, made) = service.post("/v1/api-keys", json!({ "name": "a test", "role": "vendor" })).await;
        let request = service.http.put(format!("{}{path}", service.url)).json(&json!({ "allowed": true }));
        let answer = request.bearer_auth(made["key"].as_str().unwrap()).send().await.unwrap();
        assert_eq!(answer.status(), 403, "only the operator allows it");

        service.allow(&account).await;
        assert_eq!(service.ask(&path, "/api/v3/users?fields=id").await.0, 200);
        let audit = service.database.store.audit_log(Some(account.id)).await.unwrap();
        let allowed = audit.iter().find(|entry| entry.action == "account.configured").unwrap();
        assert_eq!(allowed.detail, json!({ "changed": ["passthrough"] }));
    }
}

#[tokio::test]
async fn passthrough_returns_luccas_response() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(12, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        // Other tests run without a limit.
        let settings =
            AccountSettings { requests_per_minute: None, passthrough: true, ..account.settings.clone() };
        let now = service.services.clock.now();
        let change = SettingsChange { settings: &settings, gives_delivery: false };
        service.database.store.set_account_settings(&account, change, (Actor::Cli, now)).await.unwrap();
        let path = format!("/v1/linked-accounts/{}/passthrough", account.id);
        let asked =
            "/api/v3/users?fields=id,name,manager[id],collection.count&formerEmployees=true&paging=0,5";
        let (status, answer) = service.ask(&path, asked).await;
        assert_eq!((status, &answer["status"]), (200, &json!(200)), "{answer}");
        assert_eq!(answer["body"]["data"]["items"].as_array().unwrap().len(), 5, "{answer}");
        assert!(answer["content_type"].as_str().unwrap().starts_with("application/json"));

        // Lucca's refusal is a response of Lucca's, not of the service.
        let (status, answer) = service.ask(&path, "/api/v3/users/999999?fields=id").await;
        assert_eq!((status, &answer["status"]), (200, &json!(500)), "{answer}");

        let sent = service.database.store.requests_lately(&account.origin, now).await.unwrap();
        assert_eq!(sent, 2, "within the shared budget");
        let audit = service.database.store.audit_log(Some(account.id)).await.unwrap();
        let asked = audit.iter().rev().find(|entry| entry.action == "passthrough.requested").unwrap();
        assert_eq!(asked.actor, Actor::Operator);
        let path_only = asked.detail["path"].as_str().unwrap();
        assert!(!path_only.contains('?'), "without its query: {path_only}");

        service.database.store.unlink(&account, DataPolicy::Keep, Actor::Operator, now).await.unwrap();
        let (status, answer) = service.ask(&path, "/api/v3/users").await;
        assert_eq!((status, &answer["code"]), (409, &json!("account.unlinked")));
    }
}

#[tokio::test]
async fn passthrough_stays_within_what_was_shared() {
    let emulator = tenant(12, Rights::all()).await;
    let service = Service::start("[passthrough]\nmethods = [\"GET\", \"POST\", \"PUT\"]").await;
    let account = service.linked(&emulator, &["leaves", "absence_requests", "managers"]).await;
    let path = service.allow(&account).await;
    for (asked, code, named) in [
        ("/api/v3/users?fields=id,iban", "passthrough.not_shared", "iban"),
        ("/api/v3/users?fields=id,IBAN", "passthrough.not_shared", "IBAN"),
        ("/api/v3/users?fields=id,%69ban", "passthrough.not_shared", "iban"),
        ("/api/v3/users?fields=department[id,head[iban]]", "passthrough.not_shared", "department.head"),
        ("/api/v3/users?fields=department.head.iban", "passthrough.not_shared", "department.head.iban"),
        ("/api/v3/users?fields=manager[id]", "passthrough.not_shared", "manager"),
        ("/api/v3/users?orderBy=iban,asc", "passthrough.not_shared", "iban"),
        ("/api/v3/users?iban=like,FR76", "passthrough.parameter_refused", "iban"),
        ("/api/v3/users?manager.iban=like,FR76", "passthrough.parameter_refused", "manager.iban"),
        ("/api/v3/users?httpmethod=DELETE", "passthrough.parameter_refused", "httpmethod"),
        ("/api/v3/users?fields=id&HttpMethod=PUT", "passthrough.parameter_refused", "HttpMethod"),
        ("/api/v3/users?_method=PUT", "passthrough.parameter_refused", "_method"),
        ("/api/v3/leaves?fields=id", "passthrough.not_shared", "/api/v3/leaves"),
        ("/api/v3/leaveRequests", "passthrough.not_shared", "/api/v3/leaveRequests"),
        ("/api/v3/userlogs", "passthrough.not_shared", "/api/v3/userlogs"),
        ("/api/v3/users/1/cards", "passthrough.not_shared", "/api/v3/users/1/cards"),
        ("/api/v3/u%73ers", "passthrough.not_shared", "/api/v3/u%73ers"),
        ("/api/v3/payslips", "passthrough.not_shared", "/api/v3/payslips"),
    ] {
        let (status, answer) = service.ask(&path, asked).await;
        assert_eq!((status, answer["code"].as_str().unwrap_or_default()), (403, code), "{asked}: {answer}");
        assert!(answer["detail"].as_str().unwrap().contains(named), "{asked}: {answer}");
    }
    let put = json!({ "method": "PUT", "path": "/api/v3/users/1", "body": { "jobTitle": "x" } });
    let (status, answer) = service.post(&path, put).await;
    assert_eq!((status, &answer["code"]), (403, &json!("passthrough.method_refused")));

    // A server that sends more than was requested.
    let (status, answer) = service.ask(&path, "/api/v3/users/1").await;
    assert_eq!((status, &answer["status"]), (200, &json!(200)), "{answer}");
    let text = answer.to_string().to_ascii_lowercase();
    for member in ["iban", "birthdate", "manager", "insurancenumber", "\"address\""] {
        assert!(!text.contains(member), "{member}");
    }
    let (_, answer) = service.ask(&path, "/organization/structure/api/departments?limit=5&page=1").await;
    assert!(answer["body"]["items"].as_array().is_some_and(|items| !items.is_empty()), "{answer}");
}

#[tokio::test]
async fn passthrough_leaves_out_erased_people() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(12, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        let path = service.allow(&account).await;
        let (_, answer) = service.ask(&path, "/api/v3/users?fields=id,name&paging=0,100").await;
        let people = answer["body"]["data"]["items"].as_array().unwrap().clone();
        let (id, name) = (people[0]["id"].to_string(), people[0]["name"].as_str().unwrap().to_owned());
        let erasure = Erasure {
            id: ErasureId::mint(service.now(), [3; 10]),
            remote_id: &RemoteId::new(&id),
            actor: Actor::Operator,
            at: service.now(),
        };
        service.database.store.erase_person(&account, erasure).await.unwrap();

        let (status, answer) = service.ask(&path, &format!("/api/v3/users/{id}?fields=id,name")).await;
        assert_eq!((status, &answer["code"]), (403, &json!("passthrough.erased")));
        for query in ["fields=id,name,collection.count&paging=0,100", "fields=name&paging=0,100"] {
            let (status, answer) = service.ask(&path, &format!("/api/v3/users?{query}")).await;
            let text = answer.to_string();
            assert_eq!(status, 200, "{text}");
            assert!(!text.contains(&name) && !text.contains("count"), "{query}");
        }
        let (_, answer) = service.ask(&path, "/api/v3/users?fields=id,name&paging=0,100").await;
        assert_eq!(answer["body"]["data"]["items"].as_array().unwrap().len(), people.len() - 1);
        let (_, answer) = service.ask(&path, "/directory/api/4.0/work-contracts?limit=100").await;
        let contracts = answer["body"]["items"].as_array().unwrap();
        let is_theirs =
            |item: &Value| item["owner"]["id"] == people[0]["id"] || item["ownerId"] == people[0]["id"];
        assert!(!contracts.is_empty() && !contracts.iter().any(is_theirs), "{answer}");
    }
}

#[tokio::test]
async fn paths_and_methods_are_checked_first() {
    let emulator = tenant(12, Rights::all()).await;
    for (config, status, code) in [
        ("", 403, "passthrough.method_refused"),
        ("[passthrough]\nmethods = []", 403, "passthrough.method_refused"),
        // Lucca's own refusal, passed on.
        ("[passthrough]\nmethods = [\"GET\", \"PUT\"]", 200, ""),
    ] {
        let service = Service::start(config).await;
        let account = service.linked(&emulator, &[]).await;
        let path = service.allow(&account).await;
        let put = json!({ "method": "PUT", "path": "/api/v3/leaveRequests/1", "body": {} });
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
        let key = json!({ "name": "a test", "role": "read_only", "linked_account_id": account.id });
        let (_, made) = service.post("/v1/api-keys", key).await;
        let request = service.http.request(Method::POST, format!("{}{path}", service.url));
        let request = request.bearer_auth(made["key"].as_str().unwrap());
        let answer = request.json(&json!({ "path": "/api/v3/users" })).send().await.unwrap();
        assert_eq!(answer.status(), 403, "a key that reads what was synced asks Lucca for nothing");
    }
}
