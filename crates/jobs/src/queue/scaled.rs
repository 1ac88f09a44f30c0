//! A queue for many workers, in PostgreSQL: `graphile_worker`, in its own schema. It distributes jobs,
//! recovers those of dead workers, and wakes workers by NOTIFY. For the choice, see docs/design/jobs.md.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_recursion::async_recursion as boxed;
use graphile_worker::{
    IntoTaskHandlerResult, JobKeyMode, JobSpec, LocalQueueConfig, RefetchDelayConfig, TaskHandler,
    WorkerContext, WorkerOptions, WorkerRecoveryConfig, WorkerUtils,
};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::{Capacity, Handler, Job, Lane, QueueError};

const SCHEMA: &str = "lucca_connector_jobs";
/// Selects the given keys that have a waiting or running job.
const EXISTING_KEYS: &str = "SELECT key FROM lucca_connector_jobs.jobs WHERE key = ANY($1)";
/// The engine's intervals, always in real time.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// How long a job may wait in a busy worker before others may claim it.
    lies_for: Duration,
    /// Workers are woken by notifications; polling finds missed ones.
    poll: Duration,
    heartbeat: Duration,
    /// How long a worker may be silent before others claim its jobs.
    silent_for: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            lies_for: Duration::from_secs(10),
            poll: Duration::from_secs(1),
            heartbeat: Duration::from_secs(5),
            silent_for: Duration::from_secs(20),
        }
    }
}

impl Timing {
    /// Scales all intervals, for simulations.
    #[must_use]
    pub fn scaled(self, scale: impl Fn(Duration) -> Duration) -> Self {
        Self {
            lies_for: scale(self.lies_for),
            poll: scale(self.poll),
            heartbeat: scale(self.heartbeat),
            silent_for: scale(self.silent_for),
        }
    }
}

/// A job that killed this many workers is dropped; the scheduler enqueues its subject again.
const MOST_ATTEMPTS: i16 = 1000;

/// A queue for many workers. Cheap to clone.
#[derive(Clone)]
pub struct Scaled {
    pool: PgPool,
    utils: WorkerUtils,
    timing: Timing,
}

/// The handler as an extension of the engine.
#[derive(Clone)]
struct JobHandler(Arc<dyn Handler>);

impl fmt::Debug for JobHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JobHandler")
    }
}

/// The engine distinguishes jobs by type, so each lane is a type.
macro_rules! lanes {
    ($($type:ident = $identifier:literal),+) => {
        $(#[derive(Serialize, Deserialize)]
        struct $type(Job);

        impl TaskHandler for $type {
            const IDENTIFIER: &'static str = $identifier;

            async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
                if let Some(JobHandler(handler)) = context.extensions().get::<JobHandler>() {
                    handler.handle(self.0).await;
                }
            }
        })+
    };
}

lanes!(Quick = "quick", Sync = "sync", Long = "long");

fn identifier(lane: Lane) -> &'static str {
    match lane {
        Lane::Quick => Quick::IDENTIFIER,
        Lane::Sync => Sync::IDENTIFIER,
        Lane::Long => Long::IDENTIFIER,
    }
}

impl Scaled {
    /// Opens the queue in a database; creates its tables if missing.
    ///
    /// # Errors
    ///
    /// If the tables can't be created.
    #[boxed]
    pub async fn open(pool: PgPool, timing: Timing) -> Result<Self, QueueError> {
        let utils = WorkerUtils::new(pool.clone(), SCHEMA);
        utils.migrate().await.map_err(|error| QueueError::Engine(Box::new(error)))?;
        Ok(Self { pool, utils, timing })
    }

