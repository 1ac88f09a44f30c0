//! The services that syncs, duties and the API share, and operations on several of them: a sync of one linked
//! account with the diagnosis after it, absences, new ids.

use std::sync::Arc;

use absences::Absences;
use async_recursion::async_recursion as boxed;
use jiff::civil::Date;
use linking::{Diagnosis, DiagnosisSummary};
use lucca::Client;
use net::clock::Clock;
use store::{
    Actor, DiagnosisSource, LinkedAccount, NewDiagnosis, RunId, RunRequest, Store, SubmissionId, Vault,
};
use sync::{Brake, Options, Progress, RunExtent, RunReport, Sync};
use tracing::Instrument;

use crate::{Entropy, Tenants};

/// The name of this process as the holder of leases.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The name.
    pub name: String,
    /// Whether another holder has died without releasing its lease, as far as this process can tell.
    pub has_ended: fn(&str) -> bool,
}

/// The dependencies of syncs and duties. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    /// The store.
    pub store: Store,
    /// Decrypts API keys.
    pub vault: Arc<Vault>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub entropy: Entropy,
    /// Builds clients.
    pub tenants: Tenants,
    /// This process as a lease holder.
    pub holder: Holder,
}

impl Services {
    /// Today's date in the tenants' time zone.
    pub fn today(&self) -> Date {
        self.clock.now().to_zoned(people::tenant_zone()).date()
    }

    /// Syncs a linked account through `client`, then diagnoses the key's permissions.
    ///
    /// # Errors
    ///
    /// See [`Sync::run`]. Refusals by Lucca are in the report and no error.
    #[boxed]
    pub async fn sync(
        &self,
        account: &LinkedAccount,
        client: &Client,
        run_id: RunId,
        (extent, brake): (RunExtent, Option<Brake>),
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
            options: Options { today: self.today(), brake, extent, holder, dead_holder },
        };
        let span = tracing::info_span!("sync", account = %account.id, run = %run_id);
        let report = Box::pin(sync.run(run_id)).instrument(span).await?;
        crate::throttling::judge_throttling(self, account).await?;
        crate::post_sync::update_issues(self, account, &report).await?;
        Ok(report)
    }

    /// Stores the result of checking a linked account's key: with the account, in the audit log, and as
    /// issues.
    ///
    /// # Errors
    ///
    /// The store's. If the account was linked again meanwhile, nothing is stored.
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
        let confirmed = crate::post_sync::confirmed(account);
        let summary = DiagnosisSummary::new(before.as_ref(), diagnosis, &confirmed);
        let json = serde_json::to_string(&summary).unwrap_or_default();
        let new = NewDiagnosis { source, summary: &json, audit_detail: &summary.audit_detail() };
        if self.store.keep_diagnosis(account, new, Some(actor), self.clock.now()).await? {
            self.note_linked(account, &summary).await?;
        }
        Ok(summary)
    }

    /// Opens and resolves the issues about the key of an account that was just linked or checked.
    ///
    /// # Errors
    ///
    /// The store's, and if randomness fails.
    #[boxed]
    pub async fn note_linked(
        &self,
        account: &LinkedAccount,
        summary: &DiagnosisSummary,
    ) -> Result<(), store::Error> {
        crate::post_sync::note_check(self, account, summary).await
    }

    /// Returns true while a live process holds the account's lease.
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

    /// The holder of the account's lease, if it has died or its worker has been silent for too long.
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

    /// Requests a sync of an account, which the next free worker begins. Returns the run's id; an earlier
    /// request that has not begun keeps its id.
    ///
    /// # Errors
    ///
    /// If randomness fails, and the store's.
    #[boxed]
    pub async fn request_run(
        &self,
        account: &LinkedAccount,
        request: RunRequest,
    ) -> Result<RunId, crate::Error> {
        Ok(self.store.request_run(account.no, self.new_run()?, request, self.clock.now()).await?)
    }

    /// Creates the id of a run.
    ///
    /// # Errors
    ///
    /// If randomness fails.
    pub fn new_run(&self) -> Result<RunId, crate::EntropyError> {
        Ok(RunId::mint(self.clock.now(), self.entropy.bytes()?))
    }

    /// The absences of a linked account, through `client`, on behalf of `actor`.
    pub fn absences<'a>(
        &'a self,
        account: &'a LinkedAccount,
        client: &'a Client,
        actor: Actor,
    ) -> Absences<'a> {
        Absences { client, store: &self.store, account, clock: Arc::clone(&self.clock), actor }
    }

    /// Creates the id of an absence submission.
    ///
    /// # Errors
    ///
    /// If randomness fails.
    pub fn new_submission(&self) -> Result<SubmissionId, crate::EntropyError> {
        Ok(SubmissionId::mint(self.clock.now(), self.entropy.bytes()?))
    }
}
