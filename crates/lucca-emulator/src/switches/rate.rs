//! Switches of the rate limit: what it counts, and how a 429 looks.

use serde::{Deserialize, Serialize};

/// Which requests count against the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateCounting {
    /// Windows of 60 seconds that begin at the first request. The estimate is the requests of the current window, plus those
    /// of the window before times the share of it that the last 60 seconds overlap. Refused requests count (source:
    /// recorded.md "The rate limiter").
    WeightedWindows,
    /// The requests admitted in the last 60 seconds.
    Admitted,
}

/// The `Retry-After` of a 429. Lucca documents that it is to be respected, for its newer API; whether v3 and v4 send it is
/// unverified (source: directory.md §10, recorded-more.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// A number of seconds.
    Seconds,
    /// An HTTP date.
    HttpDate,
    /// No such header.
    Absent,
}

/// The body of a 429. unverified either way: none was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TooManyBody {
    /// A page of HTML, as a proxy before Lucca's servers would send.
    Html,
    /// An error of the API that was asked.
    Api,
}
