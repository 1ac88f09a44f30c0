//! A sync of one linked account, with everything around it: the client, the holder's name, the doctor.

use std::sync::Arc;

use jiff::civil::Date;
use lucca::Client;
use lucca::clock::Clock;
use store::{LinkedAccount, RunId, Store, Vault};
use sync::{Brake, Options, Progress, RunReport, Silent, Sync, Wish};
use tracing::Instrument;

use crate::{Entropy, Tenants};

/// A sync that could not begin.
#[derive(Debug, thiserror::Error)]
pub enum NotBegun {
    /// No client could be made.
    #[error(transparent)]
    Client(#[from] crate::Error),
    /// It could not be begun.
    #[error(transparent)]
    Sync(#[from] sync::Error),
}

/// What this process calls itself when it holds a linked account's lease.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The name.
    pub name: String,
    /// Whether another holder is known to have ended without giving its lease back.
    pub has_ended: fn(&str) -> bool,
}

/// What syncs need, wherever they are started from. Cheap to clone.
#[derive(Clone)]
pub struct Machinery {
    /// Where everything is kept.
    pub store: Store,
    /// Opens the keys.
    pub vault: Arc<Vault>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives randomness.
    pub entropy: Entropy,
    /// Makes clients.
    pub tenants: Tenants,
    /// What this process calls itself.
    pub holder: Holder,
}

impl Machinery {
    /// Today, as tenants count it.
    pub fn today(&self) -> Date {
        self.clock.now().to_zoned(people::tenant_zone()).date()
    }

    /// Syncs a linked account through `client`, and has the doctor look at what the key shows now.
    ///
    /// # Errors
    ///
    /// See [`Sync::run`]. What Lucca refused is not an error but in the report.
    pub async fn sync(
        &self,
        account: &LinkedAccount,
        client: &Client,
        run_id: RunId,
        (wish, brake): (Wish, Option<Brake>),
        progress: &dyn Progress,
    ) -> Result<RunReport, sync::Error> {
        let dead_holder = self.dead_holder(account).await?;
        let sync = self.sync_of(account, client, (wish, brake), dead_holder, progress);
        let span = tracing::info_span!("sync", account = %account.id, run = %run_id);
        let report = Box::pin(sync.run(run_id)).instrument(span).await?;
        crate::aftermath::look(self, account, &report).await?;
        Ok(report)
    }

    /// Who holds an account and has ended, or is a worker that is silent for too long.
    async fn dead_holder(&self, account: &LinkedAccount) -> Result<Option<String>, store::Error> {
        let now = self.clock.now();
        let Some(other) = self.store.lease_holder(account.no, now).await? else { return Ok(None) };
        let is_dead =
            (self.holder.has_ended)(&other.holder) || self.store.has_ended(&other.holder, now).await?;
        Ok(is_dead.then_some(other.holder))
    }

    fn sync_of<'a>(
        &'a self,
        account: &'a LinkedAccount,
        client: &'a Client,
        (wish, brake): (Wish, Option<Brake>),
        dead_holder: Option<String>,
        progress: &'a dyn Progress,
    ) -> Sync<'a> {
        let holder = self.holder.name.clone();
        Sync {
            client,
            store: &self.store,
            account,
            clock: Arc::clone(&self.clock),
            progress,
            options: Options { today: self.today(), brake, wish, holder, dead_holder },
        }
    }

    /// Begins a sync of a linked account, and does it beside whatever else goes on, with nobody waiting for it. What
    /// happens is in its run, which is there when this returns. When this process ends meanwhile, the next run goes on
    /// where it was.
    ///
    /// # Errors
    ///
    /// See [`Sync::begin`]; and where no client can be made.
    pub async fn sync_in_background(&self, account: LinkedAccount, run_id: RunId) -> Result<(), NotBegun> {
        let client = self.tenants.client_of(&account, &self.vault, None).await?;
        let how = (Wish::Now, Some(Brake::default()));
        let dead_holder = self.dead_holder(&account).await.map_err(sync::Error::from)?;
        let lease = self.sync_of(&account, &client, how, dead_holder, &Silent).begin(run_id).await?;
        let machinery = self.clone();
        let runtime = tokio::runtime::Handle::current();
        // On a thread of its own: a run's future borrows what it works on, and the compiler can't yet prove such a
        // one to be `Send` (rust-lang/rust#100013).
        tokio::task::spawn_blocking(move || {
            runtime.block_on(async {
                let sync = machinery.sync_of(&account, &client, how, None, &Silent);
                match Box::pin(sync.go_on(lease)).await {
                    Ok(report) => {
                        tracing::info!(account = %account.id, outcome = report.outcome.name(), "synced");
                        if let Err(error) = crate::aftermath::look(&machinery, &account, &report).await {
                            tracing::error!(account = %account.id, %error, "what a sync shows could not be judged");
                        }
                    }
                    Err(sync::Error::Cancelled) => tracing::info!(account = %account.id, "a sync was cancelled"),
                    Err(error) => tracing::error!(account = %account.id, %error, "a sync stopped"),
                }
            });
        });
        Ok(())
    }

    /// A new run's id.
    ///
    /// # Errors
    ///
    /// When there is no randomness.
    pub fn new_run(&self) -> Result<RunId, crate::EntropyError> {
        Ok(RunId::mint(self.clock.now(), self.entropy.bytes()?))
    }
}
