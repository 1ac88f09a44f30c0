//! Random histories of small tenants against a plain model: a map of facts, updated from the change log and
//! compared with the tenant. After every sync, each difference between the two that the sync could see must
//! have been logged under its kind and id, and no other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::civil::Date;
use lucca::{ApiKey, Client, RequestBudget, Stream, TenantUrl};
use lucca_emulator::Switches;
use net::NetworkPolicy;
use net::clock::{Clock, TestClock};
use people::{Kind, RemoteId};
use proptest::prelude::{Strategy, any};
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use serde_json::Value;
use store::{Change, LinkedAccount, Operation};
use sync::{Brake, Mode, Options, RunExtent, RunReport, Silent, StreamReport, Sync};
use test_database::{Engine, TestDatabase};

use crate::child::run_id;
use crate::facts::{Facts, KINDS, agree, differences, is_veiled, of_store, veil};
use crate::log::Replay;
use crate::reports::some;
use crate::sight::{LastSeen, Sight};
use crate::tenant::Subject;

/// A history: a tenant, and the events between its syncs.
#[derive(Clone, Debug)]
pub struct History {
    /// Number of employees at the beginning.
    pub employees: u32,
    /// Seeds the company.
    pub seed: u64,
    /// The steps after the first sync.
    pub steps: Vec<Step>,
}

/// Some events, some time, a sync.
#[derive(Clone, Debug)]
pub struct Step {
    /// Chooses the events.
    pub seed: u64,
    /// Number of events.
    pub events: usize,
    /// Minutes that pass after the events.
    pub minutes: i64,
    /// Whether the sync reads all records, or only changes and due streams.
    pub sweep: bool,
}

/// Histories of 5 to 15 employees and up to eight syncs after the first.
pub fn histories() -> impl Strategy<Value = History> {
    let minutes = proptest::prop_oneof![
        4 => 1_i64..120,
        3 => 120_i64..24 * 60,
        2 => 24_i64 * 60..5 * 24 * 60,
        1 => 5_i64 * 24 * 60..60 * 24 * 60,
    ];
    let step = (any::<u64>(), 0_usize..10, minutes, proptest::bool::weighted(0.2))
        .prop_map(|(seed, events, minutes, sweep)| Step { seed, events, minutes, sweep });
    (5_u32..=15, any::<u64>(), proptest::collection::vec(step, 1..=8))
        .prop_map(|(employees, seed, steps)| History { employees, seed, steps })
}

/// Checks `count` histories, the same for the same seed, calls `lived` with the running count after each, and
/// returns a summary line.
///
/// # Errors
///
/// The smallest history whose sync went wrong, and why.
pub fn check(count: u32, seed: u64, lived: impl Fn(u64)) -> Result<String, String> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config =
        Config { cases: count, max_shrink_iters: 300, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let (done, syncs, changes) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let outcome = runner.run(&histories(), |history| match runtime.block_on(live(&history)) {
        Ok(life) => {
            syncs.fetch_add(life.syncs, Ordering::Relaxed);
            changes.fetch_add(life.changes, Ordering::Relaxed);
            lived(done.fetch_add(1, Ordering::Relaxed) + 1);
            Ok(())
        }
        Err(why) => Err(proptest::test_runner::TestCaseError::fail(why)),
    });
    match outcome {
        Ok(()) => Ok(format!(
            "{count} histories passed: {} syncs, {} changes logged, none wrong, none missed",
            syncs.into_inner(),
            changes.into_inner()
        )),
        Err(TestError::Fail(why, history)) => Err(format!("{why}\n{history:#?}")),
        Err(error) => Err(error.to_string()),
    }
}

/// The counts of a history.
#[derive(Clone, Copy, Debug)]
pub struct HistoryCounts {
    /// Syncs done.
    pub syncs: u64,
    /// Changes logged.
    pub changes: u64,
}

/// Runs a history.
///
/// # Errors
///
/// The changes that were missed, invented or wrongly logged as deleted, and the events before them.
pub async fn live(history: &History) -> Result<HistoryCounts, String> {
    let subject =
        Subject::start(history.employees, history.seed, Switches::default()).await.map_err(debug_text)?;
    let database = TestDatabase::new(Engine::Sqlite).await;
    let account = subject.link(&database.store).await.map_err(debug_text)?;
    let clock = Arc::new(TestClock::new(subject.now()));
    let tenant = TenantUrl::parse(&subject.origin(), NetworkPolicy::AllowLoopback).map_err(debug_text)?;
    let client = Client::builder(tenant, ApiKey::parse(subject.key()).map_err(debug_text)?)
        .clock(Arc::clone(&clock) as Arc<dyn Clock>)
        .budget(Arc::new(RequestBudget::unlimited()))
        .build()
        .map_err(debug_text)?;
    let model = Model::default();
    let mut life = Life { subject, database, account, clock, client, model, syncs: 0 };
    let mut story = Vec::new();
    let mut lived = life.sync(true).await;
    for step in &history.steps {
        if lived.is_err() {
            break;
        }
        story.extend(life.subject.tenant().live(step.seed, step.events));
        life.subject.tenant().advance_minutes(step.minutes);
        life.clock.advance(std::time::Duration::from_secs(60 * step.minutes.unsigned_abs()));
        story.push(format!("sync at {}, sweep: {}", life.subject.tenant().now(), step.sweep));
        lived = life.sync(step.sweep).await;
    }
    lived.map_err(|why| format!("{why}\nafter: {}", story.join("\n  ")))?;
    Ok(HistoryCounts { syncs: life.syncs, changes: life.model.replay.seq.unsigned_abs() })
}

