//! Rehires, deletions, departments, permissions.

use std::convert::Infallible;

use jiff::civil::Date;

use crate::{
    changes::ChangeError,
    company::{
        contracts::{PERMANENT, Terms, contract},
        model::{Contract, CycleSpan, Department, Person, Status},
        stamp::Stamp,
    },
    dice::Dice,
    rights::{Permission, Rights},
    tenant::Tenant,
};

/// The contract of a rehired person.
fn rehire_contract(person: &Person, id: i64, starts: Date, today: Date, stamp: Stamp) -> Contract {
    let terms = Terms {
        establishment: person.current_establishment(today),
        category: Some(1),
        author: 1,
        supervisor: None,
        stable: true,
    };
    let mut dice = Dice::new(id.unsigned_abs(), 0x4E3A);
    let new = contract(&mut dice, PERMANENT, starts, None, &terms);
    Contract { id, created: stamp, modified: stamp, ..new }
}

impl Tenant {
    /// Rehires a person on a day: with a new contract, or as a new user with the same e-mail and employee
    /// number. Returns the id of the user.
    pub fn rehire(&self, id: i64, starts_on: Date, as_new_user: bool) -> Result<i64, ChangeError> {
        let today = self.state().now().date();
        if as_new_user {
            return self.alter(|company, stamp| {
                let former = company.person(id).ok_or(ChangeError::NoSuch("user"))?;
                let id = company.next_user();
                let cycles = former.work_cycles.iter().zip(id * 4 + 1..);
                let new = Person {
                    id,
                    login: format!("{}.{id}", former.login),
                    work_cycles: cycles.map(|(span, id)| CycleSpan { id, ..*span }).collect(),
                    created: stamp,
                    modified: stamp,
                    contracts: vec![rehire_contract(
                        former,
                        company.next_contract(),
                        starts_on,
                        today,
                        stamp,
                    )],
                    ..former.clone()
                };
                company.add_person(new);
                Ok(id)
            });
        }
        let edited = self.edit(id, true, |company, person| {
            if person.contracts.iter().any(|one| one.ends.is_none_or(|end| end >= starts_on)) {
                return Err(ChangeError::Conflict("a contract covers that day"));
            }
            let new = rehire_contract(person, company.next_contract(), starts_on, today, person.modified);
            person.contracts.push(new);
            Ok(id)
        });
        edited.ok_or(ChangeError::NoSuch("user"))?
    }

    /// Deletes a contract outright; a person without another contract keeps its days, because every listed
    /// user has a first day. False if there is no such contract.
    pub fn remove_contract(&self, id: i64) -> bool {
        let Some(owner) = self.owner_of(id) else { return false };
        self.alter(|company, _| company.deleted.contract = company.deleted.contract.max(id));
        let edited = self.edit(owner, true, |_, person| {
            if let [only] = person.contracts.as_slice() {
                (person.starts, person.ends) = (Some(only.starts), only.ends);
                person.establishment = only.establishment;
            }
            person.contracts.retain(|contract| contract.id != id);
            Ok::<_, Infallible>(())
        });
        edited.is_some()
    }

    /// Adds a department below another, the first one if none is named; returns its id.
    pub fn add_department(&self, name: String, parent: Option<i64>) -> Result<i64, ChangeError> {
        self.alter(|company, _| {
            let above = match parent {
                Some(id) => company.department(id),
                None => company.departments.first(),
            };
            let above = above.ok_or(ChangeError::NoSuch("department"))?;
            let id = company.next_department();
            let new = Department {
                id,
                name,
                code: format!("D{id:04}"),
                parent: Some(above.id),
                hierarchy: format!("{}{id}/", above.hierarchy),
                parent_hierarchy: above.hierarchy.clone(),
                level: above.level + 1,
                // The last segment of the path, as recorded; siblings may have gaps.
                sort_order: id,
                position: above.position + 1,
                active: true,
                head: None,
            };
            company.departments.push(new);
            Ok(id)
        })
    }

    /// Gives a department another name. False if there is no such department.
    pub fn rename_department(&self, id: i64, name: String) -> bool {
        self.alter(|company, _| {
            let found = company.departments.iter_mut().find(|one| one.id == id);
            found.map(|department| department.name = name).is_some()
        })
    }

    /// Deletes a department that has neither people nor departments below it.
    pub fn remove_department(&self, id: i64) -> Result<(), ChangeError> {
        self.alter(|company, _| {
            if company.department(id).is_none() {
                return Err(ChangeError::NoSuch("department"));
            }
            let used = company.people.iter().any(|person| person.department == id)
                || company.departments.iter().any(|one| one.parent == Some(id));
            if used {
                return Err(ChangeError::Conflict("the department is not empty"));
            }
            company.deleted.department = company.deleted.department.max(id);
            company.departments.retain(|one| one.id != id);
            Ok(())
        })
    }

    /// Sets one and the same `modifiedAt` on the first users by id: enough of them to cross a page border.
    pub fn touch_together(&self, users: usize) {
        self.alter(|company, stamp| {
            for person in company.people.iter_mut().filter(|one| one.id != 0).take(users) {
                person.modified = stamp;
            }
        });
    }

    /// Grants or withdraws a key's permission. False if there is no such key.
    pub fn permit(&self, key: Option<&str>, permission: Permission, given: bool) -> bool {
        self.with_rights(key, |rights| *permission.granted_in(rights) = given)
    }

    /// Restricts a key to some establishments, or extends it to all. False if there is no such key.
    pub fn scope(&self, key: Option<&str>, establishments: Option<Vec<i64>>) -> bool {
        self.with_rights(key, |rights| rights.establishment_scope = establishments)
    }

    fn with_rights(&self, name: Option<&str>, change: impl FnOnce(&mut Rights)) -> bool {
        let found = self.keys().into_iter().find(|key| name.is_none_or(|name| key.name == name));
        let Some(mut key) = found else { return false };
        change(&mut key.rights);
        self.set_rights(&key.key, key.rights)
    }

    /// Whether the first key has a permission.
    pub(super) fn permits(&self, permission: Permission) -> bool {
        self.keys().into_iter().next().is_some_and(|mut key| *permission.granted_in(&mut key.rights))
    }

    /// Ids of users with a status, without the technical one.
    pub(super) fn users(&self, status: Status) -> Vec<i64> {
        let today = self.state().now().date();
        let company = self.state().company();
        let people = company.people.iter().filter(|one| one.id != 0 && one.status(today) == status);
        people.map(|one| one.id).collect()
    }
}
