//! A simulated week in which receiver and courier are killed at random.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use delivery::webhooks::Payload;
use jiff::ToSpan;
use net::clock::Clock;
use people::Kind;
use store::{ChangeFilter, Operation};
use test_database::Engine;

use crate::support::{Mood, World};

/// A seeded random number generator.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }
}

/// Polls a future up to `polls` times, then drops it, like a killed process.
pub(crate) async fn mortal<T>(future: impl Future<Output = T>, mut polls: u64) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|context| {
        if polls == 0 {
            return Poll::Ready(None);
        }
        polls -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

const PEOPLE: [&str; 5] = ["1", "2", "3", "4", "5"];

#[tokio::test]
async fn changes_arrive_in_order_despite_kills() {
    for engine in Engine::available() {
        let seed = 0x9E37_79B9_7F4A_7C15;
        let mut dice = Dice(seed);
        let mut world = World::new(engine).await;
        let endpoint = world.endpoint(1, &[], Payload::Thin).await;
        let mut courier = world.courier();
        let end = world.clock.now() + 168.hours();
        let (mut killed, mut down_for_a_day) = (0, false);
        while world.clock.now() < end {
            let changed: Vec<&str> =
                (0..dice.below(4)).map(|_| PEOPLE[usize::try_from(dice.below(5)).unwrap()]).collect();
            if !changed.is_empty() {
                world.sync(&changed).await;
            }
            match dice.below(8) {
                0 => world.receiver.kill().await,
                1 => world.receiver.set(Mood::Refuses(503)),
                2 => world.receiver.set(Mood::TakesAndFails),
                3 => world.receiver.set(Mood::AsksToWait(600)),
                _ => {
                    world.receiver.revive().await;
                    world.receiver.set(Mood::Takes);
                }
            }
            let lives = if dice.below(3) == 0 { dice.below(60) } else { u64::MAX };
            if let Some(delivered) = mortal(courier.deliver_due(), lives).await {
                delivered.unwrap();
            } else {
                killed += 1;
                courier = world.courier();
            }
            world.wait(Duration::from_secs(30 + dice.below(5400)));
            if !down_for_a_day && dice.below(40) == 0 {
                down_for_a_day = true;
                world.receiver.kill().await;
                for _ in 0..26 {
                    courier.deliver_due().await.unwrap();
                    world.wait(Duration::from_hours(1));
                }
            }
        }
        world.receiver.revive().await;
        world.receiver.set(Mood::Takes);
        world.wait(Duration::from_hours(5));
        while !courier.deliver_due().await.unwrap().is_done {
            world.wait(Duration::from_hours(5));
        }
        assert!(killed >= 10 && world.found(endpoint.id).await.disabled.is_none(), "{killed}");

        // Every event of every change is delivered once, apart from repetitions with the same id.
        let taken = world.receiver.taken();
        let changes = world.store.changes(world.account.no, ChangeFilter::default(), 10_000).await.unwrap();
        assert!(changes.len() > 100 && changes.iter().all(|change| change.kind == Kind::Employee));
        let mut ids: HashMap<(String, String, i64), BTreeSet<&str>> = HashMap::new();
        let mut meant: HashMap<&str, &serde_json::Value> = HashMap::new();
        for taken in &taken {
            let text = |name: &str| taken.body[name].as_str().unwrap().to_owned();
            let event = (text("log"), text("type"), taken.body["sequence"].as_i64().unwrap());
            ids.entry(event).or_default().insert(&taken.id);
            assert_eq!(*meant.entry(&taken.id).or_insert(&taken.body), &taken.body);
        }
        assert!(ids.values().all(|ids| ids.len() == 1));
        assert!(taken.len() > ids.len(), "no event was repeated");
        let told = |log: &str, name: &str, seq| ids.contains_key(&(log.to_owned(), name.to_owned(), seq));
        for change in &changes {
            let name = if change.operation == Operation::Created { "created" } else { "updated" };
            assert!(told("changes", &format!("employee.{name}"), change.seq), "{}", change.seq);
            assert!(name == "created" || told("changes", "employee.changed", change.seq), "{}", change.seq);
        }
        let runs = world.store.runs(Some(world.account.no), None, 10_000).await.unwrap();
        let ends = ids.keys().filter(|(_, name, _)| name == "sync.completed").count();
        assert_eq!(ends, runs.len());

        // Events of a record are in order, even when some are repeated.
        let mut last: BTreeMap<String, i64> = BTreeMap::new();
        let mut known = HashSet::new();
        for taken in taken.iter().filter(|taken| taken.body["log"] == "changes" && known.insert(&taken.id)) {
            let person = taken.body["data"]["id"].as_str().unwrap().to_owned();
            let seq = taken.body["sequence"].as_i64().unwrap();
            let before = last.insert(person, seq);
            assert!(before.is_none_or(|before| before <= seq), "{before:?} {seq}");
        }
        world.end().await;
    }
}
