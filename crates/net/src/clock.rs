//! The clock: the present instant, and waiting.
//!
//! Only [`SystemClock`] reads the operating system's time and sleeps; `clippy.toml` refuses it everywhere else.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

/// The present instant and the means to wait.
pub trait Clock: Send + Sync + Debug {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// A reading for measuring durations; the present instant, except on clocks that move without real time
    /// passing.
    fn stopwatch(&self) -> Timestamp {
        self.now()
    }

    /// Waits for `duration`.
    fn sleep<'a>(&'a self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
}

/// The operating system's clock, on a tokio runtime with its timer enabled.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where time enters")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(clippy::disallowed_methods, reason = "this is where waiting happens")]
    fn sleep<'a>(&'a self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A clock that stands still until a test moves it. `sleep` returns at once and moves it forward, but not its
/// stopwatch, so that a waiting task does not make another one appear slow.
#[derive(Debug)]
pub struct TestClock(Mutex<TestTime>);

#[derive(Debug)]
struct TestTime {
    now: Timestamp,
    stopwatch: Timestamp,
    sleeps: Vec<Duration>,
}

impl TestClock {
    /// A clock that shows `now`.
    pub fn new(now: Timestamp) -> Self {
        Self(Mutex::new(TestTime { now, stopwatch: now, sleeps: Vec::new() }))
    }

    /// Moves the clock forward.
    pub fn advance(&self, duration: Duration) {
        self.with(|time| {
            time.now = later(time.now, duration);
            time.stopwatch = later(time.stopwatch, duration);
        });
    }

    /// Every wait so far, in order.
    pub fn sleeps(&self) -> Vec<Duration> {
        self.with(|time| time.sleeps.clone())
    }

    fn with<R>(&self, change: impl FnOnce(&mut TestTime) -> R) -> R {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.with(|time| time.now)
    }

    fn stopwatch(&self) -> Timestamp {
        self.with(|time| time.stopwatch)
    }

    fn sleep<'a>(&'a self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            self.with(|time| {
                time.now = later(time.now, duration);
                time.sleeps.push(duration);
            });
        })
    }
}

/// `at` plus `duration`, or the latest timestamp.
pub fn later(at: Timestamp, duration: Duration) -> Timestamp {
    at.checked_add(duration).unwrap_or(Timestamp::MAX)
}

/// The duration from `earlier` to `later`; zero if `earlier` is after `later`.
pub fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or(Duration::ZERO)
}
