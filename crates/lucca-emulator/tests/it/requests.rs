//! Absence requests: discovered, created, cancelled, decided; and the variants of their answers.

use jiff::civil::{Date, date};
use lucca_emulator::{
    AbsenceFactory, AutoCreateFalse, CancelApproved, DecidesAs, FactoryAccess, FactoryAnswer, FactoryRefusal,
    Rights, Status, Unconfirmed, WriteAnswer, WriteKind,
};
use serde_json::{Value, json};

use crate::client::{Answer, Lab};

pub(crate) const FACTORY_A: &str = "/api/v3/leaveRequestFactory?isCreation=true";
pub(crate) const FACTORY_B: &str = "/timmi-absences/api/v1.0/leaveRequestFactory/create";
const DISCOVERY: &str = "/api/v3/services/leaveRequestFactory";
pub(crate) const UNPAID: i64 = 5;
pub(crate) const REMOTE: i64 = 34;
const RECOVERY: i64 = 41;
const PAID: i64 = 1124;
const REDUCTION: i64 = 1225;
/// A Monday far ahead, followed by working days.
pub(crate) const MONDAY: Date = date(2027, 3, 1);

/// A user with an employee number who works that whole week and has no absence planned.
pub(crate) fn free_user(lab: &Lab) -> i64 {
    let tenant = lab.emulator.tenant();
    let free = |id: i64| {
        let week = tenant.what_it_would_take(id, MONDAY, true, MONDAY + jiff::ToSpan::days(4), false);
        week.len() == 10
            && !tenant.absences_of(id).iter().any(|one| one.ends_on >= MONDAY)
            && tenant.balances_of(id).iter().all(|one| one.balance.is_none_or(|left| left >= 5.0))
    };
    let people = tenant.snapshot(&lab.key).expect("a known key").users;
    let mut able = people.iter().filter(|one| one.status == Status::Active && one.employee_number.is_some());
    able.find(|one| free(one.id)).expect("a matching user").id
}

fn body_a(owner: i64, starts: Date, ends: Date, halves: (bool, bool), accounts: &[(i64, f64)]) -> Value {
    let duration: f64 = accounts.iter().map(|one| one.1).sum();
    let items: Vec<Value> = accounts
        .iter()
        .map(|(id, duration)| json!({"leaveAccountId": id, "leaveAccountName": "", "duration": duration}))
        .collect();
    json!({
        "startsOn": format!("{starts}T00:00:00"), "endsOn": format!("{ends}T00:00:00"),
        "startsAM": halves.0, "endsAM": halves.1, "isHalfDay": false, "unit": 0, "daysUnit": true,
        "duration": duration, "autoCreate": true, "ownerId": owner, "availableAccounts": [],
        "otherAvailableAccounts": items, "users": {"userIds": [owner]},
    })
}

/// A body for whole days on one account.
pub(crate) fn days(owner: i64, starts: Date, days: i8, account: i64) -> Value {
    let ends = starts + jiff::ToSpan::days(i64::from(days) - 1);
    body_a(owner, starts, ends, (true, false), &[(account, f64::from(days))])
}

async fn discover(lab: &Lab, owner: i64, starts: Date, ends: Date) -> Answer {
    lab.get(&format!(
        "{DISCOVERY}?ownerId={owner}&startsOn={starts}&startsAM=true&endsOn={ends}&endsAM=false"
    ))
    .await
}

fn account(accounts: &Value, id: i64) -> Option<&Value> {
    accounts.as_array()?.iter().find(|one| one["leaveAccountId"] == id)
}

/// Creates a request; returns its id.
async fn create_request(lab: &Lab, body: &Value) -> i64 {
    let made = lab.write("POST", FACTORY_A, body).await;
    assert_eq!(made.status, 200, "{}", made.text);
    made.json()["data"]["id"].as_i64().unwrap_or_else(|| panic!("no id: {}", made.text))
}

