//! Failed attempts of a delivery to any destination: counts them, and schedules the next one.

use std::time::Duration;

use jiff::Timestamp;
use net::{Backoff, Jitter};
use store::{Destination, FailedAttempt};

/// Returns the consequences of a failed attempt that does not disable the destination. `is_first`: no attempt
/// in a row failed before it. The destination's `Retry-After` counts, up to the limit of `backoff`.
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
