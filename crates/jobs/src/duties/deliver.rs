//! Duty: delivers to the destinations of one kind, one job per destination.

use std::pin::Pin;
use std::time::Duration;

use delivery::scim::{Mode, Pusher};
use delivery::webhooks::Courier;
use jiff::Timestamp;
use store::{DestinationId, DestinationKind};
use tracing::Instrument;

use crate::duty::{Due, Subject};
use crate::queue::Lane;
use crate::{Duty, Services};

/// Delivers outstanding changes and events to destinations.
pub(crate) struct DeliverDuty {
    pub(crate) services: Services,
    pub(crate) carrier: Carrier,
}

/// Delivers to destinations of one kind.
pub(crate) enum Carrier {
    Webhooks(Courier),
    Scim(Pusher),
}

impl Carrier {
    fn kind(&self) -> DestinationKind {
        match self {
            Self::Webhooks(_) => DestinationKind::Webhook,
            Self::Scim(_) => DestinationKind::Scim,
        }
    }
}

impl Duty for DeliverDuty {
    fn name(&self) -> &'static str {
        match self.carrier {
            Carrier::Webhooks(_) => "deliver",
            Carrier::Scim(_) => "push",
        }
    }

    fn every(&self) -> Duration {
        match self.carrier {
            Carrier::Webhooks(_) => Duration::from_secs(1),
            // A push compares everything: successive changes wait for the next push.
            Carrier::Scim(_) => Duration::from_secs(10),
        }
    }

    fn due(&self, now: Timestamp) -> Due<'_> {
        Box::pin(async move {
            let (kind, today) = (self.carrier.kind(), self.services.today());
            let due = self.services.store.due_destinations(kind, now, today).await?;
            Ok(due.into_iter().map(|id| Subject::new(id.to_string(), Lane::Quick)).collect())
        })
    }

    fn run<'a>(&'a self, subject: &'a str) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        Box::pin(async move {
            let Ok(id) = subject.parse::<DestinationId>() else { return };
            let span = tracing::info_span!("deliver", destination = %id);
            let delivered = match &self.carrier {
                Carrier::Webhooks(courier) => courier.deliver(id).instrument(span).await.map(drop),
                Carrier::Scim(pusher) => {
                    let mode = Mode::Apply { confirmed: false, compare: false };
                    let pushed = pusher.push(id, self.services.today(), mode).instrument(span).await;
                    if let Ok(Some(report)) = &pushed {
                        tracing::info!(destination = %id, report = %report.summary(), "pushed");
                    }
                    pushed.map(drop)
                }
            };
            if let Err(error) = delivered {
                tracing::error!(destination = %id, code = error.code(), %error, "a delivery failed");
            }
        })
    }
}
