//! Absences to the half-day: full reads, incremental reads, and judgements of missing leaves.

use jiff::civil::date;
use lucca_emulator::{NewAbsence, Status, Switches};
use people::{Absence, AbsenceRequest, AbsenceRequestStatus, Kind, RemoteId};
use store::{ChangeFilter, Operation, Outcome};

use crate::support::{App, app, stream};

impl App {
    /// Compares every stored half-day, ordered by id, with the tenant's.
    async fn assert_half_days_match(&self) {
        let mut stored: Vec<_> = self
            .all::<Absence>()
            .await
            .into_iter()
            .flat_map(|absence| {
                let confirmed = absence.is_confirmed;
                absence.leaves.into_iter().map(move |leave| {
                    (leave.id.to_string(), leave.date, leave.is_active, confirmed.unwrap_or_default())
                })
            })
            .collect();
        stored.sort();
        let since = date(crate::support::TODAY.year() - 1, 1, 1);
        let snapshot = self.emulator.tenant().snapshot(self.emulator.api_key()).unwrap();
        let mut truth: Vec<_> = snapshot
            .leaves
            .into_iter()
            .filter(|leave| leave.date >= since)
            .map(|leave| (leave.id, leave.date, leave.is_active, leave.is_confirmed))
            .collect();
        truth.sort();
        assert!(!truth.is_empty());
        assert_eq!(stored.len(), truth.len());
        for (stored, truth) in stored.iter().zip(&truth) {
            assert_eq!(stored, truth);
        }
    }
}

#[tokio::test]
async fn stored_half_days_match_the_tenant() {
    let app = app(60, Switches::default()).await;
    let report = app.sync().await;
    assert_eq!(report.outcome, Outcome::Succeeded, "{report:#?}");
    app.assert_half_days_match().await;
    assert!(app.present(Kind::WorkingDay).await > 0);
    assert!(app.present(Kind::UserLogEntry).await > 0);
    let again = app.sync().await;
    assert_eq!(again.written(), 0, "{again:#?}");
}

#[tokio::test]
async fn small_pages_split_absences_and_lose_nothing() {
    let app = app(40, Switches { page_max: Some(7), ..Switches::default() }).await;
    app.sync().await;
    app.assert_half_days_match().await;
}

#[tokio::test]
async fn a_request_is_followed_to_its_decision() {
    let app = app(60, Switches::default()).await;
    app.sync().await;
    let open = app.store.open_absence_requests(app.account.no).await.unwrap();
    let requests = app.all::<AbsenceRequest>().await;
    let pending: Vec<_> = requests
        .iter()
        .filter(|request| request.status == AbsenceRequestStatus::Pending && open.contains_key(&request.id))
        .collect();
    let [first, second, ..] = pending[..] else { panic!("the tenant has pending requests") };
    let period = |request: &AbsenceRequest| request.absence_id.as_ref().unwrap().as_str().parse().unwrap();
    let tenant = app.emulator.tenant();
    while tenant.approve(period(first)).is_ok() {}
    tenant.deny(period(second), Some("no")).unwrap();
    app.sync_changes().await;
    let status = async |id: &RemoteId| {
        app.store.record::<AbsenceRequest>(app.account.no, id).await.unwrap().unwrap().record.status
    };
    assert_eq!(status(&first.id).await, AbsenceRequestStatus::Approved);
    assert_eq!(status(&second.id).await, AbsenceRequestStatus::Denied);
    app.assert_half_days_match().await;
}

#[tokio::test]
async fn cancelled_half_day_shortens_its_absence() {
    let app = app(60, Switches::default()).await;
    app.sync().await;
    let absence = app
        .all::<Absence>()
        .await
        .into_iter()
        .find(|absence| absence.is_active && absence.leaves.len() > 2)
        .unwrap();
    let leave = &absence.leaves[0];
    app.emulator.tenant().delete_leave(leave.id.as_str()).unwrap();
    let report = app.sync().await;
    assert_eq!(stream(&report, "leaves").updated, 1, "{report:#?}");
    let after = app.store.record::<Absence>(app.account.no, &absence.id).await.unwrap().unwrap().record;
    assert_eq!(after.half_days, absence.half_days - 1);
    app.assert_half_days_match().await;
}

#[tokio::test]
async fn leave_type_names_come_from_leaves() {
    let switches = Switches { leave_accounts: lucca_emulator::AccountShape::Gone, ..Switches::default() };
    let app = app(60, switches).await;
    app.sync().await;
    let types = app.all::<people::LeaveType>().await;
    assert!(!types.is_empty() && types.iter().all(|leave_type| leave_type.name.is_some()), "{types:?}");
    // Once the list can be read, it takes precedence.
    app.set_switches(|switches| switches.leave_accounts = lucca_emulator::AccountShape::Full);
    app.sync().await;
    let listed = app.emulator.truth().leave_accounts;
    assert_eq!(app.present(Kind::LeaveType).await, listed);
}

#[tokio::test]
async fn absence_across_windows_is_emitted_once() {
    let app = app(80, Switches::default()).await;
    let tenant = app.emulator.tenant();
    let account_id = tenant.snapshot(app.emulator.api_key()).unwrap().leave_accounts[0];
    // Over the end of a year with its rest days, and over a whole quarter.
    let spans = [(date(2026, 12, 21), date(2027, 1, 8)), (date(2027, 2, 22), date(2027, 7, 9))];
    let mut long = Vec::new();
    for (owner, (first, last)) in app.ids(Status::Active, 40).into_iter().zip(spans.into_iter().cycle()) {
        if let Ok(made) = tenant.enter_absence(&NewAbsence::days(owner, account_id, first, last)) {
            long.push((RemoteId::from(made.leave_period_id), first));
        }
    }
    assert!(long.len() >= 20, "{}", long.len());
    for read in 0..2 {
        app.sync().await;
        let filter = ChangeFilter { kind: Some(Kind::Absence), ..ChangeFilter::default() };
        let changes = app.store.changes(app.account.no, filter, 100_000).await.unwrap();
        assert!(changes.iter().all(|change| change.operation == Operation::Created), "read {read}");
        let absences = app.all::<Absence>().await;
        assert_eq!(changes.len(), absences.len());
        for (id, first) in &long {
            let absence = absences.iter().find(|absence| absence.id == *id).unwrap();
            let facts = tenant.absences_of(absence.employee_id.as_ref().unwrap().as_str().parse().unwrap());
            let fact = facts.iter().find(|fact| fact.starts_on == *first).unwrap();
            assert_eq!(absence.leaves.len(), fact.halves.len());
        }
    }
    // An absence that changes in three periods is updated once.
    let (id, _) = &long[1];
    let before = app.store.last_change(app.account.no).await.unwrap();
    tenant.cancel(id.as_str().parse().unwrap()).unwrap();
    app.sync().await;
    let filter = ChangeFilter { kind: Some(Kind::Absence), after: before, ..ChangeFilter::default() };
    let changes = app.store.changes(app.account.no, filter, 100).await.unwrap();
    let changed: Vec<_> = changes.iter().map(|change| (&change.id, change.operation)).collect();
    assert_eq!(changed, [(id, Operation::Updated)]);
}
