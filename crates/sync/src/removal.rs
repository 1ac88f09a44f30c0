//! Removes, once after an upgrade, what versions before had stored and this one does not keep: pay, full-time equivalents
//! and reviews, which came with `applicationData`, and all else that no field group of an account asks for.
//!
//! It goes account by account, unlinked ones included, before anything else uses the database. A process that is killed
//! loses nothing: the next one goes on with the account at hand. Two at once don't disturb each other: one waits.

use std::collections::BTreeMap;
use std::time::Duration;

use people::FieldGroup;
use net::clock::Clock;
use serde::Serialize;
use store::{AccountSettings, Actor, Lease, LinkedAccount, SettingsChange, Store};

use crate::reduction::Reduction;
use crate::run::Error;
use crate::scope::Scope;

/// How long another process that removes may be silent before its work is taken over.
const SILENT_FOR: Duration = Duration::from_secs(5);

/// What a removal did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RemovalReport {
    /// Accounts looked through.
    pub accounts: u64,
    /// How many rows were removed or emptied, by table.
    pub counts: BTreeMap<&'static str, u64>,
    /// Whether what was removed is overwritten in the database's files too. If not, the next start does it.
    pub files_overwritten: bool,
}

/// Removes what is not kept from every account that still has to be looked through. None if there was nothing to do.
/// `progress` hears how many accounts are done, and of how many.
///
/// # Errors
///
/// Settings that this version does not know, and the database's own errors: what was done stays done.
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
    // Others may hold the database for as long as they read: it is done again at the next start.
    report.files_overwritten = store.scrub().await.is_ok();
    if report.files_overwritten {
        store.end_removals().await?;
    }
    Ok(Some(report))
}

/// Removes from one account, however often another process gets in between.
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
        let scope = Scope::of(&account.settings)?;
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

/// Waits while another process removes from the account; whether that one has done it.
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

/// The settings of an account that has custom fields because versions before read them by default, and not because they were
/// named: neither a linking flow, which has a customer, nor a list of features, which declines others.
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
