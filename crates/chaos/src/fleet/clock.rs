//! A clock that all processes of a simulation share: from its start, it runs `speed` times as fast as real
//! time.

use std::pin::Pin;
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use net::clock::Clock;
use serde::{Deserialize, Serialize};

/// A clock with its own speed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct FleetClock {
    /// Real time at its start, in milliseconds of the Unix epoch.
    pub(crate) set_ms: i64,
    /// The time it showed at its start.
    pub(crate) from: Timestamp,
    /// Simulated seconds per real second.
    pub(crate) speed: f64,
}

impl FleetClock {
    pub(crate) fn set(from: Timestamp, speed: f64) -> Self {
        Self { set_ms: real_ms(), from, speed }
    }

    /// Converts a simulated span to real time.
    pub(crate) fn real(&self, span: Duration) -> Duration {
        span.div_f64(self.speed)
    }

    /// Converts a real span to simulated time.
    pub(crate) fn own(&self, span: Duration) -> Duration {
        span.mul_f64(self.speed)
    }
}

impl Clock for FleetClock {
    fn now(&self) -> Timestamp {
        let passed = Duration::from_millis(u64::try_from(real_ms() - self.set_ms).unwrap_or(0));
        let own = SignedDuration::try_from(self.own(passed)).unwrap_or_default();
        self.from.checked_add(own).unwrap_or(self.from)
    }

    #[expect(clippy::disallowed_methods, reason = "a simulation waits in real time")]
    fn sleep<'a>(&'a self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(tokio::time::sleep(self.real(duration)))
    }
}

/// This machine's time.
pub(super) fn real_now() -> Timestamp {
    Timestamp::from_millisecond(real_ms()).unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "processes of a simulation share the machine's time")]
fn real_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
