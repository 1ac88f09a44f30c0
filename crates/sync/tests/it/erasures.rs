//! Erased employees: Lucca still returns them; the sync reads and does not store them.

use std::time::Duration;

use jiff::ToSpan;
use lucca_emulator::{FaultKind, NewAbsence, PersonPatch, Status, Switches};
use people::{AbsenceRequest, Employee, Kind, RemoteId};
use people::{FieldGroup, FieldGroups};
use store::{Actor, ChangeFilter, Erasure, ErasureId, Operation, Receipt};

use crate::support::{App, TODAY, app, app_with, fault, stream};

const CANARY: &str = "Canarybird";

impl App {
    async fn erase(&self, person: i64) -> Receipt {
        let at = net::clock::Clock::now(&*self.clock);
        let id = ErasureId::mint(at, [5; 10]);
        let erasure = Erasure { id, remote_id: &RemoteId::from(person), actor: Actor::System, at };
        self.store.erase_person(&self.account, erasure).await.unwrap()
    }

    async fn holds_of(&self, person: i64) -> u64 {
        self.store.holdings(self.account.no, &RemoteId::from(person)).await.unwrap().values().sum()
    }

    /// Gives an employee a unique name that can be searched for.
    fn rename(&self, person: i64) {
        let patch = PersonPatch {
            last_name: Some(CANARY.to_owned()),
            login: Some(CANARY.to_owned()),
            mail: Some(Some(format!("{CANARY}@example.org"))),
            ..PersonPatch::default()
        };
        self.emulator.tenant().change(person, patch).unwrap();
    }

    fn files_hold(&self, needle: &str) -> bool {
        let files = std::fs::read_dir(self.database.dir()).unwrap();
        let bytes: Vec<u8> = files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
        bytes.windows(needle.len()).any(|window| window.eq_ignore_ascii_case(needle.as_bytes()))
    }
}

/// A manager who has absences of their own.
fn manager(app: &App) -> i64 {
    let all = app.emulator.tenant().snapshot(app.emulator.api_key()).unwrap();
    let managers: Vec<i64> = all.users.iter().filter_map(|user| user.manager_id).collect();
    app.ids(Status::Active, usize::MAX).into_iter().find(|id| managers.contains(id)).unwrap()
}

#[tokio::test]
async fn erased_manager_stays_erased() {
    let app = app_with(80, Switches::default(), FieldGroups::all(), true).await;
    let person = manager(&app);
    app.rename(person);
    app.sync().await;
    assert!(app.holds_of(person).await > 2);
    assert!(app.files_hold(CANARY));
    let people = app.present(Kind::Employee).await;
    let reports = async || {
        let of_them = |employee: &Employee| employee.manager_id == Some(RemoteId::from(person));
        app.all::<Employee>().await.iter().filter(|employee| of_them(employee)).count()
    };
    let subordinates = reports().await;
    assert!(subordinates > 0);

    app.erase(person).await;
    app.store.scrub().await.unwrap();
    assert!(!app.files_hold(CANARY));
    let last = app.store.last_change(app.account.no).await.unwrap();
    // The employee and their records change; both full and incremental reads return them.
    app.emulator.tenant().terminate(person, TODAY.saturating_add(30.days())).unwrap();
    for is_full in [false, true, true] {
        let report = if is_full { app.sync().await } else { app.sync_changes().await };
        assert_eq!(report.outcome, store::Outcome::Succeeded, "{report:#?}");
        assert!(
            !is_full || stream(&report, "users").erased == 1 && stream(&report, "work_contracts").erased > 0
        );
        assert_eq!(report.streams.iter().map(|s| s.gone + s.hidden + s.held).sum::<u64>(), 0);
        assert_eq!(app.holds_of(person).await, 0);
    }
    assert_eq!(app.present(Kind::Employee).await, people - 1);
    assert_eq!(reports().await, subordinates, "reports keep their manager by id");
    let of_them = ChangeFilter { after: last, id: Some(&RemoteId::from(person)), ..ChangeFilter::default() };
    let logged = app.store.changes(app.account.no, of_them, 10).await.unwrap();
    assert!(logged.iter().all(|change| change.kind != Kind::Employee), "{logged:?}");
    assert!(!app.files_hold(CANARY));
}

