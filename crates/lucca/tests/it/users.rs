//! Reading users: one by one, counted, and with fields in every form.

use lucca::resources::User;
use lucca::{DateFilter, Item, UserField, UserQuery};
use people::RemoteId;
use people::{FieldGroup, FieldGroups};
use serde_json::{Value, json};

use crate::support::{block_on, client, ok, parameter, tenant, text};

/// The one user an enumeration of `record` yields.
fn read(record: Value) -> Item<User> {
    block_on(async {
        let server = tenant(move |_, _| ok(json!({"data": {"items": [record], "count": 1}}))).await;
        let mut users = client(&server).users(UserQuery::default());
        users.next_page().await.unwrap().unwrap().items.remove(0)
    })
}

/// A user with every field, as Lucca documents them.
fn documented() -> Value {
    serde_json::from_str(include_str!("user.json")).unwrap()
}

/// The same record with the keys of relations in the spelling of observed servers, and all others in
/// capitals.
fn recased(value: Value) -> Value {
    let Value::Object(object) = value else { return value };
    let members = object.into_iter().map(|(key, value)| {
        let dictionary = matches!(key.as_str(), "applicationData" | "extendedData" | "attributes");
        let key = match key.as_str() {
            "managerId" | "departmentId" | "legalEntityId" | "calendarId" => key.replace("Id", "ID"),
            key if key.starts_with("userAxisValues_") => key.to_owned(),
            key => key.to_uppercase(),
        };
        let value = match value {
            Value::Object(_) if !dictionary => recased(value),
            Value::Array(items) => items.into_iter().map(recased).collect(),
            other => other,
        };
        (key, value)
    });
    Value::Object(members.collect())
}

#[test]
fn a_full_user_in_both_casings() {
    let read_both = [read(documented()), read(recased(documented()))].map(|item| item.outcome.unwrap());
    assert_eq!(read_both[0], read_both[1]);
    insta::assert_debug_snapshot!(read_both[0]);
}

#[test]
fn a_wrong_field_is_left_out_and_said() {
    let item = read(json!({
        "id": "12", "name": {"first": "x"}, "birthDate": "31/12/1989", "modifiedAt": 12, "frenchCarTaxHorsePower": "many",
        "allowsElectronicPayslip": "perhaps", "manager": {"name": "no id"}, "habilitedRoles": [{"id": 1}, {"id": null}],
        "extendedData": "text", "userWorkCycles": [1], "picture": "x", "userAxisValues_4": true, "departmentId": [1],
        "mail": true, "lastName": "\u{0}"
    }));
    let read = item.outcome.unwrap();
    assert_eq!(read.value.id, RemoteId::from("12"));
    assert_eq!(read.value.mail.as_deref(), Some("true"));
    let mut fields: Vec<_> = read.problems.iter().map(|problem| problem.field.to_string()).collect();
    fields.sort();
    assert_eq!(
        fields,
        [
            "allowsElectronicPayslip",
            "birthDate",
            "departmentId",
            "extendedData",
            "frenchCarTaxHorsePower",
            "habilitedRoles",
            "manager",
            "modifiedAt",
            "name",
            "picture",
            "userAxisValues_4",
            "userWorkCycles",
        ]
    );
    for problem in &read.problems {
        assert!(!problem.to_string().contains("1989"), "no value in a problem: {problem}");
    }
}

#[test]
fn bad_contract_dates_make_user_unreadable() {
    for (field, value) in [("dtContractEnd", json!("31/12/2025")), ("dtContractStart", json!(20_250_101))] {
        let unreadable = read(json!({"id": 1, field: value})).outcome.unwrap_err();
        assert_eq!(unreadable.field, field);
    }
    let read = read(json!({"id": 1, "dtContractEnd": ""})).outcome.unwrap();
    assert_eq!((read.value.contract_end, read.problems.len()), (None, 0));
}