#[tokio::test]
async fn the_owner_may_be_a_text() {
    let lab = Lab::of(120).await;
    let owner = free_user(&lab);
    let mut body = days(owner, MONDAY, 1, REMOTE);
    body["ownerId"] = json!(owner.to_string());
    body["users"] = json!(null);
    create_request(&lab, &body).await;
    assert_eq!(lab.emulator.tenant().writes()[0].owner_id, owner);
    body["ownerId"] = json!("not a number");
    assert_eq!(lab.write("POST", FACTORY_A, &body).await.status, 400);
}

async fn status(lab: &Lab, request: i64) -> i64 {
    lab.get(&format!("/api/v3/leaveRequests/{request}?fields=status")).await.json()["data"]["status"]
        .as_i64()
        .expect("a status")
}

#[tokio::test]
async fn accounts_are_discovered_with_what_they_allow() {
    let lab = Lab::of(120).await;
    let owner = free_user(&lab);
    let found = discover(&lab, owner, MONDAY, MONDAY + jiff::ToSpan::days(6)).await.json();
    assert_eq!(found["duration"], 5, "the week-end does not count");
    assert_eq!((&found["isValid"], &found["startsOn"]), (&json!(true), &json!("2027-03-01T00:00:00")));
    let (managed, others) = (&found["availableAccounts"], &found["otherAvailableAccounts"]);
    let paid = account(managed, PAID).expect("paid leave");
    let balance = lab.emulator.tenant().balances_of(owner).into_iter().find(|one| one.account_id == PAID);
    assert_eq!(paid["constraint"]["entitlementEndDateBalance"].as_f64(), balance.and_then(|one| one.balance));
    assert_eq!(paid["constraint"]["consumptionEndDate"], "2027-05-31T00:00:00");
    assert!(account(managed, 1123).is_none(), "last year's is over");
    assert_eq!(account(others, UNPAID).expect("unpaid")["constraint"]["allowHalfDay"], false);
    assert!(account(others, REMOTE).expect("remote")["constraint"]["currentBalance"].is_null());
    assert_eq!(account(managed, RECOVERY).expect("hours")["unit"], 1);
    assert_eq!(account(others, 8).expect("a third unit")["unit"], 3);
    lab.switch(|switches| switches.absence_factory = AbsenceFactory::GenerationB);
    let found = discover(&lab, owner, MONDAY, MONDAY).await.json();
    assert_eq!(found["startsOn"], "2027-03-01");
    assert!(found.get("availableAccounts").is_none() && account(&found["accounts"], PAID).is_some());
    assert_eq!(discover(&lab, 999_999, MONDAY, MONDAY).await.status, 400);
    let weekend = date(2027, 3, 6);
    assert_eq!(discover(&lab, owner, weekend, weekend).await.json()["isValid"], false);
    let late = discover(&lab, owner, date(2026, 11, 2), date(2026, 11, 2)).await.json();
    let rules: Vec<&Value> =
        late["warnings"].as_array().expect("a list").iter().map(|one| &one["ruleId"]).collect();
    assert!(rules.contains(&&json!(1)), "{late}");
}

