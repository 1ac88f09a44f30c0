//! Requests whose answer is lost, before or after acceptance; and actions of HR at the same time.

use std::collections::BTreeSet;

use jiff::civil::date;
use lucca_emulator::{Change, ChangeError, Fault, FaultKind, Loss, NewAbsence, WriteKind};
use serde_json::json;

use crate::{
    client::Lab,
    requests::{FACTORY_A, MONDAY, REMOTE, days, free_user},
};

impl Lab {
    /// The status, if one arrives; a hanging answer is abandoned as soon as the tenant has processed the
    /// request.
    async fn try_write(&self, verb: &str, path: &str, body: &serde_json::Value) -> Option<u16> {
        let seen = self.emulator.requests().len();
        let faults = self.emulator.tenant().switches().faults;
        let hangs = faults.iter().any(|fault| fault.kind.takes_time());
        let done = async {
            while !(hangs && self.emulator.requests().get(seen).is_some_and(|one| one.status == 0)) {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            sent = self.try_write_as(verb, path, body) => sent.ok(),
            () = done => None,
        }
    }
}

#[tokio::test]
async fn answer_is_lost_after_acceptance() {
    let lab = Lab::of(120).await;
    let (tenant, owner) = (lab.emulator.tenant(), free_user(&lab));
    let losses = [
        (Loss::Reset, None),
        (Loss::Hang, None),
        (Loss::Status { code: 500 }, Some(500)),
        (Loss::Status { code: 502 }, Some(502)),
        (Loss::Status { code: 504 }, Some(504)),
    ];
    for (n, (how, status)) in losses.into_iter().enumerate() {
        let kind = FaultKind::LoseAnswer { how };
        tenant.set_faults(vec![Fault::once("POST /api/v3/leaveRequestFactory", 1, kind)]);
        let body = days(owner, MONDAY + jiff::ToSpan::days(n as i64), 1, REMOTE);
        assert_eq!(lab.try_write("POST", FACTORY_A, &body).await, status);
        assert_eq!(tenant.writes().len(), n + 1, "it was accepted");
        assert_eq!(lab.try_write("POST", FACTORY_A, &body).await, Some(400), "it is there");
        assert_eq!(tenant.writes().len(), n + 1);
    }
    let request = tenant.writes()[0].leave_request_id.expect("a request");
    let path = format!("/api/v3/leaveRequests/{request}");
    tenant.set_faults(vec![Fault::once(
        "delete /api/v3/leaverequests",
        1,
        FaultKind::LoseAnswer { how: Loss::Reset },
    )]);
    assert_eq!(lab.get(&path).await.status, 200, "another verb");
    assert_eq!(lab.try_write("DELETE", &path, &json!(null)).await, None);
    assert_eq!(tenant.writes().last().map(|one| one.kind), Some(WriteKind::Cancel));
}

#[tokio::test]
async fn answer_is_lost_before_acceptance() {
    let lab = Lab::of(120).await;
    let (tenant, owner) = (lab.emulator.tenant(), free_user(&lab));
    let body = days(owner, MONDAY, 1, REMOTE);
    for kind in
        [FaultKind::ResetConnection, FaultKind::Hang, FaultKind::Status { code: 504, body: String::new() }]
    {
        tenant.set_faults(vec![Fault::once("POST /api/v3/leaveRequestFactory", 1, kind)]);
        lab.try_write("POST", FACTORY_A, &body).await;
        assert_eq!(tenant.writes().len(), 0);
    }
    assert_eq!(lab.try_write("POST", FACTORY_A, &body).await, Some(200));
    let faults = Fault::random_write_schedule(5, 60);
    assert_eq!(faults, Fault::random_write_schedule(5, 60));
    assert_ne!(faults, Fault::random_write_schedule(6, 60));
    let json = json!({"path": "POST /api/v3", "nth": 1, "kind": {"lose_answer": {"how": {"status": {"code": 502}}}}});
    let fault: Fault = serde_json::from_value(json).expect("reads");
    assert_eq!(fault.kind, FaultKind::LoseAnswer { how: Loss::Status { code: 502 } });
    let json = json!({"kind": {"lose_answer": {"how": "hang"}}});
    assert!(serde_json::from_value::<Fault>(json).expect("reads").kind.takes_time());
}

#[tokio::test]
async fn one_of_many_concurrent_requests_is_accepted() {
    let lab = Lab::of(120).await;
    let (tenant, owner) = (lab.emulator.tenant(), free_user(&lab));
    let body = days(owner, MONDAY, 2, REMOTE);
    let post = || lab.write("POST", FACTORY_A, &body);
    let answers = tokio::join!(post(), post(), post(), post(), post(), post());
    let statuses = [
        answers.0.status,
        answers.1.status,
        answers.2.status,
        answers.3.status,
        answers.4.status,
        answers.5.status,
    ];
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    let halves: Vec<_> =
        tenant.absences_of(owner).into_iter().filter(|one| one.starts_on >= MONDAY).collect();
    assert_eq!((halves.len(), halves[0].halves.len(), tenant.writes().len()), (1, 4, 1));
}

#[tokio::test]
async fn hr_moves_credits_and_closes() {
    let lab = Lab::of(120).await;
    let (tenant, owner) = (lab.emulator.tenant(), free_user(&lab));
    lab.write("POST", FACTORY_A, &days(owner, MONDAY, 2, REMOTE)).await;
    let other =
        tenant.enter_absence(&NewAbsence::days(owner, 5, date(2027, 3, 4), date(2027, 3, 4))).expect("free");
    let period = tenant.writes()[0].leave_period_id;
    let to =
        |day| Change::MoveAbsence { period, starts_on: day, ends_on: day, starts_pm: true, ends_am: false };
    let before = tenant.absences_of(owner);
    assert_eq!(tenant.make(to(date(2027, 3, 4))), Err(ChangeError::Conflict("a half-day is already taken")));
    assert_eq!(tenant.absences_of(owner), before, "what does not fit changes nothing");
    // To a day of the absence itself.
    let moved = tenant.make(to(date(2027, 3, 2))).expect("it fits");
    let after = tenant.absences_of(owner);
    let by_id = |id: i64| after.iter().find(|one| one.leave_period_id == id).expect("a period");
    assert_eq!((by_id(period).status, by_id(moved).status, by_id(moved).leave_request_id), (4, 2, None));
    assert!(by_id(period).halves.iter().all(|half| !half.is_active));
    assert_eq!(
        by_id(moved).halves.iter().map(|half| (half.am, half.account_id)).collect::<Vec<_>>(),
        [(false, REMOTE)]
    );
    assert_eq!(tenant.make(to(date(2027, 3, 3))), Err(ChangeError::Conflict("it is over already")));
    assert_eq!(by_id(other.leave_period_id).status, 0);

    let change = json!({"credit": {"owner_id": owner, "account_id": 1124, "amount": -1.5}});
    let left = || {
        tenant.balances_of(owner).into_iter().find(|one| one.account_id == 1124).and_then(|one| one.balance)
    };
    let before = left().expect("a balance");
    assert_eq!(lab.control("POST", "/changes", Some(change)).await.status, 200);
    assert_eq!(left(), Some(before - 1.5));
    let change = json!({"close_account": {"account_id": REMOTE, "from": "2027-03-03", "to": "2027-03-03", "message": "Fermé."}});
    assert_eq!(lab.control("POST", "/changes", Some(change)).await.status, 200);
    let refused = lab.write("POST", FACTORY_A, &days(owner, date(2027, 3, 3), 1, REMOTE)).await;
    assert_eq!((refused.status, &refused.json()["detail"]), (400, &json!("Fermé.")));

    // The control surface returns the same.
    let shown = lab.control("GET", &format!("/people/{owner}/absences"), None).await.json();
    assert_eq!(shown, json!(tenant.absences_of(owner)));
    let shown = lab.control("GET", &format!("/people/{owner}/balances"), None).await.json();
    assert_eq!(shown, json!(tenant.balances_of(owner)));
    assert_eq!(lab.control("GET", "/writes", None).await.json(), json!(tenant.writes()));
    let ids: BTreeSet<i64> = after.iter().map(|one| one.leave_period_id).collect();
    assert_eq!(ids.len(), after.len());
}

#[tokio::test]
async fn nothing_is_worked_outside_of_a_contract() {
    let lab = Lab::of(120).await;
    let (tenant, owner) = (lab.emulator.tenant(), free_user(&lab));
    tenant.terminate(owner, date(2027, 3, 2)).expect("a contract");
    assert_eq!(tenant.what_it_would_take(owner, MONDAY, true, date(2027, 3, 5), false).len(), 4);
    let path =
        format!("/api/v3/userdates?ownerId={owner}&date=between,2027-03-01,2027-03-04&fields=date,dtt");
    let worked: Vec<bool> = lab.get(&path).await.items().iter().map(|day| day["dtt"] != "00:00:00").collect();
    assert_eq!(worked, [true, true, false, false]);
    let refused = lab.write("POST", FACTORY_A, &days(owner, date(2027, 3, 3), 1, REMOTE)).await;
    assert_eq!(refused.status, 400);
    let kept = lab.write("POST", FACTORY_A, &days(owner, date(2027, 3, 2), 1, REMOTE)).await;
    assert_eq!(kept.status, 200, "{}", kept.text);
}
