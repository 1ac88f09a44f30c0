//! The company: exactly the requested size, the same for the same seed, with all oddities.

use std::collections::HashSet;

use lucca_emulator::{NoManager, Rights, V3Departments};
use serde_json::{Value, json};

use crate::client::{Lab, TODAY};

#[tokio::test]
async fn truth_is_what_an_enumeration_finds() {
    for size in [0, 1, 2, 49, 50, 999, 1000, 1001] {
        let lab = Lab::of(size).await;
        let truth = lab.emulator.truth();
        assert_eq!(truth.employees, u64::from(size));
        let everybody = lab.enumerate("/api/v3/users?formerEmployees=true&", 300).await;
        assert_eq!(everybody.len() as u64, truth.employees, "size {size}");
        assert!(everybody.is_sorted_by(|a, b| a < b), "ids ascend");
        let listed = lab.get("/api/v3/users?fields=collection.count").await.count();
        assert_eq!(listed, truth.by_status.active + truth.by_status.future);
        let contracts = lab.enumerate_v4("/directory/api/4.0/work-contracts?", 1000).await;
        assert_eq!(contracts.len() as u64, truth.employments);
        for (path, expected) in [
            ("departments?", truth.departments),
            ("legal-units?isArchived=true,false&", truth.legal_units),
            ("establishments?isArchived=true,false&", truth.establishments),
            ("job-qualifications?", truth.job_qualifications),
            ("occupation-categories?", truth.occupation_categories),
        ] {
            let found = lab.enumerate_v4(&format!("/organization/structure/api/{path}"), 100).await;
            assert_eq!(found.len() as u64, expected, "{path} at size {size}");
        }
        let accounts = lab.get("/api/v3/leaveAccounts?fields=id,name,collection.count").await;
        assert_eq!(accounts.count(), truth.leave_accounts);
        if size >= 50 {
            assert!(truth.by_status.former > 0 && truth.by_status.future > 0);
            assert!(truth.by_status.former * 100 <= truth.employees * 14);
        }
    }
}

#[tokio::test]
async fn statuses_follow_from_contracts() {
    let lab = Lab::of(1000).await;
    let truth = lab.emulator.truth();
    assert!(truth.by_status.former * 100 <= truth.employees * 12, "{truth:?}");
    assert!(truth.by_status.future * 100 <= truth.employees * 3, "{truth:?}");
    let today = TODAY.to_string();
    let (mut future, mut former) = (0, 0);
    let path = "/directory/api/4.0/work-contracts?isApplicable=true&";
    for contract in lab.enumerate_v4(path, 1000).await {
        let starts = contract["startsOn"].as_str().expect("a date");
        match contract["endsOn"].as_str() {
            Some(end) if end < today.as_str() => former += 1,
            _ if starts > today.as_str() => future += 1,
            _ => {}
        }
    }
    assert_eq!((future, former), (truth.by_status.future, truth.by_status.former));
}

#[tokio::test]
async fn the_same_seed_gives_the_same_bytes() {
    let paths = [
        "/api/v3/users?paging=0,60&fields=id,name,mail,modifiedAt,manager,extendedData,userAxisValues,userWorkCycles,applicationData,iban,address",
        "/directory/api/4.0/work-contracts?limit=100",
        "/organization/structure/api/departments?limit=100",
        "/api/v3/userlogs?fields=id,name,value,modifiedAt",
    ];
    let (one, same) = (Lab::of(200).await, Lab::of(200).await);
    let other = Lab::with(200, |config| *config = lucca_emulator::Config::new(200, 8, TODAY)).await;
    assert_eq!(one.key, same.key);
    assert_ne!(one.key, other.key);
    for path in paths {
        let bytes = one.get(path).await.text;
        assert_eq!(bytes, same.get(path).await.text, "{path}");
        assert_ne!(bytes, other.get(path).await.text, "{path}");
    }
}

