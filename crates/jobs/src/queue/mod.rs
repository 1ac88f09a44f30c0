//! Jobs: what is to be done, of what, in which lane. One small type with two engines behind it: `embedded` in this process,
//! `scaled` on PostgreSQL for any number of workers.
//!
//! A queue only hands out. What is due is in the domain's own tables, and so is what failed and when it is tried again: a
//! job that is lost is found due again, one that is done twice finds nothing due. Neither engine is trusted for more; who
//! may write to a linked account is decided by its lease.

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

/// Jobs of one lane don't wait for those of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Deliveries, pushes, absence requests: seconds.
    Quick,
    /// Syncs of what changed: seconds.
    Sync,
    /// Backfills: minutes to hours.
    Long,
}

impl Lane {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Quick, Self::Sync, Self::Long];

    fn index(self) -> usize {
        match self {
            Self::Quick => 0,
            Self::Sync => 1,
            Self::Long => 2,
        }
    }
}

/// How many jobs of each lane a worker does at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Of [`Lane::Quick`].
    pub quick: usize,
    /// Of [`Lane::Sync`].
    pub sync: usize,
    /// Of [`Lane::Long`].
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
    /// Syncs mostly wait, for Lucca and for their budget; these are many more than a core can do at once. First syncs write most:
    /// more than four of them at once in each of four workers on one machine do less together than one worker does.
    fn default() -> Self {
        Self { quick: 16, sync: 16, long: 4 }
    }
}

/// What is to be done, of what. Only one job of a duty and subject is there at a time, waiting or being done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The duty's name.
    pub duty: String,
    /// What it is to be done of: an id.
    pub subject: String,
    /// Which others it waits for.
    pub lane: Lane,
    /// Whether it comes before those of its lane that are not.
    #[serde(default)]
    pub is_urgent: bool,
}

impl Job {
    /// What tells it from others.
    pub fn key(&self) -> String {
        format!("{}:{}", self.duty, self.subject)
    }
}

/// Does jobs. It may be called with a job that was done before.
pub trait Handler: Send + Sync {
    /// Does a job, to its end or not: what is left is found due again.
    fn handle(&self, job: Job) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// The engine failed.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// A job could not be added.
    #[error("a job could not be added to the queue")]
    Push(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The engine could not be started, or failed.
    #[error("the queue's engine failed")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database is PostgreSQL, and this build has no queue for it.
    #[error("this build has no job queue for PostgreSQL")]
    NotBuilt,
}

/// A queue of jobs. Cheap to clone.
#[derive(Clone)]
pub enum Queue {
    /// In this process.
    Embedded(Embedded),
    /// In PostgreSQL.
    #[cfg(feature = "postgres-queue")]
    Scaled(Scaled),
}

impl Queue {
    /// The engine that fits a store: the scaled one on PostgreSQL.
    ///
    /// # Errors
    ///
    /// When its tables can't be made, and on PostgreSQL in a build without the feature `postgres-queue`.
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

    /// Adds jobs, in this order, but for those of whose key one is there.
    ///
    /// # Errors
    ///
    /// When the database fails; those before the one that failed are added.
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

    /// Does jobs until `stop` is cancelled; then takes no more, and gives those that are being done `grace` to end.
    ///
    /// # Errors
    ///
    /// When the engine can't be started, or fails while it is told to stop. One that fails on the way is started again.
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
