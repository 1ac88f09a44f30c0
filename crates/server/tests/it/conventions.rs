//! Conventions of all operations, tested on every operation of the description, so that new ones are covered.

use lucca_emulator::Rights;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{OPERATOR, Service, tenant};

pub(crate) fn description() -> Value {
    serde_json::from_str(&api::openapi()).unwrap()
}

/// All operations: method, path, and description.
pub(crate) fn operations(description: &Value) -> Vec<(Method, String, Value)> {
    let paths = description["paths"].as_object().unwrap();
    let of = |(path, methods): (&String, &Value)| {
        let methods = methods.as_object().unwrap().clone();
        let path = path.clone();
        methods.into_iter().map(move |(method, operation)| {
            (method.to_ascii_uppercase().parse().unwrap(), path.clone(), operation)
        })
    };
    paths.iter().flat_map(of).collect()
}

pub(crate) fn resolve<'a>(description: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(to) => {
            description.pointer(to.strip_prefix('#').unwrap()).unwrap_or_else(|| panic!("{to} is nowhere"))
        }
        None => value,
    }
}

/// The address of an operation, with ids that don't exist.
fn address(service: &Service, path: &str) -> String {
    format!("{}{}", service.url, path.replace(['{', '}'], ""))
}

#[test]
fn every_operation_is_described() {
    let description = description();
    for (method, path, operation) in operations(&description) {
        let place = format!("{method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|summary| summary.ends_with('.')), "{place}");
        for (status, answer) in operation["responses"].as_object().unwrap() {
            let answer = resolve(&description, answer);
            assert!(answer["description"].as_str().is_some_and(|text| !text.is_empty()), "{place} {status}");
            if !status.starts_with(['2', '3']) {
                let problem = &answer["content"]["application/problem+json"];
                assert_eq!(problem["schema"]["$ref"], "#/components/schemas/Problem", "{place} {status}");
            }
        }
        // Lucca calls these without an API key, and defines their form.
        if path.starts_with("/v1/inbound/") {
            continue;
        }
        if path.starts_with("/v1/") {
            for status in ["401", "403", "429", "500", "503"] {
                assert!(operation["responses"].get(status).is_some(), "{place} may answer {status}");
            }
        }
        let named = operation["parameters"].as_array().into_iter().flatten();
        let is_named =
            named.map(|one| &resolve(&description, one)["name"]).any(|name| name == "Idempotency-Key");
        assert_eq!(is_named, method == Method::POST, "{place}");
    }
    for (name, schema) in description["components"]["schemas"].as_object().unwrap() {
        // An object without described members.
        assert!(schema["type"] != "object" || schema.get("properties").is_some(), "{name}");
    }
}

#[tokio::test]
async fn unknown_parameters_are_refused_everywhere() {
    let service = Service::start("").await;
    for (method, path, _) in operations(&description()) {
        let url = format!("{}?unheard_of=1", address(&service, &path));
        let answer = service.http.request(method.clone(), url).bearer_auth(OPERATOR).send().await.unwrap();
        assert_eq!(answer.status(), 422, "{method} {path}");
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], "request.invalid", "{method} {path}");
    }
}

#[tokio::test]
async fn head_equals_get_and_responses_are_private() {
    let service = Service::start("").await;
    for (_, path, _) in operations(&description()).into_iter().filter(|(method, ..)| *method == Method::GET) {
        let ask =
            |method| service.http.request(method, address(&service, &path)).bearer_auth(OPERATOR).send();
        let (got, head) = (ask(Method::GET).await.unwrap(), ask(Method::HEAD).await.unwrap());
        assert_eq!(got.status(), head.status(), "{path}");
        assert_eq!(got.headers()["content-type"], head.headers()["content-type"], "{path}");
        let cached = head.headers()["cache-control"].to_str().unwrap();
        assert!(["no-store", "private, no-cache"].contains(&cached), "{path}: {cached}");
        assert!(head.headers().get("access-control-allow-origin").is_none(), "{path}");
        assert!(head.text().await.unwrap().is_empty(), "{path}");
    }
}

