//! Records that belong to employees: contracts, absences, requests. They are hidden with their employees and
//! not judged before them; each change is logged once.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::ToSpan;
use lucca_emulator::{Fault, FaultKind, NewAbsence, Permission, Status, Switches};
use people::{Absence, AbsenceRequest, Kind};
use store::{ChangeFilter, Operation, RecordState};

use crate::support::{TODAY, app, stream};

#[tokio::test]
async fn absence_across_pages_is_created_once() {
    let pages = Switches { page_max: Some(7), leaves_page_max: Some(7), ..Switches::default() };
    let app = app(40, pages).await;
    app.sync().await;
    let created = ChangeFilter {
        kind: Some(Kind::Absence),
        operation: Some(Operation::Created),
        ..ChangeFilter::default()
    };
    let changes = app.store.changes(app.account.no, created, 10_000).await.unwrap();
    let ids: BTreeSet<_> = changes.iter().map(|change| change.id.clone()).collect();
    assert_eq!(changes.len(), ids.len());
    assert_eq!(ids.len() as u64, app.present(Kind::Absence).await);
}

#[tokio::test]
async fn contracts_wait_while_owners_are_undecided() {
    let app = app(120, Switches::default()).await;
    app.sync().await;
    let contracts = app.present(Kind::Employment).await;
    app.emulator.tenant().permit(None, Permission::SeeFormer, false);
    // Contracts are due for a full read, employees only for an incremental one.
    app.emulator.tenant().advance_minutes(7 * 60);
    app.clock.advance(Duration::from_secs(7 * 3600));
    let report = app.sync_changes().await;
    let read = stream(&report, "work_contracts");
    assert!(read.held > 0 && read.gone == 0, "{read:#?}");
    assert_eq!(app.present(Kind::Employment).await, contracts);
    // Once employees are judged, the reason is known: both are hidden.
    let report = app.sync().await;
    let read = stream(&report, "work_contracts");
    assert!(read.hidden > 0 && read.gone == 0, "{read:#?}");
    assert_eq!(app.count(Kind::Employment, RecordState::Gone).await, 0);
}

#[tokio::test]
async fn requests_hide_with_their_owners_unasked() {
    let app = app(120, Switches::default()).await;
    app.sync().await;
    let site = app.emulator.tenant().people(None, 1)[0].establishment_id;
    app.emulator.tenant().scope(None, Some(vec![site]));
    let report = app.sync().await;
    let read = stream(&report, "leave_requests");
    assert!(read.hidden > 0 && read.gone + read.held == 0, "{read:#?}");
    assert_eq!(app.store.holds(app.account.no).await.unwrap(), []);
}

#[tokio::test]
async fn early_absence_is_gone_with_its_owner() {
    let mut app = app(60, Switches::default()).await;
    app.sync().await;
    let absences = app.all::<Absence>().await;
    let of_days = |absence: &&Absence| absence.first.date < absence.last.date;
    let absence = absences.iter().find(of_days).unwrap();
    app.account.settings.absences_since = Some(absence.last.date);
    let owner = absence.employee_id.as_ref().unwrap();
    assert!(app.emulator.tenant().remove(owner.as_str().parse().unwrap()));
    app.sync().await;
    let after = app.store.record::<Absence>(app.account.no, &absence.id).await.unwrap().unwrap();
    assert_eq!(after.state, RecordState::Gone);
}

