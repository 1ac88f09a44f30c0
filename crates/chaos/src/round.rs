//! A round: a tenant changes while processes sync it that are killed and paused, over network faults; then
//! the faults stop, and the store must equal the tenant.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use lucca::{ApiKey, Client, RequestBudget, TenantUrl};
use lucca_emulator::Fault;
use net::NetworkPolicy;
use net::clock::{Clock, TestClock};
use people::{Kind, RemoteId};
use serde_json::Value;
use store::{Change, LinkedAccount, Operation, RecordState, Store};
use sync::{Brake, Options, RunExtent, Silent, Sync};
use test_database::{Engine, TestDatabase};

use crate::child::{End, Order, run_id};
use crate::dice::Dice;
use crate::facts::{differences, of_store, reaching_back, veil};
use crate::log::Replay;
use crate::process::{Exit, Process};
use crate::reports::{describe_exit, is_complete, shortcomings, some, unread};
use crate::sight::{LastSeen, Sight};
use crate::tally::Tally;
use crate::tenant::{Subject, harmless};

/// More points than the first sync of a round has commits, small pages included: over consecutive seeds each
/// commit is once the one that the sync does not reach, and the next sync has to recover.
pub const POINTS: u64 = 140;

/// About as many commits as a sync with large pages has.
const USUAL_POINTS: u64 = 60;

/// A failed round.
#[derive(Debug)]
pub struct Failure {
    /// The fault found.
    pub why: String,
    /// The steps taken, in order.
    pub steps: Vec<String>,
}

/// Runs the round of a seed on an engine.
///
/// # Errors
///
/// The records that were lost, doubled or wrongly deleted.
pub async fn round(seed: u64, engine: Engine) -> Result<Tally, Failure> {
    let mut steps = Vec::new();
    match Round::begin(seed, engine, &mut steps).await {
        Ok(mut round) => match round.life().await {
            Ok(()) => Ok(round.end().await),
            Err(why) => {
                round.end().await;
                Err(Failure { why, steps })
            }
        },
        Err(why) => Err(Failure { why, steps }),
    }
}

struct Round<'a> {
    seed: u64,
    engine: Engine,
    dice: Dice,
    subject: Subject,
    database: TestDatabase,
    account: LinkedAccount,
    replay: Replay,
    steps: &'a mut Vec<String>,
    tally: Tally,
    /// The killed processes: one of them may hold the lease.
    dead: BTreeSet<String>,
    /// The usual duration of a sync.
    usual: Duration,
    last_seen: LastSeen,
}

fn debug_text(error: impl std::fmt::Debug) -> String {
    format!("{error:?}")
}

impl<'a> Round<'a> {
    async fn begin(seed: u64, engine: Engine, steps: &'a mut Vec<String>) -> Result<Self, String> {
        let mut dice = Dice::new(seed, 0xC4A0);
        let employees = u32::try_from(dice.between(30, 150)).unwrap_or(30);
        let switches = harmless(&mut dice);
        steps.push(format!("{employees} employees, {switches:?}"));
        let subject = Subject::start(employees, seed, switches).await.map_err(debug_text)?;
        let database = TestDatabase::new(engine).await;
        let account = subject.link(&database.store).await.map_err(debug_text)?;
        Ok(Self {
            seed,
            engine,
            dice,
            subject,
            database,
            account,
            replay: Replay::default(),
            steps,
            tally: Tally { rounds: 1, ..Tally::default() },
            dead: BTreeSet::new(),
            usual: Duration::from_millis(400),
            last_seen: LastSeen::default(),
        })
    }

    async fn end(self) -> Tally {
        let mut tally = self.tally;
        let requests = self.subject.tenant().requests();
        tally.requests = requests.len() as u64;
        tally.failed_requests =
            requests.iter().filter(|request| !(200..300).contains(&request.status)).count() as u64;
        tally.changes = self.replay.seq.unsigned_abs();
        self.database.remove().await;
        tally
    }

