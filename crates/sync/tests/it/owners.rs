//! What belongs to people the key no longer sees: it hides with them, and nothing is concluded before they are judged.

use std::collections::BTreeSet;
use std::time::Duration;

use lucca_emulator::{Permission, Switches};
use people::Kind;
use store::{ChangeFilter, Operation, RecordState};

use crate::support::{app, stream};

#[tokio::test]
async fn an_absence_that_a_page_cuts_is_created_once() {
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
async fn contracts_of_people_who_are_not_shown_stay_until_these_are_judged() {
    let app = app(120, Switches::default()).await;
    app.sync().await;
    let contracts = app.present(Kind::Employment).await;
    app.emulator.tenant().permit(None, Permission::SeeFormer, false);
    // Contracts are due, and of people only what changed.
    app.emulator.tenant().advance_minutes(7 * 60);
    app.clock.advance(Duration::from_secs(7 * 3600));
    let report = app.sync_changes().await;
    let read = stream(&report, "work_contracts");
    assert!(read.held > 0 && read.gone == 0, "{read:#?}");
    assert_eq!(app.present(Kind::Employment).await, contracts);
    // Once people are judged, it is known why: they hide together.
    let report = app.sync().await;
    let read = stream(&report, "work_contracts");
    assert!(read.hidden > 0 && read.gone == 0, "{read:#?}");
    assert_eq!(app.count(Kind::Employment, RecordState::Gone).await, 0);
}

#[tokio::test]
async fn requests_hide_with_their_people_and_nobody_is_asked() {
    let app = app(120, Switches::default()).await;
    app.sync().await;
    let site = app.emulator.tenant().people(None, 1)[0].establishment_id;
    app.emulator.tenant().scope(None, Some(vec![site]));
    let report = app.sync().await;
    let read = stream(&report, "leave_requests");
    assert!(read.hidden > 0 && read.gone + read.held == 0, "{read:#?}");
    assert_eq!(app.store.holds(app.account.no).await.unwrap(), []);
}
