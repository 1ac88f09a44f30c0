//! Due times, live workers, and the number of requests that all processes together have sent.

use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, PgConnection};
use store::{
    AccountSettings, Actor, Cancelling, DataPolicy, Error, LinkedAccount, Outcome, RunRequest, SettingsChange,
};

use test_database::DatabaseLocation;

use crate::on_both_engines;
use crate::support::{Fixture, KEY, at, run_id};

on_both_engines!(
    accounts_are_due_by_their_rhythm,
    requested_runs_begin_exactly_once,
    queued_runs_can_be_cancelled,
    begin_and_cancel_exclude_each_other,
    unlinking_cancels_queued_runs,
    failed_syncs_are_retried_with_growing_delay,
    live_workers_keep_their_accounts,
    role_is_held_until_its_worker_is_silent,
    times_of_a_wrong_clock_are_ignored,
    requests_and_429s_of_a_tenant_are_kept,
    versions_count_each_others_requests,
    concurrent_count_changes_are_serialised,
);

const TENANT: &str = "https://acme.ilucca.net";

async fn due(fixture: &Fixture, second: i64) -> Vec<(Timestamp, bool)> {
    let due = fixture.store.due_accounts(at(second), 10).await.unwrap();
    due.into_iter().map(|due| (due.due_at, due.is_long)).collect()
}

