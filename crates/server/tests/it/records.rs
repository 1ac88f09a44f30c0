//! Synced records, read through the API: every record as it is stored, page by page, by each role.

use std::collections::BTreeMap;

use lucca_emulator::{Rights, Status};
use people::{Employee, Kind};
use reqwest::{Method, header};
use serde_json::{Value, json};
use test_database::Engine;

use crate::support::{Service, tenant};

/// The lists and their kinds.
const LISTS: &[(&str, Kind)] = &[
    ("employees", Kind::Employee),
    ("employments", Kind::Employment),
    ("departments", Kind::Department),
    ("establishments", Kind::Establishment),
    ("legal-units", Kind::LegalUnit),
    ("job-qualifications", Kind::JobQualification),
    ("occupation-categories", Kind::OccupationCategory),
    ("absences", Kind::Absence),
    ("leave-types", Kind::LeaveType),
    ("absence-requests", Kind::AbsenceRequest),
    ("custom-field-definitions", Kind::CustomFieldDefinition),
];

/// All records of a list, page by page, by id.
pub(crate) async fn all(service: &Service, path: &str, limit: usize) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let mark = if path.contains('?') { '&' } else { '?' };
        let (status, page) = service.get(&format!("{path}{mark}limit={limit}{cursor}")).await;
        assert_eq!(status, 200, "{path}: {page}");
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        for item in items {
            let id = item["id"].as_str().unwrap().to_owned();
            assert!(found.insert(id, item.clone()).is_none(), "{path}: twice");
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

#[tokio::test]
async fn lists_equal_the_stored_records() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(120, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        service.sync(&account).await;
        let base = format!("/v1/linked-accounts/{}", account.id);
        for (list, kind) in LISTS {
            let shown = all(&service, &format!("{base}/{list}"), 50).await;
            let ids = service.database.store.present_ids(account.no, *kind, |_| true).await.unwrap();
            assert_eq!(shown.len(), ids.len(), "{list}");
            for id in ids {
                let stored = service.database.store.listed(account.no, *kind, &id).await.unwrap().unwrap();
                let stored: Value = serde_json::from_str(&stored.body).unwrap();
                let item = &shown[id.as_str()];
                for (member, value) in stored.as_object().unwrap() {
                    assert_eq!(&item[member], value, "{list} {member}");
                }
                assert_eq!(item["state"], "present");
            }
            // Single records equal those in the list.
            let (id, item) = shown.first_key_value().unwrap();
            assert_eq!(&service.get(&format!("{base}/{list}/{id}")).await.1, item, "{list}");
            assert_eq!(service.get(&format!("{base}/{list}/no-such-id")).await.0, 404);
        }
    }
}

#[tokio::test]
async fn employees_by_status_and_department() {
    let service = Service::start("").await;
    let emulator = tenant(300, Rights::all()).await;
    let account = service.linked(&emulator, &[]).await;
    service.sync(&account).await;
    let base = format!("/v1/linked-accounts/{}/employees", account.id);
    for (status, name) in [(Status::Active, "active"), (Status::Future, "future"), (Status::Former, "former")]
    {
        let shown = all(&service, &format!("{base}?status={name}"), 7).await;
        let truth = emulator.tenant().people(Some(status), usize::MAX);
        assert_eq!(shown.len(), truth.len(), "{name}");
        assert!(truth.iter().all(|person| shown[&person.id.to_string()]["status"] == name));
    }
    let everybody = all(&service, &format!("{base}?include=manager,department"), 500).await;
    let employee = everybody.values().find(|one| one["manager_id"].is_string()).unwrap();
    let manager = &everybody[employee["manager_id"].as_str().unwrap()];
    assert_eq!(employee["manager"]["name"], manager["name"]);
    let department = employee["department_id"].as_str().unwrap();
    let there = all(&service, &format!("{base}?department_id={department}"), 20).await;
    let expected = everybody.values().filter(|one| one["department_id"] == department).count();
    assert_eq!(there.len(), expected);
    let (_, sparse) = service.get(&format!("{base}?fields=name&limit=1")).await;
    assert_eq!(sparse["items"][0].as_object().unwrap().len(), 2, "{sparse}");
    let id = employee["id"].as_str().unwrap();
    let (_, contracts) =
        service.get(&format!("/v1/linked-accounts/{}/employments?employee_id={id}", account.id)).await;
    assert!(contracts["items"].as_array().unwrap().iter().all(|one| one["employee_id"] == id));
}