    async fn life(&mut self) -> Result<(), String> {
        let episodes = self.dice.between(3, 6);
        for episode in 0..episodes {
            if episode > 0 && self.dice.chance(75) {
                let (seed, events) = (self.dice.draw(), self.dice.between(1, 25));
                let events = self.subject.tenant().live(seed, usize::try_from(events).unwrap_or(1));
                self.tally.events += events.len() as u64;
                self.steps.push(format!("life: {}", events.join("; ")));
            }
            if episode > 0 && self.dice.chance(60) {
                let minutes = match self.dice.between(0, 9) {
                    0..=4 => self.dice.between(1, 240),
                    5..=7 => self.dice.between(60, 3 * 24 * 60),
                    _ => self.dice.between(24 * 60, 40 * 24 * 60),
                };
                self.pass(i64::try_from(minutes).unwrap_or(1));
            }
            if self.dice.chance(80) {
                let (seed, faults) = (self.dice.draw(), self.dice.between(1, 12));
                let faults = Fault::random_schedule(seed, u32::try_from(faults).unwrap_or(1));
                self.steps.push(format!("faults: {faults:?}"));
                self.subject.tenant().set_faults(faults);
            }
            self.episode(episode).await?;
        }
        self.quiet().await
    }

    fn pass(&mut self, minutes: i64) {
        self.subject.tenant().advance_minutes(minutes);
        self.steps.push(format!("{minutes} minutes pass: {}", self.subject.tenant().now()));
    }

    /// One sync, interrupted or not.
    async fn episode(&mut self, episode: u64) -> Result<(), String> {
        let full = self.dice.chance(35);
        if episode == 0 {
            // Over all seeds, every commit of a first sync is once the one that is not reached.
            let point = (self.seed / 2) % POINTS;
            if let Exit::Killed = self.sync(full, Some(End::KilledBefore(point)), None).await? {
                self.tally.killed_before_commit += 1;
                self.tally.points.insert((self.engine == Engine::Sqlite, point));
            }
            return Ok(());
        }
        match self.dice.between(0, 99) {
            0..=24 => drop(self.sync(full, None, None).await?),
            25..=44 => {
                let end = End::KilledBefore(self.dice.between(0, USUAL_POINTS));
                if let Exit::Killed = self.sync(full, Some(end), None).await? {
                    self.tally.killed_before_commit += 1;
                }
            }
            45..=59 => {
                let end = End::KilledAfterPage(self.dice.between(0, 20));
                if let Exit::Killed = self.sync(full, Some(end), None).await? {
                    self.tally.killed_after_page += 1;
                }
            }
            60..=87 => {
                let usual = u64::try_from(self.usual.as_micros()).unwrap_or(400_000);
                let after = Duration::from_micros(self.dice.between(0, usual));
                if let Exit::Killed = self.sync(full, None, Some(after)).await? {
                    self.tally.killed_at_random += 1;
                }
            }
            _ => self.pause_and_replace(full).await?,
        }
        Ok(())
    }

    async fn order(&mut self, full: bool, end: Option<End>) -> Result<Order, String> {
        self.tally.runs += 1;
        let now = self.subject.now();
        let holder = self.database.store.lease_holder(self.account.no, now).await.map_err(debug_text)?;
        let mut dead_holder = holder.map(|holder| holder.holder).filter(|holder| self.dead.contains(holder));
        // In one of five cases the engine can't tell that the last process has ended: its lease has to
        // expire.
        if dead_holder.is_some() && self.dice.chance(20) {
            dead_holder = None;
            // Its clock may have run ahead of the parent's while it waited for retries.
            self.pass(180);
        }
        Ok(Order {
            place: self.database.place.text(),
            origin: self.subject.origin(),
            key: self.subject.key().to_owned(),
            now: self.subject.now(),
            today: self.subject.today(),
            full,
            seed: self.dice.draw(),
            holder: format!("chaos {} {}", self.seed, self.tally.runs),
            dead_holder,
            timeout_ms: 400,
            end,
        })
    }