fn debug_text(error: impl std::fmt::Debug) -> String {
    format!("{error:?}")
}

struct Life {
    subject: Subject,
    database: TestDatabase,
    account: LinkedAccount,
    clock: Arc<TestClock>,
    client: Client,
    model: Model,
    syncs: u64,
}

impl Life {
    async fn sync(&mut self, sweep: bool) -> Result<(), String> {
        self.model.forget_before(self.subject.since());
        let store = &self.database.store;
        let sync = Sync {
            client: &self.client,
            store,
            account: &self.account,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            progress: &Silent,
            options: Options {
                today: self.subject.today(),
                brake: Some(Brake::default()),
                extent: if sweep { RunExtent::Full } else { RunExtent::Now },
                holder: "chaos".to_owned(),
                dead_holder: None,
            },
        };
        self.syncs += 1;
        let report = sync.run(run_id(self.clock.now(), self.syncs)).await.map_err(debug_text)?;
        let sight = Sight::of(&self.subject);
        let changes = self.model.replay.read_on(store, self.account.no).await?;
        self.model.apply_changes(&changes, &sight, &self.subject)?;
        self.model.compare(&report, &sight)?;
        self.model.last_seen.record(&sight);
        self.release(&sight).await?;
        let mut stored = of_store(&self.database.store, self.account.no, self.subject.since())
            .await
            .map_err(debug_text)?;
        veil(&mut stored, &self.model.once_veiled);
        let lines = differences(&self.model.facts, &stored, |_| true);
        if !lines.is_empty() {
            return Err(format!("the change log and the stored records differ:\n{}", some(&lines)));
        }
        let stored = self.database.store.fingerprints(self.account.no).await.map_err(debug_text)?;
        match &self.model.replay.differences(&stored)[..] {
            [] => Ok(()),
            lines => Err(format!("the change log and the stored records differ:\n{}", some(lines))),
        }
    }

    /// Plays the administrator: releases the held records that are no longer in the tenant.
    async fn release(&mut self, sight: &Sight) -> Result<(), String> {
        let store = &self.database.store;
        for hold in store.holds(self.account.no).await.map_err(debug_text)? {
            let is_there = |id: &RemoteId| sight.everything.contains_key(&(hold.kind, id.clone()));
            if !hold.ids.iter().any(is_there) {
                store.approve_hold(self.account.no, &hold, self.clock.now()).await.map_err(debug_text)?;
            }
        }
        let changes = self.model.replay.read_on(store, self.account.no).await?;
        self.model.apply_changes(&changes, sight, &self.subject)
    }
}

/// The knowledge of a reader of the change log.
#[derive(Default)]
struct Model {
    replay: Replay,
    facts: Facts,
    last_seen: LastSeen,
    /// The visible facts when each stream was last read.
    read: BTreeMap<&'static str, Facts>,
    /// Fields that the key could not read at some time since the last full read.
    once_veiled: Vec<&'static str>,
    /// The records written by the current sync.
    written: BTreeSet<(Kind, RemoteId)>,
}

impl Model {
    /// Drops the half-days before `since`: in a new year the engine no longer reads them.
    fn forget_before(&mut self, since: Date) {
        let since = since.to_string();
        for facts in self.read.values_mut().chain([&mut self.facts]) {
            facts.retain(|(kind, _), value| {
                if *kind != Kind::Absence {
                    return true;
                }
                let Some(leaves) = value["leaves"].as_object_mut() else { return true };
                leaves.retain(|_, leave| leave["date"].as_str().is_some_and(|date| date >= since.as_str()));
                !leaves.is_empty()
            });
        }
    }

    /// Applies the logged changes. Each entry must be true, and new.
    fn apply_changes(&mut self, changes: &[Change], sight: &Sight, subject: &Subject) -> Result<(), String> {
        let before = self.facts.clone();
        self.written.clear();
        for change in changes.iter().filter(|change| KINDS.iter().any(|(kind, _)| *kind == change.kind)) {
            let key = (change.kind, change.id.clone());
            let wrong = |why: &str| {
                let Change { seq, operation, kind, id, .. } = change;
                Err(format!("change {seq}: {operation} {} {id} {why}", kind.name()))
            };
            match change.operation {
                Operation::Created | Operation::Updated | Operation::Restored => {
                    let Some(is) = sight.visible.get(&key) else {
                        return wrong("although the key can't see the record");
                    };
                    let was = before.get(&key);
                    let is_news = self.written.contains(&key)
                        || change.operation != Operation::Updated
                        || was.is_none_or(|was| was != is || is_veiled(was))
                        || change.kind == Kind::Employment && owner_changed(is, &before, &sight.everything);
                    if !is_news {
                        let fields = change.fields.as_ref().map_or("", |fields| fields.get());
                        return wrong(&format!("although it changes no field: {fields}, {is}"));
                    }
                    self.written.insert(key.clone());
                    self.facts.insert(key, is.clone());
                }
                Operation::Excluded | Operation::Erased => {
                    return wrong("although no exclusion or erasure was requested");
                }
                Operation::Deleted | Operation::Hidden => {
                    if sight.sees(&key) {
                        return wrong("although the key can still see the record");
                    }
                    if change.operation == Operation::Deleted
                        && sight.everything.contains_key(&key)
                        && self.last_seen.is_lost_by_rights(subject, &key)
                    {
                        return wrong("although the key only lost sight of the record");
                    }
                    self.facts.remove(&key);
                }
                Operation::Started | Operation::Ended => {}
            }
        }
        Ok(())
    }

