//! Waits between attempts of HTTP clients: the backoff of requests to Lucca, of webhooks and of SCIM pushes,
//! its randomness, and `Retry-After`.
//!
//! Not here: whether another attempt can help, which the caller decides by the error; and the next due time
//! of an account whose sync failed, which `store/src/sync/schedule.rs` computes because `store` does not
//! depend on this crate.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::between;

/// Exponential backoff: each consecutive failure doubles the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The shortest wait, and the ceiling after the first failure.
    pub first: Duration,
    /// The ceiling after many failures.
    pub longest: Duration,
    /// The longest `Retry-After` that is honoured; a longer one is cut to this.
    pub longest_retry_after: Duration,
}

impl Backoff {
    /// The wait after `failures` consecutive failures (1 after the first): a random duration between half of
    /// the ceiling and the ceiling, never less than `first`. The server's `retry_after` replaces the ceiling
    /// and is never shortened at random.
    pub fn wait(&self, failures: u32, retry_after: Option<Duration>, jitter: &Jitter) -> Duration {
        if let Some(retry_after) = retry_after {
            return retry_after.clamp(self.first, self.longest_retry_after);
        }
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
        let ceiling = doubled.min(self.longest);
        self.first.max(ceiling / 2 + jitter.below(ceiling / 2))
    }
}

/// Parses `Retry-After`: seconds, or an HTTP date. At least a second: the request has just failed.
pub fn retry_after(header: &str, now: Timestamp) -> Option<Duration> {
    let header = header.trim();
    let wait = match header.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() => Duration::try_from_secs_f64(seconds.max(0.0)).ok()?,
        Ok(_) => return None,
        Err(_) => {
            let at = jiff::fmt::rfc2822::parse(header).ok()?;
            between(now, at.timestamp())
        }
    };
    Some(wait.max(Duration::from_secs(1)))
}

/// Seeded randomness for waits, so that clients that failed together do not retry together.
#[derive(Debug)]
pub struct Jitter(AtomicU64);

impl Jitter {
    /// The same sequence for the same seed.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// A duration below `limit`.
    pub fn below(&self, limit: Duration) -> Duration {
        let share = self.next() >> 44;
        let nanos = limit.as_nanos().saturating_mul(u128::from(share)) >> 20;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// SplitMix64.
    fn next(&self) -> u64 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff {
        first: Duration::from_secs(5),
        longest: Duration::from_secs(60),
        longest_retry_after: Duration::from_secs(600),
    };

    #[test]
    fn waits_double_up_to_the_longest() {
        let jitter = Jitter::new(3);
        for (failures, ceiling) in [(1, 5), (2, 10), (3, 20), (4, 40), (5, 60), (40, 60), (u32::MAX, 60)] {
            for _ in 0..50 {
                let wait = BACKOFF.wait(failures, None, &jitter);
                let ceiling = Duration::from_secs(ceiling);
                assert!(wait >= BACKOFF.first.max(ceiling / 2) && wait <= ceiling, "{failures}: {wait:?}");
            }
        }
    }

    #[test]
    fn retry_after_replaces_the_doubled_wait() {
        let wait = |seconds| BACKOFF.wait(9, Some(Duration::from_secs(seconds)), &Jitter::new(0)).as_secs();
        assert_eq!([wait(1), wait(90), wait(9000)], [5, 90, 600]);
    }

    #[test]
    fn retry_after_in_both_forms() {
        let now: Timestamp = "1994-11-06T08:49:00Z".parse().unwrap();
        let seconds = |header| retry_after(header, now).map(|wait| wait.as_secs_f64());
        assert_eq!(seconds("120"), Some(120.0));
        assert_eq!(seconds(" 1.5 "), Some(1.5));
        assert_eq!(seconds("0"), Some(1.0));
        assert_eq!(seconds("-5"), Some(1.0));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(37.0));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:00:00 GMT"), Some(1.0));
        for wrong in ["", "soon", "NaN", "inf", "1e999", "Sun, 99 Nov"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn jitter_stays_below_and_repeats_with_its_seed() {
        let draw = |seed| {
            let jitter = Jitter::new(seed);
            (0..100).map(|_| jitter.below(Duration::from_secs(4))).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let draws = draw(7);
        assert!(draws.iter().all(|wait| *wait < Duration::from_secs(4)));
        assert!(draws.iter().any(|wait| *wait > Duration::from_secs(3)));
        assert!(draws.iter().any(|wait| *wait < Duration::from_secs(1)));
    }
}
