//! How often somebody may ask or tell: with a key for the API, with none, guessing tokens, and having Lucca's keys checked.
//!
//! In memory and for this process: a restart forgives.

use std::net::IpAddr;
use std::num::NonZeroU32;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};
use store::{FlowId, InboundWebhookId};

use crate::app::App;
use crate::auth::KeyOf;
use crate::problem::Problem;

const fn a_minute(times: u32) -> Quota {
    // Never zero: the callers below say so.
    match NonZeroU32::new(times) {
        Some(times) => Quota::per_minute(times),
        None => Quota::per_minute(NonZeroU32::MIN),
    }
}

const NAMES: NonZeroU32 = NonZeroU32::new(20).unwrap();

/// The headers that say how much a key may ask, each with an example. `RateLimit` and `RateLimit-Policy` are those of the
/// IETF's current draft; the other three of its earlier ones, which most clients that there are know.
pub(crate) const HEADERS: [(&str, &str); 5] = [
    ("RateLimit-Policy", "\"key\";q=6000;w=60"),
    ("RateLimit", "\"key\";r=5999;t=1"),
    ("RateLimit-Limit", "6000"),
    ("RateLimit-Remaining", "5999"),
    ("RateLimit-Reset", "1"),
];

/// What the headers mean, as the description says it.
pub(crate) const MEANS: &str = "How many requests this key may send in a minute, how many are left, and in how many seconds it may send all again. \
     Absent where the service has no limit.";

type OfKeys = RateLimiter<KeyOf, DefaultKeyedStateStore<KeyOf>, DefaultClock, StateInformationMiddleware>;

/// The limits, each with its own memory.
pub(crate) struct Limits {
    keys: Option<(NonZeroU32, OfKeys)>,
    unknown_tokens: DefaultKeyedRateLimiter<IpAddr>,
    refused_keys: DefaultKeyedRateLimiter<IpAddr>,
    checks: DefaultKeyedRateLimiter<FlowId>,
    visits: DefaultKeyedRateLimiter<FlowId>,
    names: DefaultKeyedRateLimiter<FlowId>,
    pages: DefaultKeyedRateLimiter<IpAddr>,
    inbound: DefaultKeyedRateLimiter<InboundWebhookId>,
}

/// How much a key may still ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Left {
    limit: u32,
    remaining: u32,
    /// Seconds until it may send all again.
    reset: u64,
}

impl Left {
    /// Says it in the headers of an answer.
    pub(crate) fn tell(self, headers: &mut HeaderMap) {
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
    /// With so many requests a minute for each key; none is no limit.
    pub(crate) fn new(of_a_key: u32) -> Self {
        let keys = NonZeroU32::new(of_a_key).map(|limit| {
            let quota = Quota::per_minute(limit);
            (limit, RateLimiter::keyed(quota).with_middleware::<StateInformationMiddleware>())
        });
        Self {
            keys,
            unknown_tokens: RateLimiter::keyed(a_minute(30)),
            refused_keys: RateLimiter::keyed(a_minute(30)),
            checks: RateLimiter::keyed(a_minute(6)),
            // A page that waits asks once a second, on two devices perhaps.
            visits: RateLimiter::keyed(a_minute(600)),
            // Typing errors; more is a search for the tenants that others have linked.
            names: RateLimiter::keyed(Quota::per_hour(NAMES)),
            pages: RateLimiter::keyed(a_minute(1200)),
            // An import of a year's absences is told half-day by half-day.
            inbound: RateLimiter::keyed(a_minute(6000)),
        }
    }

    /// A key asks for something: how much it may still ask, or how long it is to wait. None where there is no limit.
    pub(crate) fn key(&self, key: KeyOf) -> Option<(Left, Result<(), TooOften>)> {
        let (limit, keys) = self.keys.as_ref()?;
        let limit = limit.get();
        let left = |remaining: u32| {
            // The allowance comes back evenly over a minute.
            let missing = u64::from(limit.saturating_sub(remaining));
            Left { limit, remaining, reset: (missing * 60).div_ceil(u64::from(limit)) }
        };
        Some(match keys.check_key(&key) {
            Ok(state) => (left(state.remaining_burst_capacity()), Ok(())),
            Err(not_until) => (left(0), Err(TooOften::until(&not_until))),
        })
    }
}

/// Somebody tried too often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TooOften {
    /// How long to wait, in whole seconds.
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
            "Too many requests. Wait for as long as Retry-After says, then go on.",
        )
        .retry_after(seconds)
    }
}

impl Limits {
    /// A token was shown that opens nothing: a link token, or a public one.
    pub(crate) fn unknown_token(&self, from: IpAddr) -> Result<(), TooOften> {
        self.tidy();
        self.unknown_tokens.check_key(&from).map_err(|not_until| TooOften::until(&not_until))
    }

    /// A key for the API was shown that opens nothing.
    pub(crate) fn refused_key(&self, from: IpAddr) -> Result<(), TooOften> {
        self.tidy();
        self.refused_keys.check_key(&from).map_err(|not_until| TooOften::until(&not_until))
    }

    /// Lucca is to be asked for somebody who is linking.
    pub(crate) fn check(&self, flow: FlowId) -> Result<(), TooOften> {
        self.checks.check_key(&flow).map_err(|not_until| TooOften::until(&not_until))
    }

    /// A customer's Lucca tells something.
    pub(crate) fn inbound(&self, webhook: InboundWebhookId) -> Result<(), TooOften> {
        self.inbound.check_key(&webhook).map_err(|not_until| TooOften::until(&not_until))
    }

    /// A tenant is named in a linking flow. Whether another customer has linked it is part of the answer, so that every name
    /// counts, taken or not.
    pub(crate) fn name(&self, flow: FlowId) -> Result<(), TooOften> {
        self.names.check_key(&flow).map_err(|not_until| TooOften::until(&not_until))
    }

    /// A page of a linking flow is asked for. By its link and not by the address, which many customers may share: behind a
    /// proxy whose headers are not trusted all do, and a stranger among them would lock them out.
    pub(crate) fn visit(&self, flow: FlowId) -> Result<(), TooOften> {
        self.visits.check_key(&flow).map_err(|not_until| TooOften::until(&not_until))
    }

    /// A page is asked for that belongs to no link.
    pub(crate) fn page(&self, from: IpAddr) -> Result<(), TooOften> {
        self.pages.check_key(&from).map_err(|not_until| TooOften::until(&not_until))
    }

    /// Forgets those who have not tried for long, once there are many.
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

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sender(pub(crate) IpAddr);

impl FromRequestParts<App> for Sender {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<std::net::SocketAddr>>().map(|info| info.0.ip());
        let forwarded = || {
            // The last one is what the operator's own proxy saw; those before it are anybody's word.
            let header = parts.headers.get_all("x-forwarded-for").iter().next_back()?;
            header.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
        };
        let forwarded = if app.config.trust_forwarded_for { forwarded() } else { None };
        let unknown = IpAddr::from([0, 0, 0, 0]);
        Ok(Self(forwarded.or(peer).unwrap_or(unknown)))
    }
}
