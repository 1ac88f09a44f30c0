//! What is due when, who is alive to do it, and how many requests everybody together has sent.

use jiff::Timestamp;
use store::{AccountSettings, Actor, Cancelling, DataPolicy, Error, LinkedAccount, Outcome, SettingsChange};

use crate::on_both_engines;
use crate::support::{Fixture, KEY, at, run_id};

on_both_engines!(
    an_account_is_due_until_it_was_synced_and_when_its_rhythm_says,
    a_run_that_is_asked_for_waits_until_it_begins_and_begins_once,
    what_is_asked_for_can_be_cancelled_before_it_begins,
    whoever_begins_and_whoever_cancels_one_of_them_has_it,
    an_account_that_is_unlinked_has_nothing_asked_for,
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
    assert_eq!(store.due_account(&account.id.to_string(), at(899)).await.unwrap(), None);
    assert!(store.due_account(&account.id.to_string(), at(900)).await.unwrap().is_some());
    assert_eq!(due(&fixture, 900).await, [(at(900), false)]);

    // Other settings are read at once, and so are rules of delivery that are given again.
    let other = SettingsChange { settings: &AccountSettings::default(), gives_delivery: false };
    store.set_account_settings(&account, other, (Actor::Cli, at(20))).await.unwrap();
    assert_eq!(due(&fixture, 20).await, [(at(20), false)]);
    store.set_due(&lease, at(900), at(20), at(22)).await.unwrap();
    let again = SettingsChange { gives_delivery: true, ..other };
    store.set_account_settings(&account, again, (Actor::Cli, at(25))).await.unwrap();
    assert_eq!(due(&fixture, 25).await, [(at(25), false)]);
    fixture.link(TENANT, KEY, 30).await;
    assert_eq!(due(&fixture, 30).await, [(at(30), true)]);
}

async fn a_run_that_is_asked_for_waits_until_it_begins_and_begins_once(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    let other = fixture.link("https://other.ilucca.net", KEY, 5).await;
    let store = &fixture.store;
    store.set_due(&lease, at(900), at(2), at(12)).await.unwrap();
    store.release_lease(&lease).await.unwrap();
    let asked =
        async |second| store.ask_for_run(account.no, run_id(second), false, at(second)).await.unwrap();
    let due_now = async |second| {
        let due = store.due_accounts(at(second), 10).await.unwrap();
        due.into_iter().map(|due| (due.id, due.asked)).collect::<Vec<_>>()
    };
    assert_eq!(asked(20).await, run_id(20));
    assert_eq!(asked(21).await, run_id(20), "asked twice is one run");
    assert_eq!(due_now(21).await, [(account.id, Some(run_id(20))), (other.id, None)], "before all others");
    assert_eq!(store.waiting(at(21)).await.unwrap().accounts, 2);
    let queued = store.run(run_id(20)).await.unwrap().unwrap();
    assert_eq!((queued.account_no, queued.started_at, queued.outcome), (account.no, None, None));
    let listed: Vec<_> = store.runs(Some(account.no), 9).await.unwrap().iter().map(|run| run.id).collect();
    assert_eq!(listed, [run_id(20), lease.run_id]);
    assert_eq!(store.runs(None, 1).await.unwrap()[0].id, run_id(20));
    let queued = async |account_no| store.queued_run(account_no).await.unwrap().map(|run| run.id);
    assert_eq!((queued(None).await, queued(Some(account.no)).await), (Some(run_id(20)), Some(run_id(20))));
    assert_eq!(queued(Some(other.no)).await, None);
    let since = async |second| store.run_since(account.no, at(second)).await.unwrap().map(|run| run.id);
    assert_eq!(since(21).await, Some(run_id(20)), "it has yet to begin");
    assert!(store.run_since(other.no, at(5)).await.unwrap().is_none());

    // What can't be begun is put off, and asking once more is patient no longer.
    store.postpone(account.no, Some(run_id(20)), at(22)).await.unwrap();
    assert_eq!(due_now(22).await, [(other.id, None)]);
    assert_eq!(asked(23).await, run_id(20));
    for id in [account.id.to_string(), run_id(20).to_string()] {
        let due = store.due_account(&id, at(23)).await.unwrap().unwrap();
        assert_eq!((due.id, due.due_at, due.asked), (account.id, at(23), Some(run_id(20))));
    }

    // Another run may begin meanwhile: it is not lost by that.
    let first = store.take_lease(&account, run_id(24), "cli", None, at(24)).await.unwrap().unwrap();
    assert!(store.start_run(&first, at(24)).await.unwrap());
    store.set_due(&first, at(2_000), at(24), at(25)).await.unwrap();
    store.release_lease(&first).await.unwrap();
    assert_eq!(due_now(26).await[0], (account.id, Some(run_id(20))));

    // It begins, is due like any other until it has ended, and does not begin again.
    let lease = store.take_lease(&account, run_id(20), "worker-1", None, at(27)).await.unwrap().unwrap();
    assert!(store.start_run(&lease, at(27)).await.unwrap());
    assert_eq!(store.run(run_id(20)).await.unwrap().unwrap().started_at, Some(at(27)));
    assert_eq!(store.due_account(&run_id(20).to_string(), at(28)).await.unwrap(), None);
    assert_eq!(due_now(28).await, [(other.id, None), (account.id, None)]);
    let late = store.take_lease(&account, run_id(20), "worker-2", Some("worker-1"), at(29)).await;
    let late = late.unwrap().unwrap();
    assert!(!store.start_run(&late, at(29)).await.unwrap());
    assert_eq!(store.run(run_id(20)).await.unwrap().unwrap().outcome, None, "nothing was recorded");
    assert_eq!(asked(30).await, run_id(30), "the next one");

    // To tell of is what has ended, and not what has begun or will begin after it.
    store.finish_run(&late, Outcome::Succeeded, 1, Some("{}"), at(31)).await.unwrap();
    store.release_lease(&late).await.unwrap();
    let begun = store.take_lease(&account, run_id(32), "worker-1", None, at(32)).await.unwrap().unwrap();
    assert!(store.start_run(&begun, at(32)).await.unwrap());
    assert_eq!(since(5).await, Some(run_id(20)));
    assert_eq!(since(28).await, Some(run_id(32)), "what ended had begun before");
}

