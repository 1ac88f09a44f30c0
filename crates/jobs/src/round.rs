//! The round that keeps every linked account in sync while a service runs: each minute, what is due by its rhythm. It
//! also erases the keys that linking flows hold and no link opens any more. Absence requests go on beside it.
//!
//! One account after the other: the tenants' budgets, not this machine, decide how fast it goes. Many workers and
//! fairness between tenants are not here.

use std::time::Duration;

use store::AccountStatus;
use sync::{Brake, Silent, Wish};

use crate::{Machinery, keep_reading_notified, keep_requests_going};

/// How often it is looked what is due.
const EVERY: Duration = Duration::from_mins(1);

/// Syncs what is due, and takes absence requests on beside that, for ever. What fails is logged, and tried again in the
/// next round.
pub async fn keep_in_sync(machinery: Machinery) {
    // Boxed: what a sync keeps at hand is large.
    let requests = Box::pin(keep_requests_going(machinery.clone()));
    let notified = Box::pin(keep_reading_notified(machinery.clone()));
    tokio::join!(Box::pin(keep_syncing(machinery)), requests, notified);
}

async fn keep_syncing(machinery: Machinery) {
    loop {
        let now = machinery.clock.now();
        if let Err(error) = machinery.store.erase_abandoned_keys(now).await {
            tracing::error!(code = error.code(), %error, "keys of abandoned flows can't be erased");
        }
        sync_due(&machinery).await;
        machinery.clock.sleep(EVERY).await;
    }
}

async fn sync_due(machinery: &Machinery) {
    let accounts = match machinery.store.accounts().await {
        Ok(accounts) => accounts,
        Err(error) => {
            tracing::error!(code = error.code(), %error, "linked accounts can't be listed");
            return;
        }
    };
    for account in accounts.iter().filter(|account| account.status == AccountStatus::Linked) {
        let client = match machinery.tenants.client_of(account, &machinery.vault, None).await {
            Ok(client) => client,
            Err(error) => {
                tracing::error!(account = %account.id, code = error.code(), %error, "no client for a linked account");
                continue;
            }
        };
        let Ok(run_id) = machinery.new_run() else { continue };
        let how = (Wish::Due, Some(Brake::default()));
        match Box::pin(machinery.sync(account, &client, run_id, how, &Silent)).await {
            Ok(report) => tracing::info!(account = %account.id, outcome = report.outcome.name(), "synced"),
            // Another process is at it, which is as good, or it was unlinked meanwhile.
            Err(sync::Error::Busy { .. } | sync::Error::Store(store::Error::Unlinked)) => {}
            Err(sync::Error::Cancelled) => tracing::info!(account = %account.id, "a sync was cancelled"),
            Err(error) => tracing::error!(account = %account.id, %error, "a sync stopped"),
        }
    }
}
