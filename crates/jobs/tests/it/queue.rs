//! The contract of a queue: one job per key at a time, independent lanes, order within a lane, urgent jobs
//! first, and a stop that finishes running jobs; on PostgreSQL also many workers, the recovery of a dead
//! worker's jobs, and an engine that continues after a database failure.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jobs::queue::{Capacity, Handler, Job, Lane, Queue};
use sqlx::AssertSqlSafe;
use test_database::{Engine, TestDatabase};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

const GRACE: Duration = Duration::from_secs(20);
const ONE_EACH: Capacity = Capacity { quick: 1, sync: 1, long: 1 };

/// Reports each started job, and ends it when permitted.
struct TestHandler {
    begun: mpsc::UnboundedSender<String>,
    may_end: Arc<Semaphore>,
    ended: Arc<Mutex<Vec<String>>>,
}

impl Handler for TestHandler {
    fn handle(&self, job: Job) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.begun.send(job.key()).unwrap();
        let (may_end, ended) = (Arc::clone(&self.may_end), Arc::clone(&self.ended));
        Box::pin(async move {
            may_end.acquire().await.unwrap().forget();
            ended.lock().unwrap().push(job.key());
        })
    }
}

/// A worker of a queue.
struct Worker {
    begun: mpsc::UnboundedReceiver<String>,
    may_end: Arc<Semaphore>,
    ended: Arc<Mutex<Vec<String>>>,
    stop: CancellationToken,
    running: tokio::task::JoinHandle<()>,
}

impl Worker {
    fn start(queue: &Queue, capacity: Capacity) -> Self {
        let (sender, begun) = mpsc::unbounded_channel();
        let (may_end, ended) = (Arc::new(Semaphore::new(0)), Arc::default());
        let handler = TestHandler { begun: sender, may_end: Arc::clone(&may_end), ended: Arc::clone(&ended) };
        let stop = CancellationToken::new();
        let (queue, stopped) = (queue.clone(), stop.clone());
        let running = tokio::spawn(async move {
            queue.run(Arc::new(handler), capacity, stopped, GRACE).await.unwrap();
        });
        Self { begun, may_end, ended, stop, running }
    }

    async fn next(&mut self) -> String {
        tokio::time::timeout(Duration::from_secs(60), self.begun.recv()).await.unwrap().unwrap()
    }

    /// Whether no job starts for a while.
    async fn is_idle(&mut self) -> bool {
        tokio::time::timeout(Duration::from_millis(1500), self.begun.recv()).await.is_err()
    }

    async fn end(self) -> Vec<String> {
        self.may_end.add_permits(1000);
        self.stop.cancel();
        self.running.await.unwrap();
        std::mem::take(&mut self.ended.lock().unwrap())
    }
}

fn job(duty: &str, subject: &str, lane: Lane) -> Job {
    Job { duty: duty.to_owned(), subject: subject.to_owned(), lane, is_urgent: false }
}