    /// Syncs in a child process, and compares the changes it wrote with the tenant.
    async fn sync(&mut self, full: bool, end: Option<End>, kill: Option<Duration>) -> Result<Exit, String> {
        let order = self.order(full, end).await?;
        self.sync_as(order, kill).await
    }

    async fn sync_as(&mut self, order: Order, kill: Option<Duration>) -> Result<Exit, String> {
        let before = self.sight();
        self.note_resumed().await?;
        let holder = order.holder.clone();
        self.steps.push(format!(
            "sync {}: full {}, end {:?}, kill after {kill:?}, at {}",
            self.tally.runs, order.full, order.end, order.now
        ));
        let (exit, took) = blocking(move || Process::start(&order)?.wait(kill)).await?;
        match &exit {
            Exit::Killed => {
                self.dead.insert(holder);
            }
            Exit::Finished(outcome) => {
                self.usual = took;
                if outcome["ended"] != "done" {
                    return Err(format!("a sync ended with {outcome}"));
                }
            }
        }
        self.steps.push(format!("  {} after {took:?}", describe_exit(&exit)));
        self.check_log(&before).await?;
        Ok(exit)
    }

    /// Pauses a process before a commit, lets another claim the lease once it has expired, and resumes the
    /// first: it must detect that, and write no row.
    async fn pause_and_replace(&mut self, full: bool) -> Result<(), String> {
        let point = self.dice.between(1, USUAL_POINTS / 2);
        let before = self.sight();
        let order = self.order(full, Some(End::StoppedBefore(point))).await?;
        self.steps.push(format!("sync {}: full {full}, stopped before {point}", self.tally.runs));
        let mut process = blocking(move || Process::start(&order)).await?;
        let (mut process, stopped) = blocking(move || {
            let stopped = process.wait_until_stopped()?;
            Ok((process, stopped))
        })
        .await?;
        if !stopped {
            self.steps.push("  ended before that".to_owned());
            return self.check_log(&before).await;
        }
        self.check_log(&before).await?;
        self.pass(180);
        self.sync(full, None, None).await?;
        let stored = self.everything_written().await?;
        process.resume()?;
        let (exit, _) = blocking(move || process.wait(None)).await?;
        match exit {
            Exit::Finished(outcome) if outcome["ended"] == "lease_lost" => {}
            exit => return Err(format!("a process that was replaced ended with {}", describe_exit(&exit))),
        }
        if stored != self.everything_written().await? {
            return Err("a process that was replaced has written data".to_owned());
        }
        self.tally.fenced += 1;
        self.steps.push("  continued, and was refused".to_owned());
        Ok(())
    }

