//! The query language over HTTP, on a company whose answers can be checked against each other.

use proptest::prelude::*;
use serde_json::json;

use crate::client::{Lab, TODAY};

#[tokio::test]
async fn query_parts_are_case_insensitive() {
    let lab = Lab::of(60).await;
    let plain = lab.get("/api/v3/users?fields=id,firstName,managerID&orderBy=id,asc&paging=0,5").await;
    let odd = lab.get("/API/V3/Users/?FIELDS=ID,firstname,MANAGERid&OrderBy=ID,ASC&Paging=0,5").await;
    assert_eq!(plain.text, odd.text);
    let lower = lab.get("/api/v3/users?id=notequal,0&fields=collection.count").await.count();
    assert_eq!(lower, lab.get("/api/v3/users?ID=NotEqual,0&fields=collection.count").await.count());
}

#[tokio::test]
async fn repeated_keys_are_one_list() {
    let lab = Lab::of(60).await;
    let ids = lab.get("/api/v3/users?paging=0,3").await.ids();
    let [a, b, c] = ids.as_slice() else { panic!("three of sixty") };
    assert_eq!(lab.get(&format!("/api/v3/users?id={a}&id={b}&Id={c}")).await.ids(), ids);
    assert_eq!(lab.get(&format!("/api/v3/users?id={a},{b},{c}")).await.ids(), ids);
    let fields = lab.get("/api/v3/users?fields=id&fields=name&paging=0,1").await.items();
    assert_eq!(fields[0].as_object().map(|item| item.len()), Some(2));
}

#[tokio::test]
async fn defaults_of_fields() {
    let lab = Lab::of(60).await;
    let keys = |item: &serde_json::Value| -> Vec<String> {
        item.as_object().map(|o| o.keys().cloned().collect()).unwrap_or_default()
    };
    let listed = lab.get("/api/v3/users?paging=0,1").await.items();
    assert_eq!(keys(&listed[0]), ["id", "name", "url"]);
    let nested = lab.get("/api/v3/users?fields=department,legalEntity[code]&paging=3,1").await.items();
    assert_eq!(keys(&nested[0]["department"]), ["id", "name", "url"]);
    assert_eq!(keys(&nested[0]["legalEntity"]), ["code"]);
    let id = lab.get("/api/v3/users?paging=5,1").await.ids()[0];
    let one = lab.get(&format!("/api/v3/users/{id}")).await.json();
    assert!(keys(&one["data"]).len() > 50);
    assert_eq!(keys(&one["data"]["rolePrincipal"]), ["id", "name", "url"]);
    let missing = lab.get(&format!("/api/v3/users/{id}?fields=extendedData[e_nothing]")).await.json();
    assert_eq!(missing["data"]["extendedData"], json!({"e_nothing": null}));
}

#[tokio::test]
async fn axis_values_come_at_the_root() {
    let lab = Lab::of(60).await;
    let person = lab.get("/api/v3/users?fields=id,userAxisValues&paging=7,1").await.items();
    let keys: Vec<_> = person[0].as_object().map(|o| o.keys().cloned().collect()).unwrap_or_default();
    assert_eq!(keys, ["id", "userAxisValues_4", "userAxisValues_7"]);
}

#[tokio::test]
async fn counting() {
    let lab = Lab::of(120).await;
    let total = lab.get("/api/v3/users?fields=id,collection.count&paging=0,7").await;
    assert_eq!(total.items().len(), 7);
    let alone = lab.get("/api/v3/users?fields=collection.count").await;
    assert_eq!(alone.count(), total.count());
    assert_eq!(alone.json()["data"], json!({"items": [], "count": total.count()}));
    lab.switch(|switches| switches.count_only = lucca_emulator::CountOnly::WithoutItems);
    let alone = lab.get("/api/v3/users?fields=collection.count").await;
    assert_eq!(alone.json()["data"], json!({"count": total.count()}));
    lab.switch(|switches| switches.no_count = true);
    let none = lab.get("/api/v3/users?fields=id,collection.count").await.json();
    assert!(none["data"].get("count").is_none());
    assert_eq!(lab.get("/api/v3/users?fields=Collection.count").await.status, 400);
}