#[tokio::test]
async fn fifty_people_have_every_oddity() {
    let lab = Lab::of(50).await;
    let fields = "id,name,firstName,lastName,login,mail,managerId,dtContractEnd,jobTitle,extendedData,cspId,manager[id,dtContractEnd]";
    let people = lab.get(&format!("/api/v3/users?formerEmployees=true&fields={fields}")).await.items();
    assert_eq!(people.len(), 50);
    let by_id = |id: &Value| people.iter().find(|person| person["id"] == *id);
    let any = |what: &str, holds: &dyn Fn(&Value) -> bool| {
        assert!(people.iter().any(holds), "{what}");
    };
    any("no e-mail", &|p| p["mail"].is_null());
    any("one's own manager", &|p| p["managerID"] == p["id"]);
    assert!(people.iter().all(|p| p["managerID"].is_i64()), "no user has a null manager");
    any("a cycle of two", &|p| {
        p["managerID"] != p["id"]
            && by_id(&p["managerID"]).is_some_and(|manager| manager["managerID"] == p["id"])
    });
    let today = TODAY.to_string();
    any("a manager who left", &|p| {
        p["manager"]["dtContractEnd"].as_str().is_some_and(|end| end < today.as_str())
    });
    any("a last day today", &|p| p["dtContractEnd"].as_str().is_some_and(|end| end.starts_with(&today)));
    any("an emoji", &|p| p["jobTitle"].as_str().is_some_and(|title| title.contains('🚀')));
    any("a line break", &|p| p["jobTitle"].as_str().is_some_and(|title| title.contains('\n')));
    any("another script", &|p| p["firstName"] == "太郎");
    let names: HashSet<&str> = people.iter().filter_map(|p| p["name"].as_str()).collect();
    assert!(names.len() < people.len(), "some share a name");
    let logins: HashSet<&str> = people.iter().filter_map(|p| p["login"].as_str()).collect();
    assert_eq!(logins.len(), people.len(), "logins are unique");
    let contracts = lab.enumerate_v4("/directory/api/4.0/work-contracts?", 100).await;
    assert!(contracts.iter().any(|contract| contract["spcId"] == 0), "category 0");
    let owners: HashSet<i64> = contracts.iter().filter_map(|c| c["ownerId"].as_i64()).collect();
    assert!(owners.len() < contracts.len(), "some have several contracts");
    assert!(!owners.contains(&0), "user 0 has none");
}

