//! Makes a service's users and groups what they should be. What is known there is looked up before anything is made, what
//! it was last told is remembered by its hash, so that a push where nothing changed sends nothing; whoever is killed on the
//! way finds at the next push what was made.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use lucca::clock::Clock;
use lucca::{HostPolicy, Jitter};
use people::{Kind, RemoteId};
use serde_json::Value;
use store::{
    Error, IssueId, LinkedAccount, NewIssue, RecordState, ScimLink, ScimPushed, ScimResource, ScimTarget,
    ScimTargetId, Store, Vault, content_hash,
};

use super::client::{Abilities, Client, Failure};
use super::people::{Company, Person, Standing};
use super::report::{Action, Change, FAILED, HELD, ISSUES, REFUSED, Report, Step, UNREACHABLE};
use super::resource::{ACTIVE, Attributes, differences, member, patch, read, whole};
use super::settings::Settings;

/// Longer than one request with its waits takes; renewed before each resource.
const LEASE: Duration = Duration::from_mins(5);
const FIRST_WAIT: Duration = Duration::from_mins(1);
const LONGEST_WAIT: Duration = Duration::from_hours(4);
/// So many in a row fail before the service is left alone.
const PATIENCE: usize = 5;
/// More than this many users, and more than one in five, are not deactivated at once unasked; nor more than the second.
const BRAKE: (usize, usize) = (5, 50);

pub(super) const USERS: &str = "/Users";

/// Whether anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is done; with `confirmed` also what would be held.
    Apply {
        /// Whether a person agreed to it.
        confirmed: bool,
        /// Whether every user and group is compared with the service's, also where what it should be has not changed since it
        /// was last told: what somebody changed there is mended.
        compare: bool,
    },
    /// A dry run: the service is asked, and nothing is changed there nor noted here.
    Plan,
}

/// Pushes people to services.
pub struct Pusher {
    pub(super) store: Store,
    vault: Arc<Vault>,
    pub(super) clock: Arc<dyn Clock>,
    policy: HostPolicy,
    jitter: Jitter,
    holder: String,
}

/// A push that is going on.
pub(super) struct Round<'a> {
    pub(super) pusher: &'a Pusher,
    pub(super) target: ScimTarget,
    pub(super) client: Client,
    pub(super) can: Abilities,
    pub(super) settings: Settings,
    pub(super) is_plan: bool,
    /// Whether what a resource should be may be unchanged and is compared all the same.
    pub(super) compares: bool,
    pub(super) users: HashMap<RemoteId, ScimLink>,
    /// Groups that are departments here.
    pub(super) known_groups: HashMap<RemoteId, ScimLink>,
    pub(super) report: Report,
    /// Every resource of the service, where it knows no filter.
    listed: HashMap<&'static str, Vec<Value>>,
    failed_in_a_row: usize,
    claimed_at: Timestamp,
}

/// Why a push does not go on.
pub(super) enum Stop {
    Store(Error),
    Service(Failure),
    /// Somebody else has taken it over.
    Lost,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Service(failure)
    }
}

impl Pusher {
    /// A pusher that goes where `policy` allows. `holder` names it among all that push from the same store.
    pub fn new(
        store: Store,
        vault: Arc<Vault>,
        clock: Arc<dyn Clock>,
        policy: HostPolicy,
        (holder, seed): (&str, u64),
    ) -> Self {
        let (jitter, holder) = (Jitter::new(seed), format!("{holder} {seed:016x}"));
        Self { store, vault, clock, policy, jitter, holder }
    }

