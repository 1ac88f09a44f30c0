//! Duty: removes old data, once a day and when a scheduler starts.

use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;

use crate::duty::{Due, Subject};
use crate::queue::Lane;
use crate::{Duty, Machinery, Retention, run_retention};

/// Removes data by these retention periods.
pub struct RetentionDuty(pub Machinery, pub Retention);

impl Duty for RetentionDuty {
    fn name(&self) -> &'static str {
        "retention"
    }

    fn every(&self) -> Duration {
        Duration::from_hours(24)
    }

    fn due(&self, _: Timestamp) -> Due<'_> {
        Box::pin(async { Ok(vec![Subject::new("all".to_owned(), Lane::Long)]) })
    }

    fn see_to<'a>(&'a self, _: &'a str) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        Box::pin(async {
            let Self(machinery, ages) = self;
            if let Err(error) = run_retention(machinery, ages).await {
                tracing::error!(code = error.code(), %error, "what is old can't be removed");
            }
        })
    }
}
