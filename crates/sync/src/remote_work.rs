//! Leave types that count as remote work although Lucca does not flag them. Some tenants book remote work on
//! an ordinary leave account (source: absences.md §8: an account *Télétravail* with `isRemoteWork` false);
//! the linked account's settings can name it, and a sync reports leave types whose names suggest it.
//!
//! Also stores leave types that only absences name, if their list can't be read.

use std::collections::{BTreeMap, BTreeSet};

use lucca::Stream;
use people::{Kind, LeaveType, RemoteId, search_key};
use store::{AccountSettings, Commit, NewChange, Operation, RecordUpsert};

use crate::batch::{Batch, RawPolicy};
use crate::state::StreamState;
use crate::stream_sync::Context;

/// Names of remote work, in lower case and without accents.
// unverified: only "Télétravail" was observed.
const NAMES: [&str; 6] =
    ["teletravail", "travail a distance", "remote work", "home office", "telework", "working from home"];

/// The leave types that the settings count as remote work: Lucca's ids, or names in any case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RemoteWork(BTreeSet<String>);

impl RemoteWork {
    pub(crate) fn of(settings: &AccountSettings) -> Self {
        Self(settings.remote_work_leave_types.iter().map(|one| one.trim().to_lowercase()).collect())
    }

    /// The ids and names, in lower case.
    pub(crate) fn names(&self) -> &BTreeSet<String> {
        &self.0
    }

    fn counts(&self, leave_type: &LeaveType) -> bool {
        let name = leave_type.name.as_ref().map(|name| name.trim().to_lowercase());
        self.0.contains(&leave_type.id.to_string()) || name.is_some_and(|name| self.0.contains(&name))
    }

    /// The leave type, flagged if the settings count it.
    pub(crate) fn applied(&self, leave_type: LeaveType) -> LeaveType {
        match self.counts(&leave_type) {
            true => LeaveType { is_remote_work: Some(true), ..leave_type },
            false => leave_type,
        }
    }
}

impl From<BTreeSet<String>> for RemoteWork {
    fn from(names: BTreeSet<String>) -> Self {
        Self(names)
    }
}

/// Returns a hint at a leave type whose name suggests remote work, if it does not count as such.
pub(crate) fn hint(leave_type: &LeaveType) -> Option<String> {
    let name = leave_type.name.as_ref().filter(|_| leave_type.is_remote_work != Some(true))?;
    let folded = search_key(name);
    NAMES.iter().any(|known| folded.contains(known)).then(|| {
        format!(
            "leave type {id} ({name}) may be remote work, but Lucca does not flag it. To count it as remote \
             work: lucca-connector accounts configure --remote-work {id}",
            id = leave_type.id
        )
    })
}

/// Updates the flags of stored leave types after the settings have changed, if this run reads no list that
/// would update them.
pub(crate) async fn apply(
    context: &Context<'_>,
    before: &RemoteWork,
    now: &RemoteWork,
) -> Result<(), store::Error> {
    let Context { store, account, .. } = context;
    if list_is_read(context).await? {
        return Ok(());
    }
    let mut batch = Batch::default();
    for leave_type in store.all::<LeaveType>(account.no).await? {
        let counts = now.counts(&leave_type);
        if counts != before.counts(&leave_type) {
            let flagged = LeaveType { is_remote_work: counts.then_some(true), ..leave_type };
            batch.add(&flagged, None, RawPolicy::ORGANISATION);
        }
    }
    commit(context, batch, Operation::Updated, Some(r#"{"is_remote_work":null}"#)).await
}

/// Stores ids and names of leave types that absences refer to, if their list can't be read. Returns hints at
/// new ones that look like remote work.
// unverified: whether every key can read the list; its URL is not documented (source: absences.md §8).
pub(crate) async fn keep_named(
    context: &Context<'_>,
    names: BTreeMap<RemoteId, Option<String>>,
) -> Result<Vec<String>, store::Error> {
    let Context { store, account, .. } = context;
    let mut hints = Vec::new();
    if names.is_empty() || list_is_read(context).await? {
        return Ok(hints);
    }
    let remote_work = RemoteWork::of(&account.settings);
    let ids: Vec<RemoteId> = names.keys().cloned().collect();
    let known = store.hashes(account.no, Kind::LeaveType, &ids).await?;
    let mut batch = Batch::default();
    for (id, name) in names.into_iter().filter(|(id, _)| !known.contains_key(id)) {
        let leave_type =
            LeaveType { id, name, is_remote_work: None, category: None, unit: None, unit_native: None };
        let leave_type = remote_work.applied(leave_type);
        hints.extend(hint(&leave_type));
        batch.add(&leave_type, None, RawPolicy::ORGANISATION);
    }
    commit(context, batch, Operation::Created, None).await?;
    Ok(hints)
}

/// Whether the list of leave types was read completely: it takes precedence over names from absences.
async fn list_is_read(context: &Context<'_>) -> Result<bool, store::Error> {
    let states = context.store.stream_states(context.account.no).await?;
    Ok(StreamState::read(states.get(Stream::LeaveAccounts.name())).full_at.is_some())
}

/// Stores leave types, each with its change: `fields` names the changed fields, as JSON.
async fn commit(
    context: &Context<'_>,
    batch: Batch,
    operation: Operation,
    fields: Option<&str>,
) -> Result<(), store::Error> {
    let change = |record: &RecordUpsert| NewChange {
        kind: Kind::LeaveType,
        id: record.id.clone(),
        operation,
        hash: Some(record.hash),
        fields: fields.map(str::to_owned),
    };
    let changes: Vec<NewChange> = batch.records.iter().map(change).collect();
    if changes.is_empty() {
        return Ok(());
    }
    let commit = Commit { upserts: batch.records, changes, ..Commit::default() };
    context.store.commit(&context.lease, Kind::LeaveType, &commit, context.clock.now()).await
}