async fn queues() -> Vec<(TestDatabase, Queue)> {
    let mut queues = Vec::new();
    for engine in Engine::available() {
        let database = TestDatabase::new(engine).await;
        let queue = Queue::of(&database.store).await.unwrap();
        queues.push((database, queue));
    }
    queues
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn job_is_unique_while_waiting_or_running() {
    for (_database, queue) in queues().await {
        let push = async |subject| queue.push(vec![job("sync", subject, Lane::Sync)]).await.unwrap();
        push("a").await;
        push("a").await;
        let mut worker = Worker::start(&queue, Capacity::default());
        assert_eq!(worker.next().await, "sync:a");
        push("a").await;
        push("b").await;
        assert_eq!(worker.next().await, "sync:b", "another subject doesn't wait");
        assert!(worker.is_idle().await, "the same one is being done");
        worker.may_end.add_permits(2);
        tokio::time::sleep(Duration::from_millis(500)).await;
        push("a").await;
        assert_eq!(worker.next().await, "sync:a", "once it is done it may come again");
        assert_eq!(worker.end().await.len(), 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lanes_are_independent_and_ordered() {
    for (_database, queue) in queues().await {
        for (subject, lane) in
            [("a", Lane::Long), ("b", Lane::Long), ("c", Lane::Sync), ("d", Lane::Sync), ("e", Lane::Quick)]
        {
            queue.push(vec![job("it", subject, lane)]).await.unwrap();
        }
        let mut worker = Worker::start(&queue, ONE_EACH);
        let mut first = [worker.next().await, worker.next().await, worker.next().await];
        first.sort();
        assert_eq!(first, ["it:a", "it:c", "it:e"], "the first of each lane");
        assert!(worker.is_idle().await, "no more at once than a lane holds");
        worker.may_end.add_permits(3);
        let mut second = [worker.next().await, worker.next().await];
        second.sort();
        assert_eq!(second, ["it:b", "it:d"]);
        worker.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn urgent_jobs_come_first_in_order() {
    for (_database, queue) in queues().await {
        for (subject, is_urgent) in [("a", false), ("b", false), ("c", true), ("d", true), ("e", false)] {
            queue.push(vec![Job { is_urgent, ..job("it", subject, Lane::Sync) }]).await.unwrap();
        }
        let mut worker = Worker::start(&queue, ONE_EACH);
        worker.may_end.add_permits(5);
        for expected in ["it:c", "it:d", "it:a", "it:b", "it:e"] {
            assert_eq!(worker.next().await, expected);
        }
        worker.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_finishes_running_jobs_only() {
    for (_database, queue) in queues().await {
        for subject in ["a", "b", "c"] {
            queue.push(vec![job("sync", subject, Lane::Sync)]).await.unwrap();
        }
        let mut worker = Worker::start(&queue, ONE_EACH);
        assert_eq!(worker.next().await, "sync:a");
        worker.stop.cancel();
        assert!(worker.is_idle().await);
        assert_eq!(worker.end().await, ["sync:a"]);
        let mut next = Worker::start(&queue, ONE_EACH);
        assert_eq!(next.next().await, "sync:b", "the rest is there for the next");
        next.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_share_jobs_and_run_each_once() {
    if !Engine::available().contains(&Engine::Postgres) {
        return;
    }
    let database = TestDatabase::new(Engine::Postgres).await;
    let queue = Queue::of(&database.store).await.unwrap();
    let workers: Vec<Worker> = (0..3)
        .map(|_| {
            let worker = Worker::start(&queue, Capacity { sync: 4, ..Capacity::default() });
            worker.may_end.add_permits(1000);
            worker
        })
        .collect();
    for n in 0..60 {
        queue.push(vec![job("sync", &n.to_string(), Lane::Sync)]).await.unwrap();
    }
    let done = || workers.iter().map(|worker| worker.ended.lock().unwrap().len()).sum::<usize>();
    for _ in 0..300 {
        if done() == 60 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut all = Vec::new();
    for worker in workers {
        all.extend(worker.end().await);
    }
    all.sort();
    let count = all.len();
    all.dedup();
    assert_eq!((count, all.len()), (60, 60));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_of_a_dead_worker_are_recovered() {
    if !Engine::available().contains(&Engine::Postgres) {
        return;
    }
    let database = TestDatabase::new(Engine::Postgres).await;
    let place = database.place.clone();
    let (sender, begun) = std::sync::mpsc::channel();
    let (kill, killed) = std::sync::mpsc::channel::<()>();
    // A worker with its own runtime, which ends without cleanup, like a killed process.
    let dead = std::thread::spawn(move || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.spawn(async move {
            let queue = Queue::of(&place.open().await.unwrap()).await.unwrap();
            queue.push(vec![job("sync", "a", Lane::Sync)]).await.unwrap();
            let mut worker = Worker::start(&queue, ONE_EACH);
            sender.send(worker.next().await).unwrap();
            std::future::pending::<()>().await;
        });
        killed.recv().unwrap();
        runtime.shutdown_background();
    });
    assert_eq!(begun.recv().unwrap(), "sync:a");
    kill.send(()).unwrap();
    dead.join().unwrap();
    let queue = Queue::of(&database.store).await.unwrap();
    let mut heir = Worker::start(&queue, ONE_EACH);
    queue.push(vec![job("sync", "b", Lane::Sync)]).await.unwrap();
    heir.may_end.add_permits(10);
    assert_eq!(heir.next().await, "sync:b");
    assert_eq!(heir.next().await, "sync:a", "once the dead one has been silent for long enough");
    assert_eq!(heir.end().await, ["sync:b", "sync:a"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn engine_restarts_after_a_database_failure() {
    if !Engine::available().contains(&Engine::Postgres) {
        return;
    }
    let database = TestDatabase::new(Engine::Postgres).await;
    let queue = Queue::of(&database.store).await.unwrap();
    let rename = async |from: &str, to: &str| {
        let sql = AssertSqlSafe(format!("ALTER SCHEMA {from} RENAME TO {to}"));
        sqlx::query(sql).execute(database.store.postgres().unwrap()).await.unwrap();
    };
    let mut worker = Worker::start(&queue, ONE_EACH);
    queue.push(vec![job("sync", "a", Lane::Sync)]).await.unwrap();
    assert_eq!(worker.next().await, "sync:a");
    // The job ends, and the engine can't record it.
    rename("lucca_connector_jobs", "elsewhere").await;
    worker.may_end.add_permits(1);
    assert!(worker.is_idle().await);
    rename("elsewhere", "lucca_connector_jobs").await;
    queue.push(vec![job("sync", "b", Lane::Sync)]).await.unwrap();
    worker.may_end.add_permits(10);
    assert_eq!(worker.next().await, "sync:b");
    assert_eq!(worker.next().await, "sync:a", "as of a worker that died");
    assert_eq!(worker.end().await, ["sync:a", "sync:b", "sync:a"]);
}
