//! Removes, once after an upgrade, data that earlier versions stored and this one does not: pay, full-time
//! equivalents and reviews from `applicationData`, and data outside an account's field groups.
//!
//! It runs account by account, including unlinked ones, before other parts use the database. After a crash,
//! the next process repeats the current account. If two processes run at once, one waits.

use std::collections::BTreeMap;
use std::time::Duration;

use net::clock::Clock;
use people::FieldGroup;
use serde::Serialize;
use store::{AccountSettings, Actor, Lease, LinkedAccount, SettingsChange, Store};

use crate::reduction::Reduction;
use crate::run::Error;
use crate::scope::scope_of;

/// How long another removing process may be silent before this one takes over.
const SILENT_FOR: Duration = Duration::from_secs(5);

/// The result of a removal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RemovalReport {
    /// The number of examined accounts.
    pub accounts: u64,
    /// The number of rows removed or emptied, by table.
    pub counts: BTreeMap<&'static str, u64>,
    /// Whether the removed data is overwritten in the database's files, too. If not, the next start does it.
    pub files_overwritten: bool,
}

/// Removes data outside the scope from every account that is not examined yet. `None` if all are examined.
/// `progress` receives the number of examined accounts and of all.
///
/// # Errors
///
/// Settings that this version does not know, and database errors. Finished accounts stay finished.
pub async fn remove_unwanted(
    store: &Store,
    clock: &dyn Clock,
    mut progress: impl FnMut(usize, usize),
) -> Result<Option<RemovalReport>, Error> {
    let pending = store.removals().await?;
    if pending.is_empty() {
        return Ok(None);
    }
    let mut report = RemovalReport::default();
    for (done, removal) in pending.iter().enumerate() {
        progress(done, pending.len());
        if removal.is_done {
            continue;
        }
        let Some(account) = store.account(removal.account).await? else { continue };
        let counts = remove_from(store, clock, account).await?;
        report.accounts += 1;
        for (table, count) in counts {
            *report.counts.entry(table).or_default() += count;
        }
    }
    progress(pending.len(), pending.len());
    // Other processes may hold the database open while they read: the next start tries again.
    report.files_overwritten = store.scrub().await.is_ok();
    if report.files_overwritten {
        store.end_removals().await?;
    }
    Ok(Some(report))
}

/// Removes data from one account, and retries while another process holds the lease.
async fn remove_from(
    store: &Store,
    clock: &dyn Clock,
    mut account: LinkedAccount,
) -> Result<BTreeMap<&'static str, u64>, Error> {
    loop {
        if wait_for_other(store, clock, &account).await? {
            return Ok(BTreeMap::new());
        }
        if let Some(settings) = without_default(&account) {
            let change = SettingsChange { settings: &settings, gives_delivery: false };
            store.set_account_settings(&account, change, (Actor::System, clock.now())).await?;
            account.settings = settings;
        }
        let lease: Lease = store.seize_lease(account.no, clock.now()).await?;
        let scope = scope_of(&account.settings)?;
        let reduction = Reduction { store, account_no: account.no, lease: &lease, clock, scope: &scope };
        let reduced = async {
            let counts = reduction.apply().await?;
            store.finish_removal(&lease, &account, &counts, clock.now()).await?;
            Ok(counts)
        };
        match reduced.await {
            Err(store::Error::LeaseLost) => {}
            done => return Ok(done?),
        }
    }
}

/// Waits while another process removes from the account; returns true if the account is done.
async fn wait_for_other(store: &Store, clock: &dyn Clock, account: &LinkedAccount) -> Result<bool, Error> {
    let mut seen = store.removal_sign(account.no).await?;
    while let Some(sign) = seen {
        clock.sleep(SILENT_FOR).await;
        let now = store.removal_sign(account.no).await?;
        if now == Some(sign) {
            break;
        }
        seen = now;
    }
    Ok(!store.removals().await?.iter().any(|removal| removal.account == account.id && !removal.is_done))
}

/// The settings without custom fields, for accounts that have them only because earlier versions read them by
/// default, and not because a linking flow (which has a customer) or a list of declined features chose them.
fn without_default(account: &LinkedAccount) -> Option<AccountSettings> {
    const DEFAULT_BEFORE: [&str; 4] = ["identity", "work", "contract", "custom_fields"];
    let settings = &account.settings;
    let is_default = settings.field_groups == DEFAULT_BEFORE
        && account.customer_id.is_none()
        && settings.declined_features.is_empty();
    is_default.then(|| {
        let mut settings = settings.clone();
        settings.field_groups.retain(|group| group != FieldGroup::CustomFields.name());
        settings
    })
}
