//! Whether and when a request is sent again.
//!
//! A retry is for temporary failures: a lost connection, a busy or restarting server, a truncated body. A
//! refused request would be refused again.

use std::time::Duration;

use net::{Backoff, Jitter};

use crate::error::{Error, Kind};
use crate::request_tally::THROTTLED_WAIT;

/// The longest wait requested by a server that is honoured without involving the caller.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// Time limit for repeating a request that is answered 429 again and again, with waits of a minute or more.
/// Another integration that uses up the tenant's limit often stops within minutes.
const THROTTLED_PATIENCE: Duration = Duration::from_secs(10 * 60);

const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(500),
    longest: Duration::from_secs(30),
    longest_retry_after: LONGEST_WAIT,
};

/// The number of retries that a request deserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Every retry that can help.
    Usual,
    /// The request tries a fallback that the server may not support: an answer that may be a refusal counts
    /// as one.
    Probe,
    /// The request changes data: its caller can send it again later, and does not wait for ten minutes.
    Change,
}

/// Maximum number of attempts of a request after `error`.
fn attempts(error: &Error, max: u32, effort: Effort) -> u32 {
    match (error.kind(), error.status()) {
        (Kind::RateLimited(wait), _) if wait >= THROTTLED_WAIT && effort != Effort::Change => {
            let waits = THROTTLED_PATIENCE.as_secs().div_ceil(wait.as_secs().max(1));
            max.max(u32::try_from(waits).unwrap_or(u32::MAX).saturating_add(1))
        }
        (Kind::RateLimited(_) | Kind::Unreachable, _) => max,
        (Kind::Unavailable, Some(425 | 502 | 503 | 504 | 507)) => max,
        // The older framework answers 500 for every error it did not foresee, an invalid filter included.
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

/// The wait before the next attempt; `None` if a retry would not help.
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
        Kind::RateLimited(_) => Some(jitter.below(BACKOFF.first)),
        _ => Some(BACKOFF.wait(attempt, None, jitter)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