#[tokio::test]
async fn every_approval_step_is_logged() {
    let app = app(60, Switches::default()).await;
    let tenant = app.emulator.tenant();
    let account_id = tenant.snapshot(app.emulator.api_key()).unwrap().leave_accounts[0];
    let day = TODAY.saturating_add(100.days());
    let periods: Vec<i64> = app
        .ids(Status::Active, usize::MAX)
        .into_iter()
        .filter_map(|owner| {
            let new = NewAbsence {
                levels: 3,
                ..NewAbsence::days(owner, account_id, day, day.saturating_add(3.days()))
            };
            Some(tenant.enter_absence(&new).ok()?.leave_period_id)
        })
        .collect();
    assert!(!periods.is_empty());
    app.sync().await;
    // They are no longer new.
    tenant.advance_minutes(4 * 60);
    app.clock.advance(Duration::from_secs(4 * 3600));
    for step in 1..=2 {
        periods.iter().for_each(|period| tenant.approve(*period).unwrap());
        app.sync_changes().await;
        for request in app.all::<AbsenceRequest>().await {
            let period = request.absence_id.unwrap().as_str().parse().unwrap();
            assert!(!periods.contains(&period) || request.approvals.len() == step, "{period}");
        }
    }
}

#[tokio::test]
async fn guessed_request_form_is_forgotten() {
    // A failure right after a refusal looks like another refusal, so the list is read in a form without a
    // count.
    let app = app(60, Switches { v4_limit_max_organization: 5, ..Switches::default() }).await;
    let bad = FaultKind::Status { code: 500, body: String::new() };
    let path = "/organization/structure/api/departments";
    app.set_switches(|switches| switches.faults = vec![Fault::once(path, 2, bad)]);
    let report = app.sync().await;
    assert!(!stream(&report, "departments").complete, "{report:#?}");
    app.sync().await;
    let report = app.sync().await;
    assert!(stream(&report, "departments").complete, "{report:#?}");
}

#[tokio::test]
async fn sweep_reads_contracts_of_changed_employees() {
    let app = app(60, Switches::default()).await;
    let tenant = app.emulator.tenant();
    let pass = |minutes: u32| {
        tenant.advance_minutes(minutes.into());
        app.clock.advance(Duration::from_secs(60 * u64::from(minutes)));
    };
    app.sync().await;
    // Contracts are read before the change, and are not due when the sweep of employees is.
    pass(22 * 60);
    app.sync_changes().await;
    let id = app.ids(Status::Active, 1)[0];
    tenant.terminate(id, TODAY.saturating_add(30.days())).unwrap();
    pass(2 * 60);
    let report = app.sync_changes().await;
    assert_eq!(stream(&report, "users").mode, sync::Mode::Full);
    assert_eq!(stream(&report, "work_contracts").updated, 1, "{report:#?}");
}

#[tokio::test]
async fn contracts_of_unstored_owners_are_hidden() {
    let app = app(120, Switches { page_max: Some(25), ..Switches::default() }).await;
    // The list of employees breaks off, and contracts of the employees beyond are stored.
    let broken =
        |nth| Fault::once("/api/v3/users", nth, FaultKind::Status { code: 403, body: String::new() });
    app.set_switches(|switches| switches.faults = vec![broken(3)]);
    app.sync().await;
    assert!(app.present(Kind::Employee).await < 120 && app.present(Kind::Employment).await > 0);
    app.emulator.tenant().permit(None, Permission::SeeFormer, false);
    for _ in 0..3 {
        app.sync().await;
    }
    assert_eq!(app.count(Kind::Employment, RecordState::Gone).await, 0);
    assert!(app.count(Kind::Employment, RecordState::Hidden).await > 0);
}

#[tokio::test]
async fn unreadable_owner_never_loses_contracts() {
    let app = app(120, Switches::default()).await;
    let id = app.ids(Status::Former, 1)[0];
    app.emulator
        .tenant()
        .set_faults(vec![crate::support::fault("/api/v3/users", FaultKind::CorruptRecord { id })]);
    app.sync().await;
    app.emulator.tenant().set_faults(Vec::new());
    app.emulator.tenant().permit(None, Permission::SeeFormer, false);
    // Contracts are due for a full read, employees only for an incremental one.
    app.emulator.tenant().advance_minutes(7 * 60);
    app.clock.advance(Duration::from_secs(7 * 3600));
    let report = app.sync_changes().await;
    assert_eq!(stream(&report, "work_contracts").gone, 0);
    assert_eq!(app.count(Kind::Employment, RecordState::Gone).await, 0);
}
