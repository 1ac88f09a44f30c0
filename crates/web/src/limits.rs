//! Rate limits: for API keys, for clients without a key, for guessed tokens, and for examinations of Lucca
//! keys.
//!
//! Kept in memory and per process: a restart resets them.

use std::net::IpAddr;
use std::num::NonZeroU32;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};
use store::{FlowId, InboundWebhookId};

use crate::caller_key::CallerKey;
use crate::problem::Problem;

const fn per_minute_quota(times: u32) -> Quota {
    // Never zero; the constants below guarantee it.
    match NonZeroU32::new(times) {
        Some(times) => Quota::per_minute(times),
        None => Quota::per_minute(NonZeroU32::MIN),
    }
}

const NAMES: NonZeroU32 = NonZeroU32::new(20).unwrap();

/// The rate limit headers, each with an example. `RateLimit` and `RateLimit-Policy` follow the IETF's current
/// draft, the other three its earlier ones, which most existing clients understand.
pub const HEADERS: [(&str, &str); 5] = [
    ("RateLimit-Policy", "\"key\";q=6000;w=60"),
    ("RateLimit", "\"key\";r=5999;t=1"),
    ("RateLimit-Limit", "6000"),
    ("RateLimit-Remaining", "5999"),
    ("RateLimit-Reset", "1"),
];

/// The description of the headers in the OpenAPI document.
pub const HEADERS_DESCRIPTION: &str = "The number of requests that this API key may send per minute, the \
                                       number that is left, and the seconds until the full limit is \
                                       available again. Absent if the service has no limit.";

type ApiKeyLimiter =
    RateLimiter<CallerKey, DefaultKeyedStateStore<CallerKey>, DefaultClock, StateInformationMiddleware>;

/// The limits, each with its own state.
pub struct Limits {
    keys: Option<(NonZeroU32, ApiKeyLimiter)>,
    unknown_tokens: DefaultKeyedRateLimiter<IpAddr>,
    refused_keys: DefaultKeyedRateLimiter<IpAddr>,
    checks: DefaultKeyedRateLimiter<FlowId>,
    visits: DefaultKeyedRateLimiter<FlowId>,
    names: DefaultKeyedRateLimiter<FlowId>,
    pages: DefaultKeyedRateLimiter<IpAddr>,
    inbound: DefaultKeyedRateLimiter<InboundWebhookId>,
}

/// The remaining requests of an API key.
#[derive(Clone, Copy, Debug)]
pub struct RemainingRequests {
    limit: u32,
    remaining: u32,
    /// Seconds until the full limit is available again.
    reset: u64,
}

impl RemainingRequests {
    /// Writes the values to the headers of a response.
    pub fn write_headers(self, headers: &mut HeaderMap) {
        let Self { limit, remaining, reset } = self;
        let values = [
            format!("\"key\";q={limit};w=60"),
            format!("\"key\";r={remaining};t={reset}"),
            limit.to_string(),
            remaining.to_string(),
            reset.to_string(),
        ];
        for ((name, _), value) in HEADERS.iter().zip(values) {
            let name = HeaderName::from_bytes(name.as_bytes());
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value)) {
                headers.insert(name, value);
            }
        }
    }
}

impl Limits {
    /// Creates the limits, with this number of requests per minute for each API key; 0 for no limit.
    pub(crate) fn new(per_key: u32) -> Self {
        let keys = NonZeroU32::new(per_key).map(|limit| {
            let quota = Quota::per_minute(limit);
            (limit, RateLimiter::keyed(quota).with_middleware::<StateInformationMiddleware>())
        });
        Self {
            keys,
            unknown_tokens: RateLimiter::keyed(per_minute_quota(30)),
            refused_keys: RateLimiter::keyed(per_minute_quota(30)),
            checks: RateLimiter::keyed(per_minute_quota(6)),
            // A waiting page polls once a second, possibly on two devices.
            visits: RateLimiter::keyed(per_minute_quota(600)),
            // Allows for typing errors. More attempts would be a search for tenants that others have linked.
            names: RateLimiter::keyed(Quota::per_hour(NAMES)),
            pages: RateLimiter::keyed(per_minute_quota(1200)),
            // Lucca reports an import of a year's absences half-day by half-day.
            inbound: RateLimiter::keyed(per_minute_quota(6000)),
        }
    }

