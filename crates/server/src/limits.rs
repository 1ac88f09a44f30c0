//! How often somebody may try: guessing tokens, and having keys checked.
//!
//! In memory and for this process: a restart forgives.

use std::net::IpAddr;
use std::num::NonZeroU32;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use store::FlowId;

use crate::app::App;
use crate::problem::Problem;

const fn a_minute(times: u32) -> Quota {
    // Never zero: the callers below say so.
    match NonZeroU32::new(times) {
        Some(times) => Quota::per_minute(times),
        None => Quota::per_minute(NonZeroU32::MIN),
    }
}

/// The limits, each with its own memory.
pub(crate) struct Limits {
    unknown_tokens: DefaultKeyedRateLimiter<IpAddr>,
    refused_keys: DefaultKeyedRateLimiter<IpAddr>,
    checks: DefaultKeyedRateLimiter<FlowId>,
    pages: DefaultKeyedRateLimiter<IpAddr>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            unknown_tokens: RateLimiter::keyed(a_minute(30)),
            refused_keys: RateLimiter::keyed(a_minute(30)),
            checks: RateLimiter::keyed(a_minute(6)),
            pages: RateLimiter::keyed(a_minute(1200)),
        }
    }
}

/// Somebody tried too often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TooOften;

impl From<TooOften> for Problem {
    fn from(_: TooOften) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_requests",
            "Too many attempts. Wait a minute, then try again.",
        )
    }
}

impl Limits {
    /// A token was shown that opens nothing: a link token, or a public one.
    pub(crate) fn unknown_token(&self, from: IpAddr) -> Result<(), TooOften> {
        self.tidy();
        self.unknown_tokens.check_key(&from).map_err(|_| TooOften)
    }

    /// A key for the API was shown that opens nothing.
    pub(crate) fn refused_key(&self, from: IpAddr) -> Result<(), TooOften> {
        self.tidy();
        self.refused_keys.check_key(&from).map_err(|_| TooOften)
    }

    /// Lucca is to be asked for somebody who is linking.
    pub(crate) fn check(&self, flow: FlowId) -> Result<(), TooOften> {
        self.checks.check_key(&flow).map_err(|_| TooOften)
    }

    /// A page is asked for.
    pub(crate) fn page(&self, from: IpAddr) -> Result<(), TooOften> {
        self.pages.check_key(&from).map_err(|_| TooOften)
    }

    /// Forgets those who have not tried for long, once there are many.
    fn tidy(&self) {
        const MANY: usize = 10_000;
        for limiter in [&self.unknown_tokens, &self.refused_keys, &self.pages] {
            if limiter.len() > MANY {
                limiter.retain_recent();
            }
        }
        if self.checks.len() > MANY {
            self.checks.retain_recent();
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
