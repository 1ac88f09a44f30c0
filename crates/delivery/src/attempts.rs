//! What every destination has in common when an attempt fails: counting, and when to try again.

use std::time::Duration;

use jiff::Timestamp;
use net::{Backoff, Jitter};
use store::{Destination, FailedAttempt};

/// The consequences of a failed attempt, which does not disable the destination. It is the first in a row if
/// `is_first`, or if none before it failed. The destination's `Retry-After` counts, up to the limit of `backoff`.
pub(crate) fn failed_attempt(
    destination: &Destination,
    is_first: bool,
    now: Timestamp,
    (backoff, jitter): (&Backoff, &Jitter),
    retry_after: Option<Duration>,
) -> FailedAttempt {
    let attempts = if is_first { 1 } else { destination.attempts.saturating_add(1) };
    let since = destination.failing_since.filter(|_| !is_first).unwrap_or(now);
    let next_attempt_at =
        now.checked_add(backoff.wait(attempts, retry_after, jitter)).unwrap_or(Timestamp::MAX);
    FailedAttempt { attempts, since, next_attempt_at, disable: None }
}