#[tokio::test]
async fn lesser_key_gets_forbidden_or_not_found() {
    let service = Service::start("").await;
    let (_, made) = service.post("/v1/api-keys", json!({ "name": "app", "role": "vendor" })).await;
    let key = made["key"].as_str().unwrap();
    for path in ["/v1/api-keys", "/v1/linked-accounts/acct_0193a5b0c2d47b3e9f1a2b3c4d5e6f70/employees"] {
        let answer =
            service.http.get(format!("{}{path}", service.url)).bearer_auth(key).send().await.unwrap();
        let wanted = if path.ends_with("keys") { (403, "forbidden") } else { (404, "not_found") };
        let status = answer.status().as_u16();
        assert_eq!((status, answer.json::<Value>().await.unwrap()["code"].as_str().unwrap()), wanted);
    }
}

#[tokio::test]
async fn framework_errors_are_problems() {
    let service = Service::start("").await;
    for (method, path, status, code) in [
        (Method::GET, "/v1/linking-flows/%FF", 400, "request.invalid"),
        (Method::GET, "/v1/nowhere", 404, "not_found"),
        (Method::PUT, "/v1/api-keys", 405, "method_not_allowed"),
    ] {
        let asked = service.http.request(method, format!("{}{path}", service.url)).bearer_auth(OPERATOR);
        let answer = asked.send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()),
            (status, "application/problem+json")
        );
        assert_eq!(answer.headers().contains_key("allow"), status == 405);
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], code);
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a client that does not unpack")]
async fn description_is_served_compressed() {
    let service = Service::start("").await;
    let http = reqwest::Client::builder().no_gzip().no_brotli().no_zstd().build().unwrap();
    for encoding in ["gzip", "br"] {
        let asked = http.get(format!("{}/openapi.json", service.url)).header("accept-encoding", encoding);
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.headers()["content-encoding"], encoding);
        assert!(answer.bytes().await.unwrap().len() < api::openapi().len() / 4, "{encoding}");
    }
}

#[tokio::test]
async fn rate_limit_headers_count_down() {
    let service = Service::start("[api]\nrequests_per_minute = 3").await;
    let ask = |key: &str| {
        service.http.get(format!("{}/v1/webhook-endpoints", service.url)).bearer_auth(key.to_owned()).send()
    };
    let (_, made) = service.post("/v1/api-keys", json!({ "name": "app", "role": "vendor" })).await;
    let key = made["key"].as_str().unwrap();
    for left in ["2", "1", "0"] {
        let answer = ask(key).await.unwrap();
        assert_eq!(answer.status(), 200);
        let headers = answer.headers();
        assert_eq!(headers["ratelimit-policy"], "\"key\";q=3;w=60");
        assert!(headers["ratelimit"].to_str().unwrap().starts_with(&format!("\"key\";r={left};t=")));
        assert_eq!(
            (&headers["ratelimit-limit"], &headers["ratelimit-remaining"]),
            (&"3".parse().unwrap(), &left.parse().unwrap())
        );
    }
    let refused = ask(key).await.unwrap();
    assert_eq!(refused.status(), 429);
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=21).contains(&wait), "{wait}");
    assert_eq!(refused.headers()["ratelimit-remaining"], "0");
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], "too_many_requests");
    assert_eq!(ask(OPERATOR).await.unwrap().status(), 200, "a limit is a key's own");

    let boundless = Service::start("[api]\nrequests_per_minute = 0").await;
    let url = format!("{}/v1/webhook-endpoints", boundless.url);
    let answer = boundless.http.get(url).bearer_auth(OPERATOR).send().await.unwrap();
    assert!(answer.headers().get("ratelimit").is_none());
}

