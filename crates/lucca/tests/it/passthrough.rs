//! Passthrough requests and the visible part of their responses.

use lucca::{ApiPath, Body, Method};
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::support::{KEY, client, tenant};

#[tokio::test]
async fn an_echoed_key_is_redacted() {
    let plain = KEY.replace('-', "").to_uppercase();
    let escaped: String = KEY.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let json = format!(r#"{{"a":"lucca application={KEY}","{KEY}":["{plain}"],"b":"{escaped}","c":1}}"#);
    let server = tenant(move |request, _| {
        let template = ResponseTemplate::new(200);
        match request.url.path() {
            "/api/v3/users" => template.set_body_raw(json.clone(), "application/json"),
            _ => template.set_body_raw(format!("key {KEY}"), "text/plain"),
        }
    })
    .await;
    let get = async |path: &str| {
        let path = ApiPath::parse(path).unwrap();
        client(&server).pass_on(Method::Get, &path, None).await.unwrap().body
    };
    let Body::Json(body) = get("/api/v3/users").await else { panic!("no JSON") };
    assert_eq!(body, json!({ "a": "lucca application=…", "…": ["…"], "b": "…", "c": 1 }));
    let Body::Text(text) = get("/api/v3/departments").await else { panic!("no text") };
    assert_eq!(text, "key …");
}