    /// Pushes all of a linked account's people to a service, as they stand on a day. Nothing where somebody is at it.
    ///
    /// # Errors
    ///
    /// Where the store fails. What the service does is in the report.
    pub async fn push(&self, id: ScimTargetId, today: Date, mode: Mode) -> Result<Option<Report>, Error> {
        let now = self.clock.now();
        let Some(target) = self.store.claim_scim_target(id, &self.holder, now, LEASE).await? else {
            return Ok(None);
        };
        let Some(account) = self.store.account(target.account_id).await? else {
            self.store.release_scim_target(id, &self.holder, None).await?;
            return Ok(None);
        };
        // Before anything is read: what changes meanwhile is pushed next time.
        let seq = self.store.last_change(account.no).await?;
        let mut report = Report::default();
        let outcome = self.round(&target, &account, today, mode, &mut report).await;
        let failure = match outcome {
            Ok(()) => None,
            Err(Stop::Service(failure)) => Some(failure),
            Err(Stop::Lost) => return Ok(None),
            Err(Stop::Store(error)) => {
                self.store.release_scim_target(id, &self.holder, None).await?;
                return Err(error);
            }
        };
        report.stopped = failure.as_ref().map(|failure| failure.code().to_owned());
        if mode == Mode::Plan {
            self.store.release_scim_target(id, &self.holder, None).await?;
            return Ok(Some(report));
        }
        let now = self.clock.now();
        let is_fine = failure.is_none() && report.count(Action::Fail) == 0;
        let attempts = if is_fine { 0 } else { target.attempts.saturating_add(1) };
        let asked = match failure {
            Some(Failure::Busy(wait)) => Some(wait),
            _ => None,
        };
        let wait = if is_fine { Duration::ZERO } else { wait(attempts, asked) };
        let wait = wait + self.jitter.below(wait / 4);
        let pushed = ScimPushed {
            // What is held waits for a person, or for something to change.
            done: is_fine.then_some((seq, today)),
            attempts,
            next_attempt_at: now.checked_add(wait).unwrap_or(Timestamp::MAX),
            report: &report.summary(),
        };
        self.store.release_scim_target(id, &self.holder, Some(pushed)).await?;
        self.settle(&target, &report, now).await?;
        Ok(Some(report))
    }

    /// What a push begins with: the service's abilities, what it was told, and what it should have.
    pub(super) async fn look(&self, target: &ScimTarget, today: Date) -> Result<(Round<'_>, Company), Stop> {
        let account = self.store.account(target.account_id).await?.ok_or(Stop::Lost)?;
        let settings = Settings::parse(&target.settings).map_err(|error| Failure::Address(error.code()))?;
        let token = target.token(&self.vault)?;
        let client = Client::new(&target.base_url, &token, self.policy, Arc::clone(&self.clock))?;
        let can = client.abilities().await?;
        let company = Company::load(&self.store, &account, &settings, today).await?;
        let users = self.store.scim_links(target.id, ScimResource::User).await?;
        let known_groups = self.store.scim_links(target.id, ScimResource::Group).await?;
        let round = Round {
            pusher: self,
            target: target.clone(),
            client,
            can,
            settings,
            is_plan: false,
            compares: true,
            users,
            known_groups,
            report: Report::default(),
            listed: HashMap::new(),
            failed_in_a_row: 0,
            claimed_at: self.clock.now(),
        };
        Ok((round, company))
    }

    async fn round(
        &self,
        target: &ScimTarget,
        account: &LinkedAccount,
        today: Date,
        mode: Mode,
        report: &mut Report,
    ) -> Result<(), Stop> {
        let (mut round, company) = self.look(target, today).await?;
        round.is_plan = mode == Mode::Plan;
        // A push that a person asked for begins before the log, and so does the first.
        round.compares = target.pushed_seq < 0 || !matches!(mode, Mode::Apply { compare: false, .. });
        let is_confirmed = matches!(mode, Mode::Apply { confirmed: true, .. }) || target.confirmed;
        let outcome = round.go(account, &company, is_confirmed).await;
        *report = round.report;
        outcome
    }

    /// Opens and resolves the issues of a service.
    async fn settle(&self, target: &ScimTarget, report: &Report, at: Timestamp) -> Result<(), Error> {
        let (subject, summary) = (target.id.to_string(), report.summary());
        for code in ISSUES {
            let holds = match code {
                HELD => report.held.is_some(),
                FAILED => report.count(Action::Fail) > 0,
                REFUSED => report.stopped.as_deref() == Some(REFUSED),
                UNREACHABLE => {
                    report.stopped.as_deref().is_some_and(|stopped| stopped != REFUSED)
                        && target.attempts >= 2
                }
                _ => false,
            };
            if holds {
                let mut random = [0; 10];
                let seed = content_hash(&format!("{subject} {code} {at}")).to_be_bytes();
                random.copy_from_slice(&seed[..10]);
                let id = IssueId::mint(at, random);
                let account_no = target.account_no;
                let issue = NewIssue { id, account_no, code, subject: &subject, detail: &summary, at };
                self.store.open_issue(issue).await?;
            } else if report.stopped.is_none()
                || code == UNREACHABLE && report.stopped.as_deref() == Some(REFUSED)
            {
                self.store.resolve_issue(target.account_no, code, &subject, at).await?;
            }
        }
        Ok(())
    }
}

