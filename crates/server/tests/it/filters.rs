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
        let address =
            employees.values().map(|one| text(one, "work_email")).find(|one| !one.is_empty()).unwrap();
        let addressed = ids(&employees, |one| one["work_email"] == *address);
        assert_eq!(listed(&format!("employees?work_email={}", address.to_uppercase())).await, addressed);
        assert_eq!(listed("employees?work_email=nobody@acme.example").await, BTreeSet::new());
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
async fn legal_unit_selects_by_its_establishments() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(80, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        service.sync(&account).await;
        let base = format!("/v1/linked-accounts/{}", account.id);
        let establishments = all(&service, &format!("{base}/establishments"), 500).await;
        let units: BTreeSet<&str> =
            establishments.values().filter_map(|one| one["legal_unit_id"].as_str()).collect();
        assert!(units.len() > 1, "{units:?}");
        for unit in units {
            let own = ids(&establishments, |one| one["legal_unit_id"] == unit);
            for (list, member) in [
                ("establishments", "id"),
                ("employees", "establishment_id"),
                ("employments", "establishment_id"),
            ] {
                for as_of in ["", "&as_of=2024-03-01"] {
                    if list == "establishments" && !as_of.is_empty() {
                        continue;
                    }
                    let records =
                        all(&service, &format!("{base}/{list}?{}", as_of.trim_start_matches('&')), 500).await;
                    let expected =
                        ids(&records, |one| one[member].as_str().is_some_and(|id| own.contains(id)));
                    let found = all(&service, &format!("{base}/{list}?legal_unit_id={unit}{as_of}"), 7).await;
                    let found: BTreeSet<String> = found.into_keys().collect();
                    assert_eq!(found, expected, "{engine:?} {list} {unit} {as_of}");
                }
            }
        }
    }
}

#[tokio::test]
async fn includes_equal_the_records_they_name() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(60, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        service.sync(&account).await;
        let base = format!("/v1/linked-accounts/{}", account.id);
        let mut lists = BTreeMap::new();
        for list in [
            "employees",
            "departments",
            "establishments",
            "legal-units",
            "employments",
            "leave-types",
            "absences",
        ] {
            lists.insert(list, all(&service, &format!("{base}/{list}"), 500).await);
        }
        let reference = |list: &str, id: &Value| match id.as_str().and_then(|id| lists[list].get(id)) {
            Some(record) => json!({ "id": record["id"], "name": record["name"] }),
            None => Value::Null,
        };

        let include = "manager,department,establishment,legal_unit,employments";
        let employees = all(&service, &format!("{base}/employees?include={include}"), 7).await;
        assert_eq!(employees.len(), lists["employees"].len());
        for (id, one) in &employees {
            assert_eq!(one["manager"], reference("employees", &one["manager_id"]), "{id}");
            assert_eq!(one["department"], reference("departments", &one["department_id"]), "{id}");
            assert_eq!(one["establishment"], reference("establishments", &one["establishment_id"]), "{id}");
            let establishment = &lists["establishments"][one["establishment_id"].as_str().unwrap()];
            assert_eq!(one["legal_unit"], reference("legal-units", &establishment["legal_unit_id"]), "{id}");
            let own = ids(&lists["employments"], |employment| employment["employee_id"] == **id);
            let included = one["employments"].as_array().unwrap();
            let included_ids =
                included.iter().map(|employment| employment["id"].as_str().unwrap().to_owned());
            assert_eq!(included_ids.collect::<BTreeSet<_>>(), own, "{id}");
            for employment in included {
                let whole = &lists["employments"][employment["id"].as_str().unwrap()];
                for (member, value) in employment.as_object().unwrap() {
                    assert_eq!(*value, whole[member], "{id} {member}");
                }
            }
        }
        for one in
            all(&service, &format!("{base}/employments?include=employee,establishment"), 7).await.values()
        {
            assert_eq!(one["employee"], reference("employees", &one["employee_id"]));
            assert_eq!(one["establishment"], reference("establishments", &one["establishment_id"]));
        }
        for one in all(&service, &format!("{base}/establishments?include=legal_unit"), 7).await.values() {
            assert_eq!(one["legal_unit"], reference("legal-units", &one["legal_unit_id"]));
        }
        for one in all(&service, &format!("{base}/absences?include=employee,leave_types"), 70).await.values()
        {
            assert_eq!(one["employee"], reference("employees", &one["employee_id"]));
            let types = one["leave_type_ids"].as_array().unwrap();
            let types: Vec<Value> = types.iter().map(|id| reference("leave-types", id)).collect();
            assert_eq!(one["leave_types"], json!(types));
        }
        let (status, refused) = service.get(&format!("{base}/departments?include=manager")).await;
        assert_eq!((status, &refused["detail"]), (422, &json!("These records include only raw.")));
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
