//! Runs the simulation: links the accounts, starts the workers, kills and pauses them, changes the tenants,
//! and measures the result. Also measures a backlog: how much faster several workers are than one.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::{self, TimeZone};
use jiff::{SignedDuration, Timestamp};
use lucca_emulator::{Fleet, PersonPatch};
use net::clock::Clock;
use rustix::process::{Pid, Signal, kill_process};
use secrecy::SecretString;
use sqlx::{Connection as _, PgConnection};
use store::{AccountId, AccountSettings, Actor, LinkTarget, NewAccount, Store};
use test_database::{Engine, TestDatabase};

use super::FleetOptions;
use super::clock::FleetClock;
use super::measure::{Measured, first_syncs_took, measure};
use super::worker::{Order, vault};
use crate::dice::Dice;
use crate::tenant::FIRST_DAY;

/// Spacing of first syncs, so that later ones are spread too: 10,000 in a quarter of an hour.
const APART: SignedDuration = SignedDuration::from_millis(90);
/// Changes of employees per simulated second.
const CHANGES: u64 = 2;

/// Runs the simulation; `log_line` receives progress lines.
///
/// # Errors
///
/// The reason why it could not run. Failed expectations are in [`Measured`], and are not errors.
pub async fn simulate(wanted: &FleetOptions, log_line: &dyn Fn(&str)) -> Result<Measured, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let fleet = Fleet::start(wanted.tenants, wanted.people, wanted.seed, FIRST_DAY);
    let fleet = Arc::new(fleet.await.map_err(|error| text(&error))?);
    log_line(&format!("{} tenants of {} employees each", fleet.len(), wanted.people));
    let url = test_database::empty_on_postgres().await;
    let from = morning()?;
    let clock = FleetClock::set(from, wanted.speed);
    let mut crew = Crew::new(clock, url.clone(), wanted);
    // The previous version creates its own tables; they are migrated to this version's while it works.
    crew.start_version(Version::Other)?;
    crew.wait_for_beats().await?;
    let database = TestDatabase::on(url).await;
    link(&database.store, &fleet, from, APART).await.map_err(|error| text(&error))?;
    log_line("all tenants are linked");
    crew.start_version(Version::This)?;
    let store = &database.store;
    let mut life = Life { fleet: &fleet, dice: Dice::new(wanted.seed, 8), minute: 0, from, changed: 0 };

    // Until every account was read once.
    loop {
        clock.sleep(Duration::from_secs(10)).await;
        life.advance_to(clock.now());
        let vitals = store.vitals(clock.now()).await.map_err(|error| text(&error))?;
        log_line(&format!("{:>6} never read, {} waiting", vitals.never_read, vitals.waiting.accounts));
        if vitals.never_read == 0 && vitals.waiting.accounts < 100 {
            break;
        }
    }
    let began = clock.now();
    let minutes = began.duration_since(from).as_secs_f64() / 60.0;
    log_line(&format!(
        "every account was read once after {minutes:.1} simulated minutes; the measurement begins"
    ));
    let until = began + SignedDuration::try_from(wanted.lasts()).unwrap_or_default();
    let mut reported = began;
    while clock.now() < until {
        clock.sleep(Duration::from_secs(1)).await;
        let now = clock.now();
        life.advance_to(now);
        life.change(CHANGES);
        if wanted.chaos {
            crew.inject_failure(now)?;
        }
        if now.duration_since(reported) > SignedDuration::from_mins(2) {
            reported = now;
            let waiting = store.waiting(now).await.map_err(|error| text(&error))?;
            let minute = now.duration_since(began).as_mins();
            log_line(&format!("minute {minute}: {} waiting; {}", waiting.accounts, crew.summary()));
        }
    }
    let ended = clock.now();
    crew.recover()?;
    // Within this time the usual rhythm reads every change so far, and interrupted syncs are resumed.
    let settled = ended + SignedDuration::from_mins(20);
    while clock.now() < settled {
        clock.sleep(Duration::from_secs(10)).await;
        life.advance_to(clock.now());
    }
    let (kills, pauses) = crew.kills_and_pauses();
    drop(crew);
    let measured = measure(store, &fleet, (began, ended), clock, FIRST_DAY).await?;
    let measured = Measured { kills, pauses, changes: life.changed, ..measured };
    database.remove().await;
    Ok(measured)
}