#[tokio::test]
async fn request_creates_each_half_day_once() {
    let lab = Lab::of(120).await;
    let (tenant, owner) = (lab.emulator.tenant(), free_user(&lab));
    let before = tenant.balances_of(owner);
    // Friday afternoon to Tuesday noon: three half-days and two.
    let body =
        body_a(owner, date(2027, 3, 5), date(2027, 3, 9), (false, true), &[(PAID, 2.5), (REMOTE, 1.0)]);
    let refused = lab.write("POST", FACTORY_A, &body).await;
    assert_eq!(refused.status, 400, "a half-day too many");
    let body =
        body_a(owner, date(2027, 3, 5), date(2027, 3, 9), (false, true), &[(PAID, 1.0), (REMOTE, 1.0)]);
    let request = create_request(&lab, &body).await;
    let made = tenant.absences_of(owner).into_iter().find(|one| one.leave_request_id == Some(request));
    let made = made.expect("a period");
    let halves: Vec<(String, bool, i64)> =
        made.halves.iter().map(|one| (one.date.to_string(), one.am, one.account_id)).collect();
    let expected = [
        ("2027-03-05", false, PAID),
        ("2027-03-08", true, PAID),
        ("2027-03-08", false, REMOTE),
        ("2027-03-09", true, REMOTE),
    ];
    assert_eq!(halves, expected.map(|(day, am, account)| (day.to_owned(), am, account)));
    assert_eq!((made.status, made.levels), (0, 2));
    let left = |of: &[lucca_emulator::BalanceFacts]| {
        of.iter().find(|one| one.account_id == PAID).and_then(|one| one.balance)
    };
    assert_eq!(left(&before).map(|left| left - 1.0), left(&tenant.balances_of(owner)));
    let again = lab.write("POST", FACTORY_A, &body).await;
    assert_eq!(again.status, 400);
    assert!(
        again.headers["content-type"].to_str().is_ok_and(|one| one.starts_with("application/problem+json"))
    );
    assert!(again.json()["detail"].as_str().is_some_and(|why| why.contains("déjà")));
    assert_eq!(tenant.writes().iter().filter(|one| one.kind == WriteKind::Request).count(), 1);
    let listed = lab
        .get(&format!(
            "/api/v3/leaves?date=between,2027-03-01,2027-03-31&leavePeriod.ownerId={owner}&fields=id"
        ))
        .await;
    assert_eq!(listed.items().len(), 4);
    let calendar = lab
        .get(&format!("/api/v3/services/leaveCalendar/{owner}?startsOn=2027-03-01&endsOn=2027-03-01"))
        .await;
    assert_eq!(calendar.json()["periods"][0]["accountNames"], json!(["Congés payés 2026", "Télétravail"]));
}

#[tokio::test]
async fn both_generations_and_all_answers() {
    let lab = Lab::of(120).await;
    let (tenant, owner) = (lab.emulator.tenant(), free_user(&lab));
    let made = || tenant.writes().len();
    let body = |day: i64| days(owner, MONDAY + jiff::ToSpan::days(day), 1, REMOTE);
    let mut b = body(0);
    let accounts = b["otherAvailableAccounts"].clone();
    b["accounts"] = accounts;
    b["otherAvailableAccounts"] = json!([]);
    b["autoCreate"] = json!(false);
    b["startsOn"] = json!("2027-03-01");
    b["endsOn"] = json!("2027-03-01");
    assert_eq!(lab.write("POST", FACTORY_B, &b).await.status, 404);
    lab.switch(|switches| switches.absence_factory = AbsenceFactory::Both);
    lab.switch(|switches| switches.auto_create_false = AutoCreateFalse::Simulates);
    let simulated = lab.write("POST", FACTORY_B, &b).await;
    assert_eq!((simulated.status, &simulated.json()["isValid"], made()), (200, &json!(true), 0));
    lab.switch(|switches| switches.auto_create_false = AutoCreateFalse::CreatesInB);
    assert!(lab.write("POST", FACTORY_B, &b).await.json()["data"]["id"].is_i64());
    assert_eq!(made(), 1);
    lab.switch(|switches| switches.factory_answer = FactoryAnswer::Echo);
    let echo = lab.write("POST", FACTORY_A, &body(1)).await.json();
    assert!(echo.get("data").is_none() && echo["warnings"] == json!([]) && made() == 2, "{echo}");
    lab.switch(|switches| switches.factory_answer = FactoryAnswer::Empty);
    let empty = lab.write("POST", "/api/v3/leaverequestfactory?notify=false", &body(2)).await;
    assert_eq!((empty.status, empty.text.as_str(), made()), (200, "", 3));

    let mut seen = Vec::new();
    for refusal in [
        FactoryRefusal::Problem400,
        FactoryRefusal::Text400,
        FactoryRefusal::Problem409,
        FactoryRefusal::Invalid200,
    ] {
        lab.switch(|switches| switches.factory_refusal = refusal);
        let refused = lab.write("POST", FACTORY_A, &body(2)).await;
        let label = refused.headers["content-type"].to_str().expect("a label").to_owned();
        if refused.status == 200 {
            let json = refused.json();
            assert_eq!((&json["isValid"], &json["warnings"][0]["error"]), (&json!(false), &json!(true)));
        } else {
            assert!(refused.text.contains("Une absence est déjà posée"), "{}", refused.text);
        }
        seen.push((refused.status, label));
    }
    let labels = [
        "application/problem+json; charset=utf-8",
        "text/plain; charset=utf-8",
        "application/problem+json; charset=utf-8",
        "application/json; charset=utf-8",
    ];
    let expected: Vec<_> = [400, 400, 409, 200].into_iter().zip(labels.map(str::to_owned)).collect();
    assert_eq!(seen, expected);
    assert_eq!(made(), 3);

    for (access, status) in [(FactoryAccess::Forbidden, 403), (FactoryAccess::Unauthorized, 401)] {
        lab.switch(|switches| switches.factory_access = access);
        assert_eq!(lab.write("POST", FACTORY_A, &body(3)).await.status, status);
        assert_eq!(discover(&lab, owner, MONDAY, MONDAY).await.status, status);
    }
    lab.switch(|switches| switches.absence_factory = AbsenceFactory::None);
    assert_eq!(discover(&lab, owner, MONDAY, MONDAY).await.status, 404);
    assert_eq!(made(), 3);
}

