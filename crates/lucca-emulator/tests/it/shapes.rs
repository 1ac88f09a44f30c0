//! Wire formats, as snapshots.

use lucca_emulator::{ErrorBody, Header, KeyCasing, Nationality, UrlStyle};
use serde_json::{Value, json};

use crate::client::Lab;

#[tokio::test]
async fn users() {
    let lab = Lab::of(60).await;
    insta::assert_json_snapshot!("user_default", lab.get("/api/v3/users?paging=8,2").await.json());
    let id = lab.get("/api/v3/users?paging=12,1").await.ids()[0];
    insta::assert_json_snapshot!("user_full", lab.get(&format!("/api/v3/users/{id}")).await.json());
    lab.switch(|switches| {
        switches.header = Header::Legacy;
        switches.key_casing = KeyCasing::Documented;
        switches.url_style = UrlStyle::Relative;
    });
    let nationality = async |query: &str| {
        lab.get(&format!("/api/v3/users?nationalityId=FR&paging=0,1&fields={query}")).await.items()[0]["nationality"]
            .clone()
    };
    assert_eq!(nationality("nationality").await, json!({"id": "FR", "name": "France", "currencyId": "EUR"}));
    assert_eq!(nationality("nationality[name]").await, json!({"name": "France"}));
    lab.switch(|switches| switches.nationality = Nationality::Code);
    assert_eq!(nationality("nationality").await, json!("FR"));
    assert_eq!(nationality("nationality[name]").await, json!("FR"));
    let path = "/api/v3/users?paging=12,1&fields=url,managerId,departmentId,legalEntityId,cultureId,collection.count";
    insta::assert_json_snapshot!("user_documented_casing", lab.get(path).await.json());
}

#[tokio::test]
async fn the_fourth_generation() {
    let lab = Lab::of(60).await;
    let first = |answer: crate::client::Answer| answer.items().first().cloned().unwrap_or(Value::Null);
    let contracts =
        lab.get("/directory/api/4.0/work-contracts?limit=1&page=9&fields.root=count,prev,next").await;
    insta::assert_json_snapshot!("contract", contracts.json());
    let mut shapes = serde_json::Map::new();
    for resource in [
        "departments",
        "legal-units",
        "establishments",
        "occupation-categories",
        "job-qualifications",
        "countries",
    ] {
        let answer = lab.get(&format!("/organization/structure/api/{resource}?limit=1")).await;
        shapes.insert(resource.to_owned(), first(answer));
    }
    insta::assert_json_snapshot!("organization", shapes);
}

#[tokio::test]
async fn other_resources_of_the_third_generation() {
    let lab = Lab::of(60).await;
    let mut shapes = serde_json::Map::new();
    for path in [
        "axes/4?fields=id,name,axisSections",
        "axisSections?paging=0,1",
        "extensionuserdefinitions?formatKey=select&fields=id,formatKey,extensionUserPropertyListEntries[id,name],collection.count",
        "userProperties/e_shirtSize",
        "userlogs?name=departmentid&paging=0,1&fields=id,name,owner,author,modifiedAt,modificationSource,entryType,value",
        "roles?paging=0,2&fields=id,name,usersCount",
        "workcycles?fields=id,name,collection.count&paging=0,1",
        "leaveAccounts?fields=id,name&paging=0,2",
        "legalEntities/1",
        "cultures/1036",
        "users/me",
        "users/search?clue=admin",
    ] {
        shapes.insert(path.to_owned(), lab.get(&format!("/api/v3/{path}")).await.json()["data"].clone());
    }
    insta::assert_json_snapshot!("other_v3", shapes);
}

#[tokio::test]
async fn errors() {
    let lab = Lab::of(5).await;
    let mut shapes = Vec::new();
    for body in [
        ErrorBody::StatusMessage,
        ErrorBody::LowerCase,
        ErrorBody::Bare,
        ErrorBody::Problem,
        ErrorBody::Empty,
    ] {
        lab.switch(|switches| {
            switches.v3_errors = body;
            switches.unauthorized_body = body;
        });
        for (path, authorization) in [
            ("/api/v3/users/4000000", format!("lucca application={}", lab.key)),
            ("/api/v3/users?paging=aaaa", format!("lucca application={}", lab.key)),
            ("/directory/api/4.0/work-contracts/1", format!("lucca application={}", lab.key)),
            ("/api/v3/users", "lucca application=none".to_owned()),
        ] {
            let answer = lab.send("GET", path, &authorization).await;
            let label =
                answer.headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
            shapes.push(json!({"shape": body, "path": path, "status": answer.status, "type": label, "body": answer.text}));
        }
    }
    insta::assert_json_snapshot!("errors", shapes);
}
