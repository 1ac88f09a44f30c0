//! Changes in a running tenant, and their effects in the API.

use jiff::civil::date;
use lucca_emulator::{Change, ChangeError, Hire, NewAbsence, PersonPatch, Snapshot, Status, Tenant};
use serde_json::{Value, json};

use crate::client::{Lab, TODAY};

fn snapshot(lab: &Lab) -> Snapshot {
    lab.emulator.tenant().snapshot(&lab.key).expect("a known key")
}

/// An active user without absences in the first week of March 2027.
fn free(lab: &Lab) -> i64 {
    let all = snapshot(lab);
    let people = lab.emulator.tenant().people(Some(Status::Active), 1000);
    let busy = |id| all.leaves.iter().any(|one| one.owner_id == id && one.date >= date(2027, 2, 25));
    let found = people.iter().find(|one| one.id > 5 && one.manager_id.is_some() && !busy(one.id));
    found.expect("a user without absences").id
}

fn week(owner: i64) -> NewAbsence {
    NewAbsence::days(owner, 1124, date(2027, 3, 1), date(2027, 3, 5))
}

async fn request(lab: &Lab, id: i64) -> Value {
    let fields = "status,isActive,nextApproverId,cancellationDate,approvals,cancellationRequests,leavePeriod[isConfirmed,confirmationDate,leaves[isActive,cancellationDate]]";
    lab.get(&format!("/api/v3/leaveRequests/{id}?fields={fields}")).await.json()["data"].clone()
}

#[tokio::test]
async fn request_passes_every_step() {
    let lab = Lab::of(200).await;
    let tenant = lab.emulator.tenant();
    let owner = free(&lab);
    let ids = tenant.enter_absence(&NewAbsence { levels: 2, ends_am: true, ..week(owner) }).expect("entered");
    let id = ids.leave_request_id.expect("a request");
    assert_eq!(tenant.enter_absence(&week(owner)), Err(ChangeError::Conflict("a half-day is already taken")));
    let asked = request(&lab, id).await;
    assert_eq!((&asked["status"], &asked["leavePeriod"]["isConfirmed"]), (&json!(0), &json!(false)));
    let since = "/api/v3/leaves?leavePeriod.ownerId=greaterthan,0&fields=leavePeriodId,collection.count&creationDate=since,2026-11-23T09:00:00";
    let created = lab.get(since).await;
    assert!(created.items().iter().all(|leave| leave["leavePeriodId"] == ids.leave_period_id));
    assert!((8..=9).contains(&created.count()));

    tenant.advance_minutes(90);
    tenant.approve(ids.leave_period_id).expect("a first yes");
    assert_eq!(request(&lab, id).await["status"], 0);
    tenant.approve(ids.leave_period_id).expect("a second yes");
    let approved = request(&lab, id).await;
    assert_eq!(approved["status"], 2);
    assert_eq!(approved["approvals"].as_array().map(Vec::len), Some(2));
    assert_eq!(approved["leavePeriod"]["confirmationDate"], "2026-11-23T10:30:00");
    assert_eq!(tenant.approve(ids.leave_period_id), Err(ChangeError::Conflict("nothing is pending")));

    tenant.cancel(ids.leave_period_id).expect("a withdrawal to cancel");
    let withdrawal = request(&lab, id).await;
    assert_eq!((&withdrawal["status"], &withdrawal["isActive"]), (&json!(5), &json!(true)));
    tenant.deny(ids.leave_period_id, None).expect("it stays");
    assert_eq!(request(&lab, id).await["status"], 2);
    tenant.cancel(ids.leave_period_id).expect("a withdrawal again");
    tenant.cancel(ids.leave_period_id).expect("granted");
    let over = request(&lab, id).await;
    assert_eq!((&over["status"], &over["isActive"]), (&json!(4), &json!(false)));
    assert_eq!(over["leavePeriod"]["leaves"][0]["isActive"], false);
    assert_eq!(over["leavePeriod"]["leaves"][0]["cancellationDate"], "2026-11-23T10:30:00");
    assert_eq!(over["cancellationRequests"][0]["approved"], true);

    let again = tenant.enter_absence(&week(owner)).expect("the days are free again");
    tenant.deny(again.leave_period_id, Some("Trop de monde absent")).expect("denied");
    let denied = request(&lab, again.leave_request_id.expect("a request")).await;
    assert_eq!(
        (&denied["status"], &denied["approvals"][0]["comment"]),
        (&json!(3), &json!("Trop de monde absent"))
    );
}

