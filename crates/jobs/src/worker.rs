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
    DeliverDuty, NotifiedDuty, PushDuty, RequestsDuty, Retention, RetentionDuty, SyncDuty, UpkeepDuty,
};
use crate::duty::{Duties, Subject};
use crate::queue::{Capacity, Job, Queue, QueueError};
use crate::{Duty, Error, Machinery};

/// The role of the worker that schedules.
const SCHEDULER: &str = "scheduler";
/// The interval of scheduling.
const SCHEDULING_INTERVAL: Duration = Duration::from_secs(1);
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(10);

/// A worker process, alone or beside others.
pub struct Worker {
    /// The dependencies of its duties.
    pub machinery: Machinery,
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
    /// A worker with every duty. Webhooks and SCIM go to the networks that `hosts` allows; `ages` are the retention periods.
    ///
    /// # Errors
    ///
    /// If randomness fails, or the HTTP clients can't be set up.
    pub fn with_all_duties(
        machinery: &Machinery,
        queue: Queue,
        hosts: NetworkPolicy,
        ages: Retention,
        version: &'static str,
    ) -> Result<Self, Error> {
        let seed = u64::from_le_bytes(machinery.entropy.bytes()?);
        let (store, holder) = (machinery.store.clone(), &machinery.holder.name);
        let (vault, clock) = (Arc::clone(&machinery.vault), Arc::clone(&machinery.clock));
        let courier =
            Courier::new(store.clone(), Arc::clone(&vault), Arc::clone(&clock), hosts, (holder, seed))?;
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
        let capacity = Capacity::default();
        Ok(Self { machinery: machinery.clone(), queue, duties, capacity, version, grace: GRACE })
    }

    /// Runs until `stop` is cancelled, then finishes the running jobs, or leaves them for other workers to
    /// continue.
    ///
    /// # Errors
    ///
    /// If the queue's engine can't be started, or fails while stopping.
    #[boxed]
    pub async fn run(self, stop: CancellationToken) -> Result<(), QueueError> {
        let Self { machinery, queue, duties, capacity, version, grace } = self;
        let duties: Arc<[Arc<dyn Duty>]> = duties.into();
        let name = machinery.holder.name.clone();
        // Heartbeats continue while jobs end, otherwise other workers would take them over.
        let ended = CancellationToken::new();
        let beating = tokio::spawn(beat(machinery.clone(), version, ended.clone()));
        let scheduling =
            tokio::spawn(schedule(machinery.clone(), queue.clone(), Arc::clone(&duties), stop.clone()));
        let done = queue.run(Arc::new(Duties(duties)), capacity, stop.clone(), grace).await;
        stop.cancel();
        ended.cancel();
        let _ = tokio::join!(beating, scheduling);
        if let Err(error) = machinery.store.end_worker(&name, machinery.clock.now()).await {
            tracing::error!(code = error.code(), %error, "others can't be told that this worker has ended");
        }
        done
    }
}

/// Sends heartbeats until `ended` is cancelled. After a silence, other workers take over this process's
/// leases.
#[boxed]
pub async fn beat(machinery: Machinery, version: &'static str, ended: CancellationToken) {
    loop {
        let now = machinery.clock.now();
        if let Err(error) = machinery.store.beat(&machinery.holder.name, version, now).await {
            tracing::error!(code = error.code(), %error, "others can't be told that this worker lives");
        }
        tokio::select! {
            () = ended.cancelled() => return,
            () = machinery.clock.sleep(HEARTBEAT_INTERVAL) => {}
        }
    }
}

async fn schedule(machinery: Machinery, queue: Queue, duties: Arc<[Arc<dyn Duty>]>, stop: CancellationToken) {
    let mut last_scheduled: HashMap<&'static str, Timestamp> = HashMap::new();
    while !stop.is_cancelled() {
        let now = machinery.clock.now();
        match machinery.store.take_role(SCHEDULER, &machinery.holder.name, now).await {
            Ok(true) => {
                for duty in duties.iter() {
                    let at = last_scheduled.get(duty.name());
                    if at.is_some_and(|at| is_within(duty.every(), *at, now)) {
                        continue;
                    }
                    // One that failed is tried again at once: retention would otherwise wait for a day.
                    if enqueue_due(&queue, &**duty, now).await {
                        last_scheduled.insert(duty.name(), now);
                    }
                }
            }
            Ok(false) => {}
            Err(error) => {
                tracing::error!(code = error.code(), %error, "it can't be told who schedules");
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = machinery.clock.sleep(SCHEDULING_INTERVAL) => {}
        }
    }
}

fn is_within(span: Duration, at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at).unsigned_abs() < span
}

/// Enqueues a duty's due subjects. Returns false where that failed.
async fn enqueue_due(queue: &Queue, duty: &dyn Duty, now: Timestamp) -> bool {
    let due = match duty.due(now).await {
        Ok(due) => due,
        Err(error) => {
            tracing::error!(duty = duty.name(), code = error.code(), %error, "what is due can't be listed");
            return false;
        }
    };
    let job =
        |Subject { id, lane, is_urgent }| Job { duty: duty.name().to_owned(), subject: id, lane, is_urgent };
    match queue.push(due.into_iter().map(job).collect()).await {
        Ok(_) => true,
        Err(error) => {
            tracing::error!(duty = duty.name(), %error, "jobs can't be put into the queue");
            false
        }
    }
}
