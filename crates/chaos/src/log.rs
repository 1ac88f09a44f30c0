//! The change log replayed from empty, as by a reader with no other source.

use std::collections::{BTreeMap, BTreeSet};

use people::{Kind, RemoteId};
use store::{Change, ChangeFilter, Operation, RecordState, Store, StoredHash};

/// The state of a record by the log alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoggedState {
    /// Present, with this content.
    Present(u128),
    /// Deleted.
    Gone,
    /// Hidden.
    Hidden,
}

/// The log as far as it was read.
#[derive(Debug, Default)]
pub struct Replay {
    /// The last sequence number read.
    pub seq: i64,
    /// The state of every record.
    pub states: BTreeMap<(Kind, RemoteId), LoggedState>,
    /// Employees whose employment ended (true) or began (false) since their record last changed.
    turned: BTreeSet<(RemoteId, bool)>,
}

impl Replay {
    /// Reads to the log's end and returns the new entries.
    ///
    /// # Errors
    ///
    /// A fault of the log: a gap, a change logged twice, or one that does not fit the entries before it.
    pub async fn read_on(&mut self, store: &Store, account_no: i64) -> Result<Vec<Change>, String> {
        const AT_ONCE: u32 = 5000;
        let mut all = Vec::new();
        loop {
            let filter = ChangeFilter { after: self.seq, ..ChangeFilter::default() };
            let changes = store.changes(account_no, filter, AT_ONCE).await.map_err(|e| format!("{e:?}"))?;
            if changes.is_empty() {
                return Ok(all);
            }
            for change in changes {
                self.apply(&change)?;
                all.push(change);
            }
        }
    }

    fn apply(&mut self, change: &Change) -> Result<(), String> {
        let before = self.states.get(&(change.kind, change.id.clone())).copied();
        let wrong = |why: &str| {
            let Change { seq, operation, kind, id, .. } = change;
            Err(format!("change {seq} ({operation} {} {id}) {why}; before: {before:?}", kind.name()))
        };
        if change.seq != self.seq + 1 {
            return wrong(&format!("does not follow {}", self.seq));
        }
        self.seq = change.seq;
        let after = match (change.operation, before, change.hash) {
            (Operation::Created, None, Some(hash)) => LoggedState::Present(hash),
            (Operation::Updated, Some(LoggedState::Present(known)), Some(hash)) if known != hash => {
                LoggedState::Present(hash)
            }
            (Operation::Updated, Some(LoggedState::Present(_)), Some(_)) => return wrong("changes nothing"),
            (Operation::Restored, Some(LoggedState::Gone | LoggedState::Hidden), Some(hash)) => {
                LoggedState::Present(hash)
            }
            // Every run judges a hidden record anew, and may find it deleted.
            (Operation::Deleted, Some(LoggedState::Present(_) | LoggedState::Hidden), _) => LoggedState::Gone,
            (Operation::Hidden, Some(LoggedState::Present(_)), _) => LoggedState::Hidden,
            (Operation::Started | Operation::Ended, Some(LoggedState::Present(hash)), _) => {
                if !self.turned.insert((change.id.clone(), change.operation == Operation::Ended)) {
                    return wrong("is logged twice");
                }
                LoggedState::Present(hash)
            }
            (Operation::Excluded, Some(LoggedState::Present(_) | LoggedState::Hidden), _) => {
                self.states.remove(&(change.kind, change.id.clone()));
                return Ok(());
            }
            // No round erases an employee.
            _ => return wrong("does not fit the entries before it"),
        };
        if !matches!(change.operation, Operation::Started | Operation::Ended) && change.kind == Kind::Employee
        {
            self.turned.remove(&(change.id.clone(), true));
            self.turned.remove(&(change.id.clone(), false));
        }
        self.states.insert((change.kind, change.id.clone()), after);
        Ok(())
    }

    /// Lists how the replayed log differs from the store.
    pub fn differences(&self, stored: &BTreeMap<(Kind, RemoteId), StoredHash>) -> Vec<String> {
        let told = |record: &StoredHash| match record.state {
            RecordState::Present => LoggedState::Present(record.hash),
            RecordState::Gone => LoggedState::Gone,
            RecordState::Hidden => LoggedState::Hidden,
        };
        let mut lines = Vec::new();
        for ((kind, id), record) in stored {
            let key = (*kind, id.clone());
            if self.states.get(&key) != Some(&told(record)) {
                let told = self.states.get(&key);
                lines.push(format!("{} {id} is stored as {record:?} and logged as {told:?}", kind.name()));
            }
        }
        let untold = self.states.keys().filter(|key| !stored.contains_key(key));
        lines.extend(untold.map(|(kind, id)| format!("{} {id} is logged and not stored", kind.name())));
        lines
    }
}
