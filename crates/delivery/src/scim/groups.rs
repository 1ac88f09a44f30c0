//! Provisions departments as groups: their names and members. Members that the connector does not provision
//! stay.

use std::collections::{BTreeSet, HashMap};

use people::{Kind, RemoteId};
use serde_json::{Value, json};
use store::{LinkedAccount, RecordState, ScimLink, ScimResource, content_hash};

use super::client::Failure;
use super::people::{Company, Standing, Team};
use super::push::{Round, Stop};
use super::report::{Action, Change, Step};
use super::resource::{GROUP, id_in, member, patch_of, read};
use super::users::{is_much, path_of, remote_id};

pub(super) const GROUPS: &str = "/Groups";

/// A group's target state.
pub(super) struct GroupState {
    pub(super) name: String,
    /// The service's ids of its members.
    pub(super) members: BTreeSet<String>,
}

impl GroupState {
    fn hash(&self) -> u128 {
        content_hash(&json!([self.name, self.members]).to_string())
    }
}

/// The group's current members, by the service's ids.
pub(super) fn members_of(group: &Value) -> BTreeSet<String> {
    let members = member(group, "members").as_array().map(Vec::as_slice).unwrap_or_default();
    members.iter().filter_map(|one| id_in(member(one, "value"))).collect()
}

