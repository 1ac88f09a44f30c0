//! A job queue with two engines: `embedded` in this process, `scaled` on PostgreSQL for any number of
//! workers.
//!
//! A queue only distributes jobs. The domain's own tables hold due times, failures and retries: the scheduler
//! finds a lost job due again, and a repeated job finds no due work. Leases, and not the queue, decide which
//! worker may write to a linked account.

mod embedded;
#[cfg(feature = "postgres-queue")]
mod scaled;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_recursion::async_recursion as boxed;
use serde::{Deserialize, Serialize};
use store::Store;
use tokio_util::sync::CancellationToken;

pub use embedded::Embedded;
#[cfg(feature = "postgres-queue")]
pub use scaled::{Scaled, Timing};

/// A lane: jobs don't wait for jobs of other lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Deliveries, pushes, absence submissions: seconds.
    Quick,
    /// Incremental syncs: seconds.
    Sync,
    /// Backfills: minutes to hours.
    Long,
}

impl Lane {
    /// Every lane.
    pub const ALL: [Self; 3] = [Self::Quick, Self::Sync, Self::Long];

    fn index(self) -> usize {
        match self {
            Self::Quick => 0,
            Self::Sync => 1,
            Self::Long => 2,
        }
    }
}

/// The concurrency of a worker, by lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Jobs of [`Lane::Quick`].
    pub quick: usize,
    /// Jobs of [`Lane::Sync`].
    pub sync: usize,
    /// Jobs of [`Lane::Long`].
    pub long: usize,
}

impl Capacity {
    fn of(self, lane: Lane) -> usize {
        match lane {
            Lane::Quick => self.quick,
            Lane::Sync => self.sync,
            Lane::Long => self.long,
        }
        .max(1)
    }
}

impl Default for Capacity {
    /// Syncs mostly wait for Lucca and their request budget, so their limit is far above the number of cores.
    /// First syncs mostly write: above four at once in each of four workers on one machine, the total
    /// throughput falls below that of one worker.
    fn default() -> Self {
        Self { quick: 16, sync: 16, long: 4 }
    }
}

/// A unit of work. At most one job of a duty and subject waits or runs at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The duty's name.
    pub duty: String,
    /// The subject's id.
    pub subject: String,
    /// The lane in which it waits.
    pub lane: Lane,
    /// Whether it precedes other jobs of its lane.
    #[serde(default)]
    pub is_urgent: bool,
}

impl Job {
    /// The job's unique key.
    pub fn key(&self) -> String {
        format!("{}:{}", self.duty, self.subject)
    }
}

/// Runs jobs. A job may be repeated.
pub trait Handler: Send + Sync {
    /// Runs a job, possibly only in part: the scheduler finds the remainder due again.
    fn handle(&self, job: Job) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// Errors of a queue.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// A job could not be enqueued.
    #[error("could not add a job to the queue")]
    Push(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The engine could not be started, or failed.
    #[error("the job queue's engine failed")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database is PostgreSQL, and this build lacks its queue.
    #[error("this build has no job queue for PostgreSQL: build with the feature postgres-queue")]
    NotBuilt,
}

/// A queue of jobs. Cheap to clone.
#[derive(Clone)]
pub enum Queue {
    /// In this process's memory.
    Embedded(Embedded),
    /// In PostgreSQL.
    #[cfg(feature = "postgres-queue")]
    Scaled(Scaled),
}

impl Queue {
    /// Creates the engine for a store: the scaled one on PostgreSQL.
    ///
    /// # Errors
    ///
    /// If its tables can't be created, and on PostgreSQL in a build without the feature `postgres-queue`.
    #[boxed]
    pub async fn of(store: &Store) -> Result<Self, QueueError> {
        match store.postgres() {
            #[cfg(feature = "postgres-queue")]
            Some(pool) => Ok(Self::Scaled(Scaled::open(pool.clone(), Timing::default()).await?)),
            #[cfg(not(feature = "postgres-queue"))]
            Some(_) => Err(QueueError::NotBuilt),
            None => Ok(Self::Embedded(Embedded::default())),
        }
    }

    /// Enqueues jobs in this order, except those whose key is waiting or running.
    ///
    /// # Errors
    ///
    /// If the database fails; earlier jobs are enqueued.
    #[boxed]
    pub async fn push(&self, jobs: Vec<Job>) -> Result<(), QueueError> {
        match self {
            Self::Embedded(queue) => {
                jobs.into_iter().for_each(|job| queue.push(job));
                Ok(())
            }
            #[cfg(feature = "postgres-queue")]
            Self::Scaled(queue) => queue.push(jobs).await,
        }
    }

    /// Runs jobs until `stop` is cancelled; then starts no more, and waits up to `grace` for running ones to
    /// end.
    ///
    /// # Errors
    ///
    /// If the engine can't be started, or fails while stopping. An engine that fails earlier is restarted.
    #[boxed]
    pub async fn run(
        &self,
        handler: Arc<dyn Handler>,
        capacity: Capacity,
        stop: CancellationToken,
        grace: Duration,
    ) -> Result<(), QueueError> {
        match self {
            Self::Embedded(queue) => {
                queue.run(handler, capacity, stop, grace).await;
                Ok(())
            }
            #[cfg(feature = "postgres-queue")]
            Self::Scaled(queue) => Box::pin(queue.run(handler, capacity, stop, grace)).await,
        }
    }
}