#[test]
fn contracts_need_an_owner_and_a_start() {
    block_on(async {
        let items = json!([
            {"id": 514, "ownerId": 416, "startsOn": "2021-01-01", "endsOn": null, "isApplicable": true, "establishmentId": 13,
             "spcId": 0, "typeId": 1, "type": {"id": 1, "name": "CDI"}, "trialPeriodDays": 120,
             "trialPeriodEndDate": "2021-05-01", "createdAt": "2021-11-08T17:48:18.12"},
            {"id": 515, "ownerID": "416", "startsOn": "2021-01-01T00:00:00", "endsOn": "soon"},
            {"id": 516, "startsOn": "2021-01-01"},
            {"id": 517, "ownerId": 416},
        ]);
        let server = tenant(move |_, _| ok(json!({"items": items, "count": 4}))).await;
        let page = client(&server).work_contracts().next_page().await.unwrap().unwrap();
        let contract = &page.items[0].outcome.as_ref().unwrap().value;
        assert_eq!(contract.spc.as_ref().unwrap().id, RemoteId::from("0"));
        assert_eq!(contract.type_.as_ref().unwrap().name.as_deref(), Some("CDI"));
        assert_eq!(contract.owner_id, RemoteId::from("416"));
        let fields: Vec<_> =
            page.items[1..].iter().map(|item| item.outcome.as_ref().unwrap_err().field.clone()).collect();
        assert_eq!(fields, ["endsOn", "ownerId", "startsOn"]);
    });
}

#[test]
fn departments_of_both_generations() {
    block_on(async {
        let items = json!([
            {"id": 2, "name": "Administration", "hierarchy": "/1.0/", "parentId": "/", "position": 10_000_000_000_000_000_000_u64,
             "sortOrder": 1, "level": 1, "isActive": true, "headID": null, "head": null},
            {"id": 48, "name": "IT", "code": "IT", "description": null, "parentId": "/1/2/", "parentLuccaId": null,
             "hierarchy": "/1/2/2/", "isActive": true, "headId": 1080, "createdAt": "2000-01-01T00:00:00+00:00",
             "sortOrderInSiblings": 3},
        ]);
        let server = tenant(move |_, _| ok(json!({"items": items, "count": 2}))).await;
        let page = client(&server).departments().next_page().await.unwrap().unwrap();
        let read: Vec<_> = page.items.iter().map(|item| &item.outcome.as_ref().unwrap().value).collect();
        assert_eq!(read[0].position, Some(10_u128.pow(19)));
        assert_eq!((read[0].parent_path.as_deref(), read[0].head.as_ref()), (Some("/"), None));
        assert_eq!(read[1].head.as_ref().unwrap().id, RemoteId::from("1080"));
        assert_eq!((read[1].path.as_deref(), read[1].sort_order), (Some("/1/2/2/"), Some(3)));
    });
}

