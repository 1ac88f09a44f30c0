//! What is due when, who is alive to do it, and how many requests everybody together has sent.

use jiff::Timestamp;
use store::AccountSettings;

use crate::on_both_engines;
use crate::support::{Fixture, KEY, at, run_id};

on_both_engines!(
    an_account_is_due_until_it_was_synced_and_when_its_rhythm_says,
    what_stays_undone_is_tried_again_ever_more_rarely,
    whoever_is_at_it_keeps_others_away_while_it_lives,
    a_role_is_one_workers_until_it_falls_silent,
    requests_of_everybody_count_until_a_minute_is_over,
    a_clock_that_was_set_back_costs_a_minute_at_most,
    many_at_once_are_granted_no_more_than_the_limit,
);

const TENANT: &str = "https://acme.ilucca.net";

async fn due(fixture: &Fixture, second: i64) -> Vec<(Timestamp, bool)> {
    let due = fixture.store.due_accounts(at(second), 10).await.unwrap();
    due.into_iter().map(|due| (due.due_at, due.is_long)).collect()
}

async fn an_account_is_due_until_it_was_synced_and_when_its_rhythm_says(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    let store = &fixture.store;
    assert_eq!(due(&fixture, 10).await, [(at(1), true)]);
    let waiting = store.waiting(at(10)).await.unwrap();
    assert_eq!((waiting.accounts, waiting.oldest), (1, Some(at(1))));

    store.set_due(&lease, at(900), at(2), at(12)).await.unwrap();
    assert_eq!(due(&fixture, 899).await, []);
    assert_eq!(store.waiting(at(899)).await.unwrap(), store::Waiting::default());
    assert_eq!(store.due_at(account.id).await.unwrap(), Some(at(900)));
    assert_eq!(due(&fixture, 900).await, [(at(900), false)]);

    // Other settings are read at once.
    store.set_account_settings(&account, &AccountSettings::default(), at(20)).await.unwrap();
    assert_eq!(due(&fixture, 20).await, [(at(20), false)]);
    fixture.link(TENANT, KEY, 30).await;
    assert_eq!(due(&fixture, 30).await, [(at(30), true)]);
}

async fn what_stays_undone_is_tried_again_ever_more_rarely(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    let store = &fixture.store;
    let next = async || store.due_at(account.id).await.unwrap().unwrap();
    for (now, wait) in [(100, 60), (200, 120), (400, 240)] {
        store.set_due(&lease, at(50), at(90), at(now)).await.unwrap();
        assert_eq!(next().await, at(now + wait));
    }
    store.postpone(account.no, at(700)).await.unwrap();
    assert_eq!(next().await, at(700 + 480));
    for _ in 0..20 {
        store.postpone(account.no, at(5_000)).await.unwrap();
    }
    assert_eq!(next().await, at(5_000 + 1_800));
    // A run that leaves nothing due forgets all that.
    store.set_due(&lease, at(9_000), at(8_000), at(8_001)).await.unwrap();
    store.set_due(&lease, at(8_500), at(8_500), at(9_100)).await.unwrap();
    assert_eq!(next().await, at(9_160));
}

async fn whoever_is_at_it_keeps_others_away_while_it_lives(fixture: Fixture) {
    let account = fixture.link(TENANT, KEY, 1).await;
    let store = &fixture.store;
    store.beat("worker-1", "1.0.0", at(5)).await.unwrap();
    store.take_lease(&account, run_id(6), "worker-1", None, at(6)).await.unwrap().unwrap();
    assert_eq!(due(&fixture, 40).await, []);
    assert!(!store.has_ended("worker-1", at(40)).await.unwrap());
    // Silent for too long: somebody else may.
    assert!(store.has_ended("worker-1", at(60)).await.unwrap());
    assert_eq!(due(&fixture, 60).await.len(), 1);
    store.beat("worker-1", "1.0.0", at(61)).await.unwrap();
    assert_eq!(due(&fixture, 62).await, []);
    assert_eq!(store.live_workers(at(62)).await.unwrap(), 1);
    store.end_worker("worker-1", at(63)).await.unwrap();
    assert!(store.has_ended("worker-1", at(63)).await.unwrap());
    assert_eq!(due(&fixture, 63).await.len(), 1);
    // Whoever never beat is no worker: its lease stands until it expires.
    assert!(!store.has_ended("somebody", at(63)).await.unwrap());
}

async fn a_role_is_one_workers_until_it_falls_silent(fixture: Fixture) {
    let store = &fixture.store;
    let take = async |holder: &str, second| store.take_role("scheduler", holder, at(second)).await.unwrap();
    assert!(take("a", 0).await && !take("b", 14).await && take("a", 14).await);
    assert!(!take("b", 28).await && take("b", 29).await && !take("a", 30).await);
    store.end_worker("b", at(31)).await.unwrap();
    assert!(take("a", 31).await);
}

async fn requests_of_everybody_count_until_a_minute_is_over(fixture: Fixture) {
    let store = &fixture.store;
    let reserve = async |second| store.reserve_request(TENANT, 2, at(second)).await.unwrap();
    assert_eq!((reserve(0).await, reserve(10).await), (None, None));
    assert_eq!(reserve(20).await, Some(at(60)));
    assert_eq!(store.requests_lately(TENANT, at(59)).await.unwrap(), 2);
    assert_eq!((reserve(60).await, reserve(61).await), (None, Some(at(70))));
    assert_eq!(store.reserve_request("https://other.ilucca.net", 2, at(61)).await.unwrap(), None);
    assert_eq!(store.all_requests_lately(at(61)).await.unwrap().iter().sum::<u64>(), 3);
    // What Lucca asked for holds everybody, and the longest wins.
    store.hold_requests(TENANT, at(200)).await.unwrap();
    store.hold_requests(TENANT, at(150)).await.unwrap();
    assert_eq!((reserve(140).await, reserve(200).await), (Some(at(200)), None));
    store.hold_requests("https://new.ilucca.net", at(300)).await.unwrap();
    assert_eq!(store.reserve_request("https://new.ilucca.net", 2, at(299)).await.unwrap(), Some(at(300)));
}

async fn a_clock_that_was_set_back_costs_a_minute_at_most(fixture: Fixture) {
    let store = &fixture.store;
    assert_eq!(store.reserve_request(TENANT, 1, at(100_000)).await.unwrap(), None);
    assert_eq!(store.reserve_request(TENANT, 1, at(0)).await.unwrap(), Some(at(60)));
    assert_eq!(store.reserve_request(TENANT, 1, at(60)).await.unwrap(), None);
}

async fn many_at_once_are_granted_no_more_than_the_limit(fixture: Fixture) {
    let all = (0..40).map(|n| {
        let store = fixture.store.clone();
        tokio::spawn(async move { store.reserve_request(TENANT, 7, at(n / 20)).await.unwrap().is_none() })
    });
    let mut granted = 0;
    for one in all.collect::<Vec<_>>() {
        granted += u32::from(one.await.unwrap());
    }
    assert_eq!(granted, 7);
}
