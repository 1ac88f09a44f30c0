//! A worker: sends heartbeats, schedules if it holds the role, and runs jobs until it is stopped.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_recursion::async_recursion as boxed;
use delivery::scim::Pusher;
use delivery::webhooks::Courier;
use jiff::Timestamp;
use net::NetworkPolicy;
use tokio_util::sync::CancellationToken;

use crate::duties::{
    Carrier, DeliverDuty, NotifiedDuty, RequestsDuty, Retention, RetentionDuty, SyncDuty, UpkeepDuty,
};
use crate::duty::{Duties, Subject};
use crate::queue::{Capacity, Job, Queue, QueueError};
use crate::{Duty, Error, Services};

/// The role of the worker that schedules.
const SCHEDULER: &str = "scheduler";
/// The interval of scheduling.
const SCHEDULING_INTERVAL: Duration = Duration::from_secs(1);
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(10);

/// A worker process, alone or beside others.
pub struct Worker {
    /// The dependencies of its duties.
    pub services: Services,
    /// The job queue.
    pub queue: Queue,
    /// The duties that it schedules and runs.
    pub duties: Vec<Arc<dyn Duty>>,
    /// Its concurrency.
    pub capacity: Capacity,
    /// Its version, shown in lists of workers.
    pub version: &'static str,
    /// How long running jobs may continue after a stop.
    pub grace: Duration,
}

/// How long jobs may continue after a stop, by default. Pages read by then are stored.
const GRACE: Duration = Duration::from_secs(30);

impl Worker {
    /// Creates a worker with every duty. `hosts` is the network policy of webhooks and SCIM; `ages` are the
    /// retention periods.
    ///
    /// # Errors
    ///
    /// If randomness fails, or the HTTP clients can't be set up.
    pub fn with_all_duties(
        services: &Services,
        queue: Queue,
        hosts: NetworkPolicy,
        ages: Retention,
        version: &'static str,
    ) -> Result<Self, Error> {
        let seed = u64::from_le_bytes(services.entropy.bytes()?);
        let (store, holder) = (services.store.clone(), &services.holder.name);
        let (vault, clock) = (Arc::clone(&services.vault), Arc::clone(&services.clock));
        let courier =
            Courier::new(store.clone(), Arc::clone(&vault), Arc::clone(&clock), hosts, (holder, seed))?;
        let pusher = Pusher::new(store, vault, clock, hosts, (holder, seed));
        let duties: Vec<Arc<dyn Duty>> = vec![
            Arc::new(DeliverDuty { services: services.clone(), carrier: Carrier::Webhooks(courier) }),
            Arc::new(NotifiedDuty(services.clone())),
            Arc::new(RequestsDuty(services.clone())),
            Arc::new(SyncDuty(services.clone())),
            Arc::new(DeliverDuty { services: services.clone(), carrier: Carrier::Scim(pusher) }),
            Arc::new(UpkeepDuty(services.clone())),
            Arc::new(RetentionDuty(services.clone(), ages)),
        ];
        let capacity = Capacity::default();
        Ok(Self { services: services.clone(), queue, duties, capacity, version, grace: GRACE })
    }

    /// Runs until `stop` is cancelled, then finishes the running jobs, or leaves them for other workers to
    /// continue.
    ///
    /// # Errors
    ///
    /// If the queue's engine can't be started, or fails while stopping.
    #[boxed]
    pub async fn run(self, stop: CancellationToken) -> Result<(), QueueError> {
        let Self { services, queue, duties, capacity, version, grace } = self;
        let duties: Arc<[Arc<dyn Duty>]> = duties.into();
        let name = services.holder.name.clone();
        // Heartbeats continue while jobs end; without them, other workers would claim the jobs.
        let ended = CancellationToken::new();
        let beating = tokio::spawn(beat(services.clone(), version, ended.clone()));
        let scheduling =
            tokio::spawn(schedule(services.clone(), queue.clone(), Arc::clone(&duties), stop.clone()));
        let done = queue.run(Arc::new(Duties(duties)), capacity, stop.clone(), grace).await;
        stop.cancel();
        ended.cancel();
        let _ = tokio::join!(beating, scheduling);
        if let Err(error) = services.store.end_worker(&name, services.clock.now()).await {
            tracing::error!(code = error.code(), %error, "could not record the end of this worker");
        }
        done
    }
}

/// Sends heartbeats until `ended` is cancelled. After a silence, other workers take over this process's
/// leases.
#[boxed]
pub async fn beat(services: Services, version: &'static str, ended: CancellationToken) {
    loop {
        let now = services.clock.now();
        if let Err(error) = services.store.beat(&services.holder.name, version, now).await {
            tracing::error!(code = error.code(), %error, "could not record this worker's heartbeat");
        }
        tokio::select! {
            () = ended.cancelled() => return,
            () = services.clock.sleep(HEARTBEAT_INTERVAL) => {}
        }
    }
}

async fn schedule(services: Services, queue: Queue, duties: Arc<[Arc<dyn Duty>]>, stop: CancellationToken) {
    let mut last_scheduled: HashMap<&'static str, Timestamp> = HashMap::new();
    while !stop.is_cancelled() {
        let now = services.clock.now();
        match services.store.take_role(SCHEDULER, &services.holder.name, now).await {
            Ok(true) => {
                for duty in duties.iter() {
                    let at = last_scheduled.get(duty.name());
                    if at.is_some_and(|at| is_within(duty.every(), *at, now)) {
                        continue;
                    }
                    // A failed one is retried at once: retention would otherwise wait for a day.
                    if enqueue_due(&queue, &**duty, now).await {
                        last_scheduled.insert(duty.name(), now);
                    }
                }
            }
            Ok(false) => {}
            Err(error) => {
                tracing::error!(code = error.code(), %error, "could not claim the scheduler's role");
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = services.clock.sleep(SCHEDULING_INTERVAL) => {}
        }
    }
}

fn is_within(span: Duration, at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at).unsigned_abs() < span
}

/// Enqueues a duty's due subjects. Returns false if that failed.
async fn enqueue_due(queue: &Queue, duty: &dyn Duty, now: Timestamp) -> bool {
    let due = match duty.due(now).await {
        Ok(due) => due,
        Err(error) => {
            tracing::error!(
                duty = duty.name(), code = error.code(), %error, "could not list a duty's due subjects"
            );
            return false;
        }
    };
    let job =
        |Subject { id, lane, is_urgent }| Job { duty: duty.name().to_owned(), subject: id, lane, is_urgent };
    match queue.push(due.into_iter().map(job).collect()).await {
        Ok(_) => true,
        Err(error) => {
            tracing::error!(duty = duty.name(), %error, "could not enqueue jobs");
            false
        }
    }
}
