//! Incremental reads: few requests, no missed changes, and a correct change log.

use std::time::Duration;

use jiff::ToSpan;
use lucca_emulator::{FaultKind, PersonPatch, Status, Switches};
use people::{Employee, Employment, Kind, RemoteId};
use store::{ChangeFilter, Operation, Outcome};
use sync::{Brake, Mode, RunExtent};

use crate::support::{App, TODAY, app, stream};

impl App {
    /// The change log after a sequence number.
    async fn changes_after(&self, after: i64) -> Vec<store::Change> {
        let filter = ChangeFilter { after, ..ChangeFilter::default() };
        self.store.changes(self.account.no, filter, 10_000).await.unwrap()
    }

    async fn last_change(&self) -> i64 {
        self.store.last_change(self.account.no).await.unwrap()
    }
}

#[tokio::test]
async fn idle_sync_sends_few_requests() {
    let app = app(300, Switches::default()).await;
    app.sync().await;
    let before = app.last_change().await;
    app.clock.advance(Duration::from_secs(15 * 60));
    app.emulator.tenant().clear_requests();
    let idle = app.sync_with(RunExtent::Due, Some(Brake::default())).await;
    assert_eq!((idle.outcome, idle.written()), (Outcome::Succeeded, 0), "{idle:#?}");
    assert!(idle.streams.iter().all(|stream| stream.mode == Mode::Incremental), "{idle:#?}");
    let sent = app.emulator.requests();
    assert!(sent.len() <= 6, "{sent:#?}");
    assert_eq!(app.last_change().await, before);
    // Half a minute later nothing is due.
    app.emulator.tenant().clear_requests();
    let nothing = app.sync_with(RunExtent::Due, Some(Brake::default())).await;
    assert!(nothing.streams.is_empty() && app.emulator.requests().is_empty(), "{nothing:#?}");
}

#[tokio::test]
async fn a_first_sync_logs_every_record_once() {
    let app = app(120, Switches::default()).await;
    app.sync().await;
    let changes = app.changes_after(0).await;
    assert!(changes.iter().map(|change| change.seq).eq(1..=i64::try_from(changes.len()).unwrap()));
    // An absence across the end of a quarter is created with its first part and updated with the second.
    let (created, grown): (Vec<_>, Vec<_>) =
        changes.iter().partition(|change| change.operation == Operation::Created);
    assert!(grown.iter().all(|change| change.kind == Kind::Absence), "{grown:#?}");
    let counts = app.store.count_records(app.account.no).await.unwrap();
    assert_eq!(u64::try_from(created.len()).unwrap(), counts.values().sum::<u64>());
}

#[tokio::test]
async fn move_is_one_update_with_both_values() {
    let app = app(300, Switches::default()).await;
    app.sync().await;
    let id = app.ids(Status::Active, 1)[0];
    let before = app.store.record::<Employee>(app.account.no, &id.into()).await.unwrap().unwrap().record;
    let departments = app.all::<people::Department>().await;
    let other = departments.iter().find(|d| Some(&d.id) != before.department_id.as_ref()).unwrap();
    let patch = PersonPatch {
        department_id: Some(other.id.as_str().parse().unwrap()),
        mail: Some(Some("someone@example.org".to_owned())),
        ..PersonPatch::default()
    };
    app.emulator.tenant().change(id, patch).unwrap();
    let last = app.last_change().await;
    let report = app.sync_changes().await;
    assert_eq!(stream(&report, "users").updated, 1, "{report:#?}");
    let changes = app.changes_after(last).await;
    let change = changes.iter().find(|change| change.kind == Kind::Employee).unwrap();
    assert_eq!((change.id.clone(), change.operation), (RemoteId::from(id), Operation::Updated));
    let fields: serde_json::Value = serde_json::from_str(change.fields.as_ref().unwrap().get()).unwrap();
    assert_eq!(fields["department_id"]["after"], other.id.as_str());
    assert_eq!(fields["department_id"]["before"], before.department_id.unwrap().as_str());
    assert!(fields.get("work_email").unwrap().is_null(), "personal values are named and not kept");
}

#[tokio::test]
async fn new_employee_is_read_with_their_contract() {
    let app = app(120, Switches::default()).await;
    app.sync().await;
    let contracts = app.present(Kind::Employment).await;
    let id = app.emulator.tenant().hire(lucca_emulator::Hire::default());
    let report = app.sync_changes().await;
    assert_eq!(stream(&report, "users").created, 1);
    assert_eq!(stream(&report, "work_contracts").mode, Mode::Incremental);
    let employments = app.all::<Employment>().await;
    assert!(employments.iter().any(|employment| employment.employee_id == RemoteId::from(id)));
    assert_eq!(app.present(Kind::Employment).await, contracts + 1);
}