/// Real time that `workers` take for the first syncs of all tenants when every one is due at once and no
/// worker is killed.
///
/// # Errors
///
/// The reason why it could not be measured.
pub async fn backlog(wanted: &FleetOptions, workers: u32) -> Result<Duration, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let wanted = &FleetOptions { workers, speed: 1.0, beside: None, ..wanted.clone() };
    let fleet = Fleet::start(wanted.tenants, wanted.people, wanted.seed, FIRST_DAY);
    let fleet = fleet.await.map_err(|error| text(&error))?;
    let database = TestDatabase::new(Engine::Postgres).await;
    let store = &database.store;
    let from = morning()?;
    link(store, &fleet, from, SignedDuration::ZERO).await.map_err(|error| text(&error))?;
    let clock = FleetClock::set(from, wanted.speed);
    let mut crew = Crew::new(clock, database.place.text(), wanted);
    crew.start_version(Version::This)?;
    while store.vitals(clock.now()).await.map_err(|error| text(&error))?.never_read > 0 {
        clock.sleep(Duration::from_secs(1)).await;
    }
    drop(crew);
    let took = first_syncs_took(store).await?;
    database.remove().await;
    Ok(took)
}

/// The simulated time at which a simulation begins.
fn morning() -> Result<Timestamp, String> {
    let paris = TimeZone::fixed(tz::offset(1));
    paris.to_timestamp(FIRST_DAY.at(9, 0, 0, 0)).map_err(|error| error.to_string())
}

/// Links every tenant, each later than the one before by `APART` and due by as much later, so that first
/// syncs are spread.
async fn link(
    store: &Store,
    fleet: &Fleet,
    from: Timestamp,
    apart: SignedDuration,
) -> Result<(), store::Error> {
    let vault = vault();
    let settings = AccountSettings {
        field_groups: ["identity", "work", "contract"].map(str::to_owned).to_vec(),
        ..AccountSettings::default()
    };
    let key = SecretString::from(fleet.api_key().to_owned());
    for n in (0..u16::MAX).take(fleet.len()) {
        let [high, low] = n.to_be_bytes();
        let url = fleet.url(n);
        let at = from + apart * i32::from(n);
        let id = AccountId::mint(from, [0, 0, 0, 0, 0, 0, 0, 0, high, low]);
        let new = NewAccount {
            target: LinkTarget::New(id),
            tenant: &url,
            origin: &url,
            api_key: &key,
            settings: &settings,
            actor: Actor::Cli,
            at,
            nonce: [1; 12],
        };
        store.link_account(&vault, new).await?;
    }
    Ok(())
}

/// The events in the tenants.
struct Life<'a> {
    fleet: &'a Fleet,
    dice: Dice,
    minute: i64,
    from: Timestamp,
    changed: u64,
}

impl Life<'_> {
    /// Moves the tenants' clocks to the current minute and applies that minute's changes.
    fn advance_to(&mut self, now: Timestamp) {
        let minute = now.duration_since(self.from).as_mins();
        let passed = minute - self.minute;
        if passed > 0 {
            for n in 0..self.fleet.len() {
                if let Some(tenant) = self.fleet.tenant(n) {
                    tenant.advance_minutes(passed);
                }
            }
            self.minute = minute;
        }
    }

    /// Changes the job of `count` employees.
    fn change(&mut self, count: u64) {
        for _ in 0..count {
            let n = usize::try_from(self.dice.draw()).unwrap_or(0) % self.fleet.len().max(1);
            let Some(tenant) = self.fleet.tenant(n) else { continue };
            let people = tenant.people(None, usize::MAX);
            let at = usize::try_from(self.dice.draw()).unwrap_or(0) % people.len().max(1);
            let Some(person) = people.get(at) else { continue };
            self.changed += 1;
            let job_title = Some(Some(format!("Job {}", self.changed)));
            tenant.change(person.id, PersonPatch { job_title, ..PersonPatch::default() });
        }
    }
}

/// The worker processes.
struct Crew<'a> {
    clock: FleetClock,
    url: String,
    wanted: &'a FleetOptions,
    slots: Vec<WorkerSlot>,
    started: u64,
    dice: Dice,
}

/// The version of this program that a worker process runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    This,
    Other,
}

struct WorkerSlot {
    version: Version,
    child: Option<Child>,
    /// When a killed or paused worker returns; `None` while it works.
    away_until: Option<Timestamp>,
    kills: u64,
    pauses: u64,
}

impl<'a> Crew<'a> {
    /// A crew with no worker started.
    fn new(clock: FleetClock, url: String, wanted: &'a FleetOptions) -> Self {
        let slot = |n| {
            let version = if wanted.beside.is_some() && n % 2 == 1 { Version::Other } else { Version::This };
            WorkerSlot { version, child: None, away_until: None, kills: 0, pauses: 0 }
        };
        let slots = (0..wanted.workers).map(slot).collect();
        Self { clock, url, wanted, slots, started: 0, dice: Dice::new(wanted.seed, 7) }
    }
}

