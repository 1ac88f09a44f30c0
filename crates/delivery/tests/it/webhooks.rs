//! Events and their bodies, retries, disabling, replays and leases of webhook endpoints.

use std::sync::Arc;
use std::time::Duration;

use delivery::webhooks::{Courier, Payload, Secret, Settings};
use jiff::ToSpan;
use net::NetworkPolicy;
use serde_json::json;
use store::{AccountStatus, Cursor, DataPolicy, DestinationChange, DisabledReason, IssueFilter, Log};
use test_database::Engine;

use crate::support::{Mood, Taken, World, link};
use net::clock::{Clock, SystemClock};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn new_events_are_delivered_in_order() {
    for engine in Engine::available() {
        let mut world = World::new(engine).await;
        world.sync(&["1"]).await;
        let endpoint = world.endpoint(1, &[], Payload::Full).await;
        let courier = world.courier();
        assert_eq!(courier.deliver_due().await.unwrap().events, 0, "nothing of before");

        world.sync(&["1", "2"]).await;
        assert_eq!(courier.deliver_due().await.unwrap().events, 5);
        let mut taken = world.receiver.taken();
        let expected =
            ["sync.completed", "employee.updated", "employee.changed", "employee.created", "employee.hired"];
        assert_eq!(world.receiver.types(), expected);
        assert_eq!(taken[4].body["type"], "sync.completed", "after what it found");
        taken.sort_by_key(|taken| taken.body["sequence"].as_i64().filter(|_| taken.body["log"] == "changes"));
        assert!(taken.iter().all(|taken| taken.id.starts_with("msg_") && taken.signatures == 1));
        assert_eq!(
            taken[1].body,
            json!({
                "type": "employee.updated",
                "timestamp": "2026-11-25T10:00:00Z",
                "linked_account_id": world.account.id,
                "log": "changes",
                "sequence": 2,
                "data": {
                    "kind": "employees",
                    "id": "1",
                    "fields": ["name"],
                    "changes": { "name": null },
                    "record": { "id": "1", "name": "N2", "contract_start": "2020-01-01" },
                },
            })
        );
        assert_eq!(taken[0].body["log"], "events");
        assert_eq!(taken[0].body["data"]["outcome"], "succeeded");

        // A thin body has no personal values.
        let settings = Settings { payload: Payload::Thin, ..Settings::parse(&endpoint.settings).unwrap() };
        let thin = DestinationChange { settings: Some(settings.to_json()), ..DestinationChange::default() };
        world.store.change_destination(&world.vault, &endpoint, thin, world.by()).await.unwrap();
        world.sync(&["1"]).await;
        courier.deliver_due().await.unwrap();
        let taken = world.receiver.taken();
        assert_eq!(taken[0].body["data"], json!({ "kind": "employees", "id": "1", "fields": ["name"] }));
        world.end().await;
    }
}

#[tokio::test]
async fn endpoint_receives_only_its_event_types() {
    for engine in Engine::available() {
        let mut world = World::new(engine).await;
        world.endpoint(1, &["linked_account.*", "employee.hired"], Payload::Thin).await;
        let courier = world.courier();
        let now = world.clock.now();
        let other = link(&world.store, &world.vault, "https://other.ilucca.net", 2, now).await;
        // Employees of the first sync were there before the account was linked.
        world.sync(&["1"]).await;
        world.sync(&["1", "2"]).await;
        for status in [AccountStatus::RelinkNeeded, AccountStatus::RelinkNeeded, AccountStatus::Linked] {
            world.store.set_account_status(&other, status, now).await.unwrap();
        }
        world.store.unlink(&other, DataPolicy::Erase, store::Actor::Operator, now).await.unwrap();
        while !courier.deliver_due().await.unwrap().is_done {}
        let expected = [
            "linked_account.linked",
            "linked_account.relink_needed",
            "linked_account.recovered",
            "linked_account.unlinked",
            "employee.hired",
        ];
        assert_eq!(world.receiver.types(), expected);
        world.sync(&["1"]).await;
        assert_eq!(courier.deliver_due().await.unwrap().events, 0);
        world.end().await;
    }
}