#[tokio::test]
async fn former_employees_are_excluded_by_default() {
    let lab = Lab::of(400).await;
    let truth = lab.emulator.truth();
    let count =
        async |query: &str| lab.get(&format!("/api/v3/users?fields=collection.count&{query}")).await.count();
    let current = truth.by_status.active + truth.by_status.future;
    assert_eq!(count("").await, current);
    assert_eq!(count("formerEmployees=true").await, 400);
    assert_eq!(count("formerEmployees=false").await, current);
    let with_end = count("dtContractEnd=notequal,null").await;
    let without = count("dtContractEnd=null").await;
    assert_eq!(with_end + without, 400);
    assert_eq!(count(&format!("dtContractEnd=since,{TODAY},null")).await, current);
    assert_eq!(count("dtContractEnd=since,today,null").await, current);
    assert_eq!(count("dtContractEnd=until,yesterday").await, truth.by_status.former);
    assert_eq!(count("dtContractStart=greaterthan,today").await, truth.by_status.future);
}

#[tokio::test]
async fn comparators() {
    let lab = Lab::of(300).await;
    let all = lab
        .get("/api/v3/users?fields=id,firstName,lastName,mail,departmentId,modifiedAt,birthDate,managerId")
        .await
        .items();
    let count = async |query: &str| {
        let answer = lab.get(&format!("/api/v3/users?fields=collection.count&{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        usize::try_from(answer.count()).unwrap_or(0)
    };
    let expect = |holds: &dyn Fn(&serde_json::Value) -> bool| all.iter().filter(|p| holds(p)).count();
    let text = |p: &serde_json::Value, key: &str| p[key].as_str().unwrap_or("").to_lowercase();
    assert_eq!(count("lastName=starts,MAR").await, expect(&|p| text(p, "lastName").starts_with("mar")));
    assert_eq!(count("lastName=like,ar").await, expect(&|p| text(p, "lastName").contains("ar")));
    assert_eq!(
        count("lastName=martin,dubois").await,
        expect(&|p| ["martin", "dubois"].contains(&text(p, "lastName").as_str()))
    );
    assert_eq!(count("id=greaterthan,100").await, expect(&|p| p["id"].as_i64() > Some(100)));
    assert_eq!(count("id=lessthanorequal,100").await, expect(&|p| p["id"].as_i64() <= Some(100)));
    assert_eq!(count("mail=null").await, expect(&|p| p["mail"].is_null()));
    assert_eq!(count("managerId=notequal,null").await, expect(&|p| !p["managerID"].is_null()));
    let department = all[20]["departmentID"].as_i64().unwrap_or(0);
    let here = expect(&|p| p["departmentID"] == department);
    assert_eq!(count(&format!("departmentId={department}")).await, here);
    assert_eq!(count(&format!("department.id={department}")).await, here);
    assert_eq!(count(&format!("manager.departmentId=notequal,{department}")).await, {
        let manager = |p: &serde_json::Value| all.iter().find(|m| m["id"] == p["managerID"]);
        expect(&|p| manager(p).is_none_or(|m| m["departmentID"] != department))
    });
    let born = |p: &serde_json::Value, from: &str, to: &str| {
        p["birthDate"].as_str().is_some_and(|at| at.get(..10).is_some_and(|day| (from..=to).contains(&day)))
    };
    let nineties = expect(&|p| born(p, "1990-01-01", "1999-12-31"));
    assert!(nineties > 0);
    assert_eq!(count("birthDate=between,1990-01-01,1999-12-31").await, nineties);
    assert_eq!(count("birthDate=between,1990-01-01,1999-12-31T00:00:00").await, nineties);
    let moment = all[30]["modifiedAt"].as_str().unwrap_or("");
    let later = expect(&|p| p["modifiedAt"].as_str() >= Some(moment.get(..19).unwrap_or("")));
    assert_eq!(count(&format!("modifiedAt=since,{}", moment.get(..19).unwrap_or(""))).await, later);
    assert_eq!(count("habilitedRoles.id=59").await, {
        let people = lab.get("/api/v3/users?fields=habilitedRoles").await.items();
        people.iter().filter(|p| !p["habilitedRoles"].as_array().is_none_or(Vec::is_empty)).count()
    });
}

#[tokio::test]
async fn zones_are_converted_before_comparing() {
    let lab = Lab::of(60).await;
    let id = lab.emulator.tenant().people(Some(lucca_emulator::Status::Active), 10)[8].id;
    lab.emulator.tenant().change(id, lucca_emulator::PersonPatch::default());
    // The tenant's clock stands at 09:00 in Paris, which is 08:00 UTC in November.
    let since = async |at: &str| lab.get(&format!("/api/v3/users?modifiedAt=since,{at}")).await.ids();
    assert_eq!(since("2026-11-23T08:00:00Z").await, [id]);
    assert_eq!(since("2026-11-23T08:00:01Z").await, [0; 0]);
    assert_eq!(since("2026-11-23T09:00:00").await, [id]);
    assert_eq!(since("2026-11-23T10:00:00%2B02:00").await, [id]);
}

#[tokio::test]
async fn unknown_filters_and_values() {
    let lab = Lab::of(9).await;
    assert_eq!(lab.get("/api/v3/users?limit=2&page=3").await.status, 200);
    assert_eq!(lab.get("/api/v3/users?notify=false&_=1&appInstanceId=3").await.status, 200);
    let bad = lab.get("/api/v3/users?nothing=1").await;
    assert_eq!(bad.status, 400);
    assert_eq!(bad.json()["Message"], "Selected property nothing does not exist on objet of type User");
    for query in [
        "id=abc",
        "id=5.0",
        "modifiedAt=since,20210101",
        "id=99999999999",
        "birthDate=between,2020-01-01",
        "name=since,a",
        "id=",
        "id=null",
        "id=notequal,null",
        "manager.id=null",
        "gender=Unknown",
    ] {
        assert_eq!(lab.get(&format!("/api/v3/users?{query}")).await.status, 400, "{query}");
    }
    lab.switch(|switches| switches.unknown_filter = lucca_emulator::UnknownFilter::ServerError);
    assert_eq!(lab.get("/api/v3/users?nothing=1").await.status, 500);
    assert_eq!(lab.get("/api/v3/users?id=null").await.status, 500);
    lab.switch(|switches| switches.unknown_filter = lucca_emulator::UnknownFilter::Ignored);
    assert_eq!(lab.get("/api/v3/users?nothing=1").await.items().len(), 9);
    lab.switch(|switches| switches.malformed_query = lucca_emulator::MalformedQuery::Empty);
    let empty = lab.get("/api/v3/users?fields=a..b").await;
    assert_eq!((empty.status, empty.text.as_str()), (400, ""));
    assert_eq!(lab.get("/api/v3/users?fields=nothing").await.status, 400);
    let many = (0..1001).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    assert_eq!(lab.get(&format!("/api/v3/users?id={many}")).await.status, 200);
    assert_eq!(lab.get(&format!("/api/v3/users?id=greaterthan,{many}")).await.status, 400);
}

#[tokio::test]
async fn enumerations_are_named_or_numbered() {
    let lab = Lab::of(300).await;
    let people = lab.get("/api/v3/users?fields=gender").await.items();
    let count = async |query: &str| {
        let answer = lab.get(&format!("/api/v3/users?fields=collection.count&{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        usize::try_from(answer.count()).unwrap_or(0)
    };
    let of = |gender: &str| people.iter().filter(|person| person["gender"] == gender).count();
    assert!(of("Male") > 0 && of("Female") > 0);
    for query in ["gender=1", "gender=Male", "gender=MALE", "gender=like,mal,nothing"] {
        let both = if query.contains("like") { of("Female") } else { 0 };
        assert_eq!(count(query).await, of("Male") + both, "{query}");
    }
    assert_eq!(count("gender=1,female").await, of("Male") + of("Female"));
    assert_eq!(count("gender=notequal,1").await, people.len() - of("Male"));
    assert_eq!(count("gender=17").await, 0, "numbers that stand for nothing pass");
}

#[tokio::test]
async fn clues_find_people_by_all_of_their_words() {
    let lab = Lab::of(300).await;
    let person = &lab.get("/api/v3/users?fields=id,firstName,lastName&paging=20,1").await.items()[0];
    let (id, first, last) = (&person["id"], &person["firstName"], &person["lastName"]);
    let (first, last) = (first.as_str().expect("a name"), last.as_str().expect("a name"));
    for clue in [
        format!("{first},{last}"),
        format!("{last}%2C{first}"),
        format!("{last}+{first}"),
        format!(",{last}, "),
    ] {
        let found = lab.get(&format!("/api/v3/users/find?clue={clue}")).await.ids();
        assert!(found.iter().any(|found| id == found), "{clue}");
        for route in ["search", "scopedsearch"] {
            let wrapped = lab.get(&format!("/api/v3/users/{route}?clue={clue}")).await.items();
            let same: Vec<i64> = wrapped.iter().filter_map(|one| one["item"]["id"].as_i64()).collect();
            assert_eq!(same, found, "{route} {clue}");
        }
    }
    let none_found = lab.get(&format!("/api/v3/users/search?clue={first},{last},zzz")).await;
    assert_eq!(none_found.items().len(), 0);
    // The query of lucca-front.
    let query = "fields=firstName,lastName&orderBy=lastname,asc,firstname,asc&paging=0,1000";
    let found = lab.get(&format!("/api/v3/users/search?{query}")).await.items();
    let names: Vec<(String, String)> = found
        .iter()
        .map(|one| {
            let text = |key: &str| one["item"][key].as_str().unwrap_or("").to_lowercase();
            (text("lastName"), text("firstName"))
        })
        .collect();
    assert!(names.len() > 200 && names.is_sorted());
}

#[tokio::test]
async fn establishments_in_scope_are_legal_entities() {
    let lab = Lab::of(60).await;
    let all = lab.get("/api/v3/legalEntities?fields=id,code").await;
    let scoped = lab.get("/api/v3/legalentities/scope?fields=id,code&appInstanceId=5&operations=1").await;
    assert_eq!((scoped.status, scoped.json()["data"].clone()), (200, all.json()["data"].clone()));
    assert_eq!(lab.get("/api/v3/roles/scope").await.status, 404);
}

#[tokio::test]
async fn ordering() {
    let lab = Lab::of(150).await;
    let ids = lab.get("/api/v3/users?orderBy=id,asc").await.ids();
    let mut down = lab.get("/api/v3/users?orderBy=id,desc").await.ids();
    down.reverse();
    assert_eq!(ids, down);
    assert_eq!(ids, lab.get("/api/v3/users").await.ids());
    let sorted = lab.get("/api/v3/users?fields=lastName,id&orderby=lastName,desc,id,asc").await.items();
    let names: Vec<String> =
        sorted.iter().map(|p| p["lastName"].as_str().unwrap_or("").to_lowercase()).collect();
    assert!(names.is_sorted_by(|a, b| a >= b));
    let by_department = lab.get("/api/v3/users?fields=department[name]&orderBy=department.name,asc").await;
    assert_eq!(by_department.status, 200);
    for bad in ["id", "id,up", "id,asc,name", "nothing,asc", "department,asc"] {
        assert_eq!(lab.get(&format!("/api/v3/users?orderBy={bad}")).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn paging() {
    let lab = Lab::of(250).await;
    let all = lab.get("/api/v3/users?formerEmployees=true").await.ids();
    assert_eq!(all.len(), 250);
    for size in [1, 10, 99, 1000] {
        assert_eq!(lab.enumerate("/api/v3/users?formerEmployees=true&", size).await, all);
        if size == 1 {
            lab.emulator.tenant().clear_requests();
        }
    }
    assert_eq!(lab.get("/api/v3/users?paging=9999,10").await.ids(), [0; 0]);
    assert_eq!(lab.get("/api/v3/users?paging=1").await.ids().len(), 100);
    assert_eq!(lab.get("/api/v3/users?paging=0,2000").await.status, 200, "live clients ask so");
    lab.switch(|switches| switches.page_max = Some(1000));
    assert_eq!(lab.get("/api/v3/users?paging=0,1001").await.status, 400);
    lab.switch(|switches| {
        switches.page_default = Some(10);
        switches.page_max = None;
    });
    assert_eq!(lab.get("/api/v3/users").await.ids().len(), 10);
    assert_eq!(lab.get("/api/v3/users?formerEmployees=true&paging=0,5000").await.ids().len(), 250);
    lab.switch(|switches| switches.known_page_sizes = Some(vec![100]));
    assert_eq!(lab.get("/api/v3/users?paging=0,50").await.status, 400);
    assert_eq!(lab.get("/api/v3/users?paging=0,100").await.ids().len(), 100);
    lab.switch(|switches| switches.short_pages_of = Some(7));
    assert_eq!(lab.get("/api/v3/users?paging=0,100").await.ids().len(), 7);
}

#[tokio::test]
async fn queries_of_live_clients_are_accepted() {
    let lab = Lab::of(60).await;
    lab.switch(|switches| switches.v3_departments = lucca_emulator::V3Departments::Alive);
    let all = lab.get("/api/v3/users").await.ids();
    for query in [
        "paging=",
        "orderBy=",
        "paging=&orderBy=",
        "fields=id.",
        "fields=name,id.",
        "modifiedAt=since,5 Jan 2001",
        "modifiedAt=since,2001.01.05",
        "createdAt=until,08:45",
    ] {
        let answer = lab.get(&format!("/api/v3/users?{query}")).await;
        assert_eq!((answer.status, answer.ids()), (200, all.clone()), "{query}");
    }
    let departments = lab.get("/api/v3/departments?fields=id,name,treeStructureName,level").await.items();
    for one in &departments {
        let name = one["treeStructureName"].as_str().expect("a text");
        assert!(name.ends_with(one["name"].as_str().expect("a name")), "{name}");
        assert_eq!(Some(name.split(" / ").count() as u64), one["level"].as_u64(), "{name}");
    }
}

#[tokio::test]
async fn no_list_has_a_maximum_without_one() {
    let lab = Lab::of(1500).await;
    let lists = [
        "users",
        "users/find",
        "users/search",
        "departments",
        "legalEntities",
        "legalEntities/scope",
        "axes",
        "axisSections",
        "extensionuserdefinitions",
        "userProperties",
        "userlogs",
        "roles",
        "workcycles",
        "publicHolidayCalendars",
        "cultures",
        "leaveAccounts",
        "leaveperiods/leavetypes",
    ];
    lab.switch(|switches| {
        switches.v3_departments = lucca_emulator::V3Departments::Alive;
        switches.page_max = Some(1000);
    });
    for list in lists {
        assert_eq!(lab.get(&format!("/api/v3/{list}?paging=0,2000")).await.status, 400, "{list}");
    }
    lab.switch(|switches| switches.page_max = None);
    for size in [2000, 5000] {
        for list in lists {
            let answer = lab.get(&format!("/api/v3/{list}?paging=0,{size}")).await;
            assert_eq!(answer.status, 200, "{list}");
        }
        for list in ["users", "users/search"] {
            let path = format!("/api/v3/{list}?formerEmployees=true&paging=0,{size}");
            assert_eq!(lab.get(&path).await.items().len(), 1500);
        }
    }
}

#[tokio::test]
async fn pages_of_the_fourth_generation() {
    let lab = Lab::of(300).await;
    let path = "/directory/api/4.0/work-contracts";
    assert_eq!(lab.get(path).await.items().len(), 10);
    let counted = lab.get(&format!("{path}?limit=0&fields.root=count")).await;
    assert_eq!(counted.json(), json!({"items": [], "count": lab.emulator.truth().employments}));
    let all = lab.enumerate_v4(&format!("{path}?"), 100).await;
    assert_eq!(all.len() as u64, counted.count());
    assert_eq!(lab.get(&format!("{path}?limit=1001")).await.status, 400);
    assert_eq!(lab.get(&format!("{path}?page=0")).await.status, 400);
    assert_eq!(lab.get(&format!("{path}?limit=x")).await.status, 400);
    let owner = all[40]["ownerId"].as_i64().unwrap_or(0);
    let owned = lab.get(&format!("{path}?ownerId={owner}")).await.items();
    assert_eq!(owned.len(), all.iter().filter(|one| one["ownerId"] == owner).count());
    let both = lab.get(&format!("{path}?isArchived=true,false&limit=0&fields.root=count")).await.count();
    assert_eq!(both, counted.count());
    let applicable = lab.get(&format!("{path}?isApplicable=true&limit=0&fields.root=count")).await.count();
    assert_eq!(applicable, 300, "everybody listed has one that counts");
    let sorted = lab
        .get("/organization/structure/api/job-qualifications?limit=50&sort=-job.name,level.position")
        .await;
    let jobs: Vec<String> =
        sorted.items().iter().map(|one| one["job"]["name"].as_str().unwrap_or("").to_lowercase()).collect();
    assert!(jobs.is_sorted_by(|a, b| a >= b), "{jobs:?}");
    for path in [
        "/directory/api/4.0/work-contracts?sort=nope",
        "/directory/api/work-contract-hiring-types?sort=nope",
        "/organization/structure/api/departments?sort=name,-nope",
        "/organization/structure/api/establishments?sort=legalunit",
    ] {
        let refused = lab.get(path).await;
        assert_eq!(refused.status, 400, "{path}");
        assert_eq!(refused.headers["content-type"], "application/problem+json; charset=utf-8", "{path}");
    }
    for path in [
        "/directory/api/4.0/work-contracts?sort=-startsOn,+id",
        "/organization/structure/api/establishments?sort=legalunit.name,name",
    ] {
        assert_eq!(lab.get(path).await.status, 200, "{path}");
    }
    let paged =
        lab.get("/organization/structure/api/departments?limit=5&page=2&fields.root=count,prev,next").await;
    assert_eq!(paged.json()["prev"], "1");
    let site = &lab.get("/organization/structure/api/establishments?search=siège").await.items()[0];
    assert_eq!(site["timeZoneId"], "Europe/Paris");
}

#[test]
fn no_query_string_breaks_it() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let lab = runtime.block_on(Lab::of(60));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let keys = "fields|orderBy|paging|id|name|modifiedAt|dtContractEnd|department\\.head\\.id|birthDate|clue";
    let value = r"(like|since|until|between|notequal|null|today|-?[0-9]{1,12}|[a-z]{1,4}|%[0-9A-F]{2}|[,\.\[\]%+:T-]){0,8}";
    let pattern = format!("({keys})=({value})(&({keys})=({value})){{0,2}}");
    let strategy = proptest::string::string_regex(&pattern).expect("a pattern");
    runner
        .run(&strategy, |query| {
            let answer = runtime.block_on(lab.get(&format!("/api/v3/users?{query}")));
            prop_assert!(matches!(answer.status, 200 | 400), "{} for {query}", answer.status);
            Ok(())
        })
        .expect("every query string is answered");
}
