//! A sync of one linked account, with everything around it: the client, the holder's name, the doctor.

use std::sync::Arc;

use async_recursion::async_recursion as boxed;
use jiff::civil::Date;
use linking::{Diagnosis, DiagnosisSummary};
use lucca::Client;
use net::clock::Clock;
use store::{Actor, DiagnosisSource, LinkedAccount, NewDiagnosis, RunId, Store, Vault};
use sync::{Brake, Options, Progress, RunReport, Sync, Wish};
use tracing::Instrument;

use crate::{Entropy, Tenants};

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
    #[boxed]
    pub async fn sync(
        &self,
        account: &LinkedAccount,
        client: &Client,
        run_id: RunId,
        (wish, brake): (Wish, Option<Brake>),
        progress: &dyn Progress,
    ) -> Result<RunReport, sync::Error> {
        let dead_holder = self.dead_holder(account).await?;
        let holder = self.holder.name.clone();
        let sync = Sync {
            client,
            store: &self.store,
            account,
            clock: Arc::clone(&self.clock),
            progress,
            options: Options { today: self.today(), brake, wish, holder, dead_holder },
        };
        let span = tracing::info_span!("sync", account = %account.id, run = %run_id);
        let report = Box::pin(sync.run(run_id)).instrument(span).await?;
        crate::throttling::judge_throttling(self, account).await?;
        crate::aftermath::look(self, account, &report).await?;
        Ok(report)
    }

    /// Takes down what a check of a linked account's key has found: with the account, in the audit log, and as issues.
    ///
    /// # Errors
    ///
    /// The store's; and where the account was linked again meanwhile, nothing is taken down.
    #[boxed]
    pub async fn note_check(
        &self,
        account: &LinkedAccount,
        diagnosis: &Diagnosis,
        source: DiagnosisSource,
        actor: Actor,
    ) -> Result<DiagnosisSummary, store::Error> {
        let kept = self.store.diagnosis(account.no).await?;
        let before = kept.and_then(|kept| serde_json::from_str::<DiagnosisSummary>(&kept.summary).ok());
        let confirmed = crate::aftermath::confirmed(account);
        let summary = DiagnosisSummary::new(before.as_ref(), diagnosis, &confirmed);
        let json = serde_json::to_string(&summary).unwrap_or_default();
        let new = NewDiagnosis { source, summary: &json, audit_detail: &summary.audit_detail() };
        if self.store.keep_diagnosis(account, new, Some(actor), self.clock.now()).await? {
            self.note_linked(account, &summary).await?;
        }
        Ok(summary)
    }

    /// Opens and resolves the issues about the key of an account that was just linked, or checked.
    ///
    /// # Errors
    ///
    /// The store's, and when there is no randomness.
    #[boxed]
    pub async fn note_linked(
        &self,
        account: &LinkedAccount,
        summary: &DiagnosisSummary,
    ) -> Result<(), store::Error> {
        crate::aftermath::note_check(self, account, summary).await
    }

    /// Whether an account is being synced, by somebody of whom it isn't known that it has ended.
    ///
    /// # Errors
    ///
    /// The store's.
    #[boxed]
    pub async fn is_busy(&self, account: &LinkedAccount) -> Result<bool, store::Error> {
        let holder = self.store.lease_holder(account.no, self.clock.now()).await?;
        Ok(match holder {
            Some(other) => !self.has_ended(&other.holder).await?,
            None => false,
        })
    }

    /// Who holds an account and has ended, or is a worker that is silent for too long.
    async fn dead_holder(&self, account: &LinkedAccount) -> Result<Option<String>, store::Error> {
        let holder = self.store.lease_holder(account.no, self.clock.now()).await?;
        Ok(match holder {
            Some(other) if self.has_ended(&other.holder).await? => Some(other.holder),
            _ => None,
        })
    }

    async fn has_ended(&self, holder: &str) -> Result<bool, store::Error> {
        Ok((self.holder.has_ended)(holder) || self.store.has_ended(holder, self.clock.now()).await?)
    }

    /// Asks for a sync of an account, which a worker begins as soon as it has a hand free. Gives the run's id: of one that was
    /// asked for before and has yet to begin, where there is one. With `is_full` the run reads everything, else what changed.
    ///
    /// # Errors
    ///
    /// When there is no randomness, and the store's.
    #[boxed]
    pub async fn ask_for_run(&self, account: &LinkedAccount, is_full: bool) -> Result<RunId, crate::Error> {
        Ok(self.store.ask_for_run(account.no, self.new_run()?, is_full, self.clock.now()).await?)
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