#[tokio::test]
async fn retries_back_off_and_keep_the_webhook_id() {
    for engine in Engine::available() {
        let mut world = World::new(engine).await;
        let endpoint = world.endpoint(1, &["employee.*"], Payload::Thin).await;
        let courier = world.courier();
        world.sync(&["1"]).await;
        world.receiver.set(Mood::TakesAndFails);
        let mut waits = Vec::new();
        for _ in 0..12 {
            assert_eq!(courier.deliver_due().await.unwrap().events, 0);
            let now = world.clock.now();
            let next = world.found(endpoint.id).await.next_attempt_at.unwrap();
            waits.push(next.duration_since(now).as_secs());
            // No attempt before it is due.
            let requests = world.receiver.requests();
            courier.deliver_due().await.unwrap();
            assert_eq!(world.receiver.requests(), requests);
            world.wait(Duration::try_from(next.duration_since(now)).unwrap());
        }
        for (n, &wait) in (0..).zip(&waits) {
            let most = (5 << n).min(4 * 3600);
            assert!(wait >= 5.max(most / 2) && wait <= most.max(8), "{waits:?}");
        }
        let ids: Vec<String> = world.receiver.taken().into_iter().map(|taken| taken.id).collect();
        assert!(ids.len() == 12 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");

        // The receiver's `Retry-After` is honoured.
        world.receiver.set(Mood::AsksToWait(7200));
        courier.deliver_due().await.unwrap();
        let next = world.found(endpoint.id).await.next_attempt_at.unwrap();
        assert_eq!(next.duration_since(world.clock.now()).as_secs(), 7200);
        world.wait(2 * HOUR);
        world.receiver.set(Mood::Takes);
        assert_eq!(courier.deliver_due().await.unwrap().events, 1);

        let log = world.store.webhook_deliveries(endpoint.id, None, 10).await.unwrap();
        assert_eq!((log.len(), log[0].attempts, log[0].delivered), (1, 14, true));
        assert_eq!((log[0].response, log[0].error.as_deref()), (Some(204), None));
        assert_eq!(log[0].webhook_id, ids[0]);
        world.end().await;
    }
}

#[tokio::test]
async fn failing_endpoint_is_disabled_after_72_hours() {
    for engine in Engine::available() {
        let mut world = World::new(engine).await;
        let endpoint = world.endpoint(1, &["employee.*"], Payload::Thin).await;
        let courier = world.courier();
        world.sync(&["1"]).await;
        world.receiver.set(Mood::Refuses(500));
        let began = world.clock.now();
        while world.found(endpoint.id).await.disabled.is_none() {
            courier.deliver_due().await.unwrap();
            world.wait(HOUR);
            assert!(world.clock.now() < began + 90.hours(), "it never ends");
        }
        assert!(world.clock.now() >= began + 72.hours());
        assert_eq!(world.found(endpoint.id).await.disabled, Some(DisabledReason::Failing));
        let issues = world.store.issues(Some(world.account.no), IssueFilter::Open).await.unwrap();
        assert_eq!(issues.len(), 1);
        assert_eq!(issues[0].code, "webhook.endpoint_disabled");
        assert_eq!(issues[0].subject, endpoint.id.to_string());

        world.receiver.set(Mood::Takes);
        world.sync(&["1"]).await;
        assert_eq!(courier.deliver_due().await.unwrap().events, 0);
        let enable = DestinationChange { enabled: Some(true), ..DestinationChange::default() };
        world.store.change_destination(&world.vault, &endpoint, enable, world.by()).await.unwrap();
        assert_eq!(courier.deliver_due().await.unwrap().events, 3);
        assert_eq!(world.receiver.types(), ["employee.created", "employee.updated", "employee.changed"]);
        world.end().await;
    }
}

#[tokio::test]
async fn status_410_disables_only_that_endpoint() {
    for engine in Engine::available() {
        let mut world = World::new(engine).await;
        let endpoint = world.endpoint(1, &["employee.*"], Payload::Thin).await;
        let courier = world.courier();
        world.sync(&["1"]).await;
        world.receiver.set(Mood::Refuses(410));
        courier.deliver_due().await.unwrap();
        assert_eq!(world.found(endpoint.id).await.disabled, Some(DisabledReason::Gone));
        world.receiver.set(Mood::Takes);
        let other = world.endpoint(2, &["issue.*", "employee.*"], Payload::Thin).await;
        world.sync(&["1"]).await;
        assert_eq!(courier.deliver_due().await.unwrap().events, 2);
        assert_eq!(world.receiver.types(), ["employee.updated", "employee.changed"]);
        assert!(world.found(other.id).await.disabled.is_none());
        world.end().await;
    }
}

#[tokio::test]
async fn after_a_rotation_both_secrets_sign_for_a_day() {
    for engine in Engine::available() {
        let mut world = World::new(engine).await;
        let endpoint = world.endpoint(1, &["employee.*"], Payload::Thin).await;
        let courier = world.courier();
        let (old, new) = (Secret::from_random([1; 32]), Secret::from_random([2; 32]));
        let nonces = [[1; 12], [2; 12]];
        let until = world.clock.now() + 24.hours();
        let rotate = async |endpoint| {
            world
                .store
                .rotate_credential(&world.vault, endpoint, &new, nonces, until, world.by())
                .await
                .unwrap()
        };
        assert!(rotate(&endpoint).await);
        assert!(!rotate(&endpoint).await, "who rotates what was rotated meanwhile loses");
        for (secret, signatures) in [(&old, 2), (&new, 2)] {
            world.receiver.trust(secret);
            world.sync(&["1"]).await;
            courier.deliver_due().await.unwrap();
            let taken = world.receiver.taken();
            assert!(taken.last().is_some_and(|taken| taken.signatures == signatures));
        }
        world.receiver.types();
        world.wait(24 * HOUR);
        world.sync(&["1"]).await;
        courier.deliver_due().await.unwrap();
        assert_eq!(world.receiver.taken()[0].signatures, 1);
        world.end().await;
    }
}

#[tokio::test]
async fn replayed_events_keep_their_webhook_ids() {
    for engine in Engine::available() {
        let mut world = World::new(engine).await;
        let endpoint = world.endpoint(1, &["employee.*"], Payload::Thin).await;
        let courier = world.courier();
        world.sync(&["1", "2", "3"]).await;
        courier.deliver_due().await.unwrap();
        let first = world.receiver.taken();
        world.receiver.types();
        let of = (world.account.no, Log::Changes);
        world.store.replay_webhooks(&endpoint, of, Cursor::after(1), world.by()).await.unwrap();
        courier.deliver_due().await.unwrap();
        assert_eq!(world.receiver.taken(), first[1..]);
        world.end().await;
    }
}

#[tokio::test]
async fn records_run_in_parallel_each_in_order() {
    for engine in Engine::available() {
        let mut world = World::new(engine).await;
        world.sync(&["0"]).await;
        world.endpoint(1, &["employee.*"], Payload::Full).await;
        world.receiver.set(Mood::TakesInPairs);
        world.sync(&["1", "2"]).await;
        world.sync(&["2", "1"]).await;
        assert_eq!(world.courier().deliver_due().await.unwrap().events, 8);
        for id in ["1", "2"] {
            let of = |taken: &&Taken| taken.body["data"]["id"] == id;
            let told = world.receiver.taken();
            let types: Vec<&str> =
                told.iter().filter(of).map(|taken| taken.body["type"].as_str().unwrap()).collect();
            assert_eq!(types, ["employee.created", "employee.hired", "employee.updated", "employee.changed"]);
        }
        world.end().await;
    }
}

#[tokio::test]
async fn refused_event_is_retried_alone_without_loss() {
    for engine in Engine::available() {
        let mut world = World::new(engine).await;
        let endpoint = world.endpoint(1, &["employee.created"], Payload::Thin).await;
        let courier = world.courier();
        world.receiver.set(Mood::RefusesAbout("2"));
        world.sync(&["1", "2", "3"]).await;
        assert_eq!(courier.deliver_due().await.unwrap().events, 1);
        let requests = world.receiver.requests();
        for attempts in 2..6 {
            world.wait(HOUR);
            courier.deliver_due().await.unwrap();
            assert_eq!(world.found(endpoint.id).await.attempts, attempts);
        }
        assert_eq!(world.receiver.requests(), requests + 4);
        world.receiver.set(Mood::Takes);
        world.wait(HOUR);
        assert_eq!(courier.deliver_due().await.unwrap().events, 2);
        let mut told = world.receiver.taken();
        told.sort_by(|a, b| a.id.cmp(&b.id));
        told.dedup();
        let mut ids: Vec<&str> =
            told.iter().map(|taken| taken.body["data"]["id"].as_str().unwrap()).collect();
        ids.sort_unstable();
        assert_eq!(ids, ["1", "2", "3"]);
        world.end().await;
    }
}

#[tokio::test]
async fn two_processes_do_not_overtake_each_other() {
    for engine in Engine::available() {
        let mut world = World::new(engine).await;
        let endpoint = world.endpoint(1, &["employee.*"], Payload::Thin).await;
        let (one, two) = (world.courier(), world.courier());
        world.sync(&["1", "1", "1", "2", "2"]).await;
        // A third process holds the lease.
        let now = world.clock.now();
        let claimed = world.store.claim_destination(endpoint.id, "a third", now, MINUTE).await.unwrap();
        assert!(claimed.is_some());
        let (first, second) = tokio::join!(one.deliver(endpoint.id), two.deliver(endpoint.id));
        assert_eq!(first.unwrap().events + second.unwrap().events, 0);
        // The third process died: its lease expires after a minute.
        world.wait(MINUTE);
        let (first, second) = tokio::join!(one.deliver(endpoint.id), two.deliver(endpoint.id));
        assert_eq!(first.unwrap().events + second.unwrap().events, 8);
        assert_eq!(world.receiver.taken().len(), 8);
        world.end().await;
    }
}

#[tokio::test]
async fn standardwebhooks_verifies_a_test_event() {
    for engine in Engine::available() {
        let world = World::new(engine).await;
        let endpoint = world.endpoint(1, &[], Payload::Thin).await;
        world.receiver.keep_time();
        let courier = |policy| {
            let vault = Arc::clone(&world.vault);
            Courier::new(world.store.clone(), vault, Arc::new(SystemClock), policy, ("a test", 1)).unwrap()
        };
        let tested = courier(NetworkPolicy::AllowLoopback).test(&endpoint).await.unwrap();
        assert_eq!((tested.response, tested.error), (Some(204), None));
        assert_eq!(world.receiver.taken()[0].body["type"], "webhook.test");
        // Without the development switch no request goes to loopback, even for a stored address.
        let tested = courier(NetworkPolicy::PublicOnly).test(&endpoint).await.unwrap();
        assert_eq!((tested.response, tested.error), (None, Some("target.not_https")));
        assert_eq!(world.receiver.requests(), 1);
        let log = world.store.webhook_deliveries(endpoint.id, Some(false), 10).await.unwrap();
        assert_eq!((log.len(), log[0].event.as_str(), log[0].account_id), (1, "webhook.test", None));
        world.end().await;
    }
}
