//! The duties of a worker: those of `jobs`, and deliveries. They are composed here because the two crates
//! don't know each other.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use delivery::scim::{Mode, Pusher};
use delivery::webhooks::Courier;
use jiff::Timestamp;
use jobs::queue::{Capacity, Lane, Queue};
use jobs::{
    Due, Duty, Machinery, NotifiedDuty, RequestsDuty, Retention, RetentionDuty, Subject, SyncDuty,
    UpkeepDuty, Worker,
};
use net::NetworkPolicy;
use store::{ScimTargetId, WebhookEndpointId};
use tracing::Instrument;

use crate::failure::{Exit, Failure};

/// How long jobs may continue after the process is told to stop. Pages read by then are stored.
const GRACE: Duration = Duration::from_secs(30);

/// A worker with every duty.
pub(crate) fn worker(
    machinery: &Machinery,
    queue: Queue,
    hosts: NetworkPolicy,
    ages: Retention,
) -> Result<Worker, Failure> {
    let seed = u64::from_le_bytes(crate::entropy::bytes()?);
    let (store, holder) = (machinery.store.clone(), &machinery.holder.name);
    let (vault, clock) = (Arc::clone(&machinery.vault), Arc::clone(&machinery.clock));
    let courier = Courier::new(store.clone(), Arc::clone(&vault), Arc::clone(&clock), hosts, (holder, seed))
        .map_err(|error| Failure::from_error(Exit::Internal, error.code(), &error))?;
    let pusher = Pusher::new(store, vault, clock, hosts, (holder, seed));
    let duties: Vec<Arc<dyn Duty>> = vec![
        Arc::new(DeliverDuty { machinery: machinery.clone(), courier }),
        Arc::new(NotifiedDuty(machinery.clone())),
        Arc::new(RequestsDuty(machinery.clone())),
        Arc::new(SyncDuty(machinery.clone())),
        Arc::new(PushDuty { machinery: machinery.clone(), pusher }),
        Arc::new(UpkeepDuty(machinery.clone())),
        Arc::new(RetentionDuty(machinery.clone(), ages)),
    ];
    Ok(Worker {
        machinery: machinery.clone(),
        queue,
        duties,
        capacity: Capacity::default(),
        version: env!("CARGO_PKG_VERSION"),
        grace: GRACE,
    })
}

/// Delivers webhooks, one job per endpoint.
struct DeliverDuty {
    machinery: Machinery,
    courier: Courier,
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
            let due = self.machinery.store.due_webhook_endpoints(now).await?;
            Ok(due.into_iter().map(|id| Subject::new(id.to_string(), Lane::Quick)).collect())
        })
    }

    fn see_to<'a>(&'a self, subject: &'a str) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        Box::pin(async move {
            let Ok(id) = subject.parse::<WebhookEndpointId>() else { return };
            let span = tracing::info_span!("deliver", endpoint = %id);
            if let Err(error) = self.courier.deliver(id).instrument(span).await {
                tracing::error!(endpoint = %id, code = error.code(), %error, "webhooks can't be delivered");
            }
        })
    }
}

/// Pushes people to SCIM services, one job per service.
struct PushDuty {
    machinery: Machinery,
    pusher: Pusher,
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
            let due = self.machinery.store.due_scim_targets(now, self.machinery.today()).await?;
            Ok(due.into_iter().map(|id| Subject::new(id.to_string(), Lane::Quick)).collect())
        })
    }

    fn see_to<'a>(&'a self, subject: &'a str) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        Box::pin(async move {
            let Ok(id) = subject.parse::<ScimTargetId>() else { return };
            let mode = Mode::Apply { confirmed: false, compare: false };
            let span = tracing::info_span!("push", target = %id);
            match self.pusher.push(id, self.machinery.today(), mode).instrument(span).await {
                Ok(Some(report)) => tracing::info!(target = %id, report = %report.summary(), "pushed"),
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(target = %id, code = error.code(), %error, "nothing can be pushed");
                }
            }
        })
    }
}
