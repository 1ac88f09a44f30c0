//! Delivery rules (people, fields, names): set through the API, and applied to its responses.

use lucca_emulator::Rights;
use reqwest::Method;
use serde_json::{Value, json};
use test_database::Engine;

use crate::support::{Service, tenant};

async fn items(service: &Service, path: &str) -> Vec<Value> {
    let (status, page) = service.get(path).await;
    assert_eq!(status, 200, "{page}");
    page["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn delivery_rules_apply_to_all_reads() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(60, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        service.sync(&account).await;
        let base = format!("/v1/linked-accounts/{}", account.id);
        let put = async |query: &str, rules: Value| {
            service.api(Method::PUT, &format!("{base}/delivery{query}"), Some(rules)).await
        };
        let everybody = items(&service, &format!("{base}/employees?limit=500")).await.len();
        let active = usize::try_from(emulator.truth().by_status.active).unwrap();
        let rules = json!({
            "people": { "statuses": ["active"] },
            "fields": { "employees": { "except": ["login", "department_id"] }, "employments": { "only": ["employee_id"] }, "departments": { "except": ["name"] } },
            "renames": { "employees": { "job_title": "title" } },
        });
        for wrong in [
            json!({ "fields": { "employees": { "except": ["log_in"] } } }),
            json!({ "fields": { "employees": { "except": ["id"] } } }),
            json!({ "renames": { "employees": { "job_title": "status" } } }),
            json!({ "people": { "status": ["active"] } }),
        ] {
            assert_eq!(put("", wrong.clone()).await.0, 422, "{wrong}");
        }

        // A dry run previews the effect and changes nothing.
        let (status, tried) = put("?dry_run=true", rules.clone()).await;
        let expected = json!({ "delivered": active, "enter": 0, "leave": everybody - active });
        assert_eq!((status, &tried["people"]), (200, &expected));
        assert_eq!(service.get(&format!("{base}/delivery")).await.1["rules"], json!({}));

        assert_eq!(put("", rules.clone()).await.0, 200);
        let account = service.database.store.account(account.id).await.unwrap().unwrap();
        let last = service.database.store.last_change(account.no).await.unwrap();
        service.sync(&account).await;
        let people = items(&service, &format!("{base}/employees?limit=500&include=department")).await;
        assert_eq!(people.len(), active);
        for person in &people {
            assert!(person.get("login").is_none() && person.get("department_id").is_none(), "{person}");
            assert!(person.get("job_title").is_none() && person.get("title").is_some(), "{person}");
            assert_eq!((&person["status"], &person["department"]), (&json!("active"), &Value::Null));
        }
        let employments = items(&service, &format!("{base}/employments?limit=500")).await;
        let ids: Vec<&Value> = people.iter().map(|person| &person["id"]).collect();
        assert!(!employments.is_empty());
        for employment in &employments {
            assert!(ids.contains(&&employment["employee_id"]), "of an employee who is not delivered");
            assert!(employment.get("starts_on").is_none());
        }
        // Excluded people have a change `excluded` and are no longer shown.
        let changes =
            items(&service, &format!("{base}/changes?after={last}&limit=1000&kind=employees")).await;
        assert_eq!(changes.len(), everybody - active);
        assert!(changes.iter().all(|change| change["operation"] == "excluded"));
        let gone = changes[0]["id"].as_str().unwrap();
        assert_eq!(service.get(&format!("{base}/employees/{gone}")).await.0, 404);

        // Raw records and passthrough can't bypass the rules.
        let (status, problem) = service.get(&format!("{base}/employees?include=raw")).await;
        assert_eq!((status, &problem["code"]), (422, &json!("delivery.raw_refused")));
        let (status, problem) =
            service.post(&format!("{base}/passthrough"), json!({ "path": "/api/v3/users" })).await;
        assert_eq!((status, &problem["code"]), (403, &json!("passthrough.filtered")));
        let positions = items(&service, &format!("{base}/positions?limit=500")).await;
        assert!(positions.iter().all(|position| position.get("department_id").is_none()));

        let tree = items(&service, &format!("{base}/departments/tree")).await;
        assert!(
            !tree.is_empty() && tree.iter().all(|node| node.get("name").is_none() && node["id"].is_string())
        );
        let people =
            items(&service, &format!("{base}/employees?limit=500&include=manager&fields=manager_id")).await;
        assert!(people.iter().any(|person| person["manager"]["name"].is_string()));

        // Every field has its source, and its delivered name or the reason why it is not delivered.
        let fields = items(&service, &format!("{base}/fields")).await;
        let of =
            |name: &str| fields.iter().find(|field| field["stream"] == "employees" && field["field"] == name);
        assert_eq!(of("job_title").unwrap()["delivered_as"], "title");
        assert_eq!(of("job_title").unwrap()["source"], "jobTitle");
        assert_eq!(of("login").unwrap()["reason"], "excluded");
        assert_eq!(of("bank").unwrap()["reason"], "not_read");

        // Without rules, everything is delivered again.
        assert_eq!(put("", json!({})).await.0, 200);
        let account = service.database.store.account(account.id).await.unwrap().unwrap();
        service.sync(&account).await;
        let people = items(&service, &format!("{base}/employees?limit=500")).await;
        assert_eq!(people.len(), everybody);
        assert!(people.iter().all(|person| person.get("job_title").is_some()));
    }
}
