//! Writes of a key, and their effects in every endpoint.

use lucca_emulator::{Fault, FaultKind, Rights, Status, UnknownField};
use serde_json::{Value, json};

use crate::client::Lab;

const CONTRACTS: &str = "/directory/api/4.0/work-contracts";

/// An active user who heads no department.
fn plain_user(lab: &Lab) -> i64 {
    lab.emulator.tenant().people(Some(Status::Active), 100)[30].id
}

async fn contracts_of(lab: &Lab, owner: i64) -> Vec<Value> {
    lab.get(&format!("{CONTRACTS}?ownerId={owner}&limit=100")).await.items()
}

#[tokio::test]
async fn a_user_is_updated_partially() {
    let lab = Lab::of(60).await;
    let id = plain_user(&lab);
    let before = lab.get(&format!("/api/v3/users/{id}")).await.json()["data"].clone();
    let manager = lab.emulator.tenant().people(Some(Status::Active), 3)[2].id;
    let body = json!({
        "lastName": "Smith",
        "departmentId": 3,
        "managerid": manager,
        "jobTitle": null,
        "employeeNumber": "000000452",
        "birthDate": "1989-12-22T00:00:00",
        "nationalityId": "ES",
        "gender": "Female",
        "address": "13, rue Martin Bernard, 75 Paris",
        "habilitedRoles": [{"id": 59}],
        "userAxisValues_4": {"id": 31},
        "iban": "FR0312739000302346383836C42",
    });
    let fields = "lastName,departmentId,managerId,jobTitle,employeeNumber,birthDate,nationality,gender,address,habilitedRoles[id],userAxisValues,iban,modifiedAt";
    let answer = lab.write("PUT", &format!("/api/v3/users/{id}?fields={fields}"), &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let data = &answer.json()["data"];
    assert_eq!(data["lastName"], "Smith");
    assert_eq!(data["departmentID"], 3);
    assert_eq!(data["managerID"], manager);
    assert_eq!(data["jobTitle"], Value::Null);
    assert_eq!(data["employeeNumber"], "000000452");
    assert_eq!(data["birthDate"], "1989-12-22T00:00:00");
    assert_eq!(data["nationality"]["id"], "ES");
    assert_eq!(data["gender"], "Female");
    assert_eq!(data["habilitedRoles"], json!([{"id": 59}]));
    assert_eq!(data["userAxisValues_4"]["id"], 31);
    assert_eq!(data["iban"], "FR0312739000302346383836C42");
    assert!(data["modifiedAt"].as_str().is_some_and(|at| at.starts_with("2026-11-23T09:00:00")));
    let after = lab.get(&format!("/api/v3/users/{id}")).await.json()["data"].clone();
    assert_eq!(after["firstName"], before["firstName"], "what is not named stays");
    assert_eq!(lab.get("/api/v3/users?lastName=smith").await.ids(), [id]);
    let logs = lab.get(&format!("/api/v3/userlogs?owner.id={id}&fields=name,value")).await.items();
    assert!(logs.iter().any(|log| log["name"] == "departmentid" && log["value"] == "3"));
    assert!(logs.iter().any(|log| log["name"] == "userAxisValues_4" && log["value"] == "31"));
}

#[tokio::test]
async fn user_writes_change_the_applicable_contract() {
    let lab = Lab::of(60).await;
    let id = plain_user(&lab);
    let before = lab.emulator.truth();
    let body = json!({"legalEntityId": 1, "dtContractEnd": "2026-11-22", "cspId": 1});
    let fields = "legalEntityId,dtContractEnd,cspId";
    let answer = lab.write("PUT", &format!("/api/v3/users/{id}?fields={fields}"), &body).await;
    assert_eq!(
        answer.json()["data"],
        json!({"legalEntityID": 1, "dtContractEnd": "2026-11-22T00:00:00", "cspID": 1}),
        "{}",
        answer.text
    );
    let contract = contracts_of(&lab, id).await.into_iter().find(|one| one["isApplicable"] == true);
    let contract = contract.expect("one applies");
    assert_eq!((&contract["endsOn"], &contract["spcId"]), (&json!("2026-11-22"), &json!(1)));
    let after = lab.emulator.truth();
    assert_eq!(after.by_status.former, before.by_status.former + 1);
    assert_eq!(after.employees, before.employees);
}

#[tokio::test]
async fn custom_fields_are_written_at_the_root() {
    let lab = Lab::of(60).await;
    let id = plain_user(&lab);
    let path = format!("/api/v3/users/{id}?fields=extendedData");
    let put = async |body: Value| {
        let answer = lab.write("PUT", &path, &body).await;
        assert_eq!(answer.status, 200, "{body}: {}", answer.text);
        answer.json()["data"]["extendedData"].clone()
    };
    let written = put(json!({
        "e_badge": {"value": "777"},
        "e_fte": {"value": 0.75},
        "e_medicalVisit": {"value": "2016-09-01T00:00:00"},
        "e_shirtSize": {"value": 84},
        "e_Nom-de-la-voie": "Rue Neuve",
        "e_emergency": {"value": {"e_emergencyName": {"value": "Ada"}}},
    }))
    .await;
    assert_eq!(written["e_badge"]["value"], "777");
    assert_eq!(written["e_fte"]["value"], 0.75);
    assert_eq!(written["e_medicalVisit"]["value"], "2016-09-01T00:00:00");
    assert_eq!(written["e_shirtSize"]["value"], 84);
    assert_eq!(written["e_Nom-de-la-voie"]["value"], "Rue Neuve");
    assert_eq!(written["e_emergency"]["value"]["e_emergencyName"]["value"], "Ada");
    let badge = &written["e_badge"]["id"];
    let changed = put(json!({"e_badge": {"id": badge, "value": "778"}})).await;
    assert_eq!(changed["e_badge"], json!({"id": badge, "value": "778"}));
    let emptied = put(json!({"e_badge": {"id": badge, "value": null}})).await;
    assert!(emptied.get("e_badge").is_none());
    let held = emptied["e_languages"].as_array().map_or(0, Vec::len);
    let more = put(json!({"e_languages": [{"value": "breton"}, {"value": "occitan"}]})).await;
    let languages = more["e_languages"].as_array().cloned().unwrap_or_default();
    assert_eq!(languages.len(), held + 2);
    let fewer = put(json!({"e_languages": {"id": languages[held]["id"], "value": null}})).await;
    assert_eq!(fewer["e_languages"].as_array().map(Vec::len), Some(held + 1));
    assert_eq!(fewer["e_languages"][held]["value"], "occitan");
    for refused in [
        json!({"e_nothing": {"value": 1}}),
        json!({"e_shirtSize": {"value": 3}}),
        json!({"e_fte": {"value": "much"}}),
        json!({"e_badge": {"id": 1, "value": "1"}}),
        json!({"extendedData": {"e_badge": {"value": "1"}}}),
    ] {
        assert_eq!(lab.write("PUT", &path, &refused).await.status, 400, "{refused}");
    }
}

#[tokio::test]
async fn refused_changes_change_nothing() {
    let lab = Lab::of(60).await;
    let id = plain_user(&lab);
    let path = format!("/api/v3/users/{id}");
    let before = lab.get(&path).await.text;
    let taken = lab.get("/api/v3/users?fields=login&paging=3,1").await.items()[0]["login"].clone();
    for (body, status) in [
        (json!({"firstName": "New", "nothing": 1}), 400),
        (json!({"firstName": "New", "id": 4_000_000}), 400),
        (json!({"firstName": "New", "modifiedAt": "2020-01-01T00:00:00"}), 400),
        (json!({"firstName": ""}), 400),
        (json!({"firstName": null}), 400),
        (json!({"firstName": "New", "departmentId": 4_000_000}), 400),
        (json!({"firstName": "New", "departmentId": null}), 400),
        (json!({"firstName": "New", "managerId": "me"}), 400),
        (json!({"firstName": "New", "birthDate": "31/01/2021"}), 400),
        (json!({"firstName": "New", "dtContractEnd": "1990-01-01"}), 400),
        (json!({"firstName": "New", "userAxisValues_4": {"id": 4_000_000}}), 400),
        (json!({"firstName": "New", "login": taken}), 400),
        (json!([{"firstName": "New"}]), 400),
        (json!({"firstName": "New", "profile_figgo": {"id": 156}}), 501),
        (json!({"firstName": "New", "allowsElectronicPayslip": true}), 501),
    ] {
        let answer = lab.write("PUT", &path, &body).await;
        assert_eq!(answer.status, status, "{body}");
        assert_eq!(answer.json()["Status"], status, "{body}");
    }
    assert_eq!(
        lab.write("PUT", &format!("{path}?fields=nothing"), &json!({"firstName": "New"})).await.status,
        400
    );
    assert_eq!(lab.write("PUT", "/api/v3/users/4000000", &json!({"firstName": "New"})).await.status, 500);
    assert_eq!(lab.write_as("PUT", &path, "application/json", "{".to_owned()).await.status, 400);
    let xml = lab.write_as("PUT", &path, "application/xml", "<a/>".to_owned()).await;
    assert_eq!((xml.status, &xml.json()["Message"]), (415, &json!("Unsupported media type application/xml")));
    assert_eq!(lab.write_as("PUT", &path, "application/json", " ".repeat(5 << 20)).await.status, 413);
    assert_eq!(lab.get(&path).await.text, before);

    lab.switch(|switches| switches.unknown_body_field = UnknownField::Ignored);
    let kept = lab.write("PUT", &path, &json!({"id": id, "firstName": "New", "nothing": 1})).await;
    assert_eq!((kept.status, &kept.json()["data"]["firstName"]), (200, &json!("New")));
}

#[tokio::test]
async fn writing_is_a_right() {
    let lab = Lab::of(60).await;
    let id = plain_user(&lab);
    let contract = contracts_of(&lab, id).await[0]["id"].clone();
    lab.emulator.tenant().set_rights(&lab.key, Rights { edit_users: false, ..Rights::all() });
    let writes = [
        ("PUT", format!("/api/v3/users/{id}")),
        ("POST", CONTRACTS.to_owned()),
        ("PATCH", format!("{CONTRACTS}/{contract}")),
    ];
    for status in [403, 401] {
        lab.switch(|switches| switches.no_right_status = status);
        for (verb, path) in &writes {
            assert_eq!(lab.write(verb, path, &json!({})).await.status, status, "{verb} {path}");
        }
    }
    assert_eq!(lab.get(&format!("/api/v3/users/{id}")).await.status, 200);
    // A key can't change records that it does not see.
    let former = lab.emulator.tenant().people(Some(Status::Former), 1)[0].id;
    let contract = contracts_of(&lab, former).await[0]["id"].clone();
    lab.emulator.tenant().set_rights(&lab.key, Rights { see_former: false, ..Rights::all() });
    assert_eq!(lab.write("PUT", &format!("/api/v3/users/{former}"), &json!({})).await.status, 500);
    assert_eq!(lab.write("PATCH", &format!("{CONTRACTS}/{contract}"), &json!({})).await.status, 404);
    let new = json!({"ownerId": former, "startsOn": "2030-01-01", "establishmentId": 1, "typeId": 1});
    assert_eq!(lab.write("POST", CONTRACTS, &new).await.status, 400);
}

#[tokio::test]
async fn contracts_are_ended_and_begun() {
    let lab = Lab::of(400).await;
    let tenant = lab.emulator.tenant();
    let id = tenant.hire(lucca_emulator::Hire {
        first_name: "Zoë".to_owned(),
        last_name: "Test".to_owned(),
        starts_on: Some(jiff::civil::date(2024, 1, 1)),
        ends_on: None,
        mail: None,
        job_title: None,
        department_id: None,
        manager_id: None,
        establishment_id: None,
        ..lucca_emulator::Hire::default()
    });
    let site = lab.get("/api/v3/legalEntities").await.ids()[1];
    let before = lab.emulator.truth();
    let old = contracts_of(&lab, id).await[0]["id"].clone();
    let path = format!("{CONTRACTS}/{old}");
    let new = json!({
        "ownerId": id,
        "startsOn": "2026-12-01",
        "establishmentId": site,
        "spcId": 0,
        "typeId": 2,
        "hiringTypeId": 1,
        "trialPeriodDays": 120,
        "renewedTrialPeriodDays": 240,
        "externalId": "123",
        "endsOn": "2027-02-10",
        "terminationReasonId": 27,
    });
    let overlapping = lab.write("POST", CONTRACTS, &new).await;
    assert_eq!(overlapping.status, 400);
    assert!(overlapping.text.contains("overlaps"), "{}", overlapping.text);
    assert_eq!(overlapping.headers["content-type"], "application/problem+json; charset=utf-8");

    let ended = lab.write("PATCH", &path, &json!({"endsOn": "2026-11-22", "terminationReasonId": 20})).await;
    assert_eq!(ended.status, 200, "{}", ended.text);
    assert_eq!(ended.json()["endsOn"], "2026-11-22");
    assert_eq!(ended.json()["terminationReason"]["name"], "Démission");
    assert_eq!(ended.json(), lab.get(&path).await.json());
    assert_eq!(lab.emulator.truth().by_status.former, before.by_status.former + 1);

    let created = lab.write("POST", CONTRACTS, &new).await;
    assert_eq!(created.status, 200, "{}", created.text);
    let created = created.json();
    for (key, value) in new.as_object().into_iter().flatten() {
        assert_eq!(created[key], *value, "{key}");
    }
    assert_eq!(contracts_of(&lab, id).await.len(), 2);
    let after = lab.emulator.truth();
    assert_eq!(after.employments, before.employments + 1);
    assert_eq!(after.by_status.future, before.by_status.future + 1);
    let person = lab.get(&format!("/api/v3/users/{id}?fields=dtContractStart,legalEntityId")).await.json();
    assert_eq!(person["data"], json!({"dtContractStart": "2026-12-01T00:00:00", "legalEntityID": site}));

    lab.switch(|switches| switches.created_status = 201);
    let next = json!({"ownerId": id, "startsOn": "2028-01-01", "establishmentId": 1, "typeId": 1});
    assert_eq!(lab.write("POST", CONTRACTS, &next).await.status, 201);
    assert_eq!(lab.write("POST", CONTRACTS, &next).await.status, 400, "twice overlaps");

    for (verb, path, body) in [
        ("PATCH", path.as_str(), json!({"endsOn": "2026-12-01"})),
        ("PATCH", path.as_str(), json!({"endsOn": "2020-01-01"})),
        ("PATCH", path.as_str(), json!({"startsOn": null})),
        ("PATCH", path.as_str(), json!({"typeId": 99})),
        ("PATCH", path.as_str(), json!({"isApplicable": false})),
        ("PATCH", path.as_str(), json!({"ownerId": 1})),
        ("POST", CONTRACTS, json!({"ownerId": id, "startsOn": "2030-01-01", "typeId": 1})),
        (
            "POST",
            CONTRACTS,
            json!({"ownerId": 4_000_000, "startsOn": "2030-01-01", "typeId": 1, "establishmentId": 1}),
        ),
        (
            "POST",
            CONTRACTS,
            json!({"ownerId": id, "startsOn": "2030-01-01", "typeId": 1, "establishmentId": 99}),
        ),
    ] {
        assert_eq!(lab.write(verb, path, &body).await.status, 400, "{verb} {body}");
    }
    assert_eq!(lab.write("PATCH", &format!("{CONTRACTS}/4000000"), &json!({})).await.status, 404);
    assert_eq!(lab.get(&path).await.json()["endsOn"], "2026-11-22");
}

#[tokio::test]
async fn a_damaged_answer_does_not_undo_a_change() {
    let lab = Lab::of(60).await;
    let id = plain_user(&lab);
    let path = format!("/api/v3/users/{id}");
    let fault =
        |kind| Fault { path: path.clone(), query_contains: None, nth: Some(1), probability: None, kind };
    lab.emulator.tenant().set_faults(vec![fault(FaultKind::TruncatedJson)]);
    lab.write("PUT", &path, &json!({"lastName": "Kept"})).await;
    assert_eq!(lab.get(&path).await.json()["data"]["lastName"], "Kept");
    lab.emulator.tenant().set_faults(vec![fault(FaultKind::Status { code: 503, body: String::new() })]);
    lab.write("PUT", &path, &json!({"lastName": "Lost"})).await;
    assert_eq!(lab.get(&path).await.json()["data"]["lastName"], "Kept");
    assert_eq!(lab.emulator.requests().iter().filter(|request| request.method == "PUT").count(), 2);
}
