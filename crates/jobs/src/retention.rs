//! Retention: what has become old is removed, rule by rule, in small batches and with a receipt. What each rule removes
//! is in `store`; here is how old is old, and one round over all of it.

use async_recursion::async_recursion as boxed;
use jiff::{SignedDuration, Timestamp};
use people::{Employee, EmployeeStatus, Kind, RemoteId, status_on};
use serde::{Deserialize, Serialize};
use store::{
    AccountStatus, Actor, Erasure, ErasureId, LinkedAccount, Receipt, ReceiptId, Removed, RetentionReceipt,
    RetentionRule,
};

use crate::{Error, Machinery};

/// The change log is not cut sooner: whoever reads it may be away for as long.
const SHORTEST_CHANGES: u32 = 90;
/// People erased in one round: each takes a transaction that is not small.
const PEOPLE_A_ROUND: usize = 100;

/// For how many days what is kept. 0: for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Retention {
    /// The log of what was sent to webhook endpoints. By default 30 days.
    pub deliveries_days: u32,
    /// What happened to linked accounts beside their records, such as `sync.completed`, once every webhook endpoint was
    /// told. By default 90 days.
    pub events_days: u32,
    /// Runs with their reports; of each linked account the last one stays. By default 365 days.
    pub runs_days: u32,
    /// Absence requests made through the connector that came to an end, with their idempotency keys; Lucca's own records
    /// stay. By default 365 days.
    pub absence_requests_days: u32,
    /// Linking flows that ended or whose links are no longer valid, with the e-mail address that they were mailed to. By
    /// default 90 days.
    pub linking_flows_days: u32,
    /// Records that could not be read; what is still at the source comes back with the next full read. By default 180
    /// days.
    pub quarantine_days: u32,
    /// Records that are no longer at the source or no longer shown, and their content in the change log. By default 365
    /// days.
    pub gone_records_days: u32,
    /// The change log, as far as every webhook endpoint was told; with it goes what was observed of positions. At least
    /// 90 days. By default for ever.
    pub changes_days: u32,
    /// People whose last contract ended so long ago: they are erased as `employees erase` does, and are not read again,
    /// not even when they come back, until `employees allow`. By default never.
    pub former_employees_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            deliveries_days: 30,
            events_days: 90,
            runs_days: 365,
            absence_requests_days: 365,
            linking_flows_days: 90,
            quarantine_days: 180,
            gone_records_days: 365,
            changes_days: 0,
            former_employees_days: 0,
        }
    }
}

impl Retention {
    /// Whether the change log is kept for as long as whoever reads it may be away: for ever, or at least 90 days.
    pub fn keeps_enough_changes(&self) -> bool {
        matches!(self.changes_days, 0 | SHORTEST_CHANGES..)
    }

    /// Before when rows are old by a rule; nothing where they are kept for ever.
    fn before(&self, rule: RetentionRule, now: Timestamp) -> Option<Timestamp> {
        let days = match rule {
            RetentionRule::Deliveries => self.deliveries_days,
            RetentionRule::Events => self.events_days,
            RetentionRule::Runs => self.runs_days,
            RetentionRule::AbsenceRequests => self.absence_requests_days,
            // They say themselves how long they are kept.
            RetentionRule::Answers => return Some(now),
            RetentionRule::LinkingFlows => self.linking_flows_days,
            RetentionRule::Quarantine => self.quarantine_days,
            RetentionRule::GoneRecords => self.gone_records_days,
            RetentionRule::Changes if self.changes_days == 0 => 0,
            RetentionRule::Changes => self.changes_days.max(SHORTEST_CHANGES),
        };
        days_ago(days, now)
    }
}

fn days_ago(days: u32, now: Timestamp) -> Option<Timestamp> {
    if days == 0 {
        return None;
    }
    now.checked_sub(SignedDuration::from_hours(i64::from(days) * 24)).ok()
}

/// What a round did.
#[derive(Clone, Debug)]
pub struct RetentionRound {
    /// Its receipt; none where nothing was old.
    pub receipt: Option<RetentionReceipt>,
    /// The receipts of people who were erased.
    pub erased: Vec<Receipt>,
}