#[tokio::test]
async fn search_ignores_case_and_accents() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(60, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        service.sync(&account).await;
        let base = format!("/v1/linked-accounts/{}/employees", account.id);
        let everyone = all(&service, &base, 500).await;
        let accented = |one: &&Value| one["last_name"].as_str().is_some_and(|name| !name.is_ascii());
        let person = everyone.values().find(accented).expect("an accent among sixty names");
        let id = person["id"].as_str().unwrap();
        let found = async |text: &str| {
            let query = url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            all(&service, &format!("{base}?search={query}"), 3).await
        };
        let name = person["last_name"].as_str().unwrap();
        for text in [name.to_uppercase(), people::search_key(name), format!(" {name} ")] {
            assert!(found(&text).await.contains_key(id), "{text}");
        }
        let email = person["work_email"].as_str().unwrap();
        assert_eq!(found(email).await.len(), 1);
        assert!(found("100%").await.is_empty(), "a wildcard");
        let status = async |path: &str| service.get(path).await.0;
        assert_eq!(status(&format!("{base}?search=%20")).await, 422);
        let employments = format!("/v1/linked-accounts/{}/employments?search=x", account.id);
        assert_eq!(status(&employments).await, 422);
        // A field that is not delivered is not searched either.
        let rules = json!({ "fields": { "employees": { "except": ["work_email"] } } });
        let delivery = format!("/v1/linked-accounts/{}/delivery", account.id);
        assert_eq!(service.api(Method::PUT, &delivery, Some(rules)).await.0, 200);
        assert!(found(email).await.is_empty());
        assert!(found(name).await.contains_key(id));
    }
}

#[tokio::test]
async fn modified_after_includes_nested_changes() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(60, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        service.sync(&account).await;
        let base = format!("/v1/linked-accounts/{}", account.id);
        let (_, changes) = service.get(&format!("{base}/changes?limit=1000")).await;
        let mut after = changes["next_after"].as_i64().unwrap();
        service.clock.advance(std::time::Duration::from_mins(30));
        let since = service.services.clock.now();
        let tenant = emulator.tenant();
        let people = tenant.people(Some(Status::Active), usize::MAX);
        let (ended, gone) = (people[20].id, people[21].id);
        // A contract ends in a year, which may leave the employee's own record unchanged.
        tenant.terminate(ended, jiff::civil::date(2027, 11, 25)).unwrap();
        assert!(tenant.remove(gone));
        service.sync(&account).await;
        let modified =
            all(&service, &format!("{base}/employees?modified_after={since}&include_deleted=true"), 100)
                .await;
        assert!(modified.contains_key(&ended.to_string()), "{:?}", modified.keys());
        assert_eq!(modified[&gone.to_string()]["state"], "gone");
        assert!(modified.len() < 10, "{:?}", modified.keys());
        assert!(!all(&service, &format!("{base}/employees"), 100).await.contains_key(&gone.to_string()));
        assert_eq!(service.get(&format!("{base}/employees/{gone}")).await.1["state"], "gone");
        // The change log has the deletion once.
        let mut deleted = Vec::new();
        loop {
            let (_, page) =
                service.get(&format!("{base}/changes?after={after}&limit=2&kind=employees")).await;
            let items = page["items"].as_array().unwrap();
            deleted.extend(
                items.iter().filter(|one| one["operation"] == "deleted").map(|one| one["id"].clone()),
            );
            after = page["next_after"].as_i64().unwrap();
            if page["has_more"] == false {
                break;
            }
        }
        assert_eq!(deleted, [json!(gone.to_string())]);
    }
}

