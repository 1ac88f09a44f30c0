//! A team's absences as an iCalendar feed (RFC 5545): who is away and when; the leave type only if the feed
//! shows it; never a comment.
//!
//! This module selects the employees and absences of a feed. `events` converts an absence to events, `ics`
//! writes them. Not here: who may open a feed (`server`).

mod events;
mod ics;

use std::collections::{HashMap, HashSet};

use async_recursion::async_recursion as boxed;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::ToSpan;
use jiff::civil::Date;
use people::Language;
use people::{Department, Employee, Kind, LeaveType, RemoteId};
use secrecy::SecretString;
use store::{CalendarFeed, LinkedAccount, ListFilter, Store, Team};

use self::events::EventBuilder;

/// Days of the past that a feed shows.
const DAYS_BACK: i64 = 30;

/// Employees, or absences' owners, per database read.
const AT_ONCE: u32 = 500;

/// Days of the future that a feed shows: the default and the maximum.
pub const DAYS_AHEAD: (u16, u16) = (365, 730);

/// Builds the secret in a feed's address from 32 random bytes: `cal_…`.
pub fn secret(random: [u8; 32]) -> SecretString {
    SecretString::from(format!("cal_{}", URL_SAFE_NO_PAD.encode(random)))
}

/// The feed's current `.ics` text. `today` is the reference of its range.
#[boxed]
pub async fn calendar(
    store: &Store,
    account: &LinkedAccount,
    feed: &CalendarFeed,
    today: Date,
) -> Result<String, store::Error> {
    let language = Language::ALL.into_iter().find(|one| one.code() == feed.language).unwrap_or_default();
    let members = members(store, account.no, &feed.team).await?;
    let types: HashMap<RemoteId, LeaveType> = {
        let types: Vec<LeaveType> = store.all(account.no).await?;
        types.into_iter().map(|one| (one.id.clone(), one)).collect()
    };
    let from = today.checked_sub(DAYS_BACK.days()).unwrap_or(today);
    let to = today.checked_add(i64::from(feed.days_ahead).days()).unwrap_or(today);
    let builder = EventBuilder { account_id: account.id, types: &types, show_type: feed.show_type, language };
    let mut events = Vec::new();
    let ids: Vec<RemoteId> = members.keys().cloned().collect();
    for some in ids.chunks(AT_ONCE as usize) {
        for (absence, written_at) in store.absences_of(account.no, some).await? {
            let Some(name) = absence.employee_id.as_ref().and_then(|id| members.get(id)) else { continue };
            if absence.is_confirmed != Some(true) && !feed.with_pending {
                continue;
            }
            events.extend(builder.events(&absence, name, written_at));
        }
    }
    events.retain(|event| event.ends_on >= from && event.starts_on <= to);
    events.sort_by(|a, b| (a.starts_on, &a.uid).cmp(&(b.starts_on, &b.uid)));
    Ok(ics::write(&feed.name, &events))
}

/// The members of a team, by id, with their names.
async fn members(
    store: &Store,
    account_no: i64,
    team: &Team,
) -> Result<HashMap<RemoteId, String>, store::Error> {
    let departments: HashSet<RemoteId> = match team {
        Team::Department(id) => below(&store.all::<Department>(account_no).await?, id),
        _ => HashSet::new(),
    };
    let is_member = |employee: &Employee| match team {
        Team::Department(_) => employee.department_id.as_ref().is_some_and(|id| departments.contains(id)),
        Team::Manager(id) => employee.manager_id.as_ref() == Some(id),
        Team::Employees(ids) => ids.contains(&employee.id),
    };
    let mut members = HashMap::new();
    let mut filter = ListFilter::default();
    loop {
        let page = store.list(account_no, Kind::Employee, &filter, AT_ONCE).await?;
        let is_last = page.len() < AT_ONCE as usize;
        filter.after = page.last().map(store::ListedRecord::place);
        for record in page {
            let employee: Employee = serde_json::from_str(&record.body)
                .map_err(|source| store::Error::CorruptRecord { kind: Kind::Employee, source })?;
            if is_member(&employee) {
                members.insert(record.id, employee.shown_name());
            }
        }
        if is_last {
            return Ok(members);
        }
    }
}

/// A department and all departments below it.
fn below(departments: &[Department], top: &RemoteId) -> HashSet<RemoteId> {
    let mut found = HashSet::from([top.clone()]);
    loop {
        let before = found.len();
        for department in departments {
            if department.parent_id.as_ref().is_some_and(|parent| found.contains(parent)) {
                found.insert(department.id.clone());
            }
        }
        if found.len() == before {
            return found;
        }
    }
}