/// What a round would do.
#[derive(Clone, Debug)]
pub struct RetentionPlan {
    /// What would be removed, by rule.
    pub removed: Vec<Removed>,
    /// How many people would be erased.
    pub people: usize,
}

/// One round: removes what is old by now. None while another process does.
///
/// To be run once a day. Whoever is killed on the way leaves a receipt of what was removed; the next round goes on.
#[boxed]
pub async fn run_retention(machinery: &Machinery, ages: &Retention) -> Result<Option<RetentionRound>, Error> {
    let now = machinery.clock.now();
    let id = ReceiptId::mint(now, machinery.entropy.bytes()?);
    if !machinery.store.begin_retention(id, now).await? {
        return Ok(None);
    }
    for rule in RetentionRule::ALL {
        let Some(before) = ages.before(rule, now) else { continue };
        while machinery.store.remove_old(rule, before, id, now).await? {}
    }
    let receipt = machinery.store.finish_retention(id, machinery.clock.now()).await?;
    let erased = erase_former(machinery, ages).await?;
    match &receipt {
        Some(receipt) => tracing::info!(receipt = %receipt.id, erased = erased.len(), "removed what is old"),
        None => tracing::info!(erased = erased.len(), "nothing is old"),
    }
    Ok(Some(RetentionRound { receipt, erased }))
}

/// What a round would remove now.
#[boxed]
pub async fn plan_retention(machinery: &Machinery, ages: &Retention) -> Result<RetentionPlan, Error> {
    let now = machinery.clock.now();
    let mut removed = Vec::new();
    for rule in RetentionRule::ALL {
        let Some(before) = ages.before(rule, now) else { continue };
        let counts = machinery.store.count_old(rule, before, now).await?;
        let rows: std::collections::BTreeMap<String, u64> = counts
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(table, count)| (table.to_owned(), count))
            .collect();
        if !rows.is_empty() {
            removed.push(Removed { rule: rule.name().to_owned(), older_than: before, rows });
        }
    }
    let mut people = 0;
    for account in machinery.store.accounts().await? {
        people += former(machinery, ages, &account).await?.len();
    }
    Ok(RetentionPlan { removed, people })
}

/// Those whose last contract ended longer ago than people are kept.
async fn former(
    machinery: &Machinery,
    ages: &Retention,
    account: &LinkedAccount,
) -> Result<Vec<RemoteId>, Error> {
    let Some(before) = days_ago(ages.former_employees_days, machinery.clock.now()) else {
        return Ok(Vec::new());
    };
    let store = &machinery.store;
    // Where contracts can't be read now, the dates that are there may be old.
    if account.status != AccountStatus::Linked || !store.has_records(account.no, Kind::Employment).await? {
        return Ok(Vec::new());
    }
    let (then, today) = (before.to_zoned(people::tenant_zone()).date(), machinery.today());
    let mut former = Vec::new();
    let everybody = store.all::<Employee>(account.no).await?;
    for some in everybody.chunks(500) {
        let ids: Vec<RemoteId> = some.iter().map(|employee| employee.id.clone()).collect();
        let mut periods = store.employment_periods(account.no, &ids).await?;
        for employee in some {
            // Only by contracts: a person without any may be one whose contracts are not shown.
            let Some(periods) = periods.remove(&employee.id) else { continue };
            let is_former =
                |day| status_on(day, employee.contract(), periods.iter().copied()) == EmployeeStatus::Former;
            if is_former(then) && is_former(today) {
                former.push(employee.id.clone());
            }
        }
    }
    Ok(former)
}

async fn erase_former(machinery: &Machinery, ages: &Retention) -> Result<Vec<Receipt>, Error> {
    let mut erased = Vec::new();
    if ages.former_employees_days == 0 {
        return Ok(erased);
    }
    for account in machinery.store.accounts().await? {
        let former = former(machinery, ages, &account).await?;
        for person in former.iter().take(PEOPLE_A_ROUND - erased.len()) {
            let at = machinery.clock.now();
            let id = ErasureId::mint(at, machinery.entropy.bytes()?);
            let erasure = Erasure { id, remote_id: person, actor: Actor::System, at };
            erased.push(machinery.store.erase_person(&account, erasure).await?);
        }
    }
    if !erased.is_empty() {
        machinery.store.scrub().await?;
    }
    Ok(erased)
}