#[tokio::test]
async fn late_requests_are_confirmed() {
    let lab = Lab::of(120).await;
    let tenant = lab.emulator.tenant();
    let people = tenant.people(Some(Status::Active), usize::MAX);
    let (day, next) = (date(2026, 11, 16), date(2026, 11, 17));
    let free = |id: i64| {
        tenant.what_it_would_take(id, day, true, next, false).len() == 4
            && !tenant.absences_of(id).iter().any(|one| one.starts_on <= next && day <= one.ends_on)
    };
    let owner = people.iter().map(|one| one.id).find(|id| free(*id)).expect("a matching user");
    let mut body = days(owner, day, 1, REMOTE);
    let asked = lab.write("POST", FACTORY_A, &body).await;
    assert_eq!((asked.status, tenant.writes().len()), (200, 0));
    let warning = asked.json()["warnings"][0].clone();
    assert_eq!(
        (&warning["ruleId"], &warning["error"], &warning["info"]),
        (&json!(1), &json!(false), &json!(false))
    );
    lab.switch(|switches| switches.unconfirmed_warnings = Unconfirmed::Refused);
    assert_eq!((lab.write("POST", FACTORY_A, &body).await.status, tenant.writes().len()), (400, 0));
    body["warnings"] = json!([warning]);
    create_request(&lab, &body).await;
    lab.switch(|switches| switches.unconfirmed_warnings = Unconfirmed::Ignored);
    create_request(&lab, &days(owner, next, 1, REMOTE)).await;
    assert_eq!(tenant.writes().len(), 2);
}

