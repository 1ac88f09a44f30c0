//! Syncs: of each linked account what is due by its rhythm.

use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;
use store::{AccountId, AccountStatus, LinkedAccount};
use sync::{Brake, Silent, Wish};

use crate::duty::{Due, Subject};
use crate::queue::Lane;
use crate::{Duty, Machinery};

/// So many are put into the queue at a look; the rest at the next.
const AT_ONCE: u32 = 1000;

/// Syncs what is due of each linked account.
pub struct SyncDuty(pub Machinery);

impl Duty for SyncDuty {
    fn name(&self) -> &'static str {
        "sync"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn again_after(&self) -> Duration {
        Duration::from_secs(15)
    }

    fn due(&self, now: Timestamp) -> Due<'_> {
        Box::pin(async move {
            let due = self.0.store.due_accounts(now, AT_ONCE).await?;
            let lane = |is_long| if is_long { Lane::Long } else { Lane::Sync };
            Ok(due.into_iter().map(|due| Subject::new(due.id.to_string(), lane(due.is_long))).collect())
        })
    }

    fn see_to<'a>(&'a self, subject: &'a str) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        Box::pin(async move {
            let Ok(id) = subject.parse::<AccountId>() else { return };
            if let Err(error) = self.sync(id).await {
                tracing::error!(account = %id, code = error.code(), %error, "a due sync can't be begun");
            }
        })
    }
}

impl SyncDuty {
    async fn sync(&self, id: AccountId) -> Result<(), store::Error> {
        let Self(machinery) = self;
        let (store, now) = (&machinery.store, machinery.clock.now());
        let Some(due_at) = store.due_at(id).await?.filter(|due_at| *due_at <= now) else { return Ok(()) };
        let Some(account) = store.account(id).await? else { return Ok(()) };
        if account.status != AccountStatus::Linked {
            return Ok(());
        }
        let lag = now.duration_since(due_at).as_secs_f64();
        if self.run(&account, lag).await {
            return Ok(());
        }
        store.postpone(account.no, machinery.clock.now()).await
    }

    /// Whether it ran, or another does it.
    async fn run(&self, account: &LinkedAccount, lag: f64) -> bool {
        let Self(machinery) = self;
        let client = match machinery.tenants.client_of(account, &machinery.vault, None).await {
            Ok(client) => client,
            Err(error) => {
                tracing::error!(account = %account.id, code = error.code(), %error, "no client for a linked account");
                return false;
            }
        };
        let Ok(run_id) = machinery.new_run() else { return false };
        let how = (Wish::Due, Some(Brake::default()));
        metrics::histogram!("lucca_connector_run_start_lag_seconds").record(lag);
        let active = metrics::gauge!("lucca_connector_runs_active");
        active.increment(1.0);
        let began = machinery.clock.now();
        let ran = Box::pin(machinery.sync(account, &client, run_id, how, &Silent)).await;
        active.decrement(1.0);
        metrics::histogram!("lucca_connector_run_seconds")
            .record(machinery.clock.now().duration_since(began).as_secs_f64());
        let outcome = match &ran {
            Ok(report) => report.outcome.name(),
            Err(sync::Error::Busy { .. }) => "busy",
            Err(sync::Error::Cancelled) => "cancelled",
            Err(_) => "stopped",
        };
        metrics::counter!("lucca_connector_runs_total", "outcome" => outcome).increment(1);
        match ran {
            Ok(report) => {
                tracing::info!(account = %account.id, outcome = report.outcome.name(), lag, "synced");
                true
            }
            // Another process is at it, which is as good, or it was unlinked meanwhile.
            Err(sync::Error::Busy { .. } | sync::Error::Store(store::Error::Unlinked)) => true,
            Err(sync::Error::Cancelled) => {
                tracing::info!(account = %account.id, "a sync was cancelled");
                false
            }
            Err(error) => {
                tracing::error!(account = %account.id, %error, "a sync stopped");
                false
            }
        }
    }
}