async fn what_is_asked_for_can_be_cancelled_before_it_begins(fixture: Fixture) {
    let account = fixture.link(TENANT, KEY, 1).await;
    let other = fixture.link("https://other.ilucca.net", KEY, 5).await;
    let store = &fixture.store;
    let cancel = async |account: &LinkedAccount, second| {
        store.cancel_run(account, run_id(10), Actor::Operator, at(second)).await.unwrap()
    };
    assert_eq!(cancel(&account, 9).await, None);
    store.ask_for_run(account.no, run_id(10), false, at(10)).await.unwrap();
    assert_eq!(cancel(&other, 11).await, None, "another's");
    assert_eq!(cancel(&account, 12).await, Some(Cancelling::Asked));
    assert_eq!(cancel(&account, 13).await, Some(Cancelling::Ended(Outcome::Cancelled)));
    let run = store.run(run_id(10)).await.unwrap().unwrap();
    assert_eq!((run.outcome, run.finished_at), (Some(Outcome::Cancelled), Some(at(12))));
    let log = store.audit_log(Some(account.id)).await.unwrap();
    assert_eq!(log.iter().filter(|entry| entry.action == "run.cancelled").count(), 1);
    // A worker that had taken it on already.
    let lease = store.take_lease(&account, run_id(10), "worker-1", None, at(14)).await.unwrap().unwrap();
    assert!(!store.start_run(&lease, at(14)).await.unwrap());
}

async fn whoever_begins_and_whoever_cancels_one_of_them_has_it(fixture: Fixture) {
    let account = fixture.link(TENANT, KEY, 1).await;
    let store = &fixture.store;
    for n in 10..30 {
        let id = store.ask_for_run(account.no, run_id(n), false, at(n)).await.unwrap();
        let lease = store.take_lease(&account, id, "worker-1", None, at(n)).await.unwrap().unwrap();
        let (began, cancelled, asked) = tokio::join!(
            store.start_run(&lease, at(n)),
            store.cancel_run(&account, id, Actor::Operator, at(n)),
            store.ask_for_run(account.no, run_id(100 + n), false, at(n)),
        );
        let (began, cancelled) = (began.unwrap(), cancelled.unwrap());
        assert_eq!(cancelled, Some(Cancelling::Asked));
        let run = store.run(id).await.unwrap().unwrap();
        assert_eq!(run.outcome, if began { None } else { Some(Outcome::Cancelled) });
        assert!([id, run_id(100 + n)].contains(&asked.unwrap()));
        store.release_lease(&lease).await.unwrap();
        store.cancel_run(&account, run_id(100 + n), Actor::Operator, at(n)).await.unwrap();
    }
}

async fn an_account_that_is_unlinked_has_nothing_asked_for(fixture: Fixture) {
    let account = fixture.link(TENANT, KEY, 1).await;
    let store = &fixture.store;
    store.ask_for_run(account.no, run_id(10), false, at(10)).await.unwrap();
    store.unlink(&account, DataPolicy::Keep, Actor::Operator, at(11)).await.unwrap();
    assert_eq!(store.run(run_id(10)).await.unwrap().unwrap().outcome, Some(Outcome::Cancelled));
    let refused = store.ask_for_run(account.no, run_id(12), false, at(12)).await;
    assert!(matches!(refused, Err(Error::Unlinked)), "{refused:?}");
    let again = fixture.link(TENANT, KEY, 13).await;
    store.ask_for_run(again.no, run_id(14), false, at(14)).await.unwrap();
    store.unlink(&again, DataPolicy::Erase, Actor::Operator, at(15)).await.unwrap();
    assert!(store.runs(Some(again.no), 9).await.unwrap().is_empty());
}

async fn what_stays_undone_is_tried_again_ever_more_rarely(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    let store = &fixture.store;
    let next = async || due(&fixture, 1_000_000).await[0].0;
    for (now, wait) in [(100, 60), (200, 120), (400, 240)] {
        store.set_due(&lease, at(50), at(90), at(now)).await.unwrap();
        assert_eq!(next().await, at(now + wait));
    }
    store.postpone(account.no, None, at(700)).await.unwrap();
    assert_eq!(next().await, at(700 + 480));
    for _ in 0..20 {
        store.postpone(account.no, None, at(5_000)).await.unwrap();
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