impl Round<'_> {
    /// Each department's target group; its members are the users that exist at the service.
    pub(super) fn teams(&self, company: &Company) -> HashMap<RemoteId, GroupState> {
        let mut members: HashMap<&RemoteId, BTreeSet<String>> = HashMap::new();
        for person in &company.people {
            let is_in = person.standing.is_user();
            if let (true, Some(department), Some(link)) =
                (is_in, &person.department, self.users.get(&person.id))
            {
                members.entry(department).or_default().insert(link.remote_id.clone());
            }
        }
        let wanted = |team: &Team| {
            let members = members.remove(&team.id).unwrap_or_default();
            (team.id.clone(), GroupState { name: team.name.clone(), members })
        };
        company.teams.iter().filter(|team| team.is_active).map(wanted).collect()
    }

    pub(super) async fn groups(
        &mut self,
        account: &LinkedAccount,
        company: &Company,
        is_confirmed: bool,
    ) -> Result<(), Stop> {
        let mut links = self.known_groups.clone();
        let wanted = self.teams(company);
        let mut ids: Vec<&RemoteId> = wanted.keys().collect();
        ids.sort_by_key(|id| id.sort_key());
        let mut rest = links.clone();
        rest.retain(|id, _| !wanted.contains_key(id));
        // A narrowed key hides departments too: their groups stay as they are.
        let missing: Vec<RemoteId> = rest.keys().cloned().collect();
        let stored = self.pusher.store.bodies(account.no, Kind::Department, &missing).await?;
        rest.retain(|id, _| stored.get(id).is_none_or(|(_, state)| *state != RecordState::Hidden));
        if !is_confirmed {
            let lost = self.lost_memberships(company, &wanted, &rest).await?;
            let all = company.people.iter().filter(|person| person.standing == Standing::Active).count();
            if is_much(lost, all) {
                self.report.held_memberships = Some(lost as u64);
                return Ok(());
            }
        }
        for id in ids {
            self.renew_lease().await?;
            let done = self.group(id, &wanted[id], links.remove(id)).await;
            self.note("group", id, &wanted[id].name, done)?;
        }
        let mut rest: Vec<(RemoteId, ScimLink)> = rest.into_iter().collect();
        rest.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (id, link) in rest {
            self.renew_lease().await?;
            let done = self.end_group(&id, link).await;
            self.note("group", &id, "", done)?;
        }
        Ok(())
    }

    /// The number of active users who would be in no group any more, although they are in one now. A user who moves from
    /// one group to another loses none.
    async fn lost_memberships(
        &mut self,
        company: &Company,
        wanted: &HashMap<RemoteId, GroupState>,
        ending: &HashMap<RemoteId, ScimLink>,
    ) -> Result<usize, Stop> {
        let kept: BTreeSet<&str> =
            wanted.values().flat_map(|group| group.members.iter().map(String::as_str)).collect();
        let active = company.people.iter().filter(|person| person.standing == Standing::Active);
        let groupless: BTreeSet<String> = active
            .filter_map(|person| Some(self.users.get(&person.id)?.remote_id.clone()))
            .filter(|id| !kept.contains(id.as_str()))
            .collect();
        // Without many users who are in no target group, nothing can be lost, and no group needs to be read.
        if !is_much(groupless.len(), company.people.len()) {
            return Ok(0);
        }
        let mut lost: BTreeSet<String> = BTreeSet::new();
        let changing = self.known_groups.iter().filter(|(id, link)| {
            let is_changed = wanted.get(*id).is_some_and(|group| group.hash() != link.hash);
            is_changed || self.compares || (ending.contains_key(*id) && link.active)
        });
        let paths: Vec<String> = changing.map(|(_, link)| path_of(GROUPS, &link.remote_id)).collect();
        for path in paths {
            self.renew_lease().await?;
            match self.client.get(&path).await {
                Ok(group) => lost.extend(members_of(&group).intersection(&groupless).cloned()),
                // The group's own turn reports it.
                Err(failure) if failure.is_of_one() => {}
                Err(failure) => return Err(failure.into()),
            }
        }
        Ok(lost.len())
    }

    async fn group(
        &mut self,
        id: &RemoteId,
        wanted: &GroupState,
        link: Option<ScimLink>,
    ) -> Result<Option<Step>, Stop> {
        let hash = wanted.hash();
        let there = match &link {
            Some(link) if link.hash == hash && !self.compares => {
                self.report.unchanged += 1;
                return Ok(None);
            }
            Some(link) => match self.client.get(&path_of(GROUPS, &link.remote_id)).await {
                Ok(there) => Some(there),
                Err(failure) if failure.is_missing() => None,
                Err(failure) => return Err(failure.into()),
            },
            None => None,
        };
        let (there, is_adopted) = match there {
            Some(there) => (Some(there), false),
            None => {
                let by = [("externalId", id.as_str()), ("displayName", wanted.name.as_str())];
                (self.look_up(GROUPS, &by).await?, true)
            }
        };
        match there {
            Some(there) => {
                let changes = self.change_group(&there, wanted, id).await?;
                self.keep_group(id, Some(ScimLink { remote_id: remote_id(&there)?, hash, active: true }))
                    .await?;
                if changes.is_empty() && !is_adopted {
                    self.report.unchanged += 1;
                    return Ok(None);
                }
                let action = if is_adopted { Action::Adopt } else { Action::Update };
                Ok(Some(self.step(action, "group", id, &wanted.name, changes)))
            }
            None => {
                let members: Vec<Value> = wanted.members.iter().map(|one| json!({ "value": one })).collect();
                let group = json!({
                    "schemas": [GROUP],
                    "externalId": id,
                    "displayName": wanted.name,
                    "members": members,
                });
                let remote_id = if self.is_plan {
                    format!("(new) {id}")
                } else {
                    match self.client.post(GROUPS, &group).await {
                        // Some services refuse a second group of the same name.
                        Err(failure) if failure.is_conflict() => {
                            let mut named = group;
                            named["displayName"] = json!(format!("{} ({id})", wanted.name));
                            remote_id(&self.client.post(GROUPS, &named).await?)?
                        }
                        made => remote_id(&made?)?,
                    }
                };
                self.keep_group(id, Some(ScimLink { remote_id, hash, active: true })).await?;
                let mut changes = vec![change("displayName", None, Some(wanted.name.clone()))];
                changes.extend(wanted.members.iter().map(|one| change("members", None, Some(one.clone()))));
                Ok(Some(self.step(Action::Create, "group", id, &wanted.name, changes)))
            }
        }
    }

    /// The group's differences: its name, missing members, and members managed by the connector that should
    /// not be in it.
    pub(super) fn group_differences(&self, there: &Value, wanted: &GroupState, id: &RemoteId) -> Vec<Change> {
        let mut changes = Vec::new();
        let name = read(there, "displayName");
        let qualified = format!("{} ({id})", wanted.name);
        if name.as_deref() != Some(&wanted.name) && name.as_deref() != Some(&qualified) {
            changes.push(change("displayName", name, Some(wanted.name.clone())));
        }
        if read(there, "externalId").is_none() {
            changes.push(change("externalId", None, Some(id.to_string())));
        }
        let has = members_of(there);
        let ours: BTreeSet<&str> = self
            .users
            .values()
            .map(|link| link.remote_id.as_str())
            .filter(|remote_id| !self.hidden.contains(*remote_id))
            .collect();
        let lacking = wanted.members.difference(&has);
        changes.extend(lacking.map(|one| change("members", None, Some(one.clone()))));
        let extra = has.difference(&wanted.members).filter(|one| ours.contains(one.as_str()));
        changes.extend(extra.map(|one| change("members", Some(one.clone()), None)));
        changes
    }

    async fn change_group(
        &self,
        there: &Value,
        wanted: &GroupState,
        id: &RemoteId,
    ) -> Result<Vec<Change>, Stop> {
        let changes = self.group_differences(there, wanted, id);
        if changes.is_empty() || self.is_plan {
            return Ok(changes);
        }
        let path = path_of(GROUPS, &remote_id(there)?);
        let mut members = members_of(there);
        let mut whole = there.clone();
        for change in &changes {
            match (change.attribute, &change.before, &change.after) {
                ("members", _, Some(one)) => {
                    members.insert(one.clone());
                }
                ("members", Some(one), None) => {
                    members.remove(one);
                }
                (name, _, after) => whole[name] = json!(after),
            }
        }
        whole["members"] = members.iter().map(|one| json!({ "value": one })).collect();
        let mut operations = Vec::new();
        let mut added = Vec::new();
        for change in &changes {
            match (change.attribute, &change.before, &change.after) {
                ("members", _, Some(one)) => added.push(json!({ "value": one })),
                ("members", Some(one), None) => {
                    operations
                        .push(json!({ "op": "remove", "path": format!("members[value eq {}]", json!(one)) }));
                }
                (name, _, after) => operations.push(json!({ "op": "replace", "path": name, "value": after })),
            }
        }
        if !added.is_empty() {
            operations.push(json!({ "op": "add", "path": "members", "value": added }));
        }
        self.send_change(&path, &patch_of(&operations), &whole).await?;
        Ok(changes)
    }

    /// Ends the group of a removed department: removes the members that the connector manages, or deletes the
    /// group if the settings require it.
    async fn end_group(&mut self, id: &RemoteId, link: ScimLink) -> Result<Option<Step>, Stop> {
        let path = path_of(GROUPS, &link.remote_id);
        if self.settings.delete {
            if !self.is_plan {
                self.client.delete(&path).await?;
            }
            self.keep_group(id, None).await?;
            return Ok(Some(self.step(Action::Delete, "group", id, &link.remote_id, Vec::new())));
        }
        if !link.active {
            self.report.unchanged += 1;
            return Ok(None);
        }
        let there = match self.client.get(&path).await {
            Ok(there) => there,
            Err(failure) if failure.is_missing() => {
                self.keep_group(id, None).await?;
                return Ok(None);
            }
            Err(failure) => return Err(Stop::from(failure)),
        };
        let name = read(&there, "displayName").ok_or(Failure::Unreachable)?;
        let empty = GroupState { name: name.clone(), members: BTreeSet::new() };
        let changes = self.change_group(&there, &empty, id).await?;
        self.keep_group(id, Some(ScimLink { active: false, hash: 0, ..link })).await?;
        Ok(Some(self.step(Action::Deactivate, "group", id, &name, changes)))
    }

    async fn keep_group(&mut self, id: &RemoteId, link: Option<ScimLink>) -> Result<(), store::Error> {
        if !self.is_plan {
            let store = &self.pusher.store;
            store.keep_scim_link(self.target.id, ScimResource::Group, id, link.as_ref()).await?;
        }
        match link {
            Some(link) => self.known_groups.insert(id.clone(), link),
            None => self.known_groups.remove(id),
        };
        Ok(())
    }
}

fn change(attribute: &'static str, before: Option<String>, after: Option<String>) -> Change {
    Change { attribute, before, after }
}
