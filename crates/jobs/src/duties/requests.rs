//! Duty: advances absence submissions when they are due. Separate from syncs, so that no submission waits for
//! a backfill.

use std::pin::Pin;
use std::time::Duration;

use absences::Error;
use jiff::Timestamp;
use store::{AccountStatus, Actor, SubmissionFilter};

use crate::duty::{Due, Subject};
use crate::queue::Lane;
use crate::{Duty, Services};

/// Maximum number of submissions of an account per run; the others follow in the next one.
const AT_ONCE: u64 = 200;

/// Advances absence submissions: sends queued ones, looks up those in doubt, follows created ones.
pub struct RequestsDuty(pub Services);

impl Duty for RequestsDuty {
    fn name(&self) -> &'static str {
        "absence_requests"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn due(&self, now: Timestamp) -> Due<'_> {
        Box::pin(async move {
            let accounts = self.0.store.accounts_with_due_submissions(now).await?;
            Ok(accounts.into_iter().map(|no| Subject::new(no.to_string(), Lane::Quick)).collect())
        })
    }

    fn run<'a>(&'a self, subject: &'a str) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        Box::pin(async move {
            let Ok(account_no) = subject.parse::<i64>() else { return };
            if let Err(error) = self.advance(account_no).await {
                tracing::error!(code = error.code(), %error, "could not list absence submissions");
            }
        })
    }
}

impl RequestsDuty {
    /// Advances a linked account's due submissions. Failures are logged and retried.
    async fn advance(&self, account_no: i64) -> Result<(), store::Error> {
        let Self(services) = self;
        let due_by = Some(services.clock.now());
        let filter = SubmissionFilter { account_no: Some(account_no), due_by, ..SubmissionFilter::default() };
        let due = services.store.submissions(&filter, AT_ONCE).await?;
        let accounts = services.store.accounts().await?;
        let is_theirs = |account: &&store::LinkedAccount| {
            account.no == account_no && account.status == AccountStatus::Linked
        };
        let Some(account) = accounts.iter().find(is_theirs) else { return Ok(()) };
        let client = match services.tenants.client_of(account, &services.vault, None).await {
            Ok(client) => client,
            Err(error) => {
                tracing::error!(
                    account = %account.id, code = error.code(), %error,
                    "could not create the client of a linked account"
                );
                return Ok(());
            }
        };
        let absences = services.absences(account, &client, Actor::System);
        for submission in due {
            let id = submission.id;
            match absences.advance(submission).await {
                Ok(_) => {}
                // A refused key fails every request of the account.
                Err(Error::Lucca(error)) if error.code() == "lucca.key_refused" => break,
                Err(error) => {
                    tracing::info!(%id, code = error.code(), "an absence submission is retried later");
                }
            }
        }
        Ok(())
    }
}
