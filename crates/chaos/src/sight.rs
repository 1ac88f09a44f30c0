//! What there is in a tenant at a moment, what the linked key sees of it, and why it no longer sees something.

use std::collections::BTreeMap;

use lucca_emulator::Rights;
use people::{Kind, RemoteId};

use crate::facts::{Facts, veil};
use crate::tenant::Subject;

/// What there is at a moment.
#[derive(Debug)]
pub(crate) struct Sight {
    /// What the linked key sees. Fields that it may not read are veiled.
    pub(crate) visible: Facts,
    /// All there is.
    pub(crate) everything: Facts,
    /// Fields of employees that the key may not read.
    pub(crate) veiled: Vec<&'static str>,
    rights: Rights,
}

impl Sight {
    /// How things stand.
    pub(crate) fn of(subject: &Subject) -> Self {
        let veiled = subject.veiled();
        let mut visible = subject.visible();
        veil(&mut visible, &veiled);
        Self { visible, everything: subject.everything(), veiled, rights: subject.rights() }
    }

    /// Whether the key sees that record.
    pub(crate) fn sees(&self, key: &(Kind, RemoteId)) -> bool {
        self.visible.contains_key(key)
    }
}

/// With which rights the key last saw each record.
#[derive(Debug, Default)]
pub(crate) struct LastSeen {
    rights: Vec<Rights>,
    records: BTreeMap<(Kind, RemoteId), usize>,
}

impl LastSeen {
    /// Takes in what the key sees.
    pub(crate) fn take_in(&mut self, sight: &Sight) {
        let known = self.rights.iter().position(|rights| *rights == sight.rights);
        let at = known.unwrap_or_else(|| {
            self.rights.push(sight.rights.clone());
            self.rights.len() - 1
        });
        for key in sight.visible.keys() {
            match self.records.get_mut(key) {
                Some(seen) => *seen = at,
                None => drop(self.records.insert(key.clone(), at)),
            }
        }
    }

    /// Whether the key would still see a record if it had the rights with which it last saw it. If not, the record
    /// itself has left the key's sight: who moves to an establishment that the key never saw looks like one who is
    /// deleted.
    pub(crate) fn is_lost_by_rights(&self, subject: &Subject, key: &(Kind, RemoteId)) -> bool {
        let rights = self.records.get(key).and_then(|at| self.rights.get(*at));
        rights.is_some_and(|rights| subject.visible_with(rights).contains_key(key))
    }
}
