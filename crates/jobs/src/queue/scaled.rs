//! The queue of many workers, in PostgreSQL: `graphile_worker`, in a schema of its own. It hands out, recovers what a
//! worker held that died, and wakes workers by NOTIFY. See docs/design/jobs.md for why this one.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use graphile_worker::{
    IntoTaskHandlerResult, JobKeyMode, JobSpec, LocalQueueConfig, TaskHandler, WorkerContext, WorkerOptions,
    WorkerRecoveryConfig, WorkerUtils,
};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::{Capacity, Handler, Job, Lane, QueueError};

const SCHEMA: &str = "lucca_connector_jobs";
/// How long a job may lie with a worker that has no hand free before others may take it.
const LIES_FOR: Duration = Duration::from_secs(10);
/// What wakes a worker is a notification; this is for when one was missed.
const POLL: Duration = Duration::from_secs(1);
const HEARTBEAT: Duration = Duration::from_secs(5);
const SILENT_FOR: Duration = Duration::from_secs(20);
/// A job that so many workers died of is given up; the scheduler finds its subject due all the same.
const MOST_ATTEMPTS: i16 = 1000;

/// The queue of many workers. Cheap to clone.
#[derive(Clone)]
pub struct Scaled {
    pool: PgPool,
    utils: WorkerUtils,
}

/// What does the jobs, as the engine carries it.
#[derive(Clone)]
struct Hands(Arc<dyn Handler>);

impl fmt::Debug for Hands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hands")
    }
}

/// The engine tells kinds of jobs apart by type; a lane is one.
macro_rules! lanes {
    ($($type:ident = $identifier:literal),+) => {
        $(#[derive(Serialize, Deserialize)]
        struct $type(Job);

        impl TaskHandler for $type {
            const IDENTIFIER: &'static str = $identifier;

            async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
                if let Some(Hands(handler)) = context.extensions().get::<Hands>() {
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
    pub(super) async fn open(pool: PgPool) -> Result<Self, QueueError> {
        let utils = WorkerUtils::new(pool.clone(), SCHEMA);
        utils.migrate().await.map_err(|error| QueueError::Engine(Box::new(error)))?;
        Ok(Self { pool, utils })
    }

    pub(super) async fn push(&self, job: Job) -> Result<(), QueueError> {
        let spec = JobSpec {
            job_key: Some(job.key()),
            // Called unsafe because a job that is being done may have looked before: what is due then is found due at
            // the scheduler's next look.
            job_key_mode: Some(JobKeyMode::UnsafeDedupe),
            max_attempts: Some(MOST_ATTEMPTS),
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
        let hands = Hands(handler);
        let lane = async |lane: Lane| {
            let options = match lane {
                Lane::Quick => WorkerOptions::default().define_job::<Quick>(),
                Lane::Sync => WorkerOptions::default().define_job::<Sync>(),
                Lane::Long => WorkerOptions::default().define_job::<Long>(),
            };
            let capacity = capacity.of(lane);
            let worker = options
                .pg_pool(self.pool.clone())
                .schema(SCHEMA)
                .concurrency(capacity)
                .poll_interval(POLL)
                .local_queue(LocalQueueConfig::default().with_size(capacity).with_ttl(LIES_FOR))
                .add_extension(hands.clone())
                .worker_recovery(
                    WorkerRecoveryConfig::default()
                        .heartbeat_interval(HEARTBEAT)
                        .sweep_interval(HEARTBEAT)
                        .sweep_threshold(SILENT_FOR)
                        .recovery_delay(Duration::ZERO),
                )
                .listen_os_shutdown_signals(false)
                .shutdown_signal(stop.clone().cancelled_owned())
                .shutdown_grace_period(grace)
                .shutdown_interrupted_job_retry_delay(Duration::ZERO)
                .init()
                .await
                .map_err(|error| QueueError::Engine(Box::new(error)))?;
            worker.run().await.map_err(|error| QueueError::Engine(Box::new(error)))
        };
        tokio::try_join!(lane(Lane::Quick), lane(Lane::Sync), lane(Lane::Long)).map(drop)
    }
}