async fn accounts_are_due_by_their_rhythm(fixture: Fixture) {
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

    // Changed settings make the account due at once, and so do delivery rules that are submitted again.
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

async fn requested_runs_begin_exactly_once(fixture: Fixture) {
    let (account, lease) = fixture.leased().await;
    let other = fixture.link("https://other.ilucca.net", KEY, 5).await;
    let store = &fixture.store;
    store.set_due(&lease, at(900), at(2), at(12)).await.unwrap();
    store.release_lease(&lease).await.unwrap();
    let request_run = async |second| {
        let request = RunRequest::Changes;
        store.request_run(account.no, run_id(second), request, at(second)).await.unwrap()
    };
    let due_now = async |second| {
        let due = store.due_accounts(at(second), 10).await.unwrap();
        due.into_iter().map(|due| (due.id, due.asked)).collect::<Vec<_>>()
    };
    assert_eq!(request_run(20).await, run_id(20));
    assert_eq!(request_run(21).await, run_id(20), "asked twice is one run");
    assert_eq!(due_now(21).await, [(account.id, Some(run_id(20))), (other.id, None)], "before all others");
    assert_eq!(store.waiting(at(21)).await.unwrap().accounts, 2);
    let queued = store.run(run_id(20)).await.unwrap().unwrap();
    assert_eq!((queued.account_no, queued.started_at, queued.outcome), (account.no, None, None));
    let listed: Vec<_> =
        store.runs(Some(account.no), None, 9).await.unwrap().iter().map(|run| run.id).collect();
    assert_eq!(listed, [run_id(20), lease.run_id]);
    assert_eq!(store.runs(None, None, 1).await.unwrap()[0].id, run_id(20));
    let queued = async |account_no| store.queued_run(account_no).await.unwrap().map(|run| run.id);
    assert_eq!((queued(None).await, queued(Some(account.no)).await), (Some(run_id(20)), Some(run_id(20))));
    assert_eq!(queued(Some(other.no)).await, None);
    let since = async |second| store.run_since(account.no, at(second)).await.unwrap().map(|run| run.id);
    assert_eq!(since(21).await, Some(run_id(20)), "it has yet to begin");
    assert!(store.run_since(other.no, at(5)).await.unwrap().is_none());

    // A run that cannot begin is postponed; a second request ends the delay.
    store.postpone(account.no, Some(run_id(20)), at(22)).await.unwrap();
    assert_eq!(due_now(22).await, [(other.id, None)]);
    assert_eq!(request_run(23).await, run_id(20));
    for id in [account.id.to_string(), run_id(20).to_string()] {
        let due = store.due_account(&id, at(23)).await.unwrap().unwrap();
        assert_eq!((due.id, due.due_at, due.asked), (account.id, at(23), Some(run_id(20))));
    }

    // Another run may begin meanwhile, and the requested run stays queued.
    let first = store.take_lease(&account, run_id(24), "cli", None, at(24)).await.unwrap().unwrap();
    assert!(store.start_run(&first, at(24)).await.unwrap());
    store.set_due(&first, at(2_000), at(24), at(25)).await.unwrap();
    store.release_lease(&first).await.unwrap();
    assert_eq!(due_now(26).await[0], (account.id, Some(run_id(20))));

    // The requested run begins, is due like any other until it has ended, and does not begin again.
    let lease = store.take_lease(&account, run_id(20), "worker-1", None, at(27)).await.unwrap().unwrap();
    assert!(store.start_run(&lease, at(27)).await.unwrap());
    assert_eq!(store.run(run_id(20)).await.unwrap().unwrap().started_at, Some(at(27)));
    assert_eq!(store.due_account(&run_id(20).to_string(), at(28)).await.unwrap(), None);
    assert_eq!(due_now(28).await, [(other.id, None), (account.id, None)]);
    let late = store.take_lease(&account, run_id(20), "worker-2", Some("worker-1"), at(29)).await;
    let late = late.unwrap().unwrap();
    assert!(!store.start_run(&late, at(29)).await.unwrap());
    assert_eq!(store.run(run_id(20)).await.unwrap().unwrap().outcome, None, "nothing was recorded");
    assert_eq!(request_run(30).await, run_id(30), "the next one");

    // An ended run is shown rather than one that has begun or is queued after it.
    store.finish_run(&late, Outcome::Succeeded, 1, Some("{}"), at(31)).await.unwrap();
    store.release_lease(&late).await.unwrap();
    let begun = store.take_lease(&account, run_id(32), "worker-1", None, at(32)).await.unwrap().unwrap();
    assert!(store.start_run(&begun, at(32)).await.unwrap());
    assert_eq!(since(5).await, Some(run_id(20)));
    assert_eq!(since(28).await, Some(run_id(32)), "what ended had begun before");
}

async fn queued_runs_can_be_cancelled(fixture: Fixture) {
    let account = fixture.link(TENANT, KEY, 1).await;
    let other = fixture.link("https://other.ilucca.net", KEY, 5).await;
    let store = &fixture.store;
    let cancel = async |account: &LinkedAccount, second| {
        store.cancel_run(account, run_id(10), Actor::Operator, at(second)).await.unwrap()
    };
    assert_eq!(cancel(&account, 9).await, None);
    store.request_run(account.no, run_id(10), RunRequest::Changes, at(10)).await.unwrap();
    assert_eq!(cancel(&other, 11).await, None, "another's");
    assert_eq!(cancel(&account, 12).await, Some(Cancelling::Asked));
    assert_eq!(cancel(&account, 13).await, Some(Cancelling::Ended(Outcome::Cancelled)));
    let run = store.run(run_id(10)).await.unwrap().unwrap();
    assert_eq!((run.outcome, run.finished_at), (Some(Outcome::Cancelled), Some(at(12))));
    let log = store.audit_log(Some(account.id)).await.unwrap();
    assert_eq!(log.iter().filter(|entry| entry.action == "run.cancelled").count(), 1);
    // A worker that had claimed it already cannot begin it.
    let lease = store.take_lease(&account, run_id(10), "worker-1", None, at(14)).await.unwrap().unwrap();
    assert!(!store.start_run(&lease, at(14)).await.unwrap());
}

async fn begin_and_cancel_exclude_each_other(fixture: Fixture) {
    let account = fixture.link(TENANT, KEY, 1).await;
    let store = &fixture.store;
    for n in 10..30 {
        let id = store.request_run(account.no, run_id(n), RunRequest::Changes, at(n)).await.unwrap();
        let lease = store.take_lease(&account, id, "worker-1", None, at(n)).await.unwrap().unwrap();
        let (began, cancelled, asked) = tokio::join!(
            store.start_run(&lease, at(n)),
            store.cancel_run(&account, id, Actor::Operator, at(n)),
            store.request_run(account.no, run_id(100 + n), RunRequest::Changes, at(n)),
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

async fn unlinking_cancels_queued_runs(fixture: Fixture) {
    let account = fixture.link(TENANT, KEY, 1).await;
    let store = &fixture.store;
    store.request_run(account.no, run_id(10), RunRequest::Changes, at(10)).await.unwrap();
    store.unlink(&account, DataPolicy::Keep, Actor::Operator, at(11)).await.unwrap();
    assert_eq!(store.run(run_id(10)).await.unwrap().unwrap().outcome, Some(Outcome::Cancelled));
    let refused = store.request_run(account.no, run_id(12), RunRequest::Changes, at(12)).await;
    assert!(matches!(refused, Err(Error::Unlinked)), "{refused:?}");
    let again = fixture.link(TENANT, KEY, 13).await;
    store.request_run(again.no, run_id(14), RunRequest::Changes, at(14)).await.unwrap();
    store.unlink(&again, DataPolicy::Erase, Actor::Operator, at(15)).await.unwrap();
    assert!(store.runs(Some(again.no), None, 9).await.unwrap().is_empty());
}

async fn failed_syncs_are_retried_with_growing_delay(fixture: Fixture) {
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
    // A run that leaves nothing due resets the delay.
    store.set_due(&lease, at(9_000), at(8_000), at(8_001)).await.unwrap();
    store.set_due(&lease, at(8_500), at(8_500), at(9_100)).await.unwrap();
    assert_eq!(next().await, at(9_160));
}

async fn live_workers_keep_their_accounts(fixture: Fixture) {
    let account = fixture.link(TENANT, KEY, 1).await;
    let store = &fixture.store;
    store.beat("worker-1", "1.0.0", at(5)).await.unwrap();
    store.take_lease(&account, run_id(6), "worker-1", None, at(6)).await.unwrap().unwrap();
    assert_eq!(due(&fixture, 40).await, []);
    assert!(!store.has_ended("worker-1", at(40)).await.unwrap());
    // After too long a silence, another worker may take over.
    assert!(store.has_ended("worker-1", at(60)).await.unwrap());
    assert_eq!(due(&fixture, 60).await.len(), 1);
    store.beat("worker-1", "1.0.0", at(61)).await.unwrap();
    assert_eq!(due(&fixture, 62).await, []);
    assert_eq!(store.live_workers(at(62)).await.unwrap(), 1);
    store.end_worker("worker-1", at(63)).await.unwrap();
    assert!(store.has_ended("worker-1", at(63)).await.unwrap());
    assert_eq!(due(&fixture, 63).await.len(), 1);
    // A holder without heartbeats is no worker: its lease stands until it expires.
    assert!(!store.has_ended("no-worker", at(63)).await.unwrap());
}

async fn role_is_held_until_its_worker_is_silent(fixture: Fixture) {
    let store = &fixture.store;
    let take = async |holder: &str, second| store.take_role("scheduler", holder, at(second)).await.unwrap();
    assert!(take("a", 0).await && !take("b", 14).await && take("a", 14).await);
    assert!(!take("b", 28).await && take("b", 29).await && !take("a", 30).await);
    store.end_worker("b", at(31)).await.unwrap();
    assert!(take("a", 31).await);
}

async fn times_of_a_wrong_clock_are_ignored(fixture: Fixture) {
    const DAY: i64 = 86_400;
    let store = &fixture.store;
    let take = async |holder: &str, second| store.take_role("scheduler", holder, at(second)).await.unwrap();
    assert!(take("a day ahead", DAY).await);
    store.beat("a day ahead", "1", at(DAY)).await.unwrap();
    assert!(take("right", 0).await, "the role of a worker that was killed");
    assert!(store.has_ended("a day ahead", at(0)).await.unwrap());
    assert_eq!(store.live_workers(at(0)).await.unwrap(), 0);

    let account = fixture.link(TENANT, KEY, 0).await;
    let run = async |second: i64| {
        let lease = store.take_lease(&account, run_id(second), "a run", None, at(second)).await.unwrap();
        let lease = lease.unwrap();
        store.set_due(&lease, at(second + 900), at(second), at(second)).await.unwrap();
        lease
    };
    let ahead = run(365 * DAY).await;
    assert_eq!(due(&fixture, 10).await.len(), 1, "not in a year");
    let too_far = store.times_too_far(at(10)).await.unwrap();
    assert_eq!(too_far, store::TimesTooFar { held: 2, due: 1 });
    // The lease of that run expires in a year, too.
    store.release_lease(&run(20).await).await.unwrap();
    assert!(store.release_lease(&ahead).await.is_ok());
    assert!(due(&fixture, 30).await.is_empty() && due(&fixture, 919).await.is_empty());
    assert_eq!(due(&fixture, 920).await.len(), 1);
    assert!(due(&fixture, -200).await.is_empty(), "clocks may be minutes apart");
}

/// Counts a request as sent at a second.
async fn count_request(store: &store::Store, tenant: &str, second: i64) {
    store.update_request_counts(tenant, &mut |counts| counts.sent.push(at(second))).await.unwrap();
}

async fn requests_and_429s_of_a_tenant_are_kept(fixture: Fixture) {
    let store = &fixture.store;
    assert_eq!(store.request_counts(TENANT).await.unwrap(), store::RequestCounts::default());
    for second in [0, 10, 60, 60] {
        count_request(store, TENANT, second).await;
    }
    count_request(store, "https://other.ilucca.net", 61).await;
    assert_eq!(store.requests_lately(TENANT, at(61)).await.unwrap(), 3);
    assert_eq!(store.all_requests_lately(at(61)).await.unwrap().iter().sum::<u64>(), 4);
    let throttle = |counts: &mut store::RequestCounts| {
        assert_eq!(counts.sent, [at(0), at(10), at(60), at(60)]);
        counts.sent.remove(0);
        (counts.held_until, counts.slow_until) = (Some(at(200)), Some(at(800)));
        (counts.throttled_since, counts.throttled_last) = (Some(at(70)), Some(at(140)));
    };
    store.update_request_counts(TENANT, &mut { throttle }).await.unwrap();
    let expected = store::RequestCounts {
        sent: vec![at(10), at(60), at(60)],
        held_until: Some(at(200)),
        slow_until: Some(at(800)),
        throttled_since: Some(at(70)),
        throttled_last: Some(at(140)),
    };
    assert_eq!(store.request_counts(TENANT).await.unwrap(), expected);
    store
        .update_request_counts(TENANT, &mut |counts| *counts = store::RequestCounts::default())
        .await
        .unwrap();
    assert_eq!(store.request_counts(TENANT).await.unwrap(), store::RequestCounts::default());
}

/// The statements that the previous version counts a request with. They drop times older than a minute.
const SQLITE_BEFORE: &str = "INSERT INTO request_budgets (tenant, sent, held_until_ms) VALUES ($1, json_array($2), 0) \
     ON CONFLICT (tenant) DO UPDATE SET sent = (SELECT json_group_array(value) FROM \
     (SELECT value FROM json_each(request_budgets.sent) WHERE value > $3 UNION ALL SELECT $2)) \
     WHERE held_until_ms <= $2 \
     AND (SELECT count(*) FROM json_each(request_budgets.sent) WHERE value > $3) < $4 RETURNING 1";
const POSTGRES_BEFORE: &str = "INSERT INTO request_budgets AS b (tenant, sent, held_until_ms) \
     VALUES ($1, ARRAY[$2::bigint], 0) ON CONFLICT (tenant) DO UPDATE SET \
     sent = array_append(ARRAY(SELECT s FROM unnest(b.sent) s WHERE s > $3), $2) WHERE b.held_until_ms <= $2 \
     AND (SELECT count(*) FROM unnest(b.sent) s WHERE s > $3) < $4 RETURNING 1";

/// Counts a request as the previous version does; false where it would have to wait.
async fn count_as_the_previous_version(fixture: &Fixture, second: i64) -> bool {
    let (now, since) = (at(second).as_millisecond(), at(second - 60).as_millisecond());
    let counted: Option<i32> = match &fixture.database.place {
        DatabaseLocation::File(path) => {
            let options = SqliteConnectOptions::new().filename(path);
            let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
            let query = sqlx::query_scalar(SQLITE_BEFORE).bind(TENANT).bind(now).bind(since).bind(40_i64);
            query.fetch_optional(&mut connection).await.unwrap()
        }
        DatabaseLocation::Url(url) => {
            let mut connection = PgConnection::connect(url).await.unwrap();
            let query = sqlx::query_scalar(POSTGRES_BEFORE).bind(TENANT).bind(now).bind(since).bind(40_i64);
            query.fetch_optional(&mut connection).await.unwrap()
        }
    };
    counted.is_some()
}

async fn versions_count_each_others_requests(fixture: Fixture) {
    let store = &fixture.store;
    assert!(count_as_the_previous_version(&fixture, 0).await);
    count_request(store, TENANT, 10).await;
    // The previous version drops times older than a minute, and this one keeps them.
    assert!(count_as_the_previous_version(&fixture, 75).await);
    let seconds = |counts: store::RequestCounts| {
        let start = at(0).as_second();
        counts.sent.iter().map(|sent| sent.as_second() - start).collect::<Vec<_>>()
    };
    assert_eq!(seconds(store.request_counts(TENANT).await.unwrap()), [0, 10, 75]);
    for _ in 0..38 {
        count_request(store, TENANT, 80).await;
    }
    assert!(count_as_the_previous_version(&fixture, 81).await);
    assert!(!count_as_the_previous_version(&fixture, 82).await, "40 within a minute");
    store.update_request_counts(TENANT, &mut |counts| counts.held_until = Some(at(300))).await.unwrap();
    assert!(!count_as_the_previous_version(&fixture, 299).await);
    assert!(count_as_the_previous_version(&fixture, 300).await);
}

async fn concurrent_count_changes_are_serialised(fixture: Fixture) {
    let all = (0..40).map(|n| {
        let store = fixture.store.clone();
        tokio::spawn(async move {
            let mut is_first = false;
            let mut change = |counts: &mut store::RequestCounts| {
                is_first = counts.sent.len() < 7;
                if is_first {
                    counts.sent.push(at(n / 20));
                }
            };
            store.update_request_counts(TENANT, &mut change).await.unwrap();
            is_first
        })
    });
    let mut granted = 0;
    for one in all.collect::<Vec<_>>() {
        granted += u32::from(one.await.unwrap());
    }
    assert_eq!(granted, 7);
    assert_eq!(fixture.store.request_counts(TENANT).await.unwrap().sent.len(), 7);
}
