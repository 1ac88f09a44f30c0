//! Provisions employees as users: creates, adopts, updates, activates and deactivates them, one after the
//! other. Not here: the lease and the schedule (`push`).

use std::collections::HashSet;
use std::time::Duration;

use people::{Kind, RemoteId};
use serde_json::Value;
use store::{Error, LinkedAccount, RecordState, ScimLink, ScimResource, content_hash};

use super::client::Failure;
use super::people::{Company, Person, Standing};
use super::push::{LEASE, Round, Stop, USERS};
use super::report::{Action, Change, Step};
use super::resource::{ACTIVE, Attributes, differences, id_in, member, patch, read, whole};

/// Consecutive failures without a response, or of the service itself, after which the push stops.
const PATIENCE: usize = 5;
/// Forbidden requests after which the push stops if the service has accepted the token for no resource.
const FORBIDDEN_AT_FIRST: usize = 5;
/// Whether so many of `all` wait for confirmation: more than 50, or more than 5 and than one in five.
pub(super) fn is_much(ending: usize, all: usize) -> bool {
    ending > 50 || (ending > 5 && ending * 5 > all)
}

impl Round<'_> {
    pub(super) async fn run(
        &mut self,
        account: &LinkedAccount,
        company: &Company,
        is_confirmed: bool,
    ) -> Result<(), Stop> {
        let here: HashSet<&RemoteId> = company.people.iter().map(|person| &person.id).collect();
        let vanished = self.vanished(account, &here).await?;
        let leaving = |person: &&Person| {
            let is_over = !person.standing.is_user();
            is_over && self.users.get(&person.id).is_some_and(|link| link.active)
        };
        let gone = vanished.iter().filter(|id| self.users.get(*id).is_some_and(|link| link.active));
        let ending = company.people.iter().filter(leaving).count() + gone.count();
        let all = self.users.values().filter(|link| link.active).count();
        let is_held = is_much(ending, all) && !is_confirmed;
        if is_held {
            self.report.held = Some(ending as u64);
        }
        // Leavers first: later failures must not leave them their access, and others may get their user names.
        if !is_held {
            for id in vanished {
                self.renew_lease().await?;
                let done = self.end_user(&id).await;
                self.note("user", &id, "", done)?;
            }
            for person in company.people.iter().filter(|person| !person.standing.is_user()) {
                self.renew_lease().await?;
                let done = self.user(person, true).await;
                self.note("user", &person.id, person.user_name().unwrap_or_default(), done)?;
            }
        }
        // Managers come before their reports; the second pass sets managers in reporting cycles. A dry run
        // creates no users that the second pass could refer to.
        let turns = if self.is_plan { 1 } else { 2 };
        for turn in 0..turns {
            for person in company.people.iter().filter(|person| person.standing.is_user()) {
                if turn == 1
                    && self.users.get(&person.id).is_none_or(|link| link.hash == self.wanted(person).1)
                {
                    continue;
                }
                self.renew_lease().await?;
                let done = self.user(person, turn == 0).await;
                self.note("user", &person.id, person.user_name().unwrap_or_default(), done)?;
            }
        }
        // Groups keep their members while deactivations are held.
        if !self.settings.without_groups && !is_held {
            self.groups(account, company, is_confirmed).await?;
        }
        self.refuse_token(1)
    }

    /// Users whose employee is no longer stored. Employees hidden by a lost permission don't count.
    async fn vanished(
        &mut self,
        account: &LinkedAccount,
        here: &HashSet<&RemoteId>,
    ) -> Result<Vec<RemoteId>, Error> {
        let missing: Vec<RemoteId> = self.users.keys().filter(|id| !here.contains(id)).cloned().collect();
        let stored = self.pusher.store.bodies(account.no, Kind::Employee, &missing).await?;
        let is_hidden =
            |id: &RemoteId| stored.get(id).is_some_and(|(_, state)| *state == RecordState::Hidden);
        let (hidden, mut vanished): (Vec<RemoteId>, Vec<RemoteId>) = missing.into_iter().partition(is_hidden);
        self.hidden = hidden.iter().filter_map(|id| Some(self.users.get(id)?.remote_id.clone())).collect();
        vanished.sort();
        Ok(vanished)
    }

    /// A user's target attributes and their hash. The manager is the one that exists at the service by now.
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
        let is_user = person.standing.is_user();
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
            // Deactivation needs no user name.
            if let (Some(there), Some(link), false) = (&there, &link, is_user) {
                return self.deactivate(&person.id, there, link).await;
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
                        // Another client created the user just now, a response was lost, or the service's filter
                        // missed another case of the name.
                        Err(Stop::Service(failure)) if failure.is_conflict() => {
                            let found = match self.look_up(USERS, &by).await? {
                                None => self.look_up_listed(USERS, &by).await?,
                                found => found,
                            };
                            match found {
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

    /// Links an existing user to this employee.
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

    /// Finds a resource by attributes in order; the first attribute with a match decides.
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
            // A service that ignores the filter returns every user.
            found.retain(is_it);
            // A resource with another external id, or linked to another record, must not be adopted.
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

    /// Finds a resource like `look_up`, in the list of all resources instead of by the service's filter.
    async fn look_up_listed(
        &mut self,
        path: &'static str,
        by: &[(&str, &str)],
    ) -> Result<Option<Value>, Stop> {
        let filter = std::mem::replace(&mut self.can.filter, false);
        let found = self.look_up(path, by).await;
        self.can.filter = filter;
        found
    }

    async fn candidates(
        &mut self,
        path: &'static str,
        attribute: &str,
        value: &str,
    ) -> Result<Vec<Value>, Failure> {
        if self.can.filter {
            match self.client.find(path, attribute, value).await {
                // The service filters, but not by this attribute: search the whole list.
                Err(failure) if failure.is_of_one() => {}
                found => return found,
            }
        }
        if !self.listed.contains_key(path) {
            self.listed.insert(path, self.client.all(path).await?.resources);
        }
        Ok(self.listed.get(path).cloned().unwrap_or_default())
    }

    /// Whether a resource is linked to an employee or a department.
    fn is_known(&self, path: &str, resource: &Value) -> bool {
        let known = if path == USERS { &self.users } else { &self.known_groups };
        let id = id_in(member(resource, "id"));
        known.values().any(|link| Some(&link.remote_id) == id.as_ref())
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

    /// Changes a resource by PATCH or, if the service does not support it, by PUT of the whole.
    pub(super) async fn send_change(&self, path: &str, patch: &Value, whole: &Value) -> Result<(), Stop> {
        if self.can.patch {
            match self.client.patch(path, patch).await {
                Err(failure) if failure.is_unknown_method() => {}
                changed => return Ok(changed.map(drop)?),
            }
        }
        Ok(self.client.put(path, whole).await.map(drop)?)
    }

    /// Sets a user inactive and changes nothing else.
    async fn deactivate(
        &mut self,
        id: &RemoteId,
        there: &Value,
        link: &ScimLink,
    ) -> Result<Option<Step>, Stop> {
        let changes = differences(there, &Attributes::from([(ACTIVE, Some(false.to_string()))]));
        self.change(&link.remote_id, there, &changes).await?;
        // Hash 0 makes the next push compare the user if the employee returns.
        let link = ScimLink { active: false, hash: 0, remote_id: link.remote_id.clone() };
        self.keep(id, Some(link)).await?;
        if changes.is_empty() {
            self.report.unchanged += 1;
            return Ok(None);
        }
        let name = read(there, "userName").unwrap_or_default();
        Ok(Some(self.step(Action::Deactivate, "user", id, &name, changes)))
    }

    /// Ends the user of an employee who is no longer stored: deactivates it, or deletes it if the settings
    /// require it.
    async fn end_user(&mut self, id: &RemoteId) -> Result<Option<Step>, Stop> {
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
        self.deactivate(id, &there, &link).await
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

    /// Records a step. A resource that the service refuses does not stop the others, since leavers among them would keep
    /// their access. Many failures of the service itself in a row do, and so does a token that nothing accepts.
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
            // A resource whose requests time out does not stop the others either.
            Err(Stop::Service(failure)) if failure.is_of_one() || failure == Failure::Unreachable => {
                self.forbidden += usize::from(failure.is_forbidden());
                if !failure.is_refusal() {
                    self.failed_in_a_row += 1;
                }
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
                if self.failed_in_a_row >= PATIENCE {
                    return Err(Failure::Unreachable.into());
                }
                self.refuse_token(FORBIDDEN_AT_FIRST)
            }
            Err(stop) => Err(stop),
        }
    }

    /// Stops the push if the service forbade at least `most` requests and accepted none: then it is the token.
    fn refuse_token(&self, most: usize) -> Result<(), Stop> {
        if self.forbidden >= most && !self.client.is_accepted() {
            return Err(Failure::Refused(403).into());
        }
        Ok(())
    }

    /// Renews the lease when a fifth of it has passed.
    pub(super) async fn renew_lease(&mut self) -> Result<(), Stop> {
        if self.is_plan {
            return Ok(());
        }
        let now = self.pusher.clock.now();
        if Duration::try_from(now.duration_since(self.claimed_at)).is_ok_and(|time| time < LEASE / 5) {
            return Ok(());
        }
        let (id, holder) = (self.target.id, &self.pusher.holder);
        let claimed = self.pusher.store.claim_destination(id, holder, now, LEASE).await?;
        self.claimed_at = now;
        claimed.map(drop).ok_or(Stop::Lost)
    }
}

/// The service's id of a resource. A resource without one is not SCIM's.
pub(super) fn remote_id(resource: &Value) -> Result<String, Failure> {
    id_in(member(resource, "id")).ok_or(Failure::Unreachable)
}

/// A resource's path. The id is escaped, because it may hold any character.
pub(super) fn path_of(kind: &str, id: &str) -> String {
    let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
    format!("{kind}/{}", id.replace('+', "%20"))
}

/// Whether a user is active; a user without `active` is.
fn is_active(user: &Value) -> bool {
    read(user, ACTIVE).is_none_or(|active| active != "false")
}
