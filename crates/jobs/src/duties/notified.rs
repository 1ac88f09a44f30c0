//! Reads the records that Lucca's webhooks named, within one or two seconds, one run at a time per account;
//! and the duty that does so. Regular syncs cover every failure here.

use std::pin::Pin;
use std::time::Duration;

use async_recursion::async_recursion as boxed;
use jiff::{SignedDuration, Timestamp};
use store::{AccountId, LinkedAccount, Store};
use sync::{Brake, RunExtent, RunReport, Silent};

use crate::duty::{Due, Subject};
use crate::queue::Lane;
use crate::{Duty, Services};

/// How long to wait for further notices, because Lucca sends one per half-day of an absence.
const QUIET_PERIOD: SignedDuration = SignedDuration::from_millis(500);
/// The longest delay of the first notice.
const LONGEST_DELAY: SignedDuration = SignedDuration::from_secs(3);

/// The delay before a retry.
const RETRY_DELAY: SignedDuration = SignedDuration::from_mins(1);
/// Older notices are dropped: regular syncs have read the records, or they can't be read.
const OLDEST: SignedDuration = SignedDuration::from_hours(1);

/// Errors of reading notified records.
#[derive(Debug, thiserror::Error)]
pub enum NotRead {
    /// No client could be built.
    #[error(transparent)]
    Client(#[from] crate::Error),
    /// The run failed.
    #[error(transparent)]
    Sync(#[from] sync::Error),
}

/// Lists the accounts with notices to read now.
///
/// # Errors
///
/// The store's.
#[boxed]
pub async fn accounts_notified(store: &Store, now: Timestamp) -> Result<Vec<LinkedAccount>, store::Error> {
    store.accounts_notified(now, now - QUIET_PERIOD, now - LONGEST_DELAY).await
}

/// Reads an account's notified records. `None` if another run holds the account: they are read after it.
///
/// # Errors
///
/// The cause of the failure; the next attempt is a minute later.
#[boxed]
pub async fn sync_notified(
    services: &Services,
    account: &LinkedAccount,
) -> Result<Option<RunReport>, NotRead> {
    let read = read(services, account).await;
    let failed = match &read {
        Ok(Some(report)) => report.streams.iter().any(|stream| stream.error.is_some()),
        Ok(None) => false,
        Err(_) => true,
    };
    if failed {
        let now = services.clock.now();
        let store = &services.store;
        store
            .postpone_notices(account.no, now + RETRY_DELAY, now - OLDEST)
            .await
            .map_err(sync::Error::from)?;
    }
    read
}

async fn read(services: &Services, account: &LinkedAccount) -> Result<Option<RunReport>, NotRead> {
    let client = services.tenants.client_of(account, &services.vault, None).await?;
    let run_id = services.new_run().map_err(crate::Error::from)?;
    let how = (RunExtent::Notified, Some(Brake::default()));
    match Box::pin(services.sync(account, &client, run_id, how, &Silent)).await {
        Ok(report) => Ok(Some(report)),
        Err(sync::Error::Busy | sync::Error::Store(store::Error::Unlinked)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Reads notified records.
pub struct NotifiedDuty(pub Services);

impl Duty for NotifiedDuty {
    fn name(&self) -> &'static str {
        "notified"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn due(&self, now: Timestamp) -> Due<'_> {
        Box::pin(async move {
            let accounts = accounts_notified(&self.0.store, now).await?;
            Ok(accounts
                .into_iter()
                .map(|account| Subject::new(account.id.to_string(), Lane::Quick))
                .collect())
        })
    }

    fn run<'a>(&'a self, subject: &'a str) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        Box::pin(async move {
            let Self(services) = self;
            let Ok(id) = subject.parse::<AccountId>() else { return };
            let account = match services.store.account(id).await {
                Ok(Some(account)) => account,
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(
                        account = %id, code = error.code(), %error,
                        "could not read the records that Lucca's webhooks named"
                    );
                    return;
                }
            };
            match sync_notified(services, &account).await {
                Ok(Some(report)) => {
                    let requests = report.total_requests();
                    tracing::info!(account = %id, requests, "read the records that Lucca's webhooks named");
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(
                        account = %id, %error, "could not read the records that Lucca's webhooks named"
                    );
                }
            }
        })
    }
}