#[test]
fn one_user() {
    block_on(async {
        let server = tenant(|request, _| match request.url.path() {
            "/api/v3/users/416" => ok(json!({"header": {}, "data": {"id": 416, "name": "John Doe"}})),
            "/api/v3/users/417" => ok(json!({"id": 417})),
            "/api/v3/users/1" => text(500, r#"{"Status":500,"Message":"User Not Found"}"#),
            "/api/v3/users/2" => text(404, "Resource with ID 2 not found"),
            _ => text(403, ""),
        })
        .await;
        let client = client(&server);
        let get = async |id: &str| client.user(&RemoteId::from(id), FieldGroups::default()).await;
        let item = get("416").await.unwrap().unwrap();
        assert_eq!(item.outcome.unwrap().value.name.as_deref(), Some("John Doe"));
        assert!(get("417").await.unwrap().is_some());
        assert!(get("1").await.unwrap().is_none());
        assert!(get("2").await.unwrap().is_none());
        assert_eq!(get("3").await.unwrap_err().code(), "lucca.permission_missing");
        let sent = client.stats().requests();
        for other in ["", "../departments", "1?x", "a"] {
            assert!(get(other).await.unwrap().is_none());
        }
        assert_eq!(client.stats().requests(), sent, "what is no user's id is not asked for");
    });
}

#[test]
fn one_user_of_a_server_that_knows_fewer_fields() {
    block_on(async {
        let server = tenant(|request, _| {
            let fields = parameter(request, "fields").unwrap();
            if fields.contains("quote") {
                return text(500, r#"{"Status":500,"Message":"Unknown property 'quote'"}"#);
            }
            if fields.contains("habilitedRoles") { text(400, "") } else { ok(json!({"data": {"id": 1}})) }
        })
        .await;
        let client = client(&server);
        assert!(client.user(&RemoteId::from("1"), FieldGroups::default()).await.unwrap().is_some());
        assert_eq!(client.stats().requests(), 3);
    });
}

#[test]
fn counting_users_takes_one_request() {
    block_on(async {
        let server = tenant(|request, _| {
            assert_eq!(parameter(request, "fields").as_deref(), Some("id,collection.count"));
            match parameter(request, "dtContractStart").as_deref() {
                None => ok(json!({"data": {"items": [{"id": 1}], "count": 57}})),
                Some("since,2026-03-02") => ok(json!({"data": {"count": 3}})),
                Some("between,2026-01-01,2026-01-31") => ok(json!({"data": {"items": [{"id": 1}]}})),
                Some("null") => text(400, ""),
                Some(_) => text(401, ""),
            }
        })
        .await;
        let client = client(&server);
        let count = async |contract_start| {
            client.count_users(&UserQuery { contract_start, ..UserQuery::default() }).await
        };
        let day = |day: &str| day.parse().unwrap();
        assert_eq!(count(None).await.unwrap(), Some(57));
        assert_eq!(count(Some(DateFilter::Since(day("2026-03-02")))).await.unwrap(), Some(3));
        let january = DateFilter::Between(day("2026-01-01"), day("2026-01-31"));
        assert_eq!(count(Some(january)).await.unwrap(), None);
        assert_eq!(count(Some(DateFilter::IsNull)).await.unwrap(), None);
        assert_eq!(count(Some(DateFilter::NotNull)).await.unwrap_err().code(), "lucca.key_refused");
        assert_eq!(client.stats().requests(), 5);
    });
}

#[test]
fn only_selected_groups_are_requested() {
    block_on(async {
        let server = tenant(|_, _| ok(json!({"data": {"items": [], "count": 0}}))).await;
        let client = client(&server);
        let groups = FieldGroups::NONE.with(FieldGroup::Contract);
        for groups in [FieldGroups::default(), groups, FieldGroups::all()] {
            let query = UserQuery {
                groups,
                modified_since: Some("2026-01-01T08:45:23.5".parse().unwrap()),
                ids: vec![RemoteId::from(4), RemoteId::from(2)],
                former: false,
                ..UserQuery::default()
            };
            assert!(client.users(query).next_page().await.unwrap().is_none());
        }
        let requests = server.received_requests().await.unwrap();
        let fields: Vec<String> =
            requests.iter().map(|request| parameter(request, "fields").unwrap()).collect();
        for personal in ["iban", "birthDate", "address", "personalEmail", "insuranceNumber", "nationality"] {
            assert!(!fields[0].contains(personal) && fields[2].contains(personal), "{personal}");
        }
        assert_eq!(fields[1], "id,dtContractStart,dtContractEnd,seniorityDate,collection.count");
        assert_eq!(parameter(&requests[0], "modifiedAt").as_deref(), Some("since,2026-01-01T08:45:23"));
        assert_eq!(parameter(&requests[0], "id").as_deref(), Some("4,2"));
        assert_eq!(parameter(&requests[0], "formerEmployees"), None);
    });
}

#[test]
fn single_fields_are_requested_without_names() {
    block_on(async {
        let server = tenant(|_, _| ok(json!({"data": {"items": [], "count": 0}}))).await;
        let client = client(&server);
        let all = vec![
            UserField::ContractDates,
            UserField::Establishment,
            UserField::JobTitle,
            UserField::Manager,
            UserField::JobQualification,
            UserField::CustomFields,
        ];
        for only in [Vec::new(), vec![UserField::Manager], all] {
            let query = UserQuery { only: Some(only), ..UserQuery::default() };
            assert!(client.users(query).next_page().await.unwrap().is_none());
        }
        let requests = server.received_requests().await.unwrap();
        let fields: Vec<String> =
            requests.iter().map(|request| parameter(request, "fields").unwrap()).collect();
        assert_eq!(
            fields,
            [
                "id,collection.count",
                "id,managerId,manager[id],collection.count",
                "id,dtContractStart,dtContractEnd,legalEntityId,jobTitle,managerId,manager[id],\
                 jobQualification[id],extendedData,collection.count",
            ]
        );
    });
}
