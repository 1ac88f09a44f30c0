//! Drift: reads every resource of a service and compares it with the store, regardless of who changed it.

use std::collections::{BTreeSet, HashMap};

use async_recursion::async_recursion as boxed;
use jiff::civil::Date;
use people::RemoteId;
use serde::Serialize;
use serde_json::Value;
use store::{Destination, Error, ScimLink, ScimResource};

use super::client::Failure;
use super::groups::GROUPS;
use super::push::{Pusher, Round, Stop, USERS};
use super::report::Change;
use super::resource::{differences, read};
use super::users::{path_of, remote_id};

/// A user or a group that differs from its target state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `user` or `group`.
    pub resource: &'static str,
    /// Lucca's id.
    pub id: RemoteId,
    /// Its user name or display name.
    pub name: String,
    /// The differing attributes: `before` is the service's value, `after` the target value.
    pub changes: Vec<Change>,
}

/// A resource that the connector does not manage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unowned {
    /// `user` or `group`.
    pub resource: &'static str,
    /// The service's id.
    pub remote_id: String,
    /// Its user name or display name.
    pub name: String,
}

/// How a service differs from the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// Resources that differ from their target state.
    pub different: Vec<Difference>,
    /// Employees and departments whose resource was deleted at the service or is not created yet.
    pub missing: Vec<Difference>,
    /// Resources that the connector does not manage and never changes.
    pub unowned: Vec<Unowned>,
}

impl Drift {
    /// Whether every managed resource is in its target state.
    pub fn is_empty(&self) -> bool {
        self.different.is_empty() && self.missing.is_empty()
    }
}

impl Pusher {
    /// Compares a service with the store; changes nothing.
    ///
    /// # Errors
    ///
    /// If the store fails; the inner result has the reason if the service could not be read.
    #[boxed]
    pub async fn drift(&self, target: &Destination, today: Date) -> Result<Result<Drift, Failure>, Error> {
        match self.compare(target, today).await {
            Ok(drift) => Ok(Ok(drift)),
            Err(Stop::Service(failure)) => Ok(Err(failure)),
            Err(Stop::Store(error)) => Err(error),
            Err(Stop::Lost) => Ok(Ok(Drift::default())),
        }
    }

    async fn compare(&self, target: &Destination, today: Date) -> Result<Drift, Stop> {
        let account_id = target.account_id.ok_or(Stop::Lost)?;
        let account = self.store.account(account_id).await?.ok_or(Stop::Lost)?;
        let (round, company) = self.prepare(target, &account, today).await?;
        let mut drift = Drift::default();
        let mut there: HashMap<String, Value> = HashMap::new();
        let listing = round.client.all(USERS).await?;
        for user in listing.resources {
            there.insert(remote_id(&user)?, user);
        }
        if !listing.is_complete {
            round.read_missing(USERS, round.users.values(), &mut there).await?;
        }
        let mut owned: BTreeSet<String> = BTreeSet::new();
        for person in &company.people {
            let is_user = person.standing.is_user();
            let name = person.user_name().unwrap_or_default().to_owned();
            let (id, resource) = (person.id.clone(), "user");
            let link = round.users.get(&person.id);
            owned.extend(link.map(|link| link.remote_id.clone()));
            match link.and_then(|link| there.get(&link.remote_id)) {
                Some(user) => {
                    let changes = differences(user, &round.wanted(person).0);
                    if !changes.is_empty() {
                        drift.different.push(Difference { resource, id, name, changes });
                    }
                }
                None if is_user && !name.is_empty() => {
                    drift.missing.push(Difference { resource, id, name, changes: Vec::new() });
                }
                None => {}
            }
        }
        owned.extend(round.users.values().map(|link| link.remote_id.clone()));
        drift.unowned.extend(unowned("user", &there, &owned, "userName"));
        if !round.settings.without_groups {
            let links = self.store.scim_links(target.id, ScimResource::Group).await?;
            let mut there: HashMap<String, Value> = HashMap::new();
            let listing = round.client.all(GROUPS).await?;
            for group in listing.resources {
                there.insert(remote_id(&group)?, group);
            }
            if !listing.is_complete {
                round.read_missing(GROUPS, links.values(), &mut there).await?;
            }
            let mut teams: Vec<_> = round.teams(&company).into_iter().collect();
            teams.sort_by(|(a, _), (b, _)| a.cmp(b));
            for (id, wanted) in teams {
                let (name, resource) = (wanted.name.clone(), "group");
                match links.get(&id).and_then(|link| there.get(&link.remote_id)) {
                    Some(group) => {
                        let changes = round.group_differences(group, &wanted, &id);
                        if !changes.is_empty() {
                            drift.different.push(Difference { resource, id, name, changes });
                        }
                    }
                    None => drift.missing.push(Difference { resource, id, name, changes: Vec::new() }),
                }
            }
            let owned = links.into_values().map(|link| link.remote_id).collect();
            drift.unowned.extend(unowned("group", &there, &owned, "displayName"));
        }
        Ok(drift)
    }
}

impl Round<'_> {
    /// Reads the linked resources that an incomplete list lacks, one by one.
    async fn read_missing(
        &self,
        path: &str,
        links: impl Iterator<Item = &ScimLink>,
        there: &mut HashMap<String, Value>,
    ) -> Result<(), Failure> {
        for link in links {
            if there.contains_key(&link.remote_id) {
                continue;
            }
            match self.client.get(&path_of(path, &link.remote_id)).await {
                Ok(resource) => {
                    there.insert(link.remote_id.clone(), resource);
                }
                Err(failure) if failure.is_missing() => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }
}

fn unowned(
    resource: &'static str,
    there: &HashMap<String, Value>,
    owned: &BTreeSet<String>,
    name: &str,
) -> Vec<Unowned> {
    let mut rest: Vec<Unowned> = there
        .iter()
        .filter(|(id, _)| !owned.contains(*id))
        .map(|(id, one)| Unowned {
            resource,
            remote_id: id.clone(),
            name: read(one, name).unwrap_or_default(),
        })
        .collect();
    rest.sort_by(|a, b| a.name.cmp(&b.name));
    rest
}