#[tokio::test]
async fn contract_end_is_logged_on_its_day() {
    let app = app(120, Switches::default()).await;
    let id = app.ids(Status::Active, 1)[0];
    app.emulator.tenant().terminate(id, TODAY.checked_add(2.days()).unwrap()).unwrap();
    app.sync().await;
    let last = app.last_change().await;
    let mut ended = Vec::new();
    for _ in 0..4 {
        app.emulator.tenant().advance_days(1);
        app.clock.advance(Duration::from_secs(24 * 3600));
        app.sync_changes().await;
        let changes = app.changes_after(last).await;
        let of_them = changes.iter().filter(|change| change.id == RemoteId::from(id));
        ended.push(of_them.filter(|change| change.operation == Operation::Ended).count());
    }
    // The last day still counts as employed; the end is logged once, on the day after.
    assert_eq!(ended, [0, 0, 1, 1]);
}

#[tokio::test]
async fn past_contract_end_is_logged_with_the_change() {
    let app = app(120, Switches::default()).await;
    app.sync().await;
    let last = app.last_change().await;
    let id = app.ids(Status::Active, 1)[0];
    app.emulator.tenant().terminate(id, TODAY.checked_sub(3.days()).unwrap()).unwrap();
    app.sync_changes().await;
    let changes = app.changes_after(last).await;
    let of_them: Vec<_> = changes
        .iter()
        .filter(|change| change.kind == Kind::Employee)
        .map(|change| (change.id.clone(), change.operation))
        .collect();
    let id = RemoteId::from(id);
    assert_eq!(of_them, [(id.clone(), Operation::Updated), (id, Operation::Ended)]);
}

#[tokio::test]
async fn deletion_waits_for_the_sweep() {
    let app = app(120, Switches::default()).await;
    app.sync().await;
    let last = app.last_change().await;
    let id = app.ids(Status::Active, 1)[0];
    app.emulator.tenant().remove(id);
    app.sync_changes().await;
    assert!(app.changes_after(last).await.iter().all(|change| change.operation != Operation::Deleted));
    app.clock.advance(Duration::from_secs(24 * 3600));
    app.sync_changes().await;
    let changes = app.changes_after(last).await;
    let deleted =
        changes.iter().filter(|c| c.kind == Kind::Employee && c.operation == Operation::Deleted).count();
    assert_eq!(deleted, 1, "{changes:#?}");
}

#[tokio::test]
async fn second_sync_of_an_account_is_busy() {
    let app = app(60, Switches::default()).await;
    let (one, other) = tokio::join!(app.try_sync(RunExtent::Full), app.try_sync(RunExtent::Full));
    let busy = [one, other].into_iter().filter(|run| matches!(run, Err(sync::Error::Busy))).count();
    assert_eq!(busy, 1);
}

#[tokio::test]
async fn incremental_reads_use_the_server_clock() {
    for (ours_ahead, server_ahead) in [(10, 0), (0, 10)] {
        let app = app(60, Switches::default()).await;
        app.clock.advance(Duration::from_secs(3600 * ours_ahead));
        app.emulator.tenant().advance_minutes(60 * server_ahead);
        let first = app.sync().await;
        let ahead = first.server_ahead_s.unwrap();
        assert_eq!(ahead.is_negative(), ours_ahead > 0, "{ahead}");
        let pass = |minutes: u32| {
            app.emulator.tenant().advance_minutes(minutes.into());
            app.clock.advance(Duration::from_secs(60 * u64::from(minutes)));
        };
        pass(5);
        let id = app.ids(Status::Active, 1)[0];
        let title = PersonPatch { job_title: Some(Some("Machiniste".to_owned())), ..PersonPatch::default() };
        app.emulator.tenant().change(id, title).unwrap();
        pass(5);
        let report = app.sync_changes().await;
        let users = stream(&report, "users");
        assert_eq!((users.mode, users.updated), (Mode::Incremental, 1), "{ours_ahead} {server_ahead}");
        // Differing clocks cause one more read within the overlap, and no others.
        pass(6 * 60);
        app.sync_changes().await;
        pass(6 * 60);
        let report = app.sync_changes().await;
        assert_eq!(stream(&report, "users").read, 0, "{ours_ahead} {server_ahead}");
    }
}

#[tokio::test]
async fn read_fails_when_everyone_is_unreadable() {
    let app = app(5, Switches::default()).await;
    let corrupt = |person: lucca_emulator::PersonSummary| {
        crate::support::fault("/api/v3/users", FaultKind::CorruptRecord { id: person.id })
    };
    let people = app.emulator.tenant().people(None, usize::MAX);
    app.emulator.tenant().set_faults(people.into_iter().map(corrupt).collect());
    let report = app.sync().await;
    assert_eq!(report.outcome, Outcome::Failed, "{report:#?}");
    assert!(stream(&report, "users").is_all_unreadable());
}
