//! The tenant's state, and changes to it at run time.
//!
//! Included: the state that the API, the control surface and tests share. Not included: HTTP.

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use jiff::{
    ToSpan as _,
    civil::{Date, DateTime},
};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::{
    absence_writes::{AbsenceWrite, AbsenceWrites, ImportJob},
    changes::people::{Hire, PersonPatch, PersonSummary, apply, summary},
    clock::{RateClock, TenantClock},
    company::{
        absences::{Half, Period, place},
        contracts::{Terms, contract},
        model::{Company, Log, Person, Status},
        stamp::Stamp,
    },
    dice::Dice,
    faults::{Fault, FaultCounters},
    limiter::{Limiter, RateFacts},
    list_cache::ListCache,
    notifications::{LeaveEvent, Notification, notifications},
    rights::{KeyConfig, Rights, digits_of},
    snapshot::Snapshot,
    switches::Switches,
    truth::Truth,
    view::View,
};

/// Number of requests kept for `requests()`; older ones are dropped.
const REMEMBERED_REQUESTS: usize = 200_000;

/// A running tenant, for reading and changing it. Cheap to clone; all clones are the same tenant.
#[derive(Debug, Clone)]
pub struct Tenant(Arc<State>);

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) seed: u64,
    pub(crate) clock: TenantClock,
    pub(crate) list_cache: ListCache,
    company: RwLock<Company>,
    switches: RwLock<Switches>,
    keys: RwLock<Vec<KeyConfig>>,
    counters: Mutex<FaultCounters>,
    requests: Mutex<VecDeque<LoggedRequest>>,
    limiter: Mutex<Limiter>,
    rate_clock: RwLock<RateClock>,
    /// The accepted writes of absences.
    writes: Mutex<AbsenceWrites>,
    /// Notifications to send, and the statuses of those sent; 0 is no answer.
    notifications: Mutex<Vec<Notification>>,
    more_notifications: Notify,
    told: Mutex<Vec<u16>>,
}

/// An answered request of the API. It does not include the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedRequest {
    /// Method.
    pub method: String,
    /// Path as received.
    pub path: String,
    /// Query string as received, without `?`.
    pub query: String,
    /// Status of the answer; 0 if the connection was closed or left hanging.
    pub status: u16,
    /// Size of the body before compression.
    pub response_bytes: u64,
    /// Name of the key, if it was a known one.
    pub principal: Option<String>,
}

impl Tenant {
    pub(crate) fn new(
        company: Company,
        seed: u64,
        clock: TenantClock,
        switches: Switches,
        keys: Vec<KeyConfig>,
    ) -> Self {
        Self(Arc::new(State {
            seed,
            clock,
            list_cache: ListCache::default(),
            company: RwLock::new(company),
            switches: RwLock::new(switches),
            keys: RwLock::new(keys),
            counters: Mutex::default(),
            requests: Mutex::default(),
            limiter: Mutex::default(),
            rate_clock: RwLock::new(RateClock::real()),
            writes: Mutex::default(),
            notifications: Mutex::default(),
            more_notifications: Notify::new(),
            told: Mutex::default(),
        }))
    }

    pub(crate) fn state(&self) -> &State {
        &self.0
    }

    /// The tenant's clock, in Paris local time.
    pub fn now(&self) -> DateTime {
        self.0.clock.now()
    }

    /// Moves the clock by days; contracts start and end accordingly.
    pub fn advance_days(&self, days: i64) {
        self.0.clock.advance(days);
        self.0.list_cache.clear();
    }

    /// Moves the clock by minutes.
    pub fn advance_minutes(&self, minutes: i64) {
        self.0.clock.advance_minutes(minutes);
        self.0.list_cache.clear();
    }

    /// Moves the clock to a day, keeping the time of the day.
    pub fn set_today(&self, today: Date) {
        self.0.clock.set_today(today);
        self.0.list_cache.clear();
    }

    /// The current switches.
    pub fn switches(&self) -> Switches {
        read(&self.0.switches).clone()
    }

    /// Replaces the switches; fault counters restart.
    pub fn set_switches(&self, switches: Switches) {
        *write(&self.0.switches) = switches;
        lock(&self.0.counters).reset();
        self.0.list_cache.clear();
    }