#[tokio::test]
async fn accounts_have_rules_of_their_own() {
    let lab = Lab::of(120).await;
    let (tenant, owner) = (lab.emulator.tenant(), free_user(&lab));
    let post = async |body: Value| lab.write("POST", FACTORY_A, &body).await;
    let morning = |account, amount| body_a(owner, MONDAY, MONDAY, (true, true), &[(account, amount)]);
    let refusals = [
        (morning(UNPAID, 0.5), "journées entières"),
        (morning(RECOVERY, 0.5), "heures"),
        (morning(RECOVERY, 4.0), "heures"),
        (body_a(owner, MONDAY, date(2027, 3, 2), (true, false), &[(RECOVERY, 8.0)]), "seule journée"),
        (morning(424_242, 0.5), "disponible"),
        (morning(REMOTE, 1.0), "durée"),
        (days(owner, date(2027, 6, 7), 1, PAID), "utilisable"),
        (days(owner, date(2027, 12, 27), 1, REDUCTION), "fin d'année"),
    ];
    for (body, why) in refusals {
        let refused = post(body).await;
        assert_eq!(refused.status, 400, "{why}: {}", refused.text);
        assert!(
            refused.json()["detail"].as_str().is_some_and(|said| said.contains(why)),
            "{why}: {}",
            refused.text
        );
    }
    assert_eq!(tenant.writes().len(), 0);
    create_request(&lab, &morning(RECOVERY, 2.5)).await;
    create_request(
        &lab,
        &body_a(owner, date(2027, 3, 2), date(2027, 3, 2), (true, false), &[(RECOVERY, 3.5)]),
    )
    .await;
    let minutes: Vec<Option<u32>> = tenant
        .absences_of(owner)
        .iter()
        .filter(|one| one.starts_on >= MONDAY)
        .flat_map(|one| one.halves.iter().map(|half| half.minutes))
        .collect();
    assert_eq!(minutes, [Some(150), Some(105), Some(105)]);
    // Paid leave of one year and of the next, across the first of June.
    let across =
        body_a(owner, date(2027, 5, 31), date(2027, 6, 1), (true, false), &[(PAID, 1.0), (PAID + 1, 1.0)]);
    create_request(&lab, &across).await;
    // Nothing is left once the balance is used up.
    let left =
        tenant.balances_of(owner).into_iter().find(|one| one.account_id == PAID).and_then(|one| one.balance);
    tenant.credit(owner, PAID, -left.expect("a balance")).expect("a credit");
    let refused = post(days(owner, date(2027, 3, 3), 1, PAID)).await;
    assert!(refused.text.contains("solde"), "{}", refused.text);
    tenant.credit(owner, PAID, 1.0).expect("a credit");
    create_request(&lab, &days(owner, date(2027, 3, 3), 1, PAID)).await;
}

