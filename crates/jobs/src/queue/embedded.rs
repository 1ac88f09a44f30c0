//! An in-memory queue for one process. The scheduler finds jobs that are lost with the process due again
//! after the next start.
//!
//! For the reasons against a queue library, see docs/design/jobs.md.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Capacity, Handler, Job, Lane};

/// An in-memory queue. Clones share the queue.
#[derive(Clone, Default)]
pub struct Embedded(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    /// One per lane, because each lane has its own waiter.
    woken: [Notify; 3],
}

#[derive(Default)]
struct State {
    waiting: [VecDeque<Job>; 3],
    /// Keys of waiting and running jobs.
    known: HashSet<String>,
}

impl Embedded {
    pub(super) fn push(&self, job: Job) {
        let lane = job.lane.index();
        {
            let mut state = self.lock();
            if !state.known.insert(job.key()) {
                return;
            }
            if let Some(waiting) = state.waiting.get_mut(lane) {
                let before =
                    if job.is_urgent { waiting.partition_point(|job| job.is_urgent) } else { waiting.len() };
                waiting.insert(before, job);
            }
        }
        if let Some(woken) = self.0.woken.get(lane) {
            woken.notify_one();
        }
    }

    pub(super) async fn run(
        &self,
        handler: Arc<dyn Handler>,
        capacity: Capacity,
        stop: CancellationToken,
        grace: Duration,
    ) {
        let lane = |lane| self.run_lane(lane, Arc::clone(&handler), capacity.of(lane), &stop, grace);
        tokio::join!(lane(Lane::Quick), lane(Lane::Sync), lane(Lane::Long));
    }

    async fn run_lane(
        &self,
        lane: Lane,
        handler: Arc<dyn Handler>,
        capacity: usize,
        stop: &CancellationToken,
        grace: Duration,
    ) {
        let mut under_way = JoinSet::new();
        let woken = self.0.woken.get(lane.index());
        loop {
            while under_way.len() < capacity && !stop.is_cancelled() {
                let Some(job) = self.next(lane) else { break };
                // Dropped when the job has ended, even by a panic.
                let guard = KeyGuard { queue: self.clone(), key: job.key() };
                let done = handler.handle(job);
                under_way.spawn(async move {
                    done.await;
                    drop(guard);
                });
            }
            tokio::select! {
                () = stop.cancelled() => break,
                Some(_) = under_way.join_next() => {}
                () = async { match woken { Some(woken) => woken.notified().await, None => std::future::pending().await } } => {}
            }
        }
        let ended = async { while under_way.join_next().await.is_some() {} };
        // Jobs that are cut off continue from their last commit after the next start.
        let _ = tokio::time::timeout(grace, ended).await;
    }

    fn next(&self, lane: Lane) -> Option<Job> {
        self.lock().waiting.get_mut(lane.index())?.pop_front()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct KeyGuard {
    queue: Embedded,
    key: String,
}

impl Drop for KeyGuard {
    fn drop(&mut self) {
        self.queue.lock().known.remove(&self.key);
    }
}
