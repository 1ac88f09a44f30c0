//! One sync in a child process that kills or stops itself at a given point: when the engine reads the clock
//! for the n-th time, which it does right before each commit, or right after the n-th page was committed.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use lucca::{ApiKey, Client, RequestBudget, Stream, TenantUrl};
use net::NetworkPolicy;
use net::clock::{Clock, TestClock};
use rustix::process::{Signal, getpid, kill_process};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::RunId;
use sync::{Brake, Error, Options, Progress, RunExtent, Sync};
use test_database::DatabaseLocation;

/// The order that a child process receives as JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    /// The path of the SQLite file, or the PostgreSQL URL.
    pub place: String,
    /// The tenant's origin, which is also its name.
    pub origin: String,
    /// The emulated tenant's key.
    pub key: String,
    /// The time that the clock shows at the beginning.
    pub now: Timestamp,
    /// The tenant's date.
    pub today: Date,
    /// Whether to read all records, or only changes.
    pub full: bool,
    /// Seeds the run's id and the waits between retries.
    pub seed: u64,
    /// The name under which the process holds the lease.
    pub holder: String,
    /// A lease holder that has ended, as far as the parent can tell.
    pub dead_holder: Option<String>,
    /// Timeout of a request, in milliseconds.
    pub timeout_ms: u64,
    /// The point at which the process kills or stops itself.
    pub end: Option<End>,
}

/// How a child process interrupts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// SIGKILL right before the n-th commit, from 0.
    KilledBefore(u64),
    /// SIGKILL right after the n-th page was committed, from 0.
    KilledAfterPage(u64),
    /// SIGSTOP right before the n-th commit, from 0.
    StoppedBefore(u64),
}

/// The process's own clock: waits take no time, and every read is counted.
#[derive(Debug)]
struct CountingClock {
    time: Arc<TestClock>,
    looks: AtomicU64,
    end: Option<End>,
}

impl Clock for CountingClock {
    fn now(&self) -> Timestamp {
        let look = self.looks.fetch_add(1, Ordering::SeqCst);
        match self.end {
            Some(End::KilledBefore(n)) if n == look => signal_self(Signal::KILL),
            Some(End::StoppedBefore(n)) if n == look => signal_self(Signal::STOP),
            _ => {}
        }
        self.time.now()
    }

    fn stopwatch(&self) -> Timestamp {
        self.time.stopwatch()
    }

    fn sleep<'a>(&'a self, duration: Duration) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        self.time.sleep(duration)
    }
}

#[derive(Debug)]
struct CountingProgress {
    pages: AtomicU64,
    end: Option<End>,
}

impl Progress for CountingProgress {
    fn page_committed(&self, _: Stream, _: u64, _: Option<u64>) {
        let page = self.pages.fetch_add(1, Ordering::SeqCst);
        if self.end == Some(End::KilledAfterPage(page)) {
            signal_self(Signal::KILL);
        }
    }
}

fn signal_self(signal: Signal) {
    // Signalling this process can't fail; if it did, the run would simply continue.
    let _ = kill_process(getpid(), signal);
}

impl Order {
    /// The location of the database.
    pub fn place(&self) -> DatabaseLocation {
        if self.place.starts_with("postgres") {
            DatabaseLocation::Url(self.place.clone())
        } else {
            DatabaseLocation::File(PathBuf::from(&self.place))
        }
    }

    /// Syncs and returns the outcome: `{"ended": "done", "report": …}`, or another word with `why`. `looks`
    /// and `pages` count the points at which the process could have interrupted itself.
    ///
    /// # Errors
    ///
    /// The reason why the sync could not begin.
    pub async fn carry_out(&self) -> Result<Value, String> {
        let store = self.place().open().await.map_err(|error| format!("{error:?}"))?;
        let account = store.account_by_tenant(&self.origin).await.map_err(|error| format!("{error:?}"))?;
        let account = account.ok_or("the tenant is not linked")?;
        let time = Arc::new(TestClock::new(self.now));
        let tenant =
            TenantUrl::parse(&self.origin, NetworkPolicy::AllowLoopback).map_err(|e| e.to_string())?;
        let client = Client::builder(tenant, ApiKey::parse(&self.key).map_err(|e| e.to_string())?)
            .clock(Arc::clone(&time) as Arc<dyn Clock>)
            .budget(Arc::new(RequestBudget::unlimited()))
            .jitter_seed(self.seed)
            .request_timeout(Duration::from_millis(self.timeout_ms))
            .build()
            .map_err(|error| error.to_string())?;
        let clock = Arc::new(CountingClock { time, looks: AtomicU64::new(0), end: self.end });
        let progress = CountingProgress { pages: AtomicU64::new(0), end: self.end };
        let sync = Sync {
            client: &client,
            store: &store,
            account: &account,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            progress: &progress,
            options: Options {
                today: self.today,
                brake: Some(Brake::default()),
                extent: if self.full { RunExtent::Full } else { RunExtent::Now },
                holder: self.holder.clone(),
                dead_holder: self.dead_holder.clone(),
            },
        };
        let outcome = sync.run(run_id(self.now, self.seed)).await;
        let mut result = match outcome {
            Ok(report) => json!({"ended": "done", "report": report}),
            Err(Error::Busy) => json!({"ended": "busy"}),
            Err(Error::Store(store::Error::LeaseLost)) => json!({"ended": "lease_lost"}),
            Err(error) => json!({"ended": "failed", "why": format!("{error:?}")}),
        };
        result["looks"] = clock.looks.load(Ordering::SeqCst).into();
        result["pages"] = progress.pages.load(Ordering::SeqCst).into();
        store.close().await;
        Ok(result)
    }
}

/// The id of a run.
pub(crate) fn run_id(now: Timestamp, seed: u64) -> RunId {
    let mut random = [0; 10];
    random[..8].copy_from_slice(&seed.to_le_bytes());
    RunId::mint(now, random)
}