    /// Checks that the model has every fact that the sync could see.
    fn compare(&mut self, report: &RunReport, sight: &Sight) -> Result<(), String> {
        for field in &sight.veiled {
            if !self.once_veiled.contains(field) {
                self.once_veiled.push(field);
            }
        }
        veil(&mut self.facts, &sight.veiled);
        for (kind, stream) in KINDS {
            let is_it = |read: &&StreamReport| read.stream == stream.name();
            let Some(read) = report.streams.iter().find(is_it) else { continue };
            if read.error.is_some() {
                continue;
            }
            let missed = match read.mode {
                Mode::Full if read.complete => self.missed_by_sweep(kind, read, sight),
                Mode::Full => return Err(format!("{} is not complete: {read:?}", kind.name())),
                // The emulated tenant sends no notifications here.
                Mode::Notified => continue,
                Mode::Incremental => self.missed_by_changes(kind, stream, sight),
            };
            if !missed.is_empty() {
                let mode = read.mode.name();
                return Err(format!("a {mode} read of {} has missed:\n{}", kind.name(), some(&missed)));
            }
            if stream == Stream::Users && read.mode == Mode::Full {
                self.once_veiled.clone_from(&sight.veiled);
            }
            self.read.insert(stream.name(), sight.everything.clone());
        }
        Ok(())
    }

    fn missed_by_sweep(&self, kind: Kind, read: &StreamReport, sight: &Sight) -> Vec<String> {
        let mut missed = differences(&sight.visible, &self.facts, |key| key.0 == kind);
        let is_absent = |key: &&(Kind, RemoteId)| key.0 == kind && !sight.visible.contains_key(*key);
        let held = self.facts.keys().filter(is_absent).count() as u64;
        if held == read.held {
            // Held records stay, and the report counts them.
            missed.retain(|line| !line.contains("is stored and should not be"));
        }
        missed
    }

    /// Lists the changes since the stream was last read that an incremental read could have found.
    fn missed_by_changes(&self, kind: Kind, stream: Stream, sight: &Sight) -> Vec<String> {
        let nothing = Facts::new();
        let before = self.read.get(stream.name()).unwrap_or(&nothing);
        let leaves_a_trace = |key: &(Kind, RemoteId), is: &Value| {
            let was = before.get(key);
            match kind {
                Kind::Employee => was.is_none_or(|was| was["modified"] != is["modified"]),
                Kind::Employment => {
                    let owner = (Kind::Employee, RemoteId::from(is["owner"].as_str().unwrap_or_default()));
                    self.written.contains(&owner)
                }
                Kind::Absence => was != Some(is),
                // The next full read finds a request whose absence is too old to be read, and a request that
                // is visible again after it was decided.
                Kind::AbsenceRequest => {
                    let is_open = is["status"] == 0 || is["status"] == 5;
                    let can_be_asked_for = was.is_none() || is_open || self.facts.contains_key(key);
                    was != Some(is) && can_be_asked_for && is_read(is, &sight.everything)
                }
                _ => false,
            }
        };
        let mut missed = Vec::new();
        for (key, is) in sight.everything.iter().filter(|(key, _)| key.0 == kind) {
            let Some(visible) = sight.visible.get(key) else { continue };
            let known = self.facts.get(key);
            if leaves_a_trace(key, is) && !known.is_some_and(|known| agree(known, visible)) {
                missed.push(format!("{} {}: is {visible}, known {known:?}", kind.name(), key.1));
            }
        }
        missed
    }
}

/// Whether the contract's owner changed: an employee's change touches their contracts.
fn owner_changed(contract: &Value, before: &Facts, everything: &Facts) -> bool {
    let owner = (Kind::Employee, RemoteId::from(contract["owner"].as_str().unwrap_or_default()));
    let modified = |facts: &Facts| facts.get(&owner).map(|owner| owner["modified"].clone());
    modified(before).is_none_or(|known| Some(known) != modified(everything))
}

/// Whether the request's absence is among those that are read.
fn is_read(request: &Value, everything: &Facts) -> bool {
    let absence = RemoteId::from(request["absence"].as_str().unwrap_or_default());
    everything.contains_key(&(Kind::Absence, absence))
}
