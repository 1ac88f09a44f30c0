//! Switches of the rate limit: the counted requests, and the shape of a 429.

use serde::{Deserialize, Serialize};

/// The requests that count against the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateCounting {
    /// Windows of 60 seconds that begin at the first request. The estimate is the requests of the current
    /// window, plus those of the window before times the share of it that the last 60 seconds overlap.
    /// Refused requests count (source: recorded.md "The rate limiter").
    WeightedWindows,
    /// The requests admitted in the last 60 seconds.
    Admitted,
}

/// The `Retry-After` of a 429. Lucca documents that clients must respect it, for its newer API; whether v3
/// and v4 send it is unverified (source: directory.md §10, recorded-more.md).
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
    /// A page of HTML, like the one of a proxy in front of Lucca's servers.
    Html,
    /// An error of the called API.
    Api,
}