#[tokio::test]
async fn invalid_keys_are_limited_with_retry_after() {
    let service = Service::start("").await;
    let mut last = None;
    for _ in 0..40 {
        let asked = service.http.get(format!("{}/v1/api-keys", service.url)).bearer_auth("op_wrong");
        last = Some(asked.send().await.unwrap());
    }
    let last = last.unwrap();
    assert_eq!(last.status(), 429);
    assert!(last.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn root_redirects_to_the_description() {
    let service = Service::start("").await;
    let root = service.http.get(&service.url).send().await.unwrap();
    let location = root.headers()["location"].to_str().unwrap();
    assert_eq!((root.status().as_u16(), location), (307, "/openapi.json"));
}

/// The error codes in the sources: those passed to `Problem`s, and other literals of their form.
fn codes(folder: &std::path::Path, all: &mut std::collections::BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            codes(&path, all);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        // If the code is a variable, its literal is elsewhere.
        let literal = |text: &str, nth: usize| {
            let parts: Vec<&str> = text.splitn(2 * nth + 3, '"').collect();
            let is_between = |text: &str| !text.contains(['(', ')', ';', '{']);
            let at = 2 * nth + 1;
            let is_reached = parts.iter().take(at).step_by(2).all(|part| is_between(part));
            let is_first = nth == 0 || parts[0].trim().is_empty();
            parts.get(at).filter(|_| is_reached && is_first).map(|&code| code.to_owned())
        };
        for (call, nth) in [("Problem::new(", 0), ("Problem::internal(", 0), ("Problem::field(", 1)] {
            let made = text.split(call).skip(1).filter_map(|rest| literal(rest, nth));
            all.extend(made.filter(|code| is_code(code)));
        }
        const AREAS: [&str; 5] = ["request.", "link_token.", "public_token.", "absence.", "webhook."];
        let literals = text.split('"').filter(|part| AREAS.iter().any(|area| part.starts_with(area)));
        all.extend(literals.filter(|part| is_code(part)).map(ToOwned::to_owned));
    }
}

fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || b"._".contains(&byte))
}

#[test]
fn every_code_is_in_the_table_of_codes() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_to_string(root.join("../../docs/api.md")).unwrap();
    let (_, table) = docs.split_once("## Error codes").unwrap();
    let mut all = std::collections::BTreeSet::new();
    for name in ["web", "api", "linking-flow", "server"] {
        codes(&root.join("..").join(name).join("src"), &mut all);
    }
    assert!(all.len() > 30 && all.contains("forbidden") && all.contains("request.not_json"), "{all:?}");
    let missing: Vec<&String> = all.iter().filter(|code| !table.contains(&format!("`{code}`"))).collect();
    assert!(missing.is_empty(), "not in docs/api.md: {missing:?}");
}

#[tokio::test]
async fn pages_name_the_next_one_in_the_link_header() {
    let service = Service::start("").await;
    let emulator = tenant(30, Rights::all()).await;
    let account = service.linked(&emulator, &[]).await;
    service.sync(&account).await;
    let mut next =
        Some(format!("{}/v1/linked-accounts/{}/employees?fields=id&limit=7", service.url, account.id));
    let (mut ids, mut pages) = (Vec::new(), 0);
    while let Some(url) = next {
        let answer = service.http.get(&url).bearer_auth(OPERATOR).send().await.unwrap();
        let link = answer.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
        let page: Value = answer.json().await.unwrap();
        assert_eq!(link.is_none(), page["next_cursor"].is_null(), "{link:?}");
        ids.extend(
            page["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()),
        );
        pages += 1;
        next = link.map(|link| {
            let (url, rel) = link.split_once(">; ").unwrap();
            assert_eq!(rel, "rel=\"next\"");
            url.trim_start_matches('<').to_owned()
        });
    }
    let (_, all) = service.get(&format!("/v1/linked-accounts/{}/employees?limit=500", account.id)).await;
    assert_eq!(ids.len(), all["items"].as_array().unwrap().len());
    assert!(pages > 3, "{pages}");
    let changes = format!("{}/v1/linked-accounts/{}/changes?limit=5", service.url, account.id);
    let answer = service.http.get(&changes).bearer_auth(OPERATOR).send().await.unwrap();
    assert!(answer.headers()["link"].to_str().unwrap().contains("limit=5&after="));
}

#[tokio::test]
async fn type_of_a_problem_leads_to_its_explanation() {
    let service = Service::start("").await;
    let (_, refused) = service.get("/v1/issues?limit=0").await;
    let address = refused["type"].as_str().unwrap();
    assert_eq!(address, "/problems#request.invalid");
    let answer = service.http.get(format!("{}{address}", service.url)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().contains("<code id=\"request.invalid\">"));
}
