//! The control surface: its changes are visible in the API.

use serde_json::json;

use crate::client::Lab;

#[tokio::test]
async fn control_surface_lists_its_routes() {
    let lab = Lab::of(2).await;
    let described = lab.control("GET", "/", None).await.json();
    assert_eq!(described["routes"].as_array().map(Vec::len), Some(lucca_emulator::control_routes().len()));
    // Every listed route exists.
    for (route, _) in lucca_emulator::control_routes() {
        let (verb, path) = route.split_once(' ').expect("a verb and a path");
        let path = path.split('?').next().unwrap_or("").replace("{id}", "999999");
        let answer = lab.control(verb, &path, Some(json!("nothing"))).await;
        let known = answer.status != 405 && (answer.status != 404 || answer.text.contains("no such"));
        assert!(known, "{route}: {}", answer.status);
    }
    let truth = lab.control("GET", "/truth", None).await.json();
    assert_eq!(truth, json!(lab.emulator.truth()));
    assert_eq!(lab.control("GET", "/truth?key=nothing", None).await.status, 404);
}

#[tokio::test]
async fn changed_people_appear_in_the_api() {
    let lab = Lab::of(60).await;
    let id = lab.emulator.tenant().people(None, 20)[12].id;
    let patch = json!({"lastName": "Nouveau-Nom", "managerId": null, "endsOn": "2026-12-31"});
    assert_eq!(lab.control("PATCH", &format!("/people/{id}"), Some(patch)).await.status, 200);
    let person =
        lab.get(&format!("/api/v3/users/{id}?fields=lastName,manager,dtContractEnd,modifiedAt")).await.json();
    assert_eq!(person["data"]["lastName"], "Nouveau-Nom");
    assert_eq!(person["data"]["manager"]["id"], id, "without a manager they are their own");
    assert_eq!(person["data"]["dtContractEnd"], "2026-12-31T00:00:00");
    assert!(person["data"]["modifiedAt"].as_str().is_some_and(|at| at.starts_with("2026-11-23T09:00:00")));
    let logs = lab.get(&format!("/api/v3/userlogs?name=manager&owner.id={id}&fields=value")).await.items();
    assert!(logs.iter().any(|log| log["value"] == ""));
    let wrong = lab.control("PATCH", &format!("/people/{id}"), Some(json!({"surname": "x"}))).await;
    assert_eq!(wrong.status, 422);
    assert_eq!(lab.control("PATCH", "/people/999999", Some(json!({}))).await.status, 404);

    let hire = json!({"firstName": "Zoë", "lastName": "Test", "startsOn": "2027-01-04"});
    let new = lab.control("POST", "/people", Some(hire)).await.json()["id"].as_i64().expect("an id");
    assert_eq!(lab.emulator.truth().employees, 61);
    assert_eq!(lab.get("/api/v3/users?lastName=Test").await.ids(), [new]);
    let contract = &lab.get(&format!("/directory/api/4.0/work-contracts?ownerId={new}")).await.items()[0];
    assert_eq!(contract["startsOn"], "2027-01-04");
    assert_eq!(lab.control("DELETE", &format!("/people/{new}"), None).await.status, 204);
    assert_eq!(lab.get("/api/v3/users?lastName=Test").await.ids(), [0; 0]);
    assert_eq!(lab.get(&format!("/directory/api/4.0/work-contracts?ownerId={new}")).await.items().len(), 0);
}

#[tokio::test]
async fn time_passes_without_touching_records() {
    let lab = Lab::of(60).await;
    let id = lab.emulator.tenant().people(Some(lucca_emulator::Status::Active), 20)[15].id;
    let before = lab.get(&format!("/api/v3/users/{id}?fields=modifiedAt")).await.json();
    lab.control("POST", &format!("/people/{id}/terminate"), Some(json!({"date": "2026-11-30"}))).await;
    let visible = async || lab.get(&format!("/api/v3/users?id={id}")).await.ids().len();
    assert_eq!(visible().await, 1);
    let clock = lab.control("POST", "/clock", Some(json!({"advance_days": 7}))).await.json();
    assert_eq!(clock["now"], "2026-11-30T09:00:00");
    assert_eq!(visible().await, 1, "the last day is a working day");
    let after = lab.get(&format!("/api/v3/users/{id}?fields=modifiedAt")).await.json();
    assert_ne!(before["data"], after["data"]);
    lab.control("POST", "/clock", Some(json!({"today": "2026-12-01"}))).await;
    assert_eq!(visible().await, 0);
    let later = lab.get(&format!("/api/v3/users/{id}?fields=modifiedAt")).await.json();
    assert_eq!(after["data"], later["data"], "a date that passes moves nothing");
}

#[tokio::test]
async fn switches_faults_keys_and_requests() {
    let lab = Lab::of(5).await;
    let patched = lab.control("PATCH", "/switches", Some(json!({"page_default": 2, "header": "none"}))).await;
    assert_eq!(patched.json()["page_default"], 2);
    let answer = lab.get("/api/v3/users").await;
    assert!(answer.json().get("header").is_none());
    assert_eq!(answer.ids().len(), 2);
    assert_eq!(lab.control("PATCH", "/switches", Some(json!({"nothing": 2}))).await.status, 422);
    let faults = json!([{"path": "/api/v3", "kind": {"status": {"code": 502, "body": "<html>"}}}]);
    assert_eq!(lab.control("PUT", "/faults", Some(faults)).await.status, 200);
    assert_eq!(lab.get("/api/v3/users").await.status, 502);
    lab.control("PUT", "/faults", Some(json!([]))).await;
    let key =
        json!({"name": "New", "key": "11111111-2222-3333-4444-555555555555", "rights": {"view_users": true}});
    assert_eq!(lab.control("POST", "/keys", Some(key)).await.status, 200);
    let answer = lab.send("GET", "/api/v3/users", "lucca application=11111111222233334444555555555555").await;
    assert_eq!(answer.status, 200);
    let requests = lab.control("GET", "/requests", None).await.json();
    assert_eq!(requests.as_array().map(Vec::len), Some(3));
    assert_eq!(requests[2]["principal"], "New");
    lab.control("DELETE", "/requests", None).await;
    assert!(lab.emulator.requests().is_empty());
    let people = lab.control("GET", "/people?status=active&limit=2", None).await.json();
    assert_eq!(people.as_array().map(Vec::len), Some(2));
}