#[tokio::test]
async fn hr_entries_deletions_and_comments() {
    let lab = Lab::of(200).await;
    let tenant = lab.emulator.tenant();
    let owner = free(&lab);
    let absence = NewAbsence {
        by_hr: true,
        then: Some((date(2027, 3, 4), 1226)),
        comment: Some("Avant".to_owned()),
        ..week(owner)
    };
    let change = json!({"absence": absence});
    assert_eq!(lab.control("POST", "/changes", Some(change.clone())).await.status, 404, "no such account");
    let absence = NewAbsence { then: Some((date(2027, 3, 4), 5)), ..absence };
    let made = lab.control("POST", "/changes", Some(json!({"absence": absence}))).await.json();
    let period = made["id"].as_i64().expect("an id");
    assert_eq!(lab.control("POST", "/changes", Some(json!({"absence": absence}))).await.status, 409);
    let all = snapshot(&lab);
    let leaves: Vec<_> = all.leaves.iter().filter(|one| one.leave_period_id == period).collect();
    assert!(leaves.iter().all(|one| one.is_confirmed && one.is_active));
    assert_eq!((leaves[0].account_id, leaves[leaves.len() - 1].account_id), (Some(1124), Some(5)));
    assert!(all.leave_requests.iter().all(|one| one.leave_period_id != period));

    let stamps = async || {
        let path = format!(
            "/api/v3/leaves/{}?fields=creationDate,cancellationDate,leavePeriod.confirmationDate",
            leaves[0].id
        );
        lab.get(&path).await.json()["data"].clone()
    };
    let before = stamps().await;
    tenant.advance_days(1);
    tenant.comment(period, "Après").expect("changed");
    assert_eq!(stamps().await, before);
    let comment = lab.get(&format!("/api/v3/leaves/{}?fields=comment", leaves[0].id)).await.json();
    assert_eq!(comment["data"]["comment"], "Après");

    tenant.delete_leave(&leaves[1].id).expect("deleted");
    assert_eq!(tenant.delete_leave(&leaves[1].id), Err(ChangeError::Conflict("it is over already")));
    let gone = "/api/v3/leaves?leavePeriod.ownerId=greaterthan,0&fields=id,isActive&cancellationDate=since,2026-11-24";
    let gone = lab.get(gone).await.items();
    assert_eq!(gone, [json!({"id": leaves[1].id, "isActive": false})]);
    assert_eq!(tenant.make(Change::Cancel { period: 1 }), Err(ChangeError::NoSuch("leave period")));
}

#[tokio::test]
async fn people_come_back_and_are_deleted() {
    let lab = Lab::of(100).await;
    let tenant = lab.emulator.tenant();
    let former = tenant.people(Some(Status::Former), 1)[0].id;
    let same = tenant.make(Change::Rehire { id: former, starts_on: TODAY, as_new_user: false });
    assert_eq!(same, Ok(former));
    assert!(tenant.people(Some(Status::Active), 1000).iter().any(|one| one.id == former));
    let again = tenant.make(Change::Rehire { id: former, starts_on: TODAY, as_new_user: false });
    assert_eq!(again, Err(ChangeError::Conflict("a contract covers that day")));
    let other = tenant.people(Some(Status::Former), 1)[0].clone();
    let new = tenant.rehire(other.id, TODAY, true).expect("a new user");
    let all = snapshot(&lab);
    let user = |id: i64| all.users.iter().find(|one| one.id == id).expect("a user").clone();
    assert_eq!(
        (user(new).mail, user(new).employee_number),
        (user(other.id).mail, user(other.id).employee_number)
    );

    // Ids are not assigned twice, unless requested.
    assert!(tenant.remove(new));
    let named = |id| Hire { first_name: "A".to_owned(), last_name: "B".to_owned(), id, ..Hire::default() };
    let next = tenant.hire(named(None));
    assert!(next > new);
    assert_eq!(tenant.hire(named(Some(new))), new);
    assert_eq!(tenant.hire(named(Some(new))), next + 1);
    let contracts = snapshot(&lab).contracts;
    let mut ids: Vec<i64> = contracts.iter().map(|one| one.id).collect();
    ids.dedup();
    assert_eq!(ids.len(), contracts.len());
    let contract = contracts.iter().find(|one| one.owner_id == next).expect("a contract").id;
    assert!(tenant.remove_contract(contract));
    assert!(snapshot(&lab).contracts.iter().all(|one| one.owner_id != next));

    let absent = all.leaves[0].owner_id;
    assert!(tenant.remove(absent));
    let listed = lab
        .get(
            "/api/v3/leaves?date=since,2000-01-01&leavePeriod.ownerId=greaterthan,0&paging=0,10000&fields=id",
        )
        .await;
    assert_eq!(listed.items().len(), snapshot(&lab).leaves.len());
    assert!(snapshot(&lab).leaves.iter().all(|one| one.owner_id != absent));
}