#[tokio::test]
async fn requests_are_cancelled_denied_and_approved() {
    let lab = Lab::of(120).await;
    let (tenant, owner) = (lab.emulator.tenant(), free_user(&lab));
    let body = |day: i64| days(owner, MONDAY + jiff::ToSpan::days(day), 1, UNPAID);
    let path = |id: i64| format!("/api/v3/leaveRequests/{id}");
    let decide =
        async |id: i64, body: Value| lab.write("POST", &format!("{}/approvals", path(id)), &body).await;
    let first = create_request(&lab, &body(0)).await;
    let cancelled = lab.write("DELETE", &path(first), &Value::Null).await;
    assert_eq!((cancelled.status, cancelled.text.as_str(), status(&lab, first).await), (200, "", 4));
    assert_eq!(lab.write("DELETE", &path(first), &Value::Null).await.status, 400);
    // Its half-days are free again.
    let second = create_request(&lab, &body(0)).await;
    assert_eq!(decide(second, json!({"approved": false})).await.status, 400, "a comment is required");
    assert_eq!(decide(second, json!({"approved": false, "comment": " "})).await.status, 400);
    assert_eq!(decide(second, json!({"approved": false, "comment": "Non"})).await.status, 200);
    assert_eq!(status(&lab, second).await, 3);
    assert_eq!(
        decide(second, json!({"approved": true, "comment": null})).await.status,
        400,
        "it was decided"
    );

    // Unpaid leave takes three approvals.
    let third = create_request(&lab, &body(0)).await;
    lab.switch(|switches| switches.decides_as = DecidesAs::Expected);
    decide(third, json!({"approved": true})).await;
    lab.switch(|switches| switches.decides_as = DecidesAs::Nobody);
    decide(third, json!({"approved": true, "comment": "Oui"})).await;
    assert_eq!(status(&lab, third).await, 0);
    lab.switch(|switches| switches.decides_as = DecidesAs::Hr);
    decide(third, json!({"approved": true})).await;
    assert_eq!(status(&lab, third).await, 2);
    let shown =
        lab.get(&format!("{}?fields=approvals[approverId,approved,comment]", path(third))).await.json();
    let approvers: Vec<i64> = shown["data"]["approvals"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["approverId"].as_i64())
        .collect();
    assert_eq!(approvers.len(), 3);
    assert!(approvers[0] > 0 && approvers[1] == 0 && approvers[2] > 0, "{approvers:?}");

    lab.switch(|switches| switches.write_answer = WriteAnswer::NoContent);
    assert_eq!(lab.write("DELETE", &path(third), &Value::Null).await.status, 204);
    assert_eq!(status(&lab, third).await, 5);
    assert_eq!(decide(third, json!({"approved": true})).await.status, 400);
    lab.switch(|switches| switches.approvals_decide_cancellations = true);
    assert_eq!(decide(third, json!({"approved": true})).await.status, 204);
    assert_eq!(status(&lab, third).await, 4);

    lab.switch(|switches| {
        switches.approval_settles_all = true;
        switches.write_answer = WriteAnswer::Envelope;
        switches.cancel_approved = CancelApproved::AtOnce;
    });
    let fourth = create_request(&lab, &body(0)).await;
    assert_eq!(decide(fourth, json!({"approved": true})).await.json()["data"]["id"], fourth);
    assert_eq!(status(&lab, fourth).await, 2);
    lab.write("DELETE", &path(fourth), &Value::Null).await;
    assert_eq!(status(&lab, fourth).await, 4);
    lab.switch(|switches| switches.request_levels = Some(0));
    let fifth = create_request(&lab, &body(1)).await;
    assert_eq!(status(&lab, fifth).await, 2, "no approval is needed");
    let leave = tenant
        .absences_of(owner)
        .into_iter()
        .find(|one| one.leave_request_id == Some(fifth))
        .and_then(|one| one.halves.first().map(|half| half.id.clone()))
        .expect("a half-day");
    assert_eq!(lab.write("DELETE", &format!("/api/v3/leaves/{leave}"), &Value::Null).await.status, 200);
    assert_eq!(lab.write("DELETE", &format!("/api/v3/leaves/{leave}"), &Value::Null).await.status, 400);
    assert_eq!(lab.write("DELETE", "/api/v3/leaves/1-20270101-AM", &Value::Null).await.status, 404);
    assert_eq!(lab.write("DELETE", &path(999_999), &Value::Null).await.status, 404);
    let kinds: Vec<WriteKind> = tenant.writes().iter().map(|one| one.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == WriteKind::Cancel).count(), 3);
    assert_eq!(kinds.last(), Some(&WriteKind::DeleteLeave));
}

#[tokio::test]
async fn a_key_without_the_right_does_nothing() {
    let lab = Lab::of(120).await;
    let (tenant, owner) = (lab.emulator.tenant(), free_user(&lab));
    let request = create_request(&lab, &days(owner, MONDAY, 1, REMOTE)).await;
    let leave = tenant.absences_of(owner).into_iter().find(|one| one.leave_request_id == Some(request));
    let leave = leave.and_then(|one| one.halves.first().map(|half| half.id.clone())).expect("a half-day");
    let before = (tenant.absences_of(owner), tenant.writes());
    let rights = Rights {
        make_absence_requests: false,
        approve_absence_requests: false,
        delete_leaves: false,
        import_absences: false,
        ..Rights::all()
    };
    tenant.set_rights(&lab.key, rights);
    assert_eq!(discover(&lab, owner, MONDAY, MONDAY).await.status, 403);
    let calls = [
        ("POST", FACTORY_A.to_owned()),
        ("POST", FACTORY_B.to_owned()),
        ("DELETE", format!("/api/v3/leaveRequests/{request}")),
        ("POST", format!("/api/v3/leaveRequests/{request}/approvals")),
        ("DELETE", format!("/api/v3/leaves/{leave}")),
        ("POST", "/timmi-absences/api/imports/v1.0/leavePeriods?create=true".to_owned()),
    ];
    for (verb, path) in calls {
        let body = json!({"approved": true});
        assert_eq!(lab.write(verb, &path, &body).await.status, 403, "{verb} {path}");
    }
    assert_eq!((tenant.absences_of(owner), tenant.writes()), before);
    let mut other =
        tenant.people(Some(Status::Active), usize::MAX).into_iter().map(|one| one.establishment_id);
    let own = tenant
        .people(None, usize::MAX)
        .into_iter()
        .find(|one| one.id == owner)
        .map(|one| one.establishment_id);
    let elsewhere = other.find(|site| Some(*site) != own).expect("another establishment");
    tenant.set_rights(&lab.key, Rights { establishment_scope: Some(vec![elsewhere]), ..Rights::all() });
    let refused = lab.write("POST", FACTORY_A, &days(owner, date(2027, 3, 2), 1, REMOTE)).await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        lab.write("DELETE", &format!("/api/v3/leaveRequests/{request}"), &Value::Null).await.status,
        404
    );
    assert_eq!((tenant.absences_of(owner), tenant.writes()), before);
    assert_eq!(lab.write("PUT", FACTORY_A, &json!({})).await.status, 405);
}

