//! Cancelling, approving and denying absences.

use absences::{Error, Report, Status};
use lucca_emulator::{CancelApproved, Fault, FaultKind, Loss, NewAbsence, Switches, WriteAnswer};
use people::{Half, HalfDay};

use crate::support::{REMOTE, UNPAID, active_halves, app, ask};

#[tokio::test]
async fn pending_request_is_cancelled_once() {
    for write_answer in [WriteAnswer::Empty, WriteAnswer::NoContent, WriteAnswer::Envelope] {
        let app = app(Switches { write_answer, ..Switches::default() }).await;
        let owner = app.free_employee();
        let id = app.request("k", &ask(owner, REMOTE, "2027-01-18", "2027-01-19")).await.unwrap().id;
        let changed = app.absences().cancel(&id.to_string(), None).await.unwrap();
        assert_eq!((changed.status, changed.was_changed), (Status::Cancelled, true));
        let again = app.absences().cancel(&id.to_string(), None).await.unwrap();
        assert_eq!((again.status, again.was_changed), (Status::Cancelled, false));
        assert_eq!(app.emulator.tenant().writes().len(), 2, "made, cancelled");
        let kept = app.database.store.submission(id).await.unwrap().unwrap();
        assert_eq!(Report::of(&kept).unwrap().status, Status::Cancelled);
        // The same days can be requested again.
        app.request("other", &ask(owner, REMOTE, "2027-01-18", "2027-01-19")).await.unwrap();
    }
}

#[tokio::test]
async fn approved_absence_may_need_cancel_approval() {
    for (cancel_approved, expected) in
        [(CancelApproved::Asks, Status::CancellationPending), (CancelApproved::AtOnce, Status::Cancelled)]
    {
        let app = app(Switches { cancel_approved, ..Switches::default() }).await;
        let owner = app.free_employee();
        let id = app.request("k", &ask(owner, REMOTE, "2027-01-18", "2027-01-19")).await.unwrap().id;
        let changed = app.absences().decide(&id.to_string(), true, None).await.unwrap();
        assert_eq!(changed.status, Status::Approved);
        let changed = app.absences().cancel(&id.to_string(), None).await.unwrap();
        assert_eq!(changed.status, expected);
        // A repeated deletion would confirm the cancellation.
        let again = app.absences().cancel(&id.to_string(), None).await.unwrap();
        assert_eq!((again.status, again.was_changed), (expected, false));
    }
}

#[tokio::test]
async fn cancelling_a_half_day_keeps_the_rest() {
    let app = app(Switches::default()).await;
    let owner = app.free_employee();
    let id = app.request("k", &ask(owner, REMOTE, "2027-01-18", "2027-01-19")).await.unwrap().id.to_string();
    let noon = HalfDay::new(jiff::civil::date(2027, 1, 18), Half::Pm);
    let changed = app.absences().cancel(&id, Some(&[noon])).await.unwrap();
    assert_eq!((changed.status, changed.half_days.len()), (Status::Pending, 3));
    assert!(!active_halves(&app.facts(owner).pop().unwrap()).contains(&noon));
    assert!(!app.absences().cancel(&id, Some(&[noon])).await.unwrap().was_changed);
    let elsewhere = HalfDay::new(jiff::civil::date(2027, 1, 20), Half::Am);
    assert!(matches!(app.absences().cancel(&id, Some(&[elsewhere])).await, Err(Error::NotItsHalfDay(_))));
}

#[tokio::test]
async fn hr_entries_are_cancelled_by_half_day() {
    let app = app(Switches::default()).await;
    let owner = app.free_employee();
    let day = |n| jiff::civil::date(2027, 1, n);
    let entered = NewAbsence { by_hr: true, ..NewAbsence::days(owner, UNPAID, day(18), day(19)) };
    let period = app.emulator.tenant().enter_absence(&entered).unwrap().leave_period_id.to_string();
    assert!(
        matches!(app.absences().cancel(&period, None).await, Err(Error::UnknownAbsence)),
        "not synced yet"
    );
    app.sync().await;
    let denied = app.absences().decide(&period, false, Some("Non")).await.unwrap_err();
    assert_eq!(denied.code(), "absence.wrong_state");
    let changed = app.absences().cancel(&period, None).await.unwrap();
    assert_eq!((changed.status, changed.half_days.len()), (Status::Cancelled, 0));
    assert!(active_halves(&app.facts(owner).pop().unwrap()).is_empty());
}

#[tokio::test]
async fn approval_chain_is_decided_step_by_step() {
    let app = app(Switches::default()).await;
    let owner = app.free_employee();
    let id = app.request("k", &ask(owner, UNPAID, "2027-01-18", "2027-01-19")).await.unwrap().id.to_string();
    assert!(matches!(app.absences().decide(&id, false, Some("  ")).await, Err(Error::CommentRequired)));
    assert_eq!(app.absences().decide(&id, true, None).await.unwrap().status, Status::Pending);
    let denied = app.absences().decide(&id, false, Some("Inventaire")).await.unwrap();
    assert_eq!(denied.status, Status::Denied);
    let submission = app.database.store.submission(id.parse().unwrap()).await.unwrap().unwrap();
    let report = Report::of(&submission).unwrap();
    let told: Vec<(bool, Option<&str>)> =
        report.approvals.iter().map(|one| (one.approved, one.comment.as_deref())).collect();
    assert_eq!(told, [(true, None), (false, Some("Inventaire"))]);
    assert_eq!(app.absences().decide(&id, true, None).await.unwrap_err().code(), "absence.wrong_state");
}

#[tokio::test]
async fn lost_responses_differ_from_lost_changes() {
    for (kind, is_done) in
        [(FaultKind::LoseAnswer { how: Loss::Reset }, true), (FaultKind::ResetConnection, false)]
    {
        let app = app(Switches::default()).await;
        let owner = app.free_employee();
        let submission = app.request("k", &ask(owner, REMOTE, "2027-01-18", "2027-01-19")).await.unwrap();
        let request = submission.request_id.clone().unwrap();
        let id = submission.id.to_string();
        let strike = |path: String, nth| {
            let kind = kind.clone();
            let fault = Fault { path, query_contains: None, nth: Some(nth), probability: None, kind };
            app.emulator.tenant().set_faults(vec![fault]);
        };
        strike(format!("/api/v3/leaveRequests/{request}/approvals"), 1);
        let decided = app.absences().decide(&id, true, None).await;
        assert_eq!(decided.is_ok(), is_done, "{decided:?}");
        if !is_done {
            // Retrying is safe.
            assert_eq!(app.absences().decide(&id, true, None).await.unwrap().status, Status::Approved);
        }
        // The request is read before it is deleted at the same address.
        strike(format!("/api/v3/leaveRequests/{request}"), 2);
        let cancelled = app.absences().cancel(&id, None).await;
        assert_eq!(cancelled.is_ok(), is_done, "{cancelled:?}");
        let after = app.absences().cancel(&id, None).await.unwrap();
        assert_eq!((after.status, after.was_changed), (Status::CancellationPending, !is_done));
    }
}