    /// All rows that a sync writes, to compare before and after.
    async fn everything_written(&self) -> Result<impl PartialEq + use<'a>, String> {
        let Self { database: TestDatabase { store, .. }, account, .. } = self;
        let states: BTreeMap<String, String> =
            store.stream_states(account.no).await.map_err(debug_text)?.into_iter().collect();
        let runs = store.runs(Some(account.no), None, 1000).await.map_err(debug_text)?;
        let runs: Vec<_> = runs.into_iter().map(|run| (run.id, run.outcome, run.report)).collect();
        let fingerprints = store.fingerprints(account.no).await.map_err(debug_text)?;
        Ok((fingerprints, store.last_change(account.no).await.map_err(debug_text)?, states, runs))
    }

    async fn note_resumed(&mut self) -> Result<(), String> {
        let states = self.database.store.stream_states(self.account.no).await.map_err(debug_text)?;
        if states.values().any(|state| state.contains("\"resume\":{")) {
            self.tally.resumed += 1;
        }
        Ok(())
    }

    /// The linked key's present view, recorded as last seen.
    fn sight(&mut self) -> Sight {
        let sight = Sight::of(&self.subject);
        self.last_seen.record(&sight);
        sight
    }

    /// Reads the new entries of the change log: they must fit the store, and delete nothing that the tenant
    /// still has.
    async fn check_log(&mut self, before: &Sight) -> Result<(), String> {
        let changes = self.replay.read_on(&self.database.store, self.account.no).await?;
        let stored = self.database.store.fingerprints(self.account.no).await.map_err(debug_text)?;
        let lines = self.replay.differences(&stored);
        if !lines.is_empty() {
            return Err(format!("the change log and the stored records differ:\n{}", some(&lines)));
        }
        let after = Sight::of(&self.subject);
        for change in &changes {
            if let Err(why) = self.check_end(change, before, &after) {
                let key = (change.kind, change.id.clone());
                let stored = body(&self.database.store, self.account.no, &key).await?;
                let owner = owner_of(&stored).map(|owner| (Kind::Employee, owner));
                let owner = match owner {
                    Some(owner) => body(&self.database.store, self.account.no, &owner).await?,
                    None => "nobody".to_owned(),
                };
                return Err(format!("{why}\nstored: {stored}\nits owner: {owner}"));
            }
        }
        self.last_seen.record(&after);
        Ok(())
    }

    /// Checks that a record which the key saw before and after the sync was not ended, and that a record
    /// which the key merely lost sight of is not logged as deleted.
    fn check_end(&mut self, change: &Change, before: &Sight, after: &Sight) -> Result<(), String> {
        let key = (change.kind, change.id.clone());
        let wrong = |what: &str| {
            Err(format!("change {}: {} {} is {what}", change.seq, change.kind.name(), change.id))
        };
        match change.operation {
            Operation::Deleted | Operation::Hidden if before.sees(&key) && after.sees(&key) => {
                wrong("deleted or hidden, although the key can still see it")
            }
            Operation::Deleted if after.everything.contains_key(&key) => {
                if self.last_seen.is_lost_by_rights(&self.subject, &key) {
                    return wrong("deleted, although the key only lost sight of it");
                }
                self.tally.left += 1;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Stops all faults and kills: after some full syncs the store must equal the tenant.
    async fn quiet(&mut self) -> Result<(), String> {
        self.subject.tenant().set_faults(Vec::new());
        if self.dice.chance(65) {
            self.subject.restore_rights();
            self.steps.push("the key has every right again".to_owned());
        }
        self.steps.push(format!("quiet; rights {:?}", self.subject.rights()));
        let mut last = Value::Null;
        for _ in 0..8 {
            self.pass(1);
            let mut order = self.order(true, None).await?;
            order.timeout_ms = 20_000;
            let Exit::Finished(outcome) = self.sync_as(order, None).await? else {
                return Err("a sync without a kill was killed".to_owned());
            };
            last = outcome["report"].clone();
            self.release().await?;
            if is_complete(&last) {
                return self.compare(&last).await;
            }
        }
        Err(format!("no sync was complete at the end: {}", shortcomings(&last).join("; ")))
    }

    /// Plays the administrator: releases the held records that are no longer in the tenant.
    async fn release(&mut self) -> Result<(), String> {
        let store = &self.database.store;
        let everything = self.subject.everything();
        for hold in store.holds(self.account.no).await.map_err(debug_text)? {
            if hold.ids.iter().any(|id| everything.contains_key(&(hold.kind, id.clone()))) {
                continue;
            }
            let gone =
                store.approve_hold(self.account.no, &hold, self.subject.now()).await.map_err(debug_text)?;
            self.tally.released += 1;
            self.steps.push(format!("  the administrator releases {gone} {}", hold.kind.name()));
        }
        let sight = self.sight();
        self.check_log(&sight).await
    }

    async fn compare(&mut self, report: &Value) -> Result<(), String> {
        let no = self.account.no;
        let unread = unread(report);
        let held = held(&self.database.store, no).await?;
        let veiled = self.subject.veiled();
        let mut should = self.subject.visible();
        let mut is = of_store(&self.database.store, no, self.subject.since()).await.map_err(debug_text)?;
        veil(&mut should, &veiled);
        veil(&mut is, &veiled);
        let wanted = |key: &(Kind, RemoteId)| !unread.contains(&key.0) && !held.contains(key);
        let lines = differences(&should, &is, wanted);
        if !lines.is_empty() {
            return Err(format!("the stored records differ from the tenant's:\n{}", some(&lines)));
        }
        let old = reaching_back(&self.database.store, no, self.subject.since()).await.map_err(debug_text)?;
        let wanted =
            |key: &(Kind, RemoteId)| wanted(key) && !(key.0 == Kind::Absence && old.contains(&key.1));
        let (database, account_no) = self.fresh().await?;
        let fresh = database.store.fingerprints(account_no).await.map_err(debug_text)?;
        let stored = self.database.store.fingerprints(no).await.map_err(debug_text)?;
        let mut lines = Vec::new();
        for (key, record) in &fresh {
            let is_compared = wanted(key) && (key.0 != Kind::Employee || veiled.is_empty());
            if is_compared && stored.get(key) != Some(record) {
                let fresh = body(&database.store, account_no, key).await?;
                let stored = body(&self.database.store, no, key).await?;
                lines.push(format!("{} {}: fresh {fresh}, stored {stored}", key.0.name(), key.1));
            }
        }
        for (key, record) in stored.iter().filter(|(key, _)| wanted(key)) {
            // Log entries and past working days are never removed.
            let is_kept = matches!(key.0, Kind::UserLogEntry | Kind::WorkingDay);
            if record.state == RecordState::Present && !fresh.contains_key(key) && !is_kept {
                lines.push(format!("{} {} is stored, and a fresh sync has none", key.0.name(), key.1));
            }
        }
        database.remove().await;
        if !lines.is_empty() {
            return Err(format!("the stored records differ from those of a fresh sync:\n{}", some(&lines)));
        }
        Ok(())
    }

    /// Runs a first sync into an empty database.
    async fn fresh(&self) -> Result<(TestDatabase, i64), String> {
        let database = TestDatabase::new(Engine::Sqlite).await;
        let account = self.subject.link(&database.store).await.map_err(debug_text)?;
        let tenant =
            TenantUrl::parse(&self.subject.origin(), NetworkPolicy::AllowLoopback).map_err(debug_text)?;
        let clock: Arc<dyn Clock> = Arc::new(TestClock::new(self.subject.now()));
        let client = Client::builder(tenant, ApiKey::parse(self.subject.key()).map_err(debug_text)?)
            .clock(Arc::clone(&clock))
            .budget(Arc::new(RequestBudget::unlimited()))
            .build()
            .map_err(debug_text)?;
        for seed in 0..3 {
            let sync = Sync {
                client: &client,
                store: &database.store,
                account: &account,
                clock: Arc::clone(&clock),
                progress: &Silent,
                options: Options {
                    today: self.subject.today(),
                    brake: Some(Brake::default()),
                    extent: RunExtent::Full,
                    holder: "chaos fresh".to_owned(),
                    dead_holder: None,
                },
            };
            let report = sync.run(run_id(self.subject.now(), seed)).await.map_err(debug_text)?;
            if is_complete(&serde_json::to_value(&report).map_err(debug_text)?) {
                break;
            }
        }
        Ok((database, account.no))
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    tokio::task::spawn_blocking(work).await.map_err(debug_text)?
}

/// A record as stored, and its state.
async fn body(store: &Store, account_no: i64, (kind, id): &(Kind, RemoteId)) -> Result<String, String> {
    let bodies = store.bodies(account_no, *kind, std::slice::from_ref(id)).await.map_err(debug_text)?;
    Ok(bodies
        .get(id)
        .map_or_else(|| "nothing".to_owned(), |(body, state)| format!("{} {body}", state.name())))
}

/// The employee to which a stored record belongs.
fn owner_of(stored: &str) -> Option<RemoteId> {
    let (_, body) = stored.split_once(' ')?;
    let body: Value = serde_json::from_str(body).ok()?;
    Some(RemoteId::from(body["employee_id"].as_str()?))
}

async fn held(store: &Store, account_no: i64) -> Result<BTreeSet<(Kind, RemoteId)>, String> {
    let holds = store.holds(account_no).await.map_err(debug_text)?;
    Ok(holds.into_iter().flat_map(|hold| hold.ids.into_iter().map(move |id| (hold.kind, id))).collect())
}
