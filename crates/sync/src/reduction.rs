//! Removes from an account's stored data everything outside its scope: records of kinds, members and parts of
//! employees, raw JSON, and earlier values in the change log. Not here: when to remove it (`rescope`,
//! `removal`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use lucca::{ApplicationMember, Stream};
use net::clock::Clock;
use people::{Employee, Kind, RemoteId, UserLogEntry};
use serde_json::{Map, Value};
use store::{Commit, KeptRecord, Lease, NewChange, Operation, RecordState, RecordUpsert, Store};

use crate::state::StreamState;
use normalise::Scope;

/// Records per read and per transaction.
const AT_ONCE: u32 = 500;

/// Members of employees that may be removed in part.
const IN_PARTS: [&str; 2] = ["application_data", "custom_fields"];

/// Brings one account's stored data in line with a scope.
#[derive(Clone, Copy)]
pub(crate) struct Reduction<'a> {
    pub(crate) store: &'a Store,
    pub(crate) account_no: i64,
    pub(crate) lease: &'a Lease,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) scope: &'a Scope,
}

/// The number of rows removed or emptied, by table. `changes` are change-log entries whose values were
/// removed, `updates` the entries that record the removal.
pub(crate) type Counts = BTreeMap<&'static str, u64>;

impl Reduction<'_> {
    /// Removes all data outside the scope. After an interruption it starts over, which repeats no changes.
    pub(crate) async fn apply(self) -> Result<Counts, store::Error> {
        let Self { store, lease, clock, scope, .. } = self;
        let mut counts = Counts::new();
        for kind in Kind::ALL.iter().filter(|kind| !scope.keeps(**kind)) {
            *counts.entry("records").or_default() += store.exclude(lease, *kind, None, clock.now()).await?;
            keep_state(store, lease, Stream::of(*kind), &StreamState::default(), clock.now()).await?;
        }
        self.exclude_log_entries(&mut counts).await?;
        self.reduce_employees(&mut counts).await?;
        Ok(counts)
    }

    /// Removes log entries of properties outside the scope.
    async fn exclude_log_entries(self, counts: &mut Counts) -> Result<(), store::Error> {
        let Self { store, lease, clock, scope, .. } = self;
        let mut unwanted = Vec::new();
        let is_unwanted = |kept: &KeptRecord| {
            let entry = serde_json::from_str::<UserLogEntry>(&kept.body);
            entry.is_ok_and(|entry| !scope.keeps_property(&entry.property))
        };
        let mut after = None;
        while let Some(page) = self.page(Kind::UserLogEntry, &mut after).await? {
            unwanted.extend(page.iter().filter(|kept| is_unwanted(kept)).map(|kept| kept.id.clone()));
        }
        if !unwanted.is_empty() {
            let excluded = store.exclude(lease, Kind::UserLogEntry, Some(&unwanted), clock.now()).await?;
            *counts.entry("records").or_default() += excluded;
        }
        Ok(())
    }

    /// Removes employees' data outside the scope from records, raw JSON, quarantine and earlier values in the
    /// change log.
    async fn reduce_employees(self, counts: &mut Counts) -> Result<(), store::Error> {
        let Self { store, lease, clock, scope, .. } = self;
        let unwanted = scope.unwanted_members();
        let forgotten: Vec<&str> = unwanted.iter().chain(&IN_PARTS).copied().collect();
        let values = store.forget_values(lease, Kind::Employee, &forgotten, clock.now()).await?;
        *counts.entry("changes").or_default() += values;
        let (mut records, mut updates) = (0, 0);
        let mut after = None;
        while let Some(page) = self.page(Kind::Employee, &mut after).await? {
            let mut commit = Commit::default();
            for kept in &page {
                reduce_employee(kept, scope, &unwanted, &mut commit);
            }
            store.commit(lease, Kind::Employee, &commit, clock.now()).await?;
            records += commit.rewritten.len() as u64;
            updates += commit.changes.len() as u64;
        }
        *counts.entry("records").or_default() += records;
        *counts.entry("updates").or_default() += updates;
        let redact = |raw: &str| normalise::least_data(raw, scope);
        let quarantined = store.redact_quarantine(lease, Kind::Employee, &redact, clock.now()).await?;
        *counts.entry("quarantine").or_default() += quarantined;
        Ok(())
    }

    /// Reads the next stored records of a kind after `after`, and moves `after`; `None` at the end.
    async fn page(
        self,
        kind: Kind,
        after: &mut Option<RemoteId>,
    ) -> Result<Option<Vec<KeptRecord>>, store::Error> {
        let page = self.store.kept(self.account_no, kind, after.as_ref(), AT_ONCE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        *after = Some(last.id.clone());
        Ok(Some(page))
    }
}

/// Saves a stream's state.
pub(crate) async fn keep_state(
    store: &Store,
    lease: &Lease,
    stream: Stream,
    state: &StreamState,
    at: Timestamp,
) -> Result<(), store::Error> {
    // The kind is only a label of the transaction: no record is written.
    let commit = Commit { state: Some((stream.name(), state.to_json())), ..Commit::default() };
    store.commit(lease, Kind::Employee, &commit, at).await
}

/// Writes one employee without the data outside the scope, if it has any.
fn reduce_employee(kept: &KeptRecord, scope: &Scope, unwanted: &[&'static str], commit: &mut Commit) {
    let raw = kept.raw.as_deref().map(|raw| normalise::least_data(raw, scope));
    let mut model = serde_json::from_str::<Map<String, Value>>(&kept.body).unwrap_or_default();
    let mut emptied = Map::new();
    let mut empty = |member: &str| drop(emptied.insert(member.to_owned(), Value::Null));
    for member in unwanted {
        if model.remove(*member).is_some_and(|value| !value.is_null()) {
            empty(member);
        }
    }
    for member in IN_PARTS {
        let before = match model.get_mut(member) {
            Some(Value::Object(parts)) => std::mem::take(parts),
            _ => continue,
        };
        let after = kept_parts(member, before.clone(), scope);
        if after != before {
            empty(member);
        }
        model.insert(member.to_owned(), Value::Object(after));
    }
    if emptied.is_empty() && raw == kept.raw {
        return;
    }
    // Through the model, so that members have their usual order and the hash is comparable.
    let Ok(employee) = serde_json::from_value::<Employee>(Value::Object(model)) else { return };
    let Ok(body) = serde_json::to_string(&employee) else { return };
    // Uses the row's id: this row is reduced, not the one that its JSON names.
    let record = RecordUpsert { id: kept.id.clone(), ..RecordUpsert::of(&employee, body, raw) };
    if !emptied.is_empty() && kept.state == RecordState::Present {
        commit.changes.push(NewChange {
            kind: Kind::Employee,
            id: record.id.clone(),
            operation: Operation::Updated,
            hash: Some(record.hash),
            fields: Some(Value::Object(emptied).to_string()),
        });
    }
    commit.rewritten.push(record);
}

/// The parts of a member that are in the scope.
fn kept_parts(member: &str, parts: Map<String, Value>, scope: &Scope) -> Map<String, Value> {
    let kept = |(key, value): (String, Value)| match member {
        "application_data" => {
            let part = ApplicationMember::of(&key);
            let value = normalise::application_value(part, value).filter(|_| part.is_in(scope.groups))?;
            Some((key, value))
        }
        _ => scope.keeps_field(&key).then_some((key, value)),
    };
    parts.into_iter().filter_map(kept).collect()
}
