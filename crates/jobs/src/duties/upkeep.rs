//! Duty: deletes expired secrets, and moves counts of views of past hours to the audit log.

use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;

use crate::duty::{Due, Subject};
use crate::queue::Lane;
use crate::{Duty, Services};

/// Deletes the keys of linking flows whose links have expired, and replaced webhook secrets; moves views to
/// the audit log.
pub struct UpkeepDuty(pub Services);

impl Duty for UpkeepDuty {
    fn name(&self) -> &'static str {
        "upkeep"
    }

    fn every(&self) -> Duration {
        Duration::from_mins(1)
    }

    fn due(&self, _: Timestamp) -> Due<'_> {
        Box::pin(async { Ok(vec![Subject::new("all".to_owned(), Lane::Quick)]) })
    }

    fn run<'a>(&'a self, _: &'a str) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        Box::pin(async {
            let Self(services) = self;
            let now = services.clock.now();
            if let Err(error) = services.store.erase_abandoned_keys(now).await {
                tracing::error!(
                    code = error.code(), %error, "could not erase the keys of expired linking flows"
                );
            }
            if let Err(error) = services.store.erase_expired_credentials(now).await {
                tracing::error!(code = error.code(), %error, "could not erase replaced secrets");
            }
            if let Err(error) = services.store.log_views(now).await {
                tracing::error!(code = error.code(), %error, "could not move views into the audit log");
            }
        })
    }
}
