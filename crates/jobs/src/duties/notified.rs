//! Duty: reads the records that Lucca's webhooks named, by linked account.

use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;
use store::AccountId;

use crate::duty::{Due, Subject};
use crate::queue::Lane;
use crate::{Duty, Machinery, accounts_notified, sync_notified};

/// Reads notified records.
pub struct NotifiedDuty(pub Machinery);

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

    fn see_to<'a>(&'a self, subject: &'a str) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        Box::pin(async move {
            let Self(machinery) = self;
            let Ok(id) = subject.parse::<AccountId>() else { return };
            let account = match machinery.store.account(id).await {
                Ok(Some(account)) => account,
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(account = %id, code = error.code(), %error, "what Lucca told can't be read");
                    return;
                }
            };
            match sync_notified(machinery, &account).await {
                Ok(Some(report)) => {
                    let requests = report.total_requests();
                    tracing::info!(account = %id, requests, "what Lucca told was read");
                }
                Ok(None) => {}
                Err(error) => tracing::error!(account = %id, %error, "what Lucca told can't be read"),
            }
        })
    }
}
