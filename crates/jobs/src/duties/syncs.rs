//! Duty: syncs linked accounts whose streams are due or whose sync was requested.

use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;
use store::{DueAccount, LinkedAccount};
use sync::{Brake, RunExtent, Silent};

use crate::duty::{Due, Subject};
use crate::queue::Lane;
use crate::{Duty, Services};

/// Maximum number of accounts to enqueue at once; the others follow in the next scheduling.
const AT_ONCE: u32 = 1000;

/// Syncs linked accounts that are due or requested.
pub struct SyncDuty(pub Services);

impl Duty for SyncDuty {
    fn name(&self) -> &'static str {
        "sync"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn due(&self, now: Timestamp) -> Due<'_> {
        Box::pin(async move {
            let due = self.0.store.due_accounts(now, AT_ONCE).await?;
            Ok(due.iter().map(subject).collect())
        })
    }

    fn run<'a>(&'a self, subject: &'a str) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        Box::pin(async move {
            if let Err(error) = self.sync(subject).await {
                tracing::error!(subject, code = error.code(), %error, "could not start a due sync");
            }
        })
    }
}

/// The subject of an account, or of a requested run, which is its own job so that it does not wait for the
/// account's current job.
fn subject(due: &DueAccount) -> Subject {
    let lane = if due.is_long { Lane::Long } else { Lane::Sync };
    match due.asked {
        Some(run) => Subject { id: run.to_string(), lane, is_urgent: true },
        None => Subject::new(due.id.to_string(), lane),
    }
}

impl SyncDuty {
    async fn sync(&self, subject: &str) -> Result<(), store::Error> {
        let Self(services) = self;
        let (store, now) = (&services.store, services.clock.now());
        let Some(due) = store.due_account(subject, now).await? else { return Ok(()) };
        let Some(account) = store.account(due.id).await? else { return Ok(()) };
        if self.run(&account, &due, now).await {
            return Ok(());
        }
        store.postpone(account.no, due.asked, services.clock.now()).await
    }

    /// Returns true if the sync ran, or another process runs it.
    async fn run(&self, account: &LinkedAccount, due: &DueAccount, now: Timestamp) -> bool {
        let Self(services) = self;
        let lag = now.duration_since(due.due_at).as_secs_f64();
        let client = match services.tenants.client_of(account, &services.vault, None).await {
            Ok(client) => client,
            Err(error) => {
                tracing::error!(
                    account = %account.id, code = error.code(), %error,
                    "could not create the client of a linked account"
                );
                return false;
            }
        };
        let requested = async {
            let streams = match due.asked {
                Some(run_id) => services.store.requested_streams(run_id).await?,
                None => None,
            };
            Ok::<_, store::Error>((services.store.is_full_run_asked(account.no).await?, streams))
        };
        let (is_full, streams) = match requested.await {
            Ok(requested) => requested,
            Err(error) => {
                tracing::error!(
                    account = %account.id, code = error.code(), %error, "could not read the requested run"
                );
                return false;
            }
        };
        let run_id = match due.asked.map_or_else(|| services.new_run(), Ok) {
            Ok(run_id) => run_id,
            Err(_) => return false,
        };
        let extent = match (due.asked, streams) {
            // Includes a requested full run whose process died.
            _ if is_full => RunExtent::Full,
            (Some(_), Some(kinds)) => RunExtent::Streams(kinds),
            (Some(_), None) => RunExtent::Now,
            (None, _) => RunExtent::Due,
        };
        let how = (extent, Some(Brake::default()));
        metrics::histogram!("lucca_connector_run_start_lag_seconds").record(lag);
        let active = metrics::gauge!("lucca_connector_runs_active");
        active.increment(1.0);
        let began = services.clock.now();
        let ran = Box::pin(services.sync(account, &client, run_id, how, &Silent)).await;
        active.decrement(1.0);
        metrics::histogram!("lucca_connector_run_seconds")
            .record(services.clock.now().duration_since(began).as_secs_f64());
        let outcome = match &ran {
            Ok(report) => report.outcome.name(),
            Err(sync::Error::Busy) => "busy",
            Err(sync::Error::Cancelled) => "cancelled",
            Err(_) => "stopped",
        };
        metrics::counter!("lucca_connector_runs_total", "outcome" => outcome).increment(1);
        if is_full
            && matches!(ran, Ok(_) | Err(sync::Error::Cancelled))
            && let Err(error) = services.store.full_run_ended(account.no).await
        {
            tracing::error!(
                account = %account.id, code = error.code(), %error,
                "could not clear the request for a full run; it runs once more"
            );
        }
        match ran {
            Ok(report) => {
                tracing::info!(account = %account.id, outcome = report.outcome.name(), lag, "synced");
                true
            }
            // Another process runs or ran it, or the account was unlinked meanwhile: no work is left.
            Err(sync::Error::Busy | sync::Error::Store(store::Error::Unlinked)) => true,
            Err(sync::Error::Cancelled) => {
                tracing::info!(account = %account.id, "a sync was cancelled");
                false
            }
            Err(error) => {
                tracing::error!(account = %account.id, %error, "a sync failed");
                false
            }
        }
    }
}
