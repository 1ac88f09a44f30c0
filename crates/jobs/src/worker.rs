//! A worker: it beats, it schedules if nobody else does, and it does jobs, until it is told to stop.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::duty::{Duties, Subject};
use crate::queue::{Capacity, Job, Queue, QueueError};
use crate::{Duty, Machinery};

/// The role of whoever looks what is due.
const SCHEDULER: &str = "scheduler";
/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);
const BEAT: Duration = Duration::from_secs(10);

/// A process that does what is due, alone or beside others.
pub struct Worker {
    /// What it works with.
    pub machinery: Machinery,
    /// Where jobs are.
    pub queue: Queue,
    /// What it does.
    pub duties: Vec<Arc<dyn Duty>>,
    /// How much at once.
    pub capacity: Capacity,
    /// Its version, for whoever lists workers.
    pub version: &'static str,
    /// How long jobs may go on once it is told to stop.
    pub grace: Duration,
}

impl Worker {
    /// Works until `stop` is cancelled, then ends what it is at, or leaves it for others where it was.
    ///
    /// # Errors
    ///
    /// When the queue's engine can't be started, or fails while it is told to stop.
    #[boxed]
    pub async fn run(self, stop: CancellationToken) -> Result<(), QueueError> {
        let Self { machinery, queue, duties, capacity, version, grace } = self;
        let duties: Arc<[Arc<dyn Duty>]> = duties.into();
        let name = machinery.holder.name.clone();
        // Beating goes on while jobs end, or others would take them over.
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

/// Says that this process lives, until `ended` is cancelled: once it is silent, others take over what it holds.
#[boxed]
pub async fn beat(machinery: Machinery, version: &'static str, ended: CancellationToken) {
    loop {
        let now = machinery.clock.now();
        if let Err(error) = machinery.store.beat(&machinery.holder.name, version, now).await {
            tracing::error!(code = error.code(), %error, "others can't be told that this worker lives");
        }
        tokio::select! {
            () = ended.cancelled() => return,
            () = machinery.clock.sleep(BEAT) => {}
        }
    }
}

async fn schedule(machinery: Machinery, queue: Queue, duties: Arc<[Arc<dyn Duty>]>, stop: CancellationToken) {
    let mut looked: HashMap<&'static str, Timestamp> = HashMap::new();
    while !stop.is_cancelled() {
        let now = machinery.clock.now();
        match machinery.store.take_role(SCHEDULER, &machinery.holder.name, now).await {
            Ok(true) => {
                for duty in duties.iter() {
                    let at = looked.get(duty.name());
                    if at.is_some_and(|at| is_within(duty.every(), *at, now)) {
                        continue;
                    }
                    looked.insert(duty.name(), now);
                    put_into(&queue, &**duty, now).await;
                }
            }
            Ok(false) => {}
            Err(error) => {
                tracing::error!(code = error.code(), %error, "it can't be told who schedules");
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = machinery.clock.sleep(EVERY) => {}
        }
    }
}

fn is_within(span: Duration, at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at).unsigned_abs() < span
}

/// Puts what is due of a duty into the queue.
async fn put_into(queue: &Queue, duty: &dyn Duty, now: Timestamp) {
    let due = match duty.due(now).await {
        Ok(due) => due,
        Err(error) => {
            tracing::error!(duty = duty.name(), code = error.code(), %error, "what is due can't be listed");
            return;
        }
    };
    let job =
        |Subject { id, lane, is_urgent }| Job { duty: duty.name().to_owned(), subject: id, lane, is_urgent };
    if let Err(error) = queue.push(due.into_iter().map(job).collect()).await {
        tracing::error!(duty = duty.name(), %error, "jobs can't be put into the queue");
    }
}