#[tokio::test]
async fn a_discovery_is_sent_back_as_it_came() {
    let lab = Lab::of(120).await;
    let (tenant, owner) = (lab.emulator.tenant(), free_user(&lab));
    lab.switch(|switches| switches.absence_factory = AbsenceFactory::Both);
    // Three days of remote work: one more than the ceiling, which only informs.
    let mut body = discover(&lab, owner, MONDAY, date(2027, 3, 3)).await.json();
    let remote = body["otherAvailableAccounts"].as_array_mut().expect("a list");
    let remote = remote.iter_mut().find(|one| one["leaveAccountId"] == REMOTE).expect("remote work");
    let warning = &remote["constraint"]["warnings"][0];
    assert_eq!(
        (&warning["ruleId"], &warning["info"], &warning["accountId"]),
        (&json!(49), &json!(true), &json!(REMOTE))
    );
    remote["duration"] = json!(3);
    body["autoCreate"] = json!(true);
    create_request(&lab, &body).await;
    lab.switch(|switches| switches.absence_factory = AbsenceFactory::GenerationB);
    let mut body = discover(&lab, owner, date(2027, 3, 4), date(2027, 3, 5)).await.json();
    for account in body["accounts"].as_array_mut().expect("a list") {
        let share = match account["leaveAccountId"].as_i64() {
            Some(PAID) => 1.5,
            Some(8) => 0.5,
            _ => 0.0,
        };
        account["duration"] = json!(share);
    }
    body["comments"] = json!("Bonnes vacances !");
    let made = lab.write("POST", FACTORY_B, &body).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let last = tenant.absences_of(owner).pop().expect("a period");
    let accounts: Vec<i64> = last.halves.iter().map(|half| half.account_id).collect();
    // In the order of the list: accounts with a balance come first.
    assert_eq!(accounts, [PAID, PAID, PAID, 8]);
    assert_eq!(last.comment.as_deref(), Some("Bonnes vacances !"));
}

/// Our own generator (SplitMix64), so that a failure is reproducible.
struct Draws(u64);

impl Draws {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % n as u64).unwrap_or(0)
    }
}

