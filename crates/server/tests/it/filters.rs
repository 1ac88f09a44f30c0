//! Filters of record lists: each equals a search through the whole list, on every database.

use std::collections::{BTreeMap, BTreeSet};

use lucca_emulator::Rights;
use serde_json::{Value, json};
use test_database::Engine;

use crate::records::all;
use crate::support::{Service, tenant};

/// The ids of the records that a condition selects.
fn ids(records: &BTreeMap<String, Value>, is_meant: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    records.iter().filter(|(_, record)| is_meant(record)).map(|(id, _)| id.clone()).collect()
}

#[tokio::test]
async fn filters_equal_a_search_through_the_list() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(120, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        service.sync(&account).await;
        let base = format!("/v1/linked-accounts/{}", account.id);
        let employees = all(&service, &format!("{base}/employees"), 500).await;
        let absences = all(&service, &format!("{base}/absences"), 500).await;
        let text = |record: &Value, member: &str| record[member].as_str().unwrap_or_default().to_owned();
        let listed = async |query: &str| {
            let found = all(&service, &format!("{base}/{query}"), 7).await;
            found.into_keys().collect::<BTreeSet<String>>()
        };

        let manager =
            employees.values().map(|one| text(one, "manager_id")).find(|id| !id.is_empty()).unwrap();
        let reports = ids(&employees, |one| one["manager_id"] == *manager);
        assert_eq!(listed(&format!("employees?manager_id={manager}")).await, reports);
        let number =
            employees.values().map(|one| text(one, "employee_number")).find(|one| !one.is_empty()).unwrap();
        let numbered = ids(&employees, |one| one["employee_number"] == *number);
        assert_eq!(listed(&format!("employees?employee_number={}", number.to_lowercase())).await, numbered);
        let some: Vec<String> = employees.keys().step_by(9).cloned().collect();
        let wanted = listed(&format!("employees?ids={},no-such-id", some.join(","))).await;
        assert_eq!(wanted, some.into_iter().collect());

        let one = absences.values().nth(absences.len() / 2).unwrap();
        let (from, to) = (&text(one, "first")[..10], &text(one, "last")[..10]);
        let in_period = |one: &Value| text(one, "last")[..10] >= *from && text(one, "first")[..10] <= *to;
        assert_eq!(listed(&format!("absences?from={from}&to={to}")).await, ids(&absences, in_period));
        let leave_type = one["leave_type_ids"][0].as_str().unwrap();
        let of_type = |one: &Value| one["leave_type_ids"].as_array().unwrap().contains(&json!(leave_type));
        assert_eq!(listed(&format!("absences?leave_type_id={leave_type}")).await, ids(&absences, of_type));
        let department =
            employees.values().map(|one| text(one, "department_id")).find(|id| !id.is_empty()).unwrap();
        let in_department = |one: &Value| {
            employees
                .get(&text(one, "employee_id"))
                .is_some_and(|owner| owner["department_id"] == *department)
        };
        let both = format!("absences?department_id={department}&from={from}");
        let expected = ids(&absences, |one| in_department(one) && text(one, "last")[..10] >= *from);
        assert_eq!(listed(&both).await, expected);
        assert!(!expected.is_empty() && expected.len() < absences.len(), "{engine:?}");
    }
}

#[tokio::test]
async fn filters_do_not_reveal_what_is_not_delivered() {
    let service = Service::start("").await;
    let emulator = tenant(12, Rights::all()).await;
    let account = service.linked(&emulator, &[]).await;
    service.sync(&account).await;
    let base = format!("/v1/linked-accounts/{}", account.id);
    let rules = json!({ "fields": { "employees": { "except": ["manager_id"] } } });
    let request =
        service.http.put(format!("{}{base}/delivery", service.url)).bearer_auth(crate::support::OPERATOR);
    assert_eq!(request.json(&rules).send().await.unwrap().status(), 200);
    let (status, refused) = service.get(&format!("{base}/employees?manager_id=1")).await;
    assert_eq!(
        (status, &refused["code"], &refused["field"]),
        (422, &json!("delivery.not_delivered"), &json!("manager_id"))
    );
    assert_eq!(service.get(&format!("{base}/employees?employee_number=1")).await.0, 200);
    for query in
        ["employees?from=2026-01-01", "employments?ids=", "absences?to=soon", "absences?manager_id=1"]
    {
        assert_eq!(service.get(&format!("{base}/{query}")).await.0, 422, "{query}");
    }
}
