//! Leases: one writer per linked account, and the runs that hold them.

use people::Kind;
use store::{Commit, Error, Outcome, StreamProgress};

use crate::on_both_engines;
use crate::support::{Fixture, at, category, run_id};

on_both_engines!(
    lease_has_one_holder_until_it_expires,
    lost_lease_refuses_commits,
    killed_runs_are_marked_interrupted,
    progress_is_visible_during_a_run,
);

async fn lease_has_one_holder_until_it_expires(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    let take = async |second, dead| {
        fixture.store.take_lease(&account, run_id(second), "other", dead, at(second)).await.unwrap()
    };
    assert_eq!(take(3, None).await, None);
    assert_eq!(take(3, Some("another holder")).await, None);
    let holder = fixture.store.lease_holder(account.no, at(3)).await.unwrap().unwrap();
    assert_eq!((holder.holder.as_str(), holder.run_id), ("me", run_id(2)));

    fixture.store.release_lease(&lease).await.unwrap();
    assert_eq!(fixture.store.lease_holder(account.no, at(3)).await.unwrap(), None);
    assert!(take(4, None).await.is_some());
    // A lease that was lost cannot be released by its former holder.
    fixture.store.release_lease(&lease).await.unwrap();
    assert_eq!(take(5, None).await, None);
    assert!(take(5, Some("other")).await.is_some());
    assert!(take(60 * 60, None).await.is_some());
}

async fn lost_lease_refuses_commits(fixture: Fixture) {
    let (account, paused) = fixture.leased().await;
    let kind = Kind::OccupationCategory;
    let commit = |name| Commit { upserts: vec![category("1", name)], ..Commit::default() };
    fixture.store.commit(&paused, kind, &commit("A"), at(3)).await.unwrap();
    let heir =
        fixture.store.take_lease(&account, run_id(9), "heir", Some("me"), at(9)).await.unwrap().unwrap();
    let lost = fixture.store.commit(&paused, kind, &commit("B"), at(10)).await;
    assert!(matches!(lost, Err(Error::LeaseLost)), "{lost:?}");
    fixture.store.commit(&heir, kind, &commit("C"), at(11)).await.unwrap();
    let all = fixture.store.all::<people::OccupationCategory>(account.no).await.unwrap();
    assert_eq!(all[0].name.as_deref(), Some("C"));
}

async fn killed_runs_are_marked_interrupted(fixture: Fixture) {
    let (account, killed) = fixture.leased().await;
    assert!(fixture.store.last_run(account.no).await.unwrap().is_none());
    let take = async |second| {
        fixture
            .store
            .take_lease(&account, run_id(second), "me", Some("me"), at(second))
            .await
            .unwrap()
            .unwrap()
    };
    let second = take(100).await;
    fixture.store.start_run(&second, at(100)).await.unwrap();
    fixture.store.finish_run(&second, Outcome::Succeeded, 7, Some("{}"), at(101)).await.unwrap();
    let third = take(200).await;
    fixture.store.start_run(&third, at(200)).await.unwrap();

    let runs = fixture.store.runs(Some(account.no), None, 10).await.unwrap();
    let seen: Vec<_> = runs.iter().map(|run| (run.id, run.outcome, run.finished_at)).collect();
    assert_eq!(
        seen,
        [
            (third.run_id, None, None),
            (second.run_id, Some(Outcome::Succeeded), Some(at(101))),
            (killed.run_id, Some(Outcome::Interrupted), Some(at(100))),
        ]
    );
    let last = fixture.store.last_run(account.no).await.unwrap().unwrap();
    assert_eq!((last.id, last.requests), (second.run_id, 7));
}

async fn progress_is_visible_during_a_run(fixture: Fixture) {
    let (_, lease) = fixture.leased().await;
    for (second, done, finished) in [(5, 100, false), (6, 180, true)] {
        let progress = StreamProgress {
            stream: "users".into(),
            mode: "full".into(),
            done,
            total: Some(180),
            finished,
            started_at: None,
            updated_at: None,
        };
        let commit = Commit { progress: Some(progress), ..Commit::default() };
        fixture.store.commit(&lease, Kind::Employee, &commit, at(second)).await.unwrap();
    }
    let progress = fixture.store.run_progress(lease.run_id).await.unwrap();
    assert_eq!(progress.len(), 1);
    assert_eq!((progress[0].done, progress[0].finished), (180, true));
    assert_eq!((progress[0].started_at, progress[0].updated_at), (Some(at(5)), Some(at(6))));
}