#[tokio::test]
async fn unreadable_records_of_erased_are_not_kept() {
    let app = app(40, Switches::default()).await;
    app.sync().await;
    let person = app.ids(Status::Active, 1)[0];
    app.erase(person).await;
    app.emulator.tenant().set_faults(vec![fault("/api/v3/users", FaultKind::CorruptRecord { id: person })]);
    let report = app.sync().await;
    assert_eq!(stream(&report, "users").quarantined, 0, "{report:#?}");
    assert_eq!(app.store.count_quarantined(app.account.no).await.unwrap(), 0);
}

#[tokio::test]
async fn comments_of_erased_employees_stay_removed() {
    let app =
        app_with(60, Switches::default(), FieldGroups::default().with(FieldGroup::LeaveReason), false).await;
    let tenant = app.emulator.tenant();
    let account_id = tenant.snapshot(app.emulator.api_key()).unwrap().leave_accounts[0];
    let day = TODAY.saturating_add(100.days());
    let owners = app.ids(Status::Active, usize::MAX).into_iter();
    let periods: Vec<i64> = owners
        .filter_map(|owner| {
            let new = NewAbsence::days(owner, account_id, day, day.saturating_add(3.days()));
            Some(tenant.enter_absence(&new).ok()?.leave_period_id)
        })
        .filter(|period| tenant.deny(*period, Some(CANARY)).is_ok())
        .collect();
    assert!(!periods.is_empty());
    app.sync().await;
    let requests = app.all::<AbsenceRequest>().await;
    let denied = |request: &&AbsenceRequest| {
        request.approvals.iter().any(|step| step.comment.as_deref() == Some(CANARY))
    };
    let approver = |request: &AbsenceRequest| request.approvals[0].approver_id.clone().unwrap();
    let request = requests.iter().find(denied).unwrap();
    let approver = approver(request);
    let words = async || {
        let of_them = |request: &AbsenceRequest| {
            request.approvals.iter().any(|s| s.approver_id.as_ref() == Some(&approver) && s.comment.is_some())
        };
        app.all::<AbsenceRequest>().await.iter().filter(|request| of_them(request)).count()
    };
    assert!(words().await > 0);
    app.erase(approver.as_str().parse().unwrap()).await;
    assert_eq!(words().await, 0);
    let last = app.store.last_change(app.account.no).await.unwrap();
    app.sync().await;
    assert_eq!(words().await, 0);
    let updated =
        ChangeFilter { after: last, operation: Some(Operation::Updated), ..ChangeFilter::default() };
    let updated = app.store.changes(app.account.no, updated, 10).await.unwrap();
    assert!(updated.iter().all(|change| change.kind != Kind::AbsenceRequest), "{updated:?}");
}

#[tokio::test]
async fn ended_erasure_restores_the_employee() {
    let app = app(60, Switches::default()).await;
    app.sync().await;
    let before = app.store.fingerprints(app.account.no).await.unwrap();
    let person = manager(&app);
    app.erase(person).await;
    app.sync().await;
    assert_ne!(app.store.fingerprints(app.account.no).await.unwrap(), before);
    // Long enough that none of their records changed lately.
    app.emulator.tenant().advance_minutes(5 * 60);
    app.clock.advance(Duration::from_secs(5 * 3600));
    let now = net::clock::Clock::now(&*app.clock);
    assert!(app.store.allow_person(&app.account, &RemoteId::from(person), Actor::System, now).await.unwrap());
    app.sync_changes().await;
    assert_eq!(app.store.fingerprints(app.account.no).await.unwrap(), before);
}
