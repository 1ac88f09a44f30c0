//! Retention: removes old data rule by rule, in small batches and with a receipt, and the duty that does so once a day and
//! when a scheduler starts. Not here: the data of each rule (`store`).

use std::pin::Pin;
use std::time::Duration;

use async_recursion::async_recursion as boxed;
use jiff::{SignedDuration, Timestamp};
use people::{Employee, EmployeeStatus, Kind, RemoteId, status_on};
use serde::{Deserialize, Serialize};
use store::{
    AccountStatus, Actor, Erasure, ErasureId, LinkedAccount, Receipt, ReceiptId, Removed, RetentionReceipt,
    RetentionRule,
};

use crate::duty::{Due, Subject};
use crate::queue::Lane;
use crate::{Duty, Error, Services};

/// Minimum retention of the change log in days: readers may be offline that long.
const SHORTEST_CHANGES: u32 = 90;
/// Maximum number of employees to erase in one round, because each takes a large transaction.
const PEOPLE_A_ROUND: usize = 100;

/// Retention periods in days; 0 keeps data for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Retention {
    /// Delivery attempts of webhooks. By default 30 days.
    pub deliveries_days: u32,
    /// Events of linked accounts, such as `sync.completed`, once every webhook endpoint has received them. By
    /// default 90 days.
    pub events_days: u32,
    /// Runs with their reports, except each linked account's last one. By default 365 days.
    pub runs_days: u32,
    /// Ended absence submissions, with their idempotency keys; Lucca's own records stay. By default 365 days.
    pub absence_requests_days: u32,
    /// Linking flows that ended or whose links have expired, with the e-mail addresses of the links'
    /// recipients. By default 90 days.
    pub linking_flows_days: u32,
    /// Unreadable records; those that still exist in Lucca are stored again by the next full read. By default
    /// 180 days.
    pub quarantine_days: u32,
    /// Records that are gone or hidden, and their content in the change log. By default 365 days.
    pub gone_records_days: u32,
    /// The change log, as far as every webhook endpoint has received it, with the observed positions. At
    /// least 90 days. By default for ever.
    pub changes_days: u32,
    /// Employees after the end of their last contract: they are erased as by `employees erase`, and not read
    /// again, even if they return, until `employees allow`. By default never.
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
    /// Whether the change log is kept long enough for offline readers: for ever, or at least 90 days.
    pub fn keeps_enough_changes(&self) -> bool {
        matches!(self.changes_days, 0 | SHORTEST_CHANGES..)
    }

    /// The time before which a rule removes rows; `None` if they are kept for ever.
    fn before(&self, rule: RetentionRule, now: Timestamp) -> Option<Timestamp> {
        let days = match rule {
            RetentionRule::Deliveries => self.deliveries_days,
            RetentionRule::Events => self.events_days,
            RetentionRule::Runs => self.runs_days,
            RetentionRule::AbsenceRequests => self.absence_requests_days,
            // Each has its own expiry time.
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

/// The result of a round.
#[derive(Clone, Debug)]
pub struct RetentionRound {
    /// The round's receipt; `None` if no rows were due for removal.
    pub receipt: Option<RetentionReceipt>,
    /// The receipts of erased employees.
    pub erased: Vec<Receipt>,
}

/// A preview of a round.
#[derive(Clone, Debug)]
pub struct RetentionPlan {
    /// The rows to remove, by rule.
    pub removed: Vec<Removed>,
    /// The number of employees to erase.
    pub people: usize,
}

/// Removes every row that is past its retention period. `None` if another process is doing so.
///
/// Run it once a day. A killed round leaves a receipt of the removed data, and the next round continues.
#[boxed]
pub async fn run_retention(services: &Services, ages: &Retention) -> Result<Option<RetentionRound>, Error> {
    let now = services.clock.now();
    let id = ReceiptId::mint(now, services.entropy.bytes()?);
    if !services.store.begin_retention(id, now).await? {
        return Ok(None);
    }
    for rule in RetentionRule::ALL {
        let Some(before) = ages.before(rule, now) else { continue };
        while services.store.remove_old(rule, before, id, now).await? {}
    }
    let receipt = services.store.finish_retention(id, services.clock.now()).await?;
    let erased = erase_former(services, ages).await?;
    match &receipt {
        Some(receipt) => {
            tracing::info!(
                receipt = %receipt.id, erased = erased.len(), "removed data past its retention period"
            );
        }
        None => tracing::info!(erased = erased.len(), "no data is past its retention period"),
    }
    Ok(Some(RetentionRound { receipt, erased }))
}

/// Previews a round without removing anything.
#[boxed]
pub async fn plan_retention(services: &Services, ages: &Retention) -> Result<RetentionPlan, Error> {
    let now = services.clock.now();
    let mut removed = Vec::new();
    for rule in RetentionRule::ALL {
        let Some(before) = ages.before(rule, now) else { continue };
        let counts = services.store.count_old(rule, before, now).await?;
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
    for account in services.store.accounts().await? {
        people += former(services, ages, &account).await?.len();
    }
    Ok(RetentionPlan { removed, people })
}

/// Lists employees whose last contract ended before the retention period.
async fn former(
    services: &Services,
    ages: &Retention,
    account: &LinkedAccount,
) -> Result<Vec<RemoteId>, Error> {
    let Some(before) = days_ago(ages.former_employees_days, services.clock.now()) else {
        return Ok(Vec::new());
    };
    let store = &services.store;
    // Without permission to read contracts, the stored dates may be outdated.
    if account.status != AccountStatus::Linked || !store.has_records(account.no, Kind::Employment).await? {
        return Ok(Vec::new());
    }
    let (then, today) = (before.to_zoned(people::tenant_zone()).date(), services.today());
    let mut former = Vec::new();
    let everybody = store.all::<Employee>(account.no).await?;
    for some in everybody.chunks(500) {
        let ids: Vec<RemoteId> = some.iter().map(|employee| employee.id.clone()).collect();
        let mut periods = store.employment_periods(account.no, &ids).await?;
        for employee in some {
            // Contracts alone decide: an employee without any may be one whose contracts are hidden.
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

async fn erase_former(services: &Services, ages: &Retention) -> Result<Vec<Receipt>, Error> {
    let mut erased = Vec::new();
    if ages.former_employees_days == 0 {
        return Ok(erased);
    }
    for account in services.store.accounts().await? {
        let former = former(services, ages, &account).await?;
        for person in former.iter().take(PEOPLE_A_ROUND - erased.len()) {
            let at = services.clock.now();
            let id = ErasureId::mint(at, services.entropy.bytes()?);
            let erasure = Erasure { id, remote_id: person, actor: Actor::System, at };
            erased.push(services.store.erase_person(&account, erasure).await?);
        }
    }
    if !erased.is_empty() {
        services.store.scrub().await?;
    }
    Ok(erased)
}

/// Removes data by these retention periods.
pub struct RetentionDuty(pub Services, pub Retention);

impl Duty for RetentionDuty {
    fn name(&self) -> &'static str {
        "retention"
    }

    fn every(&self) -> Duration {
        Duration::from_hours(24)
    }

    fn due(&self, _: Timestamp) -> Due<'_> {
        Box::pin(async { Ok(vec![Subject::new("all".to_owned(), Lane::Long)]) })
    }

    fn run<'a>(&'a self, _: &'a str) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        Box::pin(async {
            let Self(services, ages) = self;
            if let Err(error) = run_retention(services, ages).await {
                tracing::error!(
                    code = error.code(), %error, "could not remove data past its retention period"
                );
            }
        })
    }
}
