//! The tenant's rate limit: it counts requests and refuses the excess. Pure; times come from the caller.
//!
//! Not included: the shape of a 429 (`server`).

use std::{collections::VecDeque, num::NonZeroU128, time::Duration};

use serde::Serialize;

use crate::switches::{RateCounting, Switches};

const WINDOW: u128 = Duration::from_secs(60).as_nanos();

/// Observations of the rate limit so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct RateFacts {
    /// The highest estimate of a minute's requests so far, refused ones included.
    pub highest_estimate: f64,
    /// Requests that were refused.
    pub refused: u64,
    /// Requests of the other integration that were refused.
    pub others_refused: u64,
}

/// Counts requests, according to the current switches. Times are nanoseconds of any clock that does not go
/// back.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    windows: Option<Windows>,
    others: Option<Others>,
    /// Times of the latest admitted requests, for [`RateCounting::Admitted`].
    admitted: VecDeque<u128>,
    facts: RateFacts,
}

/// Two windows of 60 seconds, one after the other.
#[derive(Debug)]
struct Windows {
    /// Start of the current one.
    start: u128,
    current: u128,
    previous: u128,
}

/// Another integration of the tenant, which sends at an even rate.
#[derive(Debug)]
struct Others {
    since: u128,
    sent: u128,
}

impl Windows {
    fn beginning_at(start: u128) -> Self {
        Self { start, current: 0, previous: 0 }
    }

    /// Whether no request of the previous window counts any more.
    fn are_over(&self, now: u128) -> bool {
        now.saturating_sub(self.start) >= 2 * WINDOW
    }

    fn turn(&mut self, now: u128) {
        while now.saturating_sub(self.start) >= WINDOW {
            self.start += WINDOW;
            (self.previous, self.current) = (self.current, 0);
        }
    }

    /// The estimate at `now`, in requests times nanoseconds.
    fn estimate(&self, now: u128) -> u128 {
        self.current * WINDOW + self.previous * WINDOW.saturating_sub(now.saturating_sub(self.start))
    }

    /// Counts a request and returns the estimate that includes it.
    fn receive(&mut self, at: u128) -> u128 {
        self.turn(at);
        self.current += 1;
        self.estimate(at)
    }

    /// Time until one more request would be admitted, if none is sent before.
    fn wait(&self, now: u128, limit: u128) -> u128 {
        let most = limit.saturating_sub(1);
        // A count falls below this limit once that share of it has left the window.
        let faded = |count: u128, most: u128| match count {
            0 => 0,
            count => (count.saturating_sub(most) * WINDOW).div_ceil(count),
        };
        let at = if self.current <= most {
            self.start + faded(self.previous, most - self.current)
        } else {
            self.start + WINDOW + faded(self.current, most)
        };
        at.saturating_sub(now)
    }
}

impl Limiter {
    /// Counts a request at `now`, and refuses it with the time after which another would be admitted.
    pub(crate) fn admit(&mut self, limit: u32, switches: &Switches, now: Duration) -> Result<(), Duration> {
        let (now, limit) = (now.as_nanos(), u128::from(limit));
        let admitted = match switches.rate_counting {
            RateCounting::WeightedWindows => self.admit_by_estimate(limit, switches, now),
            RateCounting::Admitted => self.admit_by_admitted(limit, now),
        };
        admitted.map_err(|wait| {
            self.facts.refused += 1;
            Duration::from_nanos(u64::try_from(wait).unwrap_or(u64::MAX))
        })
    }

    pub(crate) fn facts(&self) -> RateFacts {
        self.facts
    }

    fn admit_by_estimate(&mut self, limit: u128, switches: &Switches, now: u128) -> Result<(), u128> {
        let others_a_minute = NonZeroU128::new(switches.other_requests_per_minute.into());
        if others_a_minute.is_none() {
            self.others = None;
            if self.windows.as_ref().is_some_and(|windows| windows.are_over(now)) {
                self.windows = None;
            }
        }
        let anchor = now.saturating_sub(Duration::from_millis(switches.rate_anchor_ms).as_nanos());
        let since = if self.windows.is_none() { anchor } else { now };
        let windows = self.windows.get_or_insert_with(|| Windows::beginning_at(anchor));
        if let Some(others_a_minute) = others_a_minute {
            let others = self.others.get_or_insert(Others { since, sent: 0 });
            loop {
                let at = others.since + others.sent * WINDOW / others_a_minute;
                if at > now {
                    break;
                }
                others.sent += 1;
                let estimate = windows.receive(at);
                self.facts.others_refused += u64::from(estimate > limit * WINDOW);
                self.facts.highest_estimate = self.facts.highest_estimate.max(requests(estimate));
            }
        }
        let estimate = windows.receive(now);
        self.facts.highest_estimate = self.facts.highest_estimate.max(requests(estimate));
        if estimate > limit * WINDOW { Err(windows.wait(now, limit)) } else { Ok(()) }
    }

