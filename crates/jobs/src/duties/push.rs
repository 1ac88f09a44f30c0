//! Duty: pushes people to SCIM services, one job per service.

use std::pin::Pin;
use std::time::Duration;

use delivery::scim::{Mode, Pusher};
use jiff::Timestamp;
use store::ScimTargetId;
use tracing::Instrument;

use crate::duty::{Due, Subject};
use crate::queue::Lane;
use crate::{Duty, Services};

/// Pushes what changed to services that are due.
pub(crate) struct PushDuty {
    pub(crate) services: Services,
    pub(crate) pusher: Pusher,
}

impl Duty for PushDuty {
    fn name(&self) -> &'static str {
        "push"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(10)
    }

    fn due(&self, now: Timestamp) -> Due<'_> {
        Box::pin(async move {
            let due = self.services.store.due_scim_targets(now, self.services.today()).await?;
            Ok(due.into_iter().map(|id| Subject::new(id.to_string(), Lane::Quick)).collect())
        })
    }

    fn run<'a>(&'a self, subject: &'a str) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        Box::pin(async move {
            let Ok(id) = subject.parse::<ScimTargetId>() else { return };
            let mode = Mode::Apply { confirmed: false, compare: false };
            let span = tracing::info_span!("push", target = %id);
            match self.pusher.push(id, self.services.today(), mode).instrument(span).await {
                Ok(Some(report)) => tracing::info!(target = %id, report = %report.summary(), "pushed"),
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(target = %id, code = error.code(), %error, "nothing can be pushed");
                }
            }
        })
    }
}
