//! Upkeep: what nobody needs any more is erased.

use std::pin::Pin;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Due;
use crate::queue::Lane;
use crate::{Duty, Machinery};

/// How long the log of deliveries is kept.
const DELIVERIES_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Erases the keys that linking flows hold and no link opens any more, and old entries of the log of deliveries.
pub struct UpkeepDuty(pub Machinery);

impl Duty for UpkeepDuty {
    fn name(&self) -> &'static str {
        "upkeep"
    }

    fn every(&self) -> Duration {
        Duration::from_mins(1)
    }

    fn due(&self, _: Timestamp) -> Due<'_> {
        Box::pin(async { Ok(vec![("all".to_owned(), Lane::Quick)]) })
    }

    fn see_to<'a>(&'a self, _: &'a str) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        Box::pin(async {
            let Self(machinery) = self;
            let now = machinery.clock.now();
            if let Err(error) = machinery.store.erase_abandoned_keys(now).await {
                tracing::error!(code = error.code(), %error, "keys of abandoned flows can't be erased");
            }
            if let Err(error) = machinery.store.forget_old_deliveries(now, now - DELIVERIES_KEPT).await {
                tracing::error!(code = error.code(), %error, "old deliveries can't be erased");
            }
        })
    }
}
