//! Applies changes of a linked account's configuration since the previous run, and ended erasures: removes
//! data that is out of scope before the run reads any, and schedules full reads of data that is back in
//! scope.

use std::collections::BTreeSet;

use lucca::Stream;
use people::{Kind, RemoteId};
use serde::{Deserialize, Serialize};
use store::Commit;

use crate::reduction::{Reduction, keep_state};
use crate::remote_work::{self, RemoteWork};
use crate::state::StreamState;
use crate::stream_sync::Context;
use normalise::Scope;

/// The key under which the scope is stored with the streams' states.
const NAME: &str = "scope";

const VERSION: u32 = 1;

/// The scope of the last run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ScopeRecord {
    version: u32,
    /// The names of the scope's parts.
    names: BTreeSet<String>,
    /// Excluded custom fields, in lower case.
    #[serde(default)]
    excluded: BTreeSet<String>,
    /// Leave types that counted as remote work, in lower case.
    #[serde(default)]
    remote_work: BTreeSet<String>,
    /// The erased employees.
    erased: BTreeSet<RemoteId>,
}

/// Brings the stored data and the streams' states in line with this run's scope.
pub(crate) async fn apply(context: &Context<'_>) -> Result<(), store::Error> {
    let Context { store, account, lease, clock, scope, erased, .. } = context;
    let states = store.stream_states(account.no).await?;
    let remote_work = RemoteWork::of(&account.settings);
    let now = ScopeRecord {
        version: VERSION,
        names: scope.names(),
        excluded: scope.excluded().clone(),
        remote_work: remote_work.names().clone(),
        erased: erased.iter().cloned().collect(),
    };
    let before = states.get(NAME).and_then(|json| serde_json::from_str::<ScopeRecord>(json).ok());
    let before = before.filter(|before| before.version == VERSION);
    if before.as_ref() == Some(&now) {
        return Ok(());
    }
    // A version without this record may have stored any part.
    let names_before = before.as_ref().map_or_else(Scope::all_names, |before| before.names.clone());
    let excluded_before = before.as_ref().map(|before| before.excluded.clone()).unwrap_or_default();
    let is_smaller = !names_before.is_subset(&now.names) || !scope.excluded().is_subset(&excluded_before);
    if !states.is_empty() && is_smaller {
        Reduction { store, account_no: account.no, lease, clock: &**clock, scope }.apply().await?;
    }
    let mut again = BTreeSet::new();
    let is_larger = now.names.iter().any(|name| !names_before.contains(name));
    if is_larger || !excluded_before.is_subset(scope.excluded()) {
        again.extend([Stream::Users, Stream::UserLogs, Stream::Leaves, Stream::LeaveRequests]);
    }
    let remote_work_before = before.as_ref().map(|before| before.remote_work.clone()).unwrap_or_default();
    if remote_work_before != now.remote_work {
        remote_work::apply(context, &RemoteWork::from(remote_work_before), &remote_work).await?;
        again.insert(Stream::LeaveAccounts);
    }
    if before.is_some_and(|before| !before.erased.is_subset(&now.erased)) {
        let of_people = [Stream::Users, Stream::WorkContracts, Stream::UserLogs];
        again.extend(of_people.into_iter().chain([Stream::Leaves, Stream::LeaveRequests]));
    }
    for stream in again {
        if let Some(json) = states.get(stream.name()) {
            let anew = StreamState::read(Some(json)).read_anew();
            keep_state(store, lease, stream, &anew, clock.now()).await?;
        }
    }
    let json = serde_json::to_string(&now).unwrap_or_default();
    // The kind is only a label of the transaction: no record is written.
    let commit = Commit { state: Some((NAME, json)), ..Commit::default() };
    store.commit(lease, Kind::Employee, &commit, clock.now()).await
}