#[tokio::test]
async fn discovered_offers_are_accepted() {
    let lab = Lab::of(150).await;
    let tenant = lab.emulator.tenant();
    let people: Vec<i64> = tenant.people(None, usize::MAX).iter().map(|one| one.id).collect();
    let mut draws = Draws(11);
    let mut seen = [0, 0];
    for _ in 0..400 {
        let owner = people[draws.below(people.len())];
        let starts = date(2026, 11, 20) + jiff::ToSpan::days(draws.below(260) as i64);
        let ends = starts + jiff::ToSpan::days([0, 0, 1, 4, 12][draws.below(5)]);
        let starts_am = draws.below(4) > 0;
        let ends_am = if starts == ends { starts_am && draws.below(3) == 0 } else { draws.below(4) == 0 };
        let path = format!(
            "{DISCOVERY}?ownerId={owner}&startsOn={starts}&startsAM={starts_am}&endsOn={ends}&endsAM={ends_am}"
        );
        let found = lab.get(&path).await.json();
        let worked = tenant.what_it_would_take(owner, starts, starts_am, ends, ends_am);
        assert_eq!(found["duration"].as_f64(), Some(worked.len() as f64 / 2.0));
        let lists = [&found["availableAccounts"], &found["otherAvailableAccounts"]];
        let accounts: Vec<&Value> = lists.iter().filter_map(|list| list.as_array()).flatten().collect();
        let account = accounts[draws.below(accounts.len())];
        let id = account["leaveAccountId"].as_i64().expect("an id");
        let constraint = &account["constraint"];
        let duration = if account["unit"] == 1 { 1.0 } else { worked.len() as f64 / 2.0 };
        let allowed = found["isValid"] == true
            && constraint["allowSelect"] == true
            && constraint["maxValue"].as_f64().is_some_and(|most| duration <= most);
        let mut body = body_a(owner, starts, ends, (starts_am, ends_am), &[(id, duration)]);
        body["warnings"] = found["warnings"].clone();
        let before = tenant.writes().len();
        let answer = lab.write("POST", FACTORY_A, &body).await;
        let accepted = answer.status == 200;
        assert_eq!(accepted, allowed, "{body} {account}: {}", answer.text);
        assert_eq!(tenant.writes().len() - before, usize::from(accepted));
        seen[usize::from(accepted)] += 1;
        if accepted {
            let request = answer.json()["data"]["id"].as_i64();
            let made = tenant.absences_of(owner).into_iter().find(|one| one.leave_request_id == request);
            let made = made.expect("a period");
            let halves: Vec<_> = made.halves.iter().map(|half| (half.date, half.am)).collect();
            assert_eq!(halves, worked.iter().map(|half| (half.date, half.am)).collect::<Vec<_>>());
            assert!(made.halves.iter().all(|half| half.account_id == id && half.is_active));
        }
    }
    assert!(seen[0] > 40 && seen[1] > 100, "{seen:?}");
}

#[tokio::test]
async fn the_shapes_of_requests() {
    let lab = Lab::of(120).await;
    let owner = free_user(&lab);
    let mut shapes = serde_json::Map::new();
    // Two accounts cover all properties.
    let few = |mut found: Value| {
        for list in ["availableAccounts", "otherAvailableAccounts", "accounts"] {
            if let Some(accounts) = found.get_mut(list).and_then(Value::as_array_mut) {
                accounts.retain(|one| one["leaveAccountId"] == PAID || one["leaveAccountId"] == REMOTE);
            }
        }
        found
    };
    shapes.insert(
        "discovery, generation A".to_owned(),
        few(discover(&lab, owner, MONDAY, MONDAY).await.json()),
    );
    lab.switch(|switches| switches.absence_factory = AbsenceFactory::GenerationB);
    shapes.insert(
        "discovery, generation B".to_owned(),
        few(discover(&lab, owner, MONDAY, MONDAY).await.json()),
    );
    lab.switch(|switches| switches.absence_factory = AbsenceFactory::GenerationA);
    let body = days(owner, MONDAY, 1, REMOTE);
    shapes.insert("created".to_owned(), lab.write("POST", FACTORY_A, &body).await.json());
    shapes.insert("refused".to_owned(), lab.write("POST", FACTORY_A, &body).await.json());
    lab.switch(|switches| switches.factory_refusal = FactoryRefusal::Text400);
    shapes.insert("refused, as a text".to_owned(), json!(lab.write("POST", FACTORY_A, &body).await.text));
    lab.switch(|switches| switches.factory_refusal = FactoryRefusal::Invalid200);
    let refused = lab.write("POST", FACTORY_A, &body).await.json();
    shapes.insert(
        "refused, with 200".to_owned(),
        json!({"isValid": refused["isValid"], "warnings": refused["warnings"]}),
    );
    insta::assert_json_snapshot!("requests", shapes);
}