#[tokio::test]
async fn ndjson_has_all_records_and_etag_gives_304() {
    let service = Service::start("").await;
    let emulator = tenant(1200, Rights::all()).await;
    let account = service.linked(&emulator, &["leaves"]).await;
    service.sync(&account).await;
    let url = format!("{}/v1/linked-accounts/{}/employees", service.url, account.id);
    let get = || service.http.get(&url).bearer_auth(crate::support::OPERATOR);
    let answer = get().header(header::ACCEPT, "application/x-ndjson").send().await.unwrap();
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/x-ndjson");
    let text = answer.text().await.unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let stored: Vec<Employee> = service.database.store.all(account.no).await.unwrap();
    assert_eq!((lines.len(), lines.len()), (stored.len(), 1200));
    assert!(lines.iter().zip(&stored).all(|(line, stored)| line["id"] == stored.id.as_str()));

    let first = get().send().await.unwrap();
    let etag = first.headers()[header::ETAG].clone();
    let again = get().header(header::IF_NONE_MATCH, etag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    assert!(again.text().await.unwrap().is_empty());
}

#[tokio::test]
async fn keys_have_the_access_of_their_role() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(5, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        let own = account.id.to_string();
        let new = |role: &str, account: Option<&str>| json!({ "name": "a test", "role": role, "linked_account_id": account });
        let mut keys = BTreeMap::new();
        for (role, of) in [("operator", None), ("vendor", None), ("read_only", Some(own.as_str()))] {
            let (status, made) = service.post("/v1/api-keys", new(role, of)).await;
            assert_eq!(status, 201, "{made}");
            assert!(made["key"].as_str().unwrap().starts_with("lck_"));
            keys.insert(role, made);
        }
        for wrong in [
            json!({ "name": "", "role": "vendor" }),
            json!({ "name": "x", "role": "king" }),
            new("read_only", None),
            new("read_only", Some("acct_01a21394572d76d881d5432106300cf4")),
            new("vendor", Some(&own)),
        ] {
            assert_eq!(service.post("/v1/api-keys", wrong.clone()).await.0, 422, "{wrong}");
        }
        let call = async |role: &str, method: Method, path: &str| {
            let key = keys[role]["key"].as_str().unwrap();
            let request = service.http.request(method, format!("{}{path}", service.url)).bearer_auth(key);
            request.json(&json!({ "customer_id": "c" })).send().await.unwrap().status().as_u16()
        };
        let employees = format!("/v1/linked-accounts/{own}/employees");
        let other = "/v1/linked-accounts/acct_01a21394572d76d881d5432106300cf4/employees";
        for (role, read, others, list, link, keys) in [
            ("operator", 200, 404, 200, 201, 200),
            ("vendor", 200, 404, 200, 201, 403),
            ("read_only", 200, 404, 403, 403, 403),
        ] {
            assert_eq!(call(role, Method::GET, &employees).await, read, "{role}");
            assert_eq!(call(role, Method::GET, &format!("/v1/linked-accounts/{own}")).await, read, "{role}");
            assert_eq!(call(role, Method::GET, other).await, others, "{role}");
            assert_eq!(call(role, Method::GET, "/v1/linked-accounts").await, list, "{role}");
            assert_eq!(call(role, Method::POST, "/v1/link-tokens").await, link, "{role}");
            assert_eq!(call(role, Method::GET, "/v1/api-keys").await, keys, "{role}");
            let unlink = format!("/v1/linked-accounts/{own}/absence-submissions/imports");
            assert_ne!(call(role, Method::POST, &unlink).await, 201, "{role}");
        }
        // The key's holder can't learn whether another account exists.
        let second = tenant(1, Rights::all()).await;
        service.clock.advance(std::time::Duration::from_secs(1));
        let second = service.linked(&second, &[]).await;
        let there = format!("/v1/linked-accounts/{}/employees", second.id);
        assert_eq!(call("vendor", Method::GET, &there).await, 200);
        assert_eq!(call("read_only", Method::GET, &there).await, 404);

        let (_, listed) = service.get("/v1/api-keys").await;
        assert_eq!(listed["items"].as_array().unwrap().len(), 3);
        assert!(!listed.to_string().contains("lck_"), "keys are shown once");
        let id = keys["vendor"]["id"].as_str().unwrap();
        assert_eq!(service.api(Method::DELETE, &format!("/v1/api-keys/{id}"), None).await.0, 204);
        assert_eq!(service.api(Method::DELETE, &format!("/v1/api-keys/{id}"), None).await.0, 404);
        assert_eq!(call("vendor", Method::GET, &employees).await, 401);
    }
}

#[tokio::test]
async fn invalid_list_parameters_are_refused() {
    let service = Service::start("").await;
    let emulator = tenant(5, Rights::all()).await;
    let account = service.linked(&emulator, &[]).await;
    service.sync(&account).await;
    let base = format!("/v1/linked-accounts/{}", account.id);
    let (_, page) = service.get(&format!("{base}/employees?limit=1")).await;
    let of_employees = page["next_cursor"].as_str().unwrap();
    for wrong in [
        "employees?limit=0".to_owned(),
        "employees?limit=501".to_owned(),
        "employees?limit=x".to_owned(),
        "employees?cursor=x".to_owned(),
        format!("employments?cursor={of_employees}"),
        "employees?modified_after=yesterday".to_owned(),
        "employees?status=king".to_owned(),
        "departments?status=active".to_owned(),
        "departments?department_id=1".to_owned(),
        "employees?department_id=%00".to_owned(),
        "employees?fields=Name;--".to_owned(),
        "employees?include=salary".to_owned(),
        "departments?include=manager".to_owned(),
        "employees?unheard_of=1".to_owned(),
        "changes?after=-1".to_owned(),
        "changes?limit=1001".to_owned(),
        "changes?kind=kings".to_owned(),
    ] {
        let (status, problem) = service.get(&format!("{base}/{wrong}")).await;
        assert_eq!((status, &problem["code"]), (422, &json!("request.invalid")), "{wrong}: {problem}");
    }
}

