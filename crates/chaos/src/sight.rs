//! The contents of a tenant at one moment, the linked key's view of them, and why the key lost sight of a
//! record.

use std::collections::BTreeMap;

use lucca_emulator::Rights;
use people::{Kind, RemoteId};

use crate::facts::{Facts, veil};
use crate::tenant::Subject;

/// The contents of a tenant at one moment.
#[derive(Debug)]
pub(crate) struct Sight {
    /// The records that the linked key can read. Fields that it can't read are veiled.
    pub(crate) visible: Facts,
    /// All records.
    pub(crate) everything: Facts,
    /// Fields of employees that the key can't read.
    pub(crate) veiled: Vec<&'static str>,
    rights: Rights,
}

impl Sight {
    /// Reads the present view.
    pub(crate) fn of(subject: &Subject) -> Self {
        let veiled = subject.veiled();
        let mut visible = subject.visible();
        veil(&mut visible, &veiled);
        Self { visible, everything: subject.everything(), veiled, rights: subject.rights() }
    }

    /// Whether the key can read that record.
    pub(crate) fn sees(&self, key: &(Kind, RemoteId)) -> bool {
        self.visible.contains_key(key)
    }
}

/// The rights with which the key last saw each record.
#[derive(Debug, Default)]
pub(crate) struct LastSeen {
    rights: Vec<Rights>,
    records: BTreeMap<(Kind, RemoteId), usize>,
}

impl LastSeen {
    /// Remembers the records that the key can read now.
    pub(crate) fn record(&mut self, sight: &Sight) {
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

    /// Whether the key would still see the record with the rights it had when it last saw it. If not, the
    /// record itself has left the key's view: an employee who moves to an establishment that the key never
    /// saw looks like a deleted one.
    pub(crate) fn is_lost_by_rights(&self, subject: &Subject, key: &(Kind, RemoteId)) -> bool {
        let rights = self.records.get(key).and_then(|at| self.rights.get(*at));
        rights.is_some_and(|rights| subject.visible_with(rights).contains_key(key))
    }
}