    /// Counts a request of an API key; returns its remaining requests, or how long it has to wait. `None`
    /// without a limit.
    pub fn key(&self, key: CallerKey) -> Option<(RemainingRequests, Result<(), TooOften>)> {
        let (limit, keys) = self.keys.as_ref()?;
        let limit = limit.get();
        let left = |remaining: u32| {
            // Requests become available again evenly over a minute.
            let missing = u64::from(limit.saturating_sub(remaining));
            RemainingRequests { limit, remaining, reset: (missing * 60).div_ceil(u64::from(limit)) }
        };
        Some(match keys.check_key(&key) {
            Ok(state) => (left(state.remaining_burst_capacity()), Ok(())),
            Err(not_until) => (left(0), Err(TooOften::until(&not_until))),
        })
    }
}

/// The client exceeded a rate limit.
#[derive(Clone, Copy, Debug)]
pub struct TooOften {
    /// Whole seconds to wait.
    seconds: u64,
}

impl TooOften {
    fn until(not_until: &NotUntil<<DefaultClock as Clock>::Instant>) -> Self {
        let wait = not_until.wait_time_from(DefaultClock::default().now());
        Self { seconds: wait.as_secs() + 1 }
    }
}

impl From<TooOften> for Problem {
    fn from(TooOften { seconds }: TooOften) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_requests",
            "Too many requests. Retry after the number of seconds in Retry-After.",
        )
        .retry_after(seconds)
    }
}

impl Limits {
    /// Counts a request with an unknown link token or public token.
    pub fn unknown_token(&self, from: IpAddr) -> Result<(), TooOften> {
        self.tidy();
        self.unknown_tokens.check_key(&from).map_err(|not_until| TooOften::until(&not_until))
    }

    /// Counts a request with an unknown or revoked API key.
    pub fn refused_key(&self, from: IpAddr) -> Result<(), TooOften> {
        self.tidy();
        self.refused_keys.check_key(&from).map_err(|not_until| TooOften::until(&not_until))
    }

    /// Counts an examination of a key, started by an administrator in a linking flow.
    pub fn check(&self, flow: FlowId) -> Result<(), TooOften> {
        self.checks.check_key(&flow).map_err(|not_until| TooOften::until(&not_until))
    }

    /// Counts a notification from a customer's Lucca.
    pub fn inbound(&self, webhook: InboundWebhookId) -> Result<(), TooOften> {
        self.inbound.check_key(&webhook).map_err(|not_until| TooOften::until(&not_until))
    }

    /// Counts a tenant address entered in a linking flow. Every address counts, linked or not, since the
    /// response shows whether another customer has linked it.
    pub fn name(&self, flow: FlowId) -> Result<(), TooOften> {
        self.names.check_key(&flow).map_err(|not_until| TooOften::until(&not_until))
    }

    /// Counts a page request of a linking flow, by flow and not by IP address: customers may share an
    /// address, and all of them do behind a proxy whose headers are not trusted, so one client could lock out
    /// the others.
    pub fn visit(&self, flow: FlowId) -> Result<(), TooOften> {
        self.visits.check_key(&flow).map_err(|not_until| TooOften::until(&not_until))
    }

    /// Counts a page request outside linking flows.
    pub(crate) fn page(&self, from: IpAddr) -> Result<(), TooOften> {
        self.pages.check_key(&from).map_err(|not_until| TooOften::until(&not_until))
    }

    /// Drops the state of clients that have been inactive for long, once there are many.
    fn tidy(&self) {
        const MANY: usize = 10_000;
        for limiter in [&self.unknown_tokens, &self.refused_keys, &self.pages] {
            if limiter.len() > MANY {
                limiter.retain_recent();
            }
        }
        for limiter in [&self.checks, &self.visits, &self.names] {
            if limiter.len() > MANY {
                limiter.retain_recent();
            }
        }
    }
}