#[tokio::test]
async fn department_tree_has_each_department_once() {
    let service = Service::start("").await;
    let emulator = tenant(300, Rights::all()).await;
    let account = service.linked(&emulator, &[]).await;
    service.sync(&account).await;
    let base = format!("/v1/linked-accounts/{}", account.id);
    let (status, tree) = service.get(&format!("{base}/departments/tree")).await;
    assert_eq!(status, 200);
    let mut found = BTreeMap::new();
    let mut left: Vec<(Value, Value)> =
        tree["items"].as_array().unwrap().iter().map(|node| (node.clone(), Value::Null)).collect();
    while let Some((node, parent)) = left.pop() {
        let id = node["id"].clone();
        left.extend(node["children"].as_array().unwrap().iter().map(|child| (child.clone(), id.clone())));
        assert!(found.insert(id.as_str().unwrap().to_owned(), parent).is_none());
    }
    let listed = all(&service, &format!("{base}/departments"), 100).await;
    assert_eq!(found.len(), listed.len());
    assert!(listed.iter().all(|(id, department)| department["parent_id"] == found[id]));
}

#[tokio::test]
async fn sync_is_started_once_and_can_be_followed() {
    let service = Service::start("").await;
    let emulator = tenant(60, Rights::all()).await;
    let account = service.linked(&emulator, &[]).await;
    let base = format!("/v1/linked-accounts/{}", account.id);
    let (status, started) = service.post(&format!("{base}/runs"), json!({})).await;
    assert_eq!(status, 202, "{started}");
    let path = format!("{base}/runs/{}", started["id"].as_str().unwrap());
    let queued = service.get(&path).await.1;
    assert_eq!((&queued["status"], &queued["started_at"]), (&json!("queued"), &Value::Null), "{queued}");
    let (status, again) = service.post(&format!("{base}/runs"), json!({})).await;
    assert_eq!((status, &again), (202, &started), "asked twice is one run");
    service.do_due(&jobs::SyncDuty(service.services.clone())).await;
    let run = service.get(&path).await.1;
    assert_eq!((&run["status"], &run["outcome"]), (&json!("succeeded"), &json!("succeeded")), "{run}");
    assert!(run["progress"].as_array().unwrap().iter().any(|list| list["stream"] == "users"));
    assert_eq!(all(&service, &format!("{base}/employees"), 100).await.len(), 60);
    let (_, runs) = service.get(&format!("{base}/runs?limit=1")).await;
    assert_eq!(runs["items"][0]["id"], started["id"]);
    let other = "/runs/run_01a21394572d76d881d5432106300cf4";
    assert_eq!(service.get(&format!("{base}{other}")).await.0, 404);
    let (_, _) = service.api(Method::DELETE, &base, None).await;
    let (status, problem) = service.post(&format!("{base}/runs"), json!({})).await;
    assert_eq!((status, &problem["code"]), (409, &json!("account.unlinked")));
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a client of the test's own, which shows what is sent")]
async fn responses_are_compressed_on_request() {
    let service = Service::start("").await;
    let emulator = tenant(60, Rights::all()).await;
    let account = service.linked(&emulator, &[]).await;
    service.sync(&account).await;
    let url = format!("{}/v1/linked-accounts/{}/employees", service.url, account.id);
    let http = reqwest::Client::builder().no_gzip().no_brotli().build().unwrap();
    let get = async |encoding: &str| {
        let request = http.get(&url).bearer_auth(crate::support::OPERATOR);
        let answer = request.header(header::ACCEPT_ENCODING, encoding).send().await.unwrap();
        let named =
            answer.headers().get(header::CONTENT_ENCODING).map(|named| named.to_str().unwrap().to_owned());
        (named, answer.bytes().await.unwrap().len())
    };
    let (plain, length) = get("identity").await;
    assert_eq!(plain, None);
    for encoding in ["gzip", "br"] {
        let (named, compressed) = get(encoding).await;
        assert_eq!(named.as_deref(), Some(encoding));
        assert!(compressed * 3 < length, "{encoding}: {compressed} of {length}");
    }
}
