//! The company as one key sees it at one instant: the state, the rights and the switches together, and which
//! people these show.
//!
//! Not included: the fields of a record that a right hides (`resources`).

use jiff::civil::{Date, DateTime};

use crate::{
    company::model::{Company, Person, Status},
    rights::Rights,
    switches::{NoManager, Switches},
};

/// The company as one key sees it at one instant.
pub(crate) struct View<'a> {
    pub(crate) company: &'a Company,
    pub(crate) rights: &'a Rights,
    pub(crate) switches: &'a Switches,
    /// Name of the key.
    pub(crate) principal: &'a str,
    /// `http://host`, in the client's spelling.
    pub(crate) origin: &'a str,
    pub(crate) now: DateTime,
    pub(crate) today: Date,
}

impl View<'_> {
    /// Whether the key may see that person at all (source: directory.md §4).
    pub(crate) fn sees(&self, person: &Person) -> bool {
        self.rights.view_users && self.sees_status_of(person) && self.has_in_scope(person)
    }

    /// Whether that person is in lists of users: the technical user 0 is in none of the recorded ones, and
    /// every listed user has a contract start.
    pub(crate) fn lists(&self, person: &Person) -> bool {
        self.sees(person) && (person.id != 0 || self.switches.technical_user_listed)
    }

    /// The id of a person's manager: people without one are entered as their own (source: Lucca's help, and
    /// all recorded users have one).
    pub(crate) fn manager_of(&self, person: &Person) -> Option<i64> {
        person.manager.or(match self.switches.no_manager {
            NoManager::Oneself => Some(person.id),
            NoManager::Null => None,
        })
    }

    /// Whether the key may see that person's contracts, if it may see contracts at all.
    pub(crate) fn sees_contracts_of(&self, person: &Person) -> bool {
        let shown = !self.switches.contracts_follow_users || self.sees_status_of(person);
        self.rights.view_users && shown && self.has_in_scope(person)
    }

    fn sees_status_of(&self, person: &Person) -> bool {
        match person.status(self.today) {
            Status::Active => true,
            Status::Future => self.rights.see_future,
            Status::Former => self.rights.see_former,
        }
    }

    /// Whether the person belongs to an establishment in the key's scope.
    pub(crate) fn has_in_scope(&self, person: &Person) -> bool {
        let scope = self.rights.establishment_scope.as_ref();
        scope.is_none_or(|scope| scope.contains(&person.current_establishment(self.today)))
    }

    /// Whether the key may see that person's absences. The current establishment counts (source: absences.md
    /// §3). unverified: that they need no right on users.
    pub(crate) fn sees_absences_of(&self, person: &Person) -> bool {
        let shown = !self.switches.leaves_follow_users || self.sees_status_of(person);
        self.rights.consult_leaves && shown && self.has_in_scope(person)
    }
}