    /// Replaces the faults; their counters restart.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        let switches = Switches { faults, ..self.switches() };
        self.set_switches(switches);
    }

    /// The keys and their rights.
    pub fn keys(&self) -> Vec<KeyConfig> {
        read(&self.0.keys).clone()
    }

    /// Adds a key, or replaces the name and rights of an existing one.
    pub fn put_key(&self, key: KeyConfig) {
        let mut keys = write(&self.0.keys);
        let digits = digits_of(&key.key);
        match keys.iter_mut().find(|known| digits_of(&known.key) == digits) {
            Some(known) => *known = key,
            None => keys.push(key),
        }
    }

    /// Replaces a key's rights. False if there is no such key.
    pub fn set_rights(&self, key: &str, rights: Rights) -> bool {
        let digits = digits_of(key);
        let mut keys = write(&self.0.keys);
        let known = keys.iter_mut().find(|known| digits_of(&known.key) == digits);
        known.map(|known| known.rights = rights).is_some()
    }

    /// Counts of the records visible to a key; `None` if there is no such key.
    pub fn truth_for(&self, key: &str) -> Option<Truth> {
        let key = self.0.key(&digits_of(key)?)?;
        let (company, switches) = (read(&self.0.company), read(&self.0.switches));
        Some(Truth::of(&self.0.view(&company, &switches, &key, "")))
    }

    /// All records visible to a key, as plain facts; `None` if there is no such key.
    pub fn snapshot(&self, key: &str) -> Option<Snapshot> {
        let key = self.0.key(&digits_of(key)?)?;
        let (company, switches) = (read(&self.0.company), read(&self.0.switches));
        Some(Snapshot::of(&self.0.view(&company, &switches, &key, "")))
    }

    /// Every request answered so far, oldest first.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        lock(&self.0.requests).iter().cloned().collect()
    }

    /// Drops the requests answered so far.
    pub fn clear_requests(&self) {
        lock(&self.0.requests).clear();
    }

    /// The rate limit's observations since the tenant was started.
    pub fn rate_facts(&self) -> RateFacts {
        lock(&self.0.limiter).facts()
    }

    /// Replaces the machine's clock in the rate limit: `now` returns the time since any fixed instant, an
    /// hour or more at the first request, and does not go back.
    pub fn set_rate_clock(&self, now: impl Fn() -> Duration + Send + Sync + 'static) {
        *write(&self.0.rate_clock) = RateClock::of(now);
    }

    /// All accepted writes of absences, oldest first; whether or not the answer arrived.
    pub fn writes(&self) -> Vec<AbsenceWrite> {
        lock(&self.0.writes).done()
    }

    /// The statuses that receivers returned to the tenant's notifications, oldest first; 0 is no answer.
    pub fn told(&self) -> Vec<u16> {
        lock(&self.0.told).clone()
    }

    /// Summaries of user records, by id, of one status or all, without the technical user 0; `limit` at most.
    pub fn people(&self, status: Option<Status>, limit: usize) -> Vec<PersonSummary> {
        let today = self.0.clock.today();
        let company = read(&self.0.company);
        let people = company
            .people
            .iter()
            .filter(|one| one.id != 0 && status.is_none_or(|wanted| one.status(today) == wanted));
        people.take(limit).map(|person| summary(person, today)).collect()
    }

    /// Changes a user record. `None` if there is no such user.
    pub fn change(&self, id: i64, patch: PersonPatch) -> Option<PersonSummary> {
        let today = self.0.clock.today();
        let touch = patch.touch != Some(false);
        let changed = self.edit(id, touch, |_, person| {
            apply(person, patch, today);
            Ok::<_, Infallible>(summary(person, today))
        });
        changed.map(|Ok(summary)| summary)
    }

    /// Changes a copy of a user record and stores it, with the log entries of the change; if `edit` fails,
    /// the record is unchanged. `None` if there is no such user.
    pub(crate) fn edit<T, E>(
        &self,
        id: i64,
        touch: bool,
        edit: impl FnOnce(&Company, &mut Person) -> Result<T, E>,
    ) -> Option<Result<T, E>> {
        let now = self.0.now();
        let today = now.date();
        let touch = touch && self.0.switches().modified_at_moves;
        let mut company = write(&self.0.company);
        let place = company.place_of(id)?;
        let mut person = company.people.get(place)?.clone();
        if touch {
            person.modified = Stamp::coarse(now);
        }
        let edited = match edit(&company, &mut person) {
            Ok(edited) => edited,
            Err(refusal) => return Some(Err(refusal)),
        };
        let slot = company.people.get_mut(place)?;
        let lines = differences(slot, &person, today);
        let renewed = slot.contracts.len() != person.contracts.len();
        *slot = person;
        for (name, value) in lines {
            let line = company.next_log();
            let at = Stamp::coarse(now);
            company.logs.push(Log { id: line, name, owner: id, author: 1, at, value });
        }
        if renewed {
            company.index_contracts();
        }
        self.0.list_cache.clear();
        Some(Ok(edited))
    }

    /// The id of the user with that contract.
    pub(crate) fn owner_of(&self, contract: i64) -> Option<i64> {
        let company = read(&self.0.company);
        let at = company.contract_owners.binary_search_by_key(&contract, |(id, _)| *id).ok()?;
        let (_, place) = company.contract_owners.get(at)?;
        company.people.get(*place).map(|person| person.id)
    }

    /// Adds a user with one contract; returns the new id, above all others unless another was requested.
    pub fn hire(&self, hire: Hire) -> i64 {
        let today = self.0.now().date();
        self.alter(|company, stamp| {
            let wanted = hire.id.filter(|id| *id > 0 && company.place_of(*id).is_none());
            let id = wanted.unwrap_or_else(|| company.next_user());
            let establishment = hire
                .establishment_id
                .unwrap_or_else(|| company.establishments.first().map_or(1, |site| site.id));
            let department = hire
                .department_id
                .unwrap_or_else(|| company.departments.first().map_or(1, |department| department.id));
            let mut dice = Dice::new(self.0.seed, u64::MAX - id.unsigned_abs());
            let terms = Terms { establishment, category: Some(0), author: 1, supervisor: None, stable: true };
            let template = if hire.ends_on.is_some() { 2 } else { 1 };
            let starts = hire.starts_on.unwrap_or(today);
            let mut first = contract(&mut dice, template, starts, hire.ends_on, &terms);
            first.id = company.next_contract();
            let mut person =
                Person::blank(id, hire.first_name, hire.last_name, department, establishment, stamp);
            person.mail = hire.mail;
            person.job_title = hire.job_title;
            person.manager = hire.manager_id;
            person.employee_number = hire.employee_number.or(person.employee_number);
            person.contracts = vec![first];
            company.add_person(person);
            id
        })
    }

    /// Deletes a user and their contracts. False if there is no such user.
    pub fn remove(&self, id: i64) -> bool {
        self.alter(|company, _| company.remove_person(id))
    }

    /// Changes the company with the stamp of the change; clears the cached lists.
    pub(crate) fn alter<T>(&self, change: impl FnOnce(&mut Company, Stamp) -> T) -> T {
        let stamp = Stamp::coarse(self.0.now());
        let mut company = write(&self.0.company);
        let last = company.absences.last_period;
        let changed = change(&mut company, stamp);
        self.0.list_cache.clear();
        for id in last + 1..=company.absences.last_period {
            let period = company.absences.place_of(id.into()).and_then(|at| company.absences.periods.get(at));
            self.notify(&company, id.into(), period.and_then(|new| LeaveEvent::between(None, new.stage)));
        }
        changed
    }

    /// Enqueues notifications about a period, if the tenant has a receiver.
    pub(crate) fn notify(&self, company: &Company, id: i64, leave_event: Option<LeaveEvent>) {
        let all = &company.absences;
        let Some(period) = all.place_of(id).and_then(|at| all.periods.get(at)) else { return };
        let places: Vec<u32> = period.places().filter(|at| !all.dropped.contains_key(at)).collect();
        self.notify_half_days(company, period, &places, leave_event);
    }

    /// Enqueues notifications about half-days.
    pub(crate) fn notify_half_days(
        &self,
        company: &Company,
        period: &Period,
        places: &[u32],
        leave_event: Option<LeaveEvent>,
    ) {
        let switches = self.0.switches();
        let (Some(telling), Some(leave_event)) = (&switches.telling, leave_event) else { return };
        let halves: Vec<Half> =
            places.iter().filter_map(|at| company.absences.halves.get(place(*at)).copied()).collect();
        let queued = notifications(company, telling, self.now(), (period, &halves), leave_event);
        drop(switches);
        self.0.queue_notifications(queued);
    }

    /// Sets the last day of the applicable contract. `None` if there is no such user.
    pub fn terminate(&self, id: i64, last_day: Date) -> Option<PersonSummary> {
        self.change(id, PersonPatch { ends_on: Some(Some(last_day)), ..PersonPatch::default() })
    }
}

