//! Duty: delivers webhooks, one job per endpoint.

use std::pin::Pin;
use std::time::Duration;

use delivery::webhooks::Courier;
use jiff::Timestamp;
use store::WebhookEndpointId;
use tracing::Instrument;

use crate::duty::{Due, Subject};
use crate::queue::Lane;
use crate::{Duty, Services};

/// Delivers what webhook endpoints have not received.
pub(crate) struct DeliverDuty {
    pub(crate) services: Services,
    pub(crate) courier: Courier,
}

impl Duty for DeliverDuty {
    fn name(&self) -> &'static str {
        "deliver"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn due(&self, now: Timestamp) -> Due<'_> {
        Box::pin(async move {
            let due = self.services.store.due_webhook_endpoints(now).await?;
            Ok(due.into_iter().map(|id| Subject::new(id.to_string(), Lane::Quick)).collect())
        })
    }

    fn run<'a>(&'a self, subject: &'a str) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        Box::pin(async move {
            let Ok(id) = subject.parse::<WebhookEndpointId>() else { return };
            let span = tracing::info_span!("deliver", endpoint = %id);
            if let Err(error) = self.courier.deliver(id).instrument(span).await {
                tracing::error!(endpoint = %id, code = error.code(), %error, "webhooks can't be delivered");
            }
        })
    }
}