#[tokio::test]
async fn the_technical_user_is_in_no_list() {
    let lab = Lab::of(60).await;
    let lists =
        ["users?formerEmployees=true&", "users/find?clue=lucca&", "users/search?clue=lucca&", "users?id=0&"];
    for list in lists {
        let answer = lab.get(&format!("/api/v3/{list}fields=id,dtContractStart")).await;
        assert!(!answer.text.contains(r#""id":0,"#), "{list}");
        assert!(!answer.text.contains(r#""dtContractStart":null"#), "{list}");
    }
    lab.switch(|switches| switches.v3_departments = V3Departments::Alive);
    let members = async || -> Vec<i64> {
        let departments = lab.get("/api/v3/departments?fields=currentUsers.id,users.id").await.items();
        let of = |key: &str| -> Vec<i64> {
            let all = departments.iter().filter_map(|one| one[key].as_array().cloned());
            all.flatten().filter_map(|user| user["id"].as_i64()).collect()
        };
        let mut current = of("currentUsers");
        assert!(!of("users").contains(&0) || current.contains(&0));
        current.sort_unstable();
        current
    };
    let listed = lab.get("/api/v3/users?dtContractStart=until,today").await.ids();
    assert_eq!(members().await, listed, "members of all departments are the users listed");
    assert_eq!(lab.get("/api/v3/users/0").await.json()["data"]["name"], "Lucca Admin");
    lab.switch(|switches| switches.technical_user_listed = true);
    let first = lab.get("/api/v3/users?paging=0,1&fields=id,dtContractStart").await.items();
    assert_eq!(first, [json!({"id": 0, "dtContractStart": null})]);
    assert_eq!(members().await[0], 0);
}

#[tokio::test]
async fn leavers_stay_managers() {
    let lab = Lab::of(200).await;
    let rights = Rights { see_former: false, ..Rights::all() };
    assert!(lab.emulator.tenant().set_rights(&lab.key, rights));
    let people = lab.get("/api/v3/users?fields=id,managerID,manager").await.items();
    let listed: HashSet<i64> = people.iter().filter_map(|p| p["id"].as_i64()).collect();
    let mut of_leavers =
        people.iter().filter(|p| p["managerID"].as_i64().is_some_and(|id| !listed.contains(&id)));
    let report = of_leavers.next().expect("a user whose manager left");
    assert_eq!(report["manager"]["id"], report["managerID"]);
    assert!(report["manager"]["name"].is_string(), "{report}");
    assert_eq!(lab.get(&format!("/api/v3/users/{}", report["managerID"])).await.status, 500);
}

#[tokio::test]
async fn missing_manager_is_oneself_or_null() {
    let lab = Lab::of(200).await;
    let own = async || -> Vec<Value> {
        let people = lab.get("/api/v3/users?fields=id,managerID,manager.id").await.items();
        people.into_iter().filter(|p| p["managerID"].is_null() || p["managerID"] == p["id"]).collect()
    };
    let before = own().await;
    assert!(
        before.len() > 1 && before.iter().all(|p| p["managerID"] == p["id"] && p["manager"]["id"] == p["id"])
    );
    lab.switch(|switches| switches.no_manager = NoManager::Null);
    let after = own().await;
    assert_eq!(after.len(), before.len());
    assert!(after.iter().filter(|p| p["managerID"].is_null() && p["manager"].is_null()).count() > 0);
}

#[tokio::test]
async fn a_thousand_people_use_everything_there_is() {
    let lab = Lab::of(1000).await;
    let people =
        lab.get("/api/v3/users?fields=extendedData,userWorkCycles[startsOn],modifiedAt").await.items();
    for key in
        ["e_badge", "e_fte", "e_firstAider", "e_medicalVisit", "e_shirtSize", "e_languages", "e_emergency"]
    {
        assert!(people.iter().any(|p| p["extendedData"].get(key).is_some()), "{key}");
    }
    let languages = people.iter().find_map(|p| p["extendedData"].get("e_languages"));
    assert!(languages.is_some_and(Value::is_array));
    assert!(people.iter().any(|p| p["userWorkCycles"][0]["startsOn"] == "1900-01-01T00:00:00"));
    let digits: HashSet<usize> = people
        .iter()
        .filter_map(|p| {
            Some(p["modifiedAt"].as_str()?.split_once('.').map_or(0, |(_, fraction)| fraction.len()))
        })
        .collect();
    assert!(digits.is_superset(&HashSet::from([1, 2, 3])), "trailing zeros are trimmed: {digits:?}");
    assert!(digits.iter().all(|digits| *digits <= 3), "{digits:?}");
    let contracts = lab.enumerate_v4("/directory/api/4.0/work-contracts?", 1000).await;
    let types: HashSet<i64> = contracts.iter().filter_map(|c| c["typeId"].as_i64()).collect();
    assert_eq!(types.len(), 4);
    let departments = lab.enumerate_v4("/organization/structure/api/departments?", 100).await;
    let level = |d: &Value| d["hierarchy"].as_str().map_or(0, |h| h.matches('/').count() - 1);
    assert_eq!(departments.iter().map(level).max(), Some(5));
    assert!(departments.iter().any(|d| d["isActive"] == false));
    for department in departments.iter().filter(|d| !d["parentId"].is_null()) {
        let parent = departments.iter().find(|other| other["hierarchy"] == department["parentId"]);
        assert_eq!(parent.map(|parent| &parent["id"]), Some(&department["parentLuccaId"]));
    }
    let sites = "/organization/structure/api/establishments";
    let open = lab.get(&format!("{sites}?limit=100")).await.items().len();
    let all = lab.get(&format!("{sites}?limit=100&isArchived=true,false")).await.items().len();
    let closed = lab.get(&format!("{sites}?limit=100&isArchived=true")).await.items().len();
    assert_eq!((closed, open + closed), (1, all));
}