impl Crew<'_> {
    /// Starts the workers of a version.
    fn start_version(&mut self, version: Version) -> Result<(), String> {
        for n in 0..self.slots.len() {
            if self.slots[n].version == version {
                self.slots[n].child = Some(self.start(version)?);
            }
        }
        Ok(())
    }

    /// Waits until every started worker has registered in `workers`.
    async fn wait_for_beats(&self) -> Result<(), String> {
        let mut connection = PgConnection::connect(&self.url).await.map_err(|error| error.to_string())?;
        for _ in 0..100 {
            // The table is missing until the first worker has created it.
            let beating = sqlx::query_scalar("SELECT count(*) FROM workers").fetch_one(&mut connection).await;
            if u64::try_from(beating.unwrap_or(0_i64)).is_ok_and(|beating| beating >= self.started) {
                return Ok(());
            }
            self.clock.sleep(Duration::from_secs(10)).await;
        }
        Err("a worker did not start".to_owned())
    }

    fn start(&mut self, version: Version) -> Result<Child, String> {
        self.started += 1;
        let order = Order {
            database: self.url.clone(),
            clock: self.clock,
            name: format!("worker {}", self.started),
            seed: self.wanted.seed.wrapping_mul(1000).wrapping_add(self.started),
        };
        let order = serde_json::to_string(&order).map_err(|error| error.to_string())?;
        let program = match (version, &self.wanted.beside) {
            (Version::Other, Some(other)) => other.clone(),
            _ => std::env::current_exe().map_err(|error| error.to_string())?,
        };
        Command::new(program)
            .args(["fleet-worker", &order])
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| format!("could not start a worker: {error}"))
    }

    /// Brings back the workers whose absence is over; from time to time kills or pauses one, never more than
    /// half of them.
    fn inject_failure(&mut self, now: Timestamp) -> Result<(), String> {
        self.bring_back(now)?;
        self.check_none_exited()?;
        let away = self.slots.iter().filter(|slot| slot.away_until.is_some()).count();
        // About one a minute.
        if away * 2 >= self.slots.len() || self.dice.between(0, 59) != 0 {
            return Ok(());
        }
        let pick = usize::try_from(self.dice.draw()).unwrap_or(0) % self.slots.len().max(1);
        let kill = self.dice.chance(50);
        let Some(slot) = self.slots.get_mut(pick).filter(|slot| slot.away_until.is_none()) else {
            return Ok(());
        };
        // A previous version does not start again on tables that it does not know.
        let kill = kill && slot.version == Version::This;
        let away = if kill { self.dice.between(5, 30) } else { self.dice.between(60, 180) };
        let Some(child) = &mut slot.child else { return Ok(()) };
        if kill {
            child.kill().and_then(|()| child.wait()).map_err(|error| error.to_string())?;
            slot.child = None;
            slot.kills += 1;
        } else {
            signal(child, Signal::STOP)?;
            slot.pauses += 1;
        }
        slot.away_until = Some(now + SignedDuration::from_secs(i64::try_from(away).unwrap_or(60)));
        Ok(())
    }

    fn bring_back(&mut self, now: Timestamp) -> Result<(), String> {
        for n in 0..self.slots.len() {
            if self.slots[n].away_until.is_none_or(|until| until > now) {
                continue;
            }
            self.slots[n].away_until = None;
            match &self.slots[n].child {
                Some(child) => signal(child, Signal::CONT)?,
                None => self.slots[n].child = Some(self.start(self.slots[n].version)?),
            }
        }
        Ok(())
    }

    /// Brings every worker back.
    fn recover(&mut self) -> Result<(), String> {
        self.bring_back(Timestamp::MAX)?;
        self.check_none_exited()
    }

    /// A worker that exits by itself is a failure, even if the others do its work.
    fn check_none_exited(&mut self) -> Result<(), String> {
        for slot in self.slots.iter_mut().filter(|slot| slot.version == Version::This) {
            let ended = slot.child.as_mut().and_then(|child| child.try_wait().transpose());
            if let Some(ended) = ended {
                let status = ended.map_err(|error| error.to_string())?;
                return Err(format!("a worker exited by itself: {status}"));
            }
        }
        Ok(())
    }

    fn kills_and_pauses(&self) -> (u64, u64) {
        let sum = |of: fn(&WorkerSlot) -> u64| self.slots.iter().map(of).sum();
        (sum(|slot| slot.kills), sum(|slot| slot.pauses))
    }

    fn summary(&self) -> String {
        let (kills, pauses) = self.kills_and_pauses();
        let away = self.slots.iter().filter(|slot| slot.away_until.is_some()).count();
        format!("{kills} killed, {pauses} paused so far, {away} away")
    }
}

impl Drop for Crew<'_> {
    fn drop(&mut self) {
        for child in self.slots.iter_mut().filter_map(|slot| slot.child.as_mut()) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn signal(child: &Child, signal: Signal) -> Result<(), String> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or("no process id")?;
    kill_process(pid, signal).map_err(|error| error.to_string())
}