    fn admit_by_admitted(&mut self, limit: u128, now: u128) -> Result<(), u128> {
        while self.admitted.front().is_some_and(|at| now.saturating_sub(*at) >= WINDOW) {
            self.admitted.pop_front();
        }
        if (self.admitted.len() as u128) < limit {
            self.admitted.push_back(now);
            return Ok(());
        }
        let oldest = self.admitted.front().copied().unwrap_or(now);
        Err((oldest + WINDOW).saturating_sub(now))
    }
}

/// An estimate as a number of requests.
fn requests(estimate: u128) -> f64 {
    let milliseconds = u32::try_from(estimate / 1_000_000).unwrap_or(u32::MAX);
    f64::from(milliseconds) / 60_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Number of these requests that are admitted at a second, after the earlier ones.
    fn admitted(limiter: &mut Limiter, switches: &Switches, second: u64, requests: u32) -> usize {
        let now = Duration::from_secs(1_000 + second);
        (0..requests).filter(|_| limiter.admit(50, switches, now).is_ok()).count()
    }

    /// The recorded hour of one client (source: recorded.md "The rate limiter"): seconds, requests, and how
    /// many the model admits.
    #[test]
    fn recorded_bursts_fit_the_model() {
        let (mut limiter, switches) = (Limiter::default(), Switches::default());
        let bursts =
            [(0, 1, 1), (2, 103, 49), (64, 54, 0), (131, 54, 5), (196, 48, 10), (262, 37, 19), (328, 17, 17)];
        for (second, requests, expected) in bursts {
            assert_eq!(admitted(&mut limiter, &switches, second, requests), expected, "{second}");
        }
    }

    #[test]
    fn windows_restart_after_two_idle_ones() {
        let (mut limiter, switches) = (Limiter::default(), Switches::default());
        assert_eq!(admitted(&mut limiter, &switches, 0, 60), 50);
        assert_eq!(admitted(&mut limiter, &switches, 150, 60), 50);
        // Ten seconds into the next window, five sixths of the 60 before still count.
        assert_eq!(admitted(&mut limiter, &switches, 220, 1), 0);
        let switches = Switches { rate_anchor_ms: 50_000, ..switches };
        assert_eq!(admitted(&mut limiter, &switches, 500, 60), 50);
        // Ten seconds later the window has ended, and all of them still count.
        assert_eq!(admitted(&mut limiter, &switches, 510, 1), 0);
        assert_eq!(admitted(&mut limiter, &switches, 560, 1), 1);
    }

    #[test]
    fn second_integration_shares_the_limit() {
        let (mut limiter, switches) = (Limiter::default(), Switches::default());
        let switches = Switches { other_requests_per_minute: 10, rate_anchor_ms: 30_000, ..switches };
        assert_eq!(admitted(&mut limiter, &switches, 0, 60), 44);
        assert_eq!(limiter.facts().others_refused, 0);
        admitted(&mut limiter, &switches, 29, 1);
        assert_eq!((limiter.facts().refused, limiter.facts().others_refused), (17, 4));
        assert!(limiter.facts().highest_estimate > 70.0);
    }

    #[test]
    fn refusal_wait_is_sufficient_and_minimal() {
        for requests in 1..120 {
            for pause in (0..130).step_by(7) {
                let (mut limiter, switches) = (Limiter::default(), Switches::default());
                admitted(&mut limiter, &switches, 0, requests);
                let now = Duration::from_secs(1_000 + pause);
                if let Err(wait) = limiter.admit(50, &switches, now) {
                    let early = wait.saturating_sub(Duration::from_millis(1));
                    let mut other = Limiter::default();
                    admitted(&mut other, &switches, 0, requests);
                    assert!(other.admit(50, &switches, now).is_err());
                    assert!(other.admit(50, &switches, now + early).is_err(), "{requests} {pause} {wait:?}");
                    assert!(limiter.admit(50, &switches, now + wait).is_ok(), "{requests} {pause} {wait:?}");
                }
            }
        }
    }

    #[test]
    fn admitted_counting_ignores_refused_requests() {
        let (mut limiter, switches) = (Limiter::default(), Switches::default());
        let switches = Switches { rate_counting: RateCounting::Admitted, ..switches };
        assert_eq!(admitted(&mut limiter, &switches, 0, 80), 50);
        assert_eq!(admitted(&mut limiter, &switches, 59, 80), 0);
        assert_eq!(admitted(&mut limiter, &switches, 60, 80), 50);
    }
}
