//! What follows when a linked account's configuration has changed since the run before, or an erased person is allowed
//! again: what is no longer wanted goes before anything is read, and what is wanted again is read in full.

use std::collections::BTreeSet;

use lucca::Stream;
use people::{Employee, Kind, RemoteId, UserLogEntry};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{Commit, Kept, NewChange, Operation, RecordState, RecordUpsert, content_hash};

use crate::normalise;
use crate::scope::{Scope, stream_of};
use crate::state::StreamState;
use crate::stream_sync::Context;

/// Under which name it is kept beside the streams' states.
const NAME: &str = "scope";

const VERSION: u32 = 1;

/// Records looked at at once.
const AT_ONCE: u32 = 500;

/// By what the last run went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Remembered {
    version: u32,
    /// The names of what was in the scope.
    names: BTreeSet<String>,
    /// Who was not to be stored.
    erased: BTreeSet<RemoteId>,
}

/// Brings what is stored, and what streams remember, in line with the scope of this run.
pub(crate) async fn apply(context: &Context<'_>) -> Result<(), store::Error> {
    let Context { store, account, lease, clock, scope, erased, .. } = context;
    let states = store.stream_states(account.no).await?;
    let now = Remembered { version: VERSION, names: scope.names(), erased: erased.iter().cloned().collect() };
    let before = states.get(NAME).and_then(|json| serde_json::from_str::<Remembered>(json).ok());
    let before = before.filter(|before| before.version == VERSION);
    if before.as_ref() == Some(&now) {
        return Ok(());
    }
    // What was stored by a version that remembered nothing may be anything.
    let names_before = before.as_ref().map_or_else(Scope::all_names, |before| before.names.clone());
    if !states.is_empty() && !names_before.is_subset(&now.names) {
        for kind in Kind::ALL.iter().filter(|kind| !scope.keeps(**kind)) {
            store.exclude(lease, *kind, None, clock.now()).await?;
            reset(context, stream_of(*kind), &StreamState::default()).await?;
        }
        exclude_log_entries(context).await?;
        empty_members(context).await?;
    }
    let mut again = BTreeSet::new();
    if now.names.iter().any(|name| !names_before.contains(name)) {
        again.extend([Stream::Users, Stream::UserLogs, Stream::Leaves, Stream::LeaveRequests]);
    }
    if before.is_some_and(|before| !before.erased.is_subset(&now.erased)) {
        let of_people = [Stream::Users, Stream::WorkContracts, Stream::UserLogs];
        again.extend(of_people.into_iter().chain([Stream::Leaves, Stream::LeaveRequests]));
    }
    for stream in again {
        if let Some(json) = states.get(stream.name()) {
            reset(context, stream, &StreamState::read(Some(json)).read_anew()).await?;
        }
    }
    let json = serde_json::to_string(&now).unwrap_or_default();
    // The kind only says whose transaction it is: nothing of it is written.
    let commit = Commit { state: Some((NAME, json)), ..Commit::default() };
    store.commit(lease, Kind::Employee, &commit, clock.now()).await
}

async fn reset(context: &Context<'_>, stream: Stream, state: &StreamState) -> Result<(), store::Error> {
    let Context { store, lease, clock, .. } = context;
    let commit = Commit { state: Some((stream.name(), state.to_json())), ..Commit::default() };
    store.commit(lease, Kind::Employee, &commit, clock.now()).await
}

/// Removes what was logged of properties that are no longer wanted.
async fn exclude_log_entries(context: &Context<'_>) -> Result<(), store::Error> {
    let Context { store, lease, clock, scope, .. } = context;
    let mut unwanted = Vec::new();
    each_page(context, Kind::UserLogEntry, async |page| {
        let is_unwanted = |kept: &Kept| {
            let entry = serde_json::from_str::<UserLogEntry>(&kept.body);
            entry.is_ok_and(|entry| !scope.keeps_property(&entry.property))
        };
        unwanted.extend(page.iter().filter(|kept| is_unwanted(kept)).map(|kept| kept.id.clone()));
        Ok(())
    })
    .await?;
    if !unwanted.is_empty() {
        store.exclude(lease, Kind::UserLogEntry, Some(&unwanted), clock.now()).await?;
    }
    Ok(())
}

/// Empties the members of employees that are no longer wanted: in the records, as Lucca sent them, in quarantine, and
/// in what the change log says of earlier values.
async fn empty_members(context: &Context<'_>) -> Result<(), store::Error> {
    let Context { store, account, lease, clock, scope, .. } = context;
    let members = scope.unwanted_members();
    store.forget_values(lease, Kind::Employee, &members, clock.now()).await?;
    each_page(context, Kind::Employee, async |page| {
        let mut commit = Commit::default();
        for kept in page {
            reduce(kept, *scope, &members, &mut commit);
        }
        store.commit(lease, Kind::Employee, &commit, clock.now()).await
    })
    .await?;
    let mut commit =
        Commit { quarantined: store.quarantined(account.no, Kind::Employee).await?, ..Commit::default() };
    for quarantined in &mut commit.quarantined {
        quarantined.raw = normalise::least_data(&quarantined.raw, scope.groups);
    }
    store.commit(lease, Kind::Employee, &commit, clock.now()).await
}

/// Writes one employee again without what is not wanted, if there is any of it.
fn reduce(kept: Kept, scope: Scope, members: &[&'static str], commit: &mut Commit) {
    let raw = kept.raw.as_deref().map(|raw| normalise::least_data(raw, scope.groups));
    let mut model = serde_json::from_str::<Map<String, Value>>(&kept.body).unwrap_or_default();
    let mut emptied = Map::new();
    for member in members {
        if model.remove(*member).is_some_and(|value| !value.is_null()) {
            emptied.insert((*member).to_owned(), Value::Null);
        }
    }
    if emptied.is_empty() && raw == kept.raw {
        return;
    }
    // By way of the model, so that the members stand in their usual order and the hash can be compared.
    let body =
        serde_json::from_value::<Employee>(Value::Object(model)).and_then(|m| serde_json::to_string(&m));
    let Ok(body) = body else { return };
    let record = RecordUpsert { id: kept.id, hash: content_hash(&body), body, raw };
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

/// Gives the stored records of a kind, page by page.
async fn each_page(
    context: &Context<'_>,
    kind: Kind,
    mut each: impl AsyncFnMut(Vec<Kept>) -> Result<(), store::Error>,
) -> Result<(), store::Error> {
    let mut after: Option<RemoteId> = None;
    loop {
        let page = context.store.kept(context.account.no, kind, after.as_ref(), AT_ONCE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id.clone());
        each(page).await?;
    }
}
