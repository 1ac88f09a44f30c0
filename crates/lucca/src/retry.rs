//! Whether and when a request is sent again.
//!
//! A retry is for temporary failures: a lost connection, a busy or restarting server, a truncated body. A
//! refused request would be refused again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::between;
use crate::error::{Error, Kind};
use crate::request_tally::THROTTLED_WAIT;

/// The longest wait requested by a server that is obeyed without involving the caller.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// Time limit for repeating a request that is answered 429 again and again, with waits of a minute or more.
/// Another integration that uses up the tenant's limit often stops within minutes.
const THROTTLED_PATIENCE: Duration = Duration::from_secs(10 * 60);

const FIRST_BACKOFF: Duration = Duration::from_millis(500);
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

/// The number of retries that a request deserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Every retry that can help.
    Usual,
    /// The request tries a fallback that the server may not know: an answer that may mean "no" counts as one.
    Probe,
    /// The request changes data: its caller, who can send it again later, does not wait for ten minutes.
    Change,
}

/// The largest number of attempts of a request after `error`.
fn attempts(error: &Error, max: u32, effort: Effort) -> u32 {
    match (error.kind(), error.status()) {
        (Kind::RateLimited(wait), _) if wait >= THROTTLED_WAIT && effort != Effort::Change => {
            let waits = THROTTLED_PATIENCE.as_secs().div_ceil(wait.as_secs().max(1));
            max.max(u32::try_from(waits).unwrap_or(u32::MAX).saturating_add(1))
        }
        (Kind::RateLimited(_) | Kind::Unreachable, _) => max,
        (Kind::Unavailable, Some(425 | 502 | 503 | 504 | 507)) => max,
        // The older framework answers 500 for every error it did not foresee, a wrong filter included.
        (Kind::Unavailable, _) if effort == Effort::Probe || is_about_the_request(error) => 1,
        (Kind::Unavailable | Kind::Malformed, _) => max.min(3),
        // After two slow answers, smaller pages are requested instead of the same one.
        (Kind::Timeout, _) => max.min(2),
        _ => 1,
    }
}

/// Whether the message shows that the same request will fail again.
fn is_about_the_request(error: &Error) -> bool {
    let message = error.lucca_message().unwrap_or_default().to_lowercase();
    ["not found", "does not exist", "property", "formeremployees", "invalid", "not in correct format"]
        .iter()
        .any(|words| message.contains(words))
}

/// The wait before the next attempt; `None` if it would not help.
pub(crate) fn wait_before_retry(
    error: &Error,
    attempt: u32,
    max: u32,
    effort: Effort,
    jitter: &Jitter,
) -> Option<Duration> {
    if attempt >= attempts(error, max, effort) {
        return None;
    }
    match error.kind() {
        Kind::RateLimited(wait) if wait > LONGEST_WAIT => None,
        // The budget holds all requests until then; this addition spreads those that resume together.
        Kind::RateLimited(_) => Some(jitter.below(FIRST_BACKOFF)),
        _ => {
            let doubled = FIRST_BACKOFF.saturating_mul(2_u32.saturating_pow(attempt));
            Some(jitter.below(doubled.min(LONGEST_BACKOFF)))
        }
    }
}

/// Reads `Retry-After`: seconds, or an HTTP date. At least a second: an immediate attempt has just failed.
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

/// Seeded randomness for backoff: every wait between zero and the full one is equally likely, so that
/// requests that failed together don't retry together.
#[derive(Debug)]
pub struct Jitter(AtomicU64);

impl Jitter {
    /// A generator with a seed; the same seed gives the same sequence.
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

    #[test]
    fn what_was_refused_is_not_asked_again() {
        let jitter = Jitter::new(0);
        let tries_with = |kind, status, message: Option<&str>, effort| {
            let error = Error::new(kind).with_status(status).with_message(message.map(str::to_owned));
            (1..).find(|attempt| wait_before_retry(&error, *attempt, 5, effort, &jitter).is_none()).unwrap()
        };
        let tries = |kind, status, message| tries_with(kind, status, message, Effort::Usual);
        for (kind, status) in
            [(Kind::BadRequest, 400), (Kind::KeyRefused, 401), (Kind::PermissionMissing, 403)]
        {
            assert_eq!(tries(kind, status, None), 1);
        }
        assert_eq!(tries(Kind::Unavailable, 500, None), 3);
        assert_eq!(tries(Kind::Unavailable, 500, Some("User Not Found")), 1);
        assert_eq!(tries(Kind::Unavailable, 503, None), 5);
        let throttled = Kind::RateLimited(Duration::from_secs(60));
        assert_eq!(tries_with(throttled, 429, None, Effort::Change), 5);
        assert_eq!(tries_with(Kind::Unavailable, 500, None, Effort::Probe), 1);
        assert_eq!(tries_with(Kind::Unavailable, 503, None, Effort::Probe), 5);
        assert_eq!(tries(Kind::RateLimited(Duration::from_secs(2)), 429, None), 5);
        assert_eq!(tries(Kind::RateLimited(Duration::from_secs(60)), 429, None), 11);
        assert_eq!(tries(Kind::RateLimited(Duration::from_secs(100)), 429, None), 7);
        assert_eq!(tries(Kind::RateLimited(Duration::from_secs(900)), 429, None), 5);
        assert_eq!(tries(Kind::RateLimited(Duration::from_secs(901)), 429, None), 1);
    }
}