    pub(super) async fn push(&self, mut jobs: Vec<Job>) -> Result<(), QueueError> {
        if jobs.is_empty() {
            return Ok(());
        }
        // The engine wakes every worker for each added job, even for keys that are already queued, which
        // costs most when many jobs wait.
        let keys: Vec<String> = jobs.iter().map(Job::key).collect();
        let there: HashSet<String> = sqlx::query_scalar(EXISTING_KEYS)
            .bind(keys)
            .fetch_all(&self.pool)
            .await
            .map_err(|error| QueueError::Push(Box::new(error)))?
            .into_iter()
            .collect();
        jobs.retain(|job| !there.contains(&job.key()));
        for job in jobs {
            self.add(job).await?;
        }
        Ok(())
    }

    async fn add(&self, job: Job) -> Result<(), QueueError> {
        let spec = JobSpec {
            job_key: Some(job.key()),
            // The engine calls this mode unsafe because a running job may have listed its work before: the
            // next scheduling finds later work.
            job_key_mode: Some(JobKeyMode::UnsafeDedupe),
            max_attempts: Some(MOST_ATTEMPTS),
            // Lower is sooner.
            priority: job.is_urgent.then_some(-1),
            ..JobSpec::default()
        };
        let added = self.utils.add_raw_job(identifier(job.lane), job, spec).await;
        added.map(drop).map_err(|error| QueueError::Push(Box::new(error)))
    }

    pub(super) async fn run(
        &self,
        handler: Arc<dyn Handler>,
        capacity: Capacity,
        stop: CancellationToken,
        grace: Duration,
    ) -> Result<(), QueueError> {
        let handler_extension = JobHandler(handler);
        let engine = async |lane: Lane| {
            let options = match lane {
                Lane::Quick => WorkerOptions::default().define_job::<Quick>(),
                Lane::Sync => WorkerOptions::default().define_job::<Sync>(),
                Lane::Long => WorkerOptions::default().define_job::<Long>(),
            };
            let capacity = capacity.of(lane);
            options
                .pg_pool(self.pool.clone())
                .schema(SCHEMA)
                .concurrency(capacity)
                .poll_interval(self.timing.poll)
                .local_queue(
                    LocalQueueConfig::default()
                        .with_size(capacity)
                        .with_ttl(self.timing.lies_for)
                        .with_refetch_delay(
                            // Without it, version 0.14.1 polls again at once after an empty result, hundreds
                            // of times a second; a notification ends the delay.
                            RefetchDelayConfig::default()
                                .with_duration(self.timing.poll)
                                .with_threshold(0)
                                .with_max_abort_threshold(1),
                        ),
                )
                .add_extension(handler_extension.clone())
                .worker_recovery(
                    WorkerRecoveryConfig::default()
                        .heartbeat_interval(self.timing.heartbeat)
                        .sweep_interval(self.timing.heartbeat)
                        .sweep_threshold(self.timing.silent_for)
                        .recovery_delay(Duration::ZERO),
                )
                .listen_os_shutdown_signals(false)
                .shutdown_signal(stop.clone().cancelled_owned())
                .shutdown_grace_period(grace)
                .shutdown_interrupted_job_retry_delay(Duration::ZERO)
                .init()
                .await
                .map_err(|error| QueueError::Engine(Box::new(error)))
        };
        let lane = async |lane: Lane| {
            let mut has_begun = false;
            loop {
                let ended = match engine(lane).await {
                    Ok(started) => {
                        has_begun = true;
                        started.run().await.map_err(|error| QueueError::Engine(Box::new(error)))
                    }
                    Err(error) => Err(error),
                };
                match ended {
                    // If the engine can't record a finished job, for instance without the database, it aborts
                    // its jobs and ends. Restart an engine that has worked before, because the cause is
                    // elsewhere.
                    Err(error) if has_begun && !stop.is_cancelled() => {
                        tracing::error!(
                            lane = identifier(lane),
                            ?error,
                            "the job queue's engine ended and is restarted"
                        );
                        let _ = tokio::time::timeout(self.timing.heartbeat, stop.cancelled()).await;
                    }
                    ended => return ended,
                }
            }
        };
        tokio::try_join!(lane(Lane::Quick), lane(Lane::Sync), lane(Lane::Long)).map(drop)
    }
}