#[tokio::test]
async fn moves_are_logged_and_departments_change() {
    let lab = Lab::of(100).await;
    let tenant = lab.emulator.tenant();
    let id = tenant.people(Some(Status::Active), 50)[20].id;
    let department =
        tenant.make(Change::AddDepartment { name: "Nouveau".to_owned(), parent_id: None }).expect("added");
    let patch = PersonPatch { department_id: Some(department), ..PersonPatch::default() };
    assert_eq!(tenant.make(Change::Person { id, patch }), Ok(id));
    let logs = snapshot(&lab).user_logs;
    let last = logs.last().expect("a line");
    assert_eq!(
        (last.owner_id, last.name.as_str(), last.value.clone()),
        (id, "departmentid", department.to_string())
    );
    assert_eq!(
        tenant.remove_department(department),
        Err(ChangeError::Conflict("the department is not empty"))
    );
    let back = snapshot(&lab).departments[0].id;
    tenant.change(id, PersonPatch { department_id: Some(back), ..PersonPatch::default() });
    assert_eq!(tenant.remove_department(department), Ok(()));
    let found = lab.get(&format!("/organization/structure/api/departments?id={department}")).await.items();
    assert!(found.is_empty());
    assert!(tenant.add_department("Encore".to_owned(), None).is_ok_and(|id| id > department));

    let stuck = |lab: &Lab| snapshot(lab).users.iter().find(|one| one.id == id).map(|one| one.modified_at);
    let before = stuck(&lab);
    lab.switch(|switches| switches.modified_at_moves = false);
    tenant.advance_minutes(5);
    tenant.change(id, PersonPatch { job_title: Some(None), ..PersonPatch::default() });
    assert_eq!(stuck(&lab), before);
    lab.switch(|switches| {
        switches.modified_at_moves = true;
        switches.clock_offset_minutes = -60;
    });
    tenant.touch_together(30);
    let all = snapshot(&lab).users;
    assert!(all[..30].iter().all(|one| one.modified_at == date(2026, 11, 23).at(8, 5, 0, 0)));
}

fn history(tenant: &Tenant) -> Vec<String> {
    tenant.live(11, 400)
}

#[tokio::test]
async fn a_history_is_the_same_for_the_same_seed() {
    let (one, same) = (Lab::of(150).await, Lab::of(150).await);
    let told = history(&one.emulator.tenant());
    assert_eq!(told.len(), 400);
    assert_eq!(told, history(&same.emulator.tenant()));
    assert_eq!(snapshot(&one), snapshot(&same));
    for part in [
        "hire",
        "moves to department",
        "comes back",
        "leaves on",
        "user 1",
        "is asked for",
        "is entered by HR",
        "approved",
        "denied",
        "cancelled",
        "leave ",
        "comment",
        "permission",
        "touched",
    ] {
        assert!(told.iter().any(|line| line.contains(part)), "{part}");
    }
    // After any history, no half-day is taken twice, and the API lists the same as the snapshot.
    one.emulator.tenant().set_rights(&one.key, lucca_emulator::Rights::all());
    let all = snapshot(&one);
    let mut taken = std::collections::HashSet::new();
    assert!(all.leaves.iter().filter(|one| one.is_active).all(|one| taken.insert((
        one.owner_id,
        one.date,
        one.am
    ))));
    let count = one
        .get(
            "/api/v3/leaves?date=since,2000-01-01&leavePeriod.ownerId=greaterthan,-1&fields=collection.count",
        )
        .await
        .count();
    assert_eq!(count, all.leaves.len() as u64);
    let users = one.enumerate("/api/v3/users?formerEmployees=true&", 100).await;
    assert_eq!(users, all.users.iter().map(|one| one.id).collect::<Vec<_>>());
    assert_ne!(one.emulator.tenant().live(12, 5), same.emulator.tenant().live(13, 5));
}
