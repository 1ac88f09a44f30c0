//! Applies the delivery filter of a linked account after the filter, the date or the stored data has changed.
//! Runs under the account's lease. Not here: the filter itself (`people`) and its effects in the store
//! (`store`).

use std::collections::{HashMap, HashSet};

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use jiff::civil::Date;
use people::{Audience, Candidate, Contract, Department, Kind, PeopleFilter, RemoteId};
use serde::Serialize;
use store::{AccountId, AudienceChange, Error, Lease, LinkedAccount, Store};

/// The changes to the delivered employees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AudienceReport {
    /// The number of employees that are newly delivered.
    pub entered: u64,
    /// The number of employees that are no longer delivered.
    pub left: u64,
    /// The number of employees that the filter excludes but that stay delivered until an operator confirms,
    /// because they are many.
    pub held: u64,
}

impl AudienceReport {
    /// Whether the report has no changes.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// The percentage of delivered employees that may leave without a change of the filter…
const PERCENT: u64 = 20;
/// … and the number that may always leave.
const FEW: u64 = 10;

/// Counts how many employees a filter would deliver, add and remove.
#[boxed]
pub async fn preview_audience(
    store: &Store,
    account: &LinkedAccount,
    filter: Option<&PeopleFilter>,
    today: Date,
) -> Result<AudienceChange, Error> {
    let members = members(store, account, filter, today).await?;
    store.compare_audience(account.no, &members).await
}

/// Applies the account's current filter. If a run, and not a change of the filter, would remove many
/// employees, they stay: a department may have been merged or renumbered.
#[boxed]
pub async fn judge_audience(
    store: &Store,
    id: AccountId,
    lease: &Lease,
    today: Date,
    now: Timestamp,
) -> Result<AudienceReport, Error> {
    // Retry if the filter was changed meanwhile.
    for _ in 0..3 {
        let Some(account) = store.account(id).await? else { break };
        let filter = account.settings.delivery.people.as_ref();
        let is_requested = store.is_audience_due(account.no).await?;
        if filter.is_none() && !is_requested && !store.withholds(account.no).await? {
            break;
        }
        let members = members(store, &account, filter, today).await?;
        let AudienceChange { before, enter, leave } = store.compare_audience(account.no, &members).await?;
        let is_held = !is_requested && leave > FEW && leave * 100 > before * PERCENT;
        if store.apply_audience(lease, &account, &members, is_held, now).await? {
            let (left, held) = if is_held { (0, leave) } else { (leave, 0) };
            return Ok(AudienceReport { entered: enter, left, held });
        }
    }
    Ok(AudienceReport::default())
}

/// The employees that a filter selects, among all that are stored.
async fn members(
    store: &Store,
    account: &LinkedAccount,
    filter: Option<&PeopleFilter>,
    today: Date,
) -> Result<HashSet<RemoteId>, Error> {
    let everybody = PeopleFilter::default();
    let filter = filter.unwrap_or(&everybody);
    let mut contracts: HashMap<RemoteId, Vec<Contract>> = HashMap::new();
    if !filter.is_everybody() && account.contracts_current {
        let mut corrupt = None;
        let each = |body: &str, state| {
            if state == store::RecordState::Present {
                match serde_json::from_str::<Contract>(body) {
                    Ok(one) => contracts.entry(one.employee_id.clone()).or_default().push(one),
                    Err(source) => corrupt = Some(Error::CorruptRecord { kind: Kind::Employment, source }),
                }
            }
        };
        store.each_kept(account.no, Kind::Employment, each).await?;
        if let Some(corrupt) = corrupt {
            return Err(corrupt);
        }
    }
    let departments: Vec<Department> = store.all(account.no).await?;
    let parents = departments.into_iter().filter_map(|one| Some((one.id, one.parent_id?))).collect();
    let audience = Audience::new(filter, &parents, today);
    let mut members = HashSet::new();
    let mut corrupt = None;
    let each = |body: &str, _| match serde_json::from_str::<Candidate>(body) {
        Ok(person) => {
            let contracts = contracts.get(&person.id).map_or(&[][..], Vec::as_slice);
            if audience.has(&person, contracts) {
                members.insert(person.id);
            }
        }
        Err(source) => corrupt = Some(Error::CorruptRecord { kind: Kind::Employee, source }),
    };
    store.each_kept(account.no, Kind::Employee, each).await?;
    match corrupt {
        Some(corrupt) => Err(corrupt),
        None => Ok(members),
    }
}