/// The log entries of a change (source: directory.md §11.6).
fn differences(before: &Person, after: &Person, today: Date) -> Vec<(&'static str, String)> {
    let text = |id: Option<i64>| id.map_or(String::new(), |id| id.to_string());
    let section = |of: &Person, axis| of.axes.iter().find(|(id, _)| *id == axis).map(|(_, id)| *id);
    let site = |of: &Person| Some(of.current_establishment(today));
    let lines = [
        ("departmentid", Some(before.department), Some(after.department)),
        ("manager", before.manager, after.manager),
        ("legalentityid", site(before), site(after)),
        ("calendarid", before.calendar, after.calendar),
        ("userAxisValues_4", section(before, 4), section(after, 4)),
        ("userAxisValues_7", section(before, 7), section(after, 7)),
    ];
    lines.into_iter().filter(|(_, was, is)| was != is).map(|(name, _, is)| (name, text(is))).collect()
}

impl State {
    pub(crate) fn company(&self) -> RwLockReadGuard<'_, Company> {
        read(&self.company)
    }
    pub(crate) fn switches(&self) -> RwLockReadGuard<'_, Switches> {
        read(&self.switches)
    }
    pub(crate) fn counters(&self) -> MutexGuard<'_, FaultCounters> {
        lock(&self.counters)
    }

    /// The tenant's current time: its clock may be wrong.
    pub(crate) fn now(&self) -> DateTime {
        self.now_by(&self.switches())
    }
    fn now_by(&self, switches: &Switches) -> DateTime {
        let wrong = switches.clock_offset_minutes.clamp(-1_000_000, 1_000_000);
        let now = self.clock.now();
        now.checked_add(wrong.minutes()).unwrap_or(now)
    }

    /// The key with these digits.
    pub(crate) fn key(&self, digits: &str) -> Option<KeyConfig> {
        read(&self.keys).iter().find(|key| digits_of(&key.key).as_deref() == Some(digits)).cloned()
    }

    pub(crate) fn view<'a>(
        &self,
        company: &'a Company,
        switches: &'a Switches,
        key: &'a KeyConfig,
        origin: &'a str,
    ) -> View<'a> {
        let now = self.now_by(switches);
        View { company, rights: &key.rights, switches, principal: &key.name, origin, now, today: now.date() }
    }

    pub(crate) fn wrote(&self, write: AbsenceWrite) {
        lock(&self.writes).add(write);
    }

    /// Stores an import; returns its id.
    pub(crate) fn queue(&self, failed: bool, polls: u32) -> String {
        lock(&self.writes).queue(self.seed, failed, polls)
    }

    pub(crate) fn with_job<T>(&self, id: &str, with: impl FnOnce(&mut ImportJob) -> T) -> Option<T> {
        lock(&self.writes).job(id).map(with)
    }

    pub(crate) fn queue_notifications(&self, notifications: Vec<Notification>) {
        lock(&self.notifications).extend(notifications);
        self.more_notifications.notify_one();
    }

    /// The notifications to send, once there are any.
    pub(crate) async fn notifications(&self) -> Vec<Notification> {
        loop {
            let some = std::mem::take(&mut *lock(&self.notifications));
            if !some.is_empty() {
                return some;
            }
            self.more_notifications.notified().await;
        }
    }

    pub(crate) fn record_notified(&self, status: u16) {
        lock(&self.told).push(status);
    }

    pub(crate) fn log(&self, request: LoggedRequest) {
        let mut requests = lock(&self.requests);
        if requests.len() >= REMEMBERED_REQUESTS {
            requests.pop_front();
        }
        requests.push_back(request);
    }

    /// Counts a request against the rate limit; returns the time to wait if it is refused.
    pub(crate) fn admit(&self, limit: u32, switches: &Switches) -> Result<(), Duration> {
        let mut limiter = lock(&self.limiter);
        // Read under the lock, so that times do not go back.
        let now = read(&self.rate_clock).now();
        limiter.admit(limit, switches, now)
    }
}

// A panic while a lock was held is a bug of the emulator, but its data stay usable: no change is made in
// steps that could be seen half done.
fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}
fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
