//! Absence requests made through the connector: engines for them, and the round that takes each one step further when
//! it is due, apart from syncs, so that none waits for a backfill.

use std::time::Duration;

use absences::{Absences, Error};
use lucca::Client;
use store::{AccountStatus, Actor, LinkedAccount, SubmissionFilter, SubmissionId};

use crate::{EntropyError, Machinery};

/// How often it is looked what is due.
const EVERY: Duration = Duration::from_secs(10);

/// So many are taken on in one round; the rest in the next.
const AT_ONCE: u64 = 200;

impl Machinery {
    /// The absences of a linked account, through `client`, on somebody's behalf.
    pub fn absences<'a>(
        &'a self,
        account: &'a LinkedAccount,
        client: &'a Client,
        actor: Actor,
    ) -> Absences<'a> {
        Absences { client, store: &self.store, account, clock: std::sync::Arc::clone(&self.clock), actor }
    }

    /// A new absence request's id.
    ///
    /// # Errors
    ///
    /// When there is no randomness.
    pub fn new_submission(&self) -> Result<SubmissionId, EntropyError> {
        Ok(SubmissionId::mint(self.clock.now(), self.entropy.bytes()?))
    }
}

/// Takes absence requests on to their ends, for ever: sends what could not be sent, looks for what may have been, follows
/// what was made. What fails is logged, and tried again.
pub async fn keep_requests_going(machinery: Machinery) {
    loop {
        advance_due(&machinery).await;
        machinery.clock.sleep(EVERY).await;
    }
}

/// Takes on what is due now.
pub async fn advance_due(machinery: &Machinery) {
    let filter = SubmissionFilter { due_by: Some(machinery.clock.now()), ..SubmissionFilter::default() };
    let due = match machinery.store.submissions(&filter, AT_ONCE).await {
        Ok(due) if due.is_empty() => return,
        Ok(due) => due,
        Err(error) => {
            tracing::error!(code = error.code(), %error, "absence requests can't be listed");
            return;
        }
    };
    let accounts = match machinery.store.accounts().await {
        Ok(accounts) => accounts,
        Err(error) => {
            tracing::error!(code = error.code(), %error, "linked accounts can't be listed");
            return;
        }
    };
    for account in accounts.iter().filter(|account| account.status == AccountStatus::Linked) {
        let theirs = || due.iter().filter(|submission| submission.account_no == account.no);
        if theirs().next().is_none() {
            continue;
        }
        let client = match machinery.tenants.client_of(account, &machinery.vault, None).await {
            Ok(client) => client,
            Err(error) => {
                tracing::error!(account = %account.id, code = error.code(), %error, "no client for a linked account");
                continue;
            }
        };
        let absences = machinery.absences(account, &client, Actor::System);
        for submission in theirs() {
            match absences.advance(submission.clone()).await {
                Ok(_) => {}
                // The key is what is wrong, and with it every one of them.
                Err(Error::Lucca(error)) if error.code() == "lucca.key_refused" => break,
                Err(error) => {
                    tracing::info!(id = %submission.id, code = error.code(), "an absence request waits");
                }
            }
        }
        if let Err(error) = machinery.tenants.note(&client).await {
            tracing::error!(code = error.code(), %error, "requests can't be noted");
        }
    }
}
