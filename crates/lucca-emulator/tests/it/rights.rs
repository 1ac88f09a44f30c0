//! Keys and the records they hide.

use lucca_emulator::{HiddenFields, HrFile, KeyConfig, Rights};

use crate::client::Lab;

const OTHER: &str = "0f0e0d0c-0b0a-4908-8706-050403020100";

async fn lab_with(rights: Rights) -> Lab {
    let mut lab = Lab::with(300, |config| {
        config.keys.push(KeyConfig { name: "Partner".to_owned(), key: OTHER.to_owned(), rights });
    })
    .await;
    OTHER.clone_into(&mut lab.key);
    lab
}

#[tokio::test]
async fn keys_are_read_as_the_framework_reads_them() {
    let lab = Lab::of(5).await;
    let key = &lab.key;
    let bare = key.replace('-', "");
    for good in [
        format!("lucca application={key}"),
        format!("Lucca application={{{key}}}"),
        format!("LUCCA application={bare}"),
    ] {
        assert_eq!(lab.send("GET", "/api/v3/users", &good).await.status, 200, "{good}");
    }
    for bad in [
        format!("Bearer {key}"),
        format!("lucca  application={key}"),
        "lucca application=0".to_owned(),
        String::new(),
    ] {
        let answer = lab.send("GET", "/api/v3/users", &bad).await;
        assert_eq!(answer.status, 401, "{bad}");
        assert_eq!(answer.json()["Status"], 401);
    }
    assert_eq!(lab.send("GET", "/directory/api/4.0/work-contracts", "").await.status, 401);
}

#[tokio::test]
async fn weak_keys_silently_see_fewer_rows() {
    let rights = Rights { see_former: false, see_future: false, ..Rights::all() };
    let lab = lab_with(rights).await;
    let everything = lab.emulator.truth();
    let truth = lab.emulator.truth_for(OTHER).expect("a known key");
    assert_eq!(truth.employees, everything.by_status.active);
    assert_eq!(lab.enumerate("/api/v3/users?formerEmployees=true&", 100).await.len() as u64, truth.employees);
    let contracts = lab.enumerate_v4("/directory/api/4.0/work-contracts?", 1000).await;
    assert_eq!(contracts.len() as u64, truth.employments);
    assert!(truth.employments < everything.employments);
    let former = lab.emulator.tenant().people(Some(lucca_emulator::Status::Former), 1)[0].id;
    let hidden = lab.get(&format!("/api/v3/users/{former}")).await;
    assert_eq!(hidden.status, 500);
    assert_eq!(hidden.json()["Message"], "User Not Found");
}

#[tokio::test]
async fn a_scope_narrows_rows() {
    let lab = lab_with(Rights { establishment_scope: Some(vec![1]), ..Rights::all() }).await;
    let truth = lab.emulator.truth_for(OTHER).expect("a known key");
    assert!(truth.employees > 0 && truth.employees < 300);
    let people = lab.get("/api/v3/users?formerEmployees=true&fields=legalEntityId,collection.count").await;
    assert_eq!(people.count(), truth.employees);
    assert!(people.items().iter().all(|person| person["legalEntityID"] == 1));
}

#[tokio::test]
async fn missing_rights_hide_fields() {
    let rights = Rights {
        view_jobs: false,
        view_managers: false,
        view_qualifications: false,
        hr_file: HrFile::default(),
        ..Rights::all()
    };
    let lab = lab_with(rights).await;
    let hidden = [
        "jobTitle",
        "managerId",
        "manager",
        "jobQualification",
        "birthDate",
        "address",
        "insuranceNumber",
        "iban",
        "extendedData",
        "nationality",
        "personalMobile",
    ];
    let path = format!("/api/v3/users?fields=id,login,{}", hidden.join(","));
    for person in lab.get(&path).await.items() {
        let nulls = person.as_object().map(|o| o.values().filter(|value| value.is_null()).count());
        assert_eq!(nulls, Some(hidden.len()), "{person}");
    }
    // Invisible records can't be found either.
    assert_eq!(lab.get("/api/v3/users?managerId=notequal,null&fields=collection.count").await.count(), 0);
    lab.switch(|switches| switches.hidden_fields = HiddenFields::Omitted);
    for person in lab.get(&path).await.items() {
        assert_eq!(person.as_object().map(serde_json::Map::len), Some(2), "{person}");
    }
    lab.switch(|switches| switches.hidden_fields = HiddenFields::Refused);
    assert_eq!(lab.get(&path).await.status, 403);
    assert_eq!(lab.get("/api/v3/users/1?fields=id,jobTitle").await.status, 403);
    assert_eq!(lab.get("/api/v3/users?fields=id,login").await.status, 200);
}

#[tokio::test]
async fn contracts_may_show_hidden_employees() {
    let lab = lab_with(Rights { see_former: false, see_future: false, ..Rights::all() }).await;
    lab.switch(|switches| switches.contracts_follow_users = false);
    let everything = lab.emulator.truth();
    let truth = lab.emulator.truth_for(OTHER).expect("a known key");
    assert_eq!(truth.employees, everything.by_status.active);
    assert_eq!(truth.employments, everything.employments);
    let contracts = lab.enumerate_v4("/directory/api/4.0/work-contracts?", 1000).await;
    assert_eq!(contracts.len() as u64, truth.employments);
}

#[tokio::test]
async fn whole_resources_are_refused() {
    let lab = lab_with(Rights { view_users: true, ..Rights::none() }).await;
    for (path, status) in [
        ("/api/v3/users", 200),
        ("/organization/structure/api/departments", 200),
        ("/directory/api/4.0/work-contracts", 403),
        ("/directory/api/work-contract-hiring-types", 403),
        ("/api/v3/leaveAccounts", 403),
        ("/api/v3/extensionuserdefinitions", 403),
    ] {
        assert_eq!(lab.get(path).await.status, status, "{path}");
    }
    lab.emulator.tenant().set_rights(OTHER, Rights::none());
    assert_eq!(lab.get("/api/v3/users").await.status, 403);
    assert_eq!(lab.get("/organization/structure/api/departments").await.status, 403);
    lab.switch(|switches| switches.no_right_status = 401);
    assert_eq!(lab.get("/api/v3/users").await.status, 401);
    let truth = lab.emulator.truth_for(OTHER).expect("a known key");
    assert_eq!(truth, lucca_emulator::Truth::default());
}