/// How long to wait after so many failures: as the service asks, or twice as long each time.
fn wait(attempts: u32, asked: Option<Duration>) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1)));
    asked.unwrap_or(doubled).clamp(FIRST_WAIT, LONGEST_WAIT)
}

impl Round<'_> {
    async fn go(
        &mut self,
        account: &LinkedAccount,
        company: &Company,
        is_confirmed: bool,
    ) -> Result<(), Stop> {
        let here: HashSet<&RemoteId> = company.people.iter().map(|person| &person.id).collect();
        let vanished = self.vanished(account, &here).await?;
        let leaving = |person: &&Person| {
            let is_over = matches!(person.standing, Standing::Left | Standing::NotYet);
            is_over && self.users.get(&person.id).is_some_and(|link| link.active)
        };
        let gone = vanished.iter().filter(|id| self.users.get(*id).is_some_and(|link| link.active));
        let ending = company.people.iter().filter(leaving).count() + gone.count();
        let all = self.users.values().filter(|link| link.active).count();
        let is_much = ending > BRAKE.1 || (ending > BRAKE.0 && ending * 5 > all);
        let is_held = is_much && !is_confirmed;
        if is_held {
            self.report.held = Some(ending as u64);
        }
        // Managers come before those who report to them; who reports in a circle is told of at the second turn.
        // A dry run has no users that could be told of.
        let turns = if self.is_plan { 1 } else { 2 };
        for turn in 0..turns {
            for person in &company.people {
                let is_ending = matches!(person.standing, Standing::Left | Standing::NotYet);
                if is_held && is_ending {
                    continue;
                }
                if turn == 1
                    && self.users.get(&person.id).is_none_or(|link| link.hash == self.wanted(person).1)
                {
                    continue;
                }
                self.still_ours().await?;
                let done = self.user(person, turn == 0).await;
                self.note("user", &person.id, person.user_name().unwrap_or_default(), done)?;
            }
        }
        if !is_held {
            for id in vanished {
                self.still_ours().await?;
                let done = self.vanish(&id).await;
                self.note("user", &id, "", done)?;
            }
        }
        // Who is held keeps their groups.
        if !self.settings.without_groups && !is_held {
            self.groups(company).await?;
        }
        Ok(())
    }

    /// Those who are users and are no longer known here. Who is only hidden, because the key lost a permission, is not.
    async fn vanished(
        &self,
        account: &LinkedAccount,
        here: &HashSet<&RemoteId>,
    ) -> Result<Vec<RemoteId>, Error> {
        let missing: Vec<RemoteId> = self.users.keys().filter(|id| !here.contains(id)).cloned().collect();
        let stored = self.pusher.store.bodies(account.no, Kind::Employee, &missing).await?;
        let is_hidden =
            |id: &RemoteId| stored.get(id).is_some_and(|(_, state)| *state == RecordState::Hidden);
        let mut vanished: Vec<RemoteId> = missing.into_iter().filter(|id| !is_hidden(id)).collect();
        vanished.sort();
        Ok(vanished)
    }

    /// What a user should be, by who is known to the service by now, and its hash.
    pub(super) fn wanted(&self, person: &Person) -> (Attributes, u128) {
        let mut wanted = person.attributes.clone();
        if let Some(manager) = &person.manager {
            let manager = self.users.get(manager).map(|link| link.remote_id.clone());
            wanted.insert("enterprise.manager", manager);
        } else if self.settings.sources().any(|(attribute, _)| attribute == "enterprise.manager") {
            wanted.insert("enterprise.manager", None);
        }
        wanted.insert(ACTIVE, Some((person.standing == Standing::Active).to_string()));
        // Attributes always have a JSON form.
        let hash = content_hash(&serde_json::to_string(&wanted).unwrap_or_default());
        (wanted, hash)
    }

    async fn user(&mut self, person: &Person, counts: bool) -> Result<Option<Step>, Stop> {
        let (wanted, hash) = self.wanted(person);
        let link = self.users.get(&person.id).cloned();
        let is_user = matches!(person.standing, Standing::Active | Standing::Ahead);
        let there = match &link {
            Some(link) if link.hash == hash && !(self.compares && counts) => {
                self.report.unchanged += u64::from(counts);
                return Ok(None);
            }
            Some(link) => match self.client.get(&path_of(USERS, &link.remote_id)).await {
                Ok(there) => Some(there),
                Err(failure) if failure.is_missing() => None,
                Err(failure) => return Err(failure.into()),
            },
            None => None,
        };
        let Some(name) = person.user_name() else {
            // Whoever may not log in any more needs no name for that.
            if let (Some(there), Some(link), false) = (&there, &link, is_user) {
                return self.switch_off(&person.id, there, link).await;
            }
            self.report.nameless += u64::from(counts && is_user);
            return Ok(None);
        };
        match there {
            Some(there) => {
                let before = link.as_ref().is_some_and(|link| link.active);
                self.update(person, &there, &wanted, hash, before).await
            }
            None if !is_user => {
                if link.is_some() {
                    self.keep(&person.id, None).await?;
                }
                Ok(None)
            }
            None => {
                let external = person.attributes.get("externalId").cloned().flatten();
                let by = external.as_deref().map(|id| ("externalId", id));
                let by: Vec<(&str, &str)> = by.into_iter().chain([("userName", name)]).collect();
                match self.look_up(USERS, &by).await? {
                    Some(there) => self.adopt(person, &there, &wanted, hash).await,
                    None => match self.create(person, &wanted, hash).await {
                        // Somebody made it at this moment, or an answer was lost.
                        Err(Stop::Service(failure)) if failure.is_conflict() => {
                            match self.look_up(USERS, &by).await? {
                                Some(there) => self.adopt(person, &there, &wanted, hash).await,
                                None => Err(failure.into()),
                            }
                        }
                        made => made,
                    },
                }
            }
        }
    }

    /// Takes a user that was there for this person's.
    async fn adopt(
        &mut self,
        person: &Person,
        there: &Value,
        wanted: &Attributes,
        hash: u128,
    ) -> Result<Option<Step>, Stop> {
        let step = self.update(person, there, wanted, hash, is_active(there)).await?;
        let name = person.user_name().unwrap_or_default();
        Ok(Some(match step {
            Some(step) => Step { action: Action::Adopt, ..step },
            None => self.step(Action::Adopt, "user", &person.id, name, Vec::new()),
        }))
    }

    /// The resource that has one of these values, the first attribute that finds any deciding.
    pub(super) async fn look_up(
        &mut self,
        path: &'static str,
        by: &[(&str, &str)],
    ) -> Result<Option<Value>, Stop> {
        let external = by.iter().find(|(name, _)| *name == "externalId").map(|(_, id)| *id);
        let mut is_taken = false;
        for &(attribute, value) in by {
            let is_it = |one: &Value| {
                read(one, attribute).is_some_and(|its| {
                    if attribute == "externalId" { its == value } else { its.eq_ignore_ascii_case(value) }
                })
            };
            let mut found = self.candidates(path, attribute, value).await?;
            // A service that does not know the filter answers with whoever is there.
            found.retain(is_it);
            // One that has another's external id is another's; so is one that is known here already.
            let all = found.len();
            found.retain(|one| {
                let its = read(one, "externalId");
                (its.is_none() || its.as_deref() == external) && !self.is_known(path, one)
            });
            is_taken |= all > found.len();
            match found.len() {
                0 => {}
                1 => return Ok(Some(found.swap_remove(0))),
                _ => return Err(Failure::Ambiguous.into()),
            }
        }
        // Groups may share a name; users may not.
        if is_taken && path == USERS { Err(Failure::Taken.into()) } else { Ok(None) }
    }

    async fn candidates(
        &mut self,
        path: &'static str,
        attribute: &str,
        value: &str,
    ) -> Result<Vec<Value>, Failure> {
        if self.can.filter {
            match self.client.find(path, attribute, value).await {
                // It filters, but not by this: all of them are looked through.
                Err(failure) if failure.is_of_one() => {}
                found => return found,
            }
        }
        if !self.listed.contains_key(path) {
            self.listed.insert(path, self.client.all(path).await?);
        }
        Ok(self.listed.get(path).cloned().unwrap_or_default())
    }

    /// Whether a resource is that of somebody, or some department, here.
    fn is_known(&self, path: &str, resource: &Value) -> bool {
        let known = if path == USERS { &self.users } else { &self.known_groups };
        let id = member(resource, "id").as_str();
        known.values().any(|link| Some(link.remote_id.as_str()) == id)
    }

    async fn create(
        &mut self,
        person: &Person,
        wanted: &Attributes,
        hash: u128,
    ) -> Result<Option<Step>, Stop> {
        let changes = differences(&Value::Null, wanted);
        let name = person.user_name().unwrap_or_default();
        let remote_id = if self.is_plan {
            format!("(new) {}", person.id)
        } else {
            let made = self.client.post(USERS, &whole(&Value::Null, &changes)).await?;
            remote_id(&made)?
        };
        let active = person.standing == Standing::Active;
        self.keep(&person.id, Some(ScimLink { remote_id, hash, active })).await?;
        Ok(Some(self.step(Action::Create, "user", &person.id, name, changes)))
    }

    async fn update(
        &mut self,
        person: &Person,
        there: &Value,
        wanted: &Attributes,
        hash: u128,
        was_active: bool,
    ) -> Result<Option<Step>, Stop> {
        let id = remote_id(there)?;
        let changes = differences(there, wanted);
        self.change(&id, there, &changes).await?;
        let active = person.standing == Standing::Active;
        self.keep(&person.id, Some(ScimLink { remote_id: id, hash, active })).await?;
        if changes.is_empty() {
            self.report.unchanged += 1;
            return Ok(None);
        }
        let is_switched = changes.iter().any(|change| change.attribute == ACTIVE);
        let action = match (is_switched, was_active, active) {
            (true, _, false) => Action::Deactivate,
            (true, _, true) => Action::Reactivate,
            _ => Action::Update,
        };
        let name = person.user_name().unwrap_or_default();
        Ok(Some(self.step(action, "user", &person.id, name, changes)))
    }

    async fn change(&self, id: &str, there: &Value, changes: &[Change]) -> Result<(), Stop> {
        if changes.is_empty() || self.is_plan {
            return Ok(());
        }
        self.send_change(&path_of(USERS, id), &patch(there, changes), &whole(there, changes)).await
    }

    /// Changes a resource by PATCH, or where the service does not know that, by PUT of the whole.
    pub(super) async fn send_change(&self, path: &str, patch: &Value, whole: &Value) -> Result<(), Stop> {
        if self.can.patch {
            match self.client.patch(path, patch).await {
                Err(failure) if failure.is_unknown_method() => {}
                changed => return Ok(changed.map(drop)?),
            }
        }
        Ok(self.client.put(path, whole).await.map(drop)?)
    }

    /// A user may not log in any more; nothing else of it is changed.
    async fn switch_off(
        &mut self,
        id: &RemoteId,
        there: &Value,
        link: &ScimLink,
    ) -> Result<Option<Step>, Stop> {
        let changes = differences(there, &Attributes::from([(ACTIVE, Some(false.to_string()))]));
        self.change(&link.remote_id, there, &changes).await?;
        // Should they come back, they are compared anew.
        let link = ScimLink { active: false, hash: 0, remote_id: link.remote_id.clone() };
        self.keep(id, Some(link)).await?;
        if changes.is_empty() {
            self.report.unchanged += 1;
            return Ok(None);
        }
        let name = read(there, "userName").unwrap_or_default();
        Ok(Some(self.step(Action::Deactivate, "user", id, &name, changes)))
    }

    /// Somebody is no longer known here: deactivated, or deleted where the settings say so.
    async fn vanish(&mut self, id: &RemoteId) -> Result<Option<Step>, Stop> {
        let Some(link) = self.users.get(id).cloned() else { return Ok(None) };
        let path = path_of(USERS, &link.remote_id);
        if self.settings.delete {
            if !self.is_plan {
                self.client.delete(&path).await?;
            }
            self.keep(id, None).await?;
            return Ok(Some(self.step(Action::Delete, "user", id, &link.remote_id, Vec::new())));
        }
        if !link.active && !self.compares {
            self.report.unchanged += 1;
            return Ok(None);
        }
        let there = match self.client.get(&path).await {
            Ok(there) => there,
            Err(failure) if failure.is_missing() => {
                self.keep(id, None).await?;
                return Ok(None);
            }
            Err(failure) => return Err(failure.into()),
        };
        self.switch_off(id, &there, &link).await
    }

    async fn keep(&mut self, id: &RemoteId, link: Option<ScimLink>) -> Result<(), Error> {
        if !self.is_plan {
            self.pusher.store.keep_scim_link(self.target.id, ScimResource::User, id, link.as_ref()).await?;
        }
        match link {
            Some(link) => self.users.insert(id.clone(), link),
            None => self.users.remove(id),
        };
        Ok(())
    }

    pub(super) fn step(
        &self,
        action: Action,
        resource: &'static str,
        id: &RemoteId,
        name: &str,
        changes: Vec<Change>,
    ) -> Step {
        Step { action, resource, id: id.clone(), name: name.to_owned(), changes, error: None }
    }

    /// Notes what became of a resource. What is wrong with one does not stop the others, unless many fail in a row.
    pub(super) fn note(
        &mut self,
        resource: &'static str,
        id: &RemoteId,
        name: &str,
        done: Result<Option<Step>, Stop>,
    ) -> Result<(), Stop> {
        match done {
            Ok(step) => {
                self.failed_in_a_row = 0;
                self.report.steps.extend(step);
                Ok(())
            }
            // Nor does one whose requests take too long.
            Err(Stop::Service(failure)) if failure.is_of_one() || failure == Failure::Unreachable => {
                self.failed_in_a_row += 1;
                let status = match &failure {
                    Failure::Status { status, kind } => {
                        format!(
                            " ({status}{})",
                            kind.as_deref().map(|kind| format!(" {kind}")).unwrap_or_default()
                        )
                    }
                    _ => String::new(),
                };
                let error = Some(format!("{}{status}", failure.code()));
                let step = self.step(Action::Fail, resource, id, name, Vec::new());
                self.report.steps.push(Step { error, ..step });
                if self.failed_in_a_row >= PATIENCE { Err(Failure::Unreachable.into()) } else { Ok(()) }
            }
            Err(stop) => Err(stop),
        }
    }

    /// Renews the lease, where it is time.
    pub(super) async fn still_ours(&mut self) -> Result<(), Stop> {
        if self.is_plan {
            return Ok(());
        }
        let now = self.pusher.clock.now();
        if Duration::try_from(now.duration_since(self.claimed_at)).is_ok_and(|time| time < LEASE / 5) {
            return Ok(());
        }
        let (id, holder) = (self.target.id, &self.pusher.holder);
        let claimed = self.pusher.store.claim_scim_target(id, holder, now, LEASE).await?;
        self.claimed_at = now;
        claimed.map(drop).ok_or(Stop::Lost)
    }
}

/// The service's id of a resource. What has none is no resource of SCIM's.
pub(super) fn remote_id(resource: &Value) -> Result<String, Failure> {
    let id = member(resource, "id").as_str();
    id.filter(|id| !id.is_empty() && id.len() <= 500).map(str::to_owned).ok_or(Failure::Unreachable)
}

/// Where a resource is: its id may hold anything.
pub(super) fn path_of(kind: &str, id: &str) -> String {
    let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
    format!("{kind}/{}", id.replace('+', "%20"))
}

/// Whether a user may log in: who is not said not to, may.
fn is_active(user: &Value) -> bool {
    read(user, ACTIVE).is_none_or(|active| active != "false")
}
