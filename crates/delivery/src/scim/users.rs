//! People as users: who is made, adopted, changed, let in and out, one after the other. When that is done, and for how long it
//! is tried, is `push`'s.

use std::collections::HashSet;
use std::time::Duration;

use people::{Kind, RemoteId};
use serde_json::Value;
use store::{Error, LinkedAccount, RecordState, ScimLink, ScimResource, content_hash};

use super::client::Failure;
use super::people::{Company, Person, Standing};
use super::push::{LEASE, Round, Stop, USERS};
use super::report::{Action, Change, Step};
use super::resource::{ACTIVE, Attributes, differences, member, patch, read, whole};

/// So many in a row fail before the service is left alone.
const PATIENCE: usize = 5;
/// More than this many users, and more than one in five, are not deactivated at once unasked; nor more than the second.
const BRAKE: (usize, usize) = (5, 50);

impl Round<'_> {
    pub(super) async fn go(
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
                let is_ending = !person.standing.is_user();
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
