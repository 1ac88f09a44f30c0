//! Computes when the next request to a tenant may be sent, from the times of earlier requests. Pure.
//!
//! Not here: waiting, and sharing the tally between processes (`budget`).

use std::num::NonZeroU32;
use std::time::Duration;

use jiff::Timestamp;

use net::clock::later;

/// Lucca's counting window, in milliseconds. Source: directory.md §10.
const WINDOW: i64 = 60_000;

/// A request counts in its own window and in the next one.
const COUNTED_FOR: Duration = Duration::from_secs(120);

/// Maximum difference between the clocks of two machines. Times further ahead come from a clock that was set
/// back since.
const SKEW: Duration = Duration::from_secs(5);

/// A request may reach Lucca this many milliseconds after it is counted here: the latency of an open
/// connection. A request that opens a connection takes longer, and makes the estimate wrong by about a tenth
/// of a request.
const ARRIVAL_JITTER: i64 = 40;

/// Maximum number of requests sent without a pause.
const LARGEST_BURST: u32 = 20;

/// The wait after a 429 without `Retry-After`: one window.
pub(crate) const THROTTLED_WAIT: Duration = Duration::from_secs(60);

/// Duration of the half rate after that wait. A 429 within this time belongs to the same stretch.
const SLOW_FOR: Duration = Duration::from_secs(10 * 60);

/// The allowed number of requests, by their share of Lucca's estimate.
///
/// Lucca's estimate is the requests of the current window of 60 seconds, plus those of the window before,
/// times the share of it that the last 60 seconds still overlap. Windows begin at the first request of any
/// integration, so their position is unknown here, and every position is assumed. Requests at an even rate of
/// N a minute have an estimate of up to N + 1: N of the last minute, and the current one. Source: recorded.md
/// "The rate limiter".
// unverified: the model was inferred from one client's burst, and fits each of its six windows within one
// request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    /// The highest estimate that requests may reach, at the worst position of the windows. At least 2.
    highest_estimate: u32,
    /// Requests without spacing; the rest of a minute's is spread over the minute. Less than the highest
    /// estimate.
    burst: u32,
}

impl Pace {
    /// The pace for a share of `requests_per_minute` of Lucca's limit. One request of the share stays free,
    /// because the other integrations' estimate is also one above their rate. A share of 40 gives a burst of
    /// 20, an estimate of at most 39, and 38 requests a minute.
    pub(crate) fn of(requests_per_minute: NonZeroU32) -> Self {
        let highest_estimate = requests_per_minute.get().saturating_sub(1).max(2);
        Self { highest_estimate, burst: highest_estimate.div_ceil(2).min(LARGEST_BURST) }
    }

    /// Half the rate, without a burst.
    fn halved(self) -> Self {
        let per_minute = self.highest_estimate.saturating_sub(1);
        Self { highest_estimate: per_minute.div_ceil(2).saturating_add(1), burst: 1 }
    }

    /// The first millisecond, not before `now`, at which a request may follow those in `sent`, which is in
    /// order and not after `now`.
    fn earliest(self, sent: &[i64], now: i64) -> i64 {
        let (highest, burst) = (i64::from(self.highest_estimate), i64::from(self.burst));
        // In requests times milliseconds.
        let highest_estimate = highest * WINDOW - (highest - 1) * ARRIVAL_JITTER;
        let mut earliest = now;
        // Within any stretch of up to a minute: the burst, and the rest in proportion to the stretch.
        for (count, at) in (2..=highest).zip(sent.iter().rev()) {
            if count > burst {
                earliest =
                    earliest.max(at.saturating_add(div_ceil((count - burst) * WINDOW, highest - burst)));
            }
        }
        // The estimate is highest for windows that begin with one of the requests, or end their predecessor
        // with it.
        let before = |at: i64| sent.partition_point(|sent| *sent < at);
        let starts = sent.iter().flat_map(|at| [*at, at.saturating_add(WINDOW)]);
        for start in starts.filter(|start| *start > now - WINDOW - ARRIVAL_JITTER) {
            let current = count(sent.len() - before(start));
            let previous = count(before(start) - before(start - WINDOW));
            let free = highest_estimate - (current + 1) * WINDOW;
            if free < 0 {
                earliest = earliest.max(start.saturating_add(WINDOW + ARRIVAL_JITTER));
            } else if previous * WINDOW > free {
                earliest = earliest.max(start.saturating_add(WINDOW - free / previous));
            }
        }
        earliest
    }
}

/// The requests sent to one tenant, and the waits of its 429s. All processes that send requests to the tenant
/// should share one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestTally {
    /// Times of the requests of the last two minutes, in order, refused ones included. Whole milliseconds.
    pub sent: Vec<Timestamp>,
    /// Time before which no request may be sent.
    pub held_until: Option<Timestamp>,
    /// Time until which requests are sent at half the rate.
    pub slow_until: Option<Timestamp>,
    /// The latest stretch of 429s.
    pub throttled: Option<Throttling>,
}

/// A stretch of 429s: each arrived before requests were back at the full rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttling {
    /// The first 429.
    pub since: Timestamp,
    /// The latest 429.
    pub last: Timestamp,
}

impl RequestTally {
    /// Counts a request as sent at `now`.
    ///
    /// # Errors
    ///
    /// The time before which it may not be sent; then it is not counted.
    pub(crate) fn reserve(&mut self, pace: Pace, now: Timestamp) -> Result<(), Timestamp> {
        self.check_hold(now)?;
        let is_slow = self.slow_until.is_some_and(|until| until > now);
        let pace = if is_slow { pace.halved() } else { pace };
        let at = now.as_millisecond();
        let sent: Vec<i64> = self.sent.iter().map(|sent| sent.as_millisecond().min(at)).collect();
        let earliest = pace.earliest(&sent, at);
        if earliest > at {
            return Err(Timestamp::from_millisecond(earliest).unwrap_or(Timestamp::MAX));
        }
        self.count(now);
        Ok(())
    }

    /// Whether requests may be sent at `now`, apart from the pace.
    ///
    /// # Errors
    ///
    /// The time until which they are held.
    pub(crate) fn check_hold(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        self.forget(now);
        self.held_until.filter(|until| *until > now).map_or(Ok(()), Err)
    }

    /// Counts a request as sent at `now`, whether or not it was allowed.
    pub(crate) fn count(&mut self, now: Timestamp) {
        // Rounded up, so that no two requests are closer than they are counted.
        let up = Duration::from_nanos(999_999);
        let at = Timestamp::from_millisecond(later(now, up).as_millisecond()).unwrap_or(now);
        let place = self.sent.partition_point(|sent| *sent <= at);
        self.sent.insert(place, at);
    }

    /// Holds all requests until `until`. An earlier hold that lasts longer stays.
    pub(crate) fn hold(&mut self, until: Timestamp) {
        self.held_until = self.held_until.max(Some(until));
    }

    /// Counts a 429 at `now`. Without `retry_after`, requests wait for 60 seconds and are sent at half the
    /// rate for ten minutes.
    pub(crate) fn throttle(&mut self, retry_after: Option<Duration>, now: Timestamp) {
        self.forget(now);
        let since = match self.throttled {
            Some(before) if now <= later(self.held_until.max(Some(before.last)).unwrap_or(now), SLOW_FOR) => {
                before.since
            }
            _ => now,
        };
        self.throttled = Some(Throttling { since, last: now });
        let until = later(now, retry_after.unwrap_or(THROTTLED_WAIT));
        if retry_after.is_none() {
            self.slow_until = self.slow_until.max(Some(later(until, SLOW_FOR)));
        }
        self.hold(until);
    }

    /// Drops requests that no window counts any more. After a clock was set back, times ahead of it count as
    /// sent now, and holds end: without this, requests would stop for as long as it was set back.
    fn forget(&mut self, now: Timestamp) {
        if self.sent.last().is_some_and(|sent| *sent > later(now, SKEW)) {
            let at = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
            self.sent.iter_mut().for_each(|sent| *sent = (*sent).min(at));
            (self.held_until, self.slow_until, self.throttled) = (None, None, None);
        }
        self.sent.retain(|sent| later(*sent, COUNTED_FOR) > now);
    }
}

fn count(requests: usize) -> i64 {
    i64::try_from(requests).unwrap_or(i64::MAX)
}

/// Both above zero.
const fn div_ceil(number: i64, by: i64) -> i64 {
    (number + by - 1) / by
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Lucca's limiter as described in recorded.md, for windows that begin at a given millisecond. Times in
    /// milliseconds.
    struct LuccaLimiter {
        window_start: i64,
        current: i64,
        previous: i64,
        /// The highest estimate so far, in requests times milliseconds.
        highest: i64,
    }

    impl LuccaLimiter {
        fn starting_at(window_start: i64) -> Self {
            Self { window_start, current: 0, previous: 0, highest: 0 }
        }

        fn receive(&mut self, at: i64) {
            while at - self.window_start >= WINDOW {
                self.window_start += WINDOW;
                (self.previous, self.current) = (self.current, 0);
            }
            self.current += 1;
            let estimate = self.current * WINDOW + self.previous * (WINDOW - (at - self.window_start));
            self.highest = self.highest.max(estimate);
        }

        /// The highest estimate that `requests`, in order, reach.
        fn highest_estimate(window_start: i64, requests: &[i64]) -> i64 {
            let mut limiter = Self::starting_at(window_start);
            requests.iter().for_each(|at| limiter.receive(*at));
            limiter.highest
        }
    }

    fn ms(at: i64) -> Timestamp {
        Timestamp::from_millisecond(at).unwrap()
    }

    fn pace(share: u32) -> Pace {
        Pace::of(NonZeroU32::new(share).unwrap())
    }

    /// Send times of requests that become ready the given gap after the one before.
    fn schedule(
        tally: &mut RequestTally,
        pace: Pace,
        from: i64,
        gaps: impl IntoIterator<Item = i64>,
    ) -> Vec<i64> {
        let mut now = from;
        let send = |gap| {
            now += gap;
            if let Err(until) = tally.reserve(pace, ms(now)) {
                now = until.as_millisecond();
                tally.reserve(pace, ms(now)).unwrap();
            }
            now
        };
        gaps.into_iter().map(send).collect()
    }

    fn without_gaps(requests: usize) -> impl Iterator<Item = i64> {
        std::iter::repeat_n(0, requests)
    }

    #[test]
    fn share_leaves_one_request_and_half_for_bursts() {
        let facts = |share| (pace(share).highest_estimate, pace(share).burst);
        assert_eq!(facts(40), (39, 20));
        assert_eq!(
            [facts(1), facts(2), facts(3), facts(4), facts(10)],
            [(2, 1), (2, 1), (2, 1), (3, 2), (9, 5)]
        );
        assert_eq!(facts(200), (199, 20));
        assert_eq!(pace(40).halved(), Pace { highest_estimate: 20, burst: 1 });
        assert_eq!(pace(1).halved(), pace(1));
    }

    #[test]
    fn twenty_requests_burst_then_even_spacing() {
        let sent = schedule(&mut RequestTally::default(), pace(40), 0, without_gaps(1_000));
        assert_eq!(sent[..20], [0; 20]);
        assert_eq!(sent[20..24], [3_158, 6_316, 9_474, 12_632]);
        assert_eq!(sent[38..42], [60_040, 61_619, 63_198, 64_777]);
        let gaps = sent[38..].windows(2).map(|pair| pair[1] - pair[0]);
        assert!(gaps.clone().all(|gap| (1_578..1_620).contains(&gap)), "{:?}", gaps.collect::<Vec<_>>());
        // Requests over 25 minutes.
        let per_minute = 1_000.0 * 60_000.0 / f64::from(i32::try_from(sent[999]).unwrap());
        assert!((38.0..38.1).contains(&per_minute), "{per_minute}");
    }

    #[test]
    fn small_shares_still_send_one_request_a_minute() {
        let sent = schedule(&mut RequestTally::default(), pace(1), 0, without_gaps(4));
        assert_eq!(sent, [0, 60_040, 120_080, 180_120]);
    }

    #[test]
    fn two_integrations_stay_below_the_limit() {
        for start in (0..60_000).step_by(1_009) {
            // The other integration was first: windows begin with its requests, the worst case for both.
            let ours = schedule(&mut RequestTally::default(), pace(40), start, without_gaps(400));
            let mut all: Vec<i64> = (0..120).map(|n| n * 6_000).chain(ours).collect();
            all.sort_unstable();
            let highest = LuccaLimiter::highest_estimate(0, &all);
            assert!(highest <= 50 * WINDOW, "{start}: {highest}");
        }
    }

    #[test]
    fn requests_of_previous_version_are_counted() {
        // The previous version sends up to 40 at once; here it did so in the last second of a minute.
        let sent: Vec<Timestamp> = (0..40).map(|n| ms(59_000 + n)).collect();
        let mut tally = RequestTally { sent, ..RequestTally::default() };
        // Requests of the burst leave the windows that count them fully, one after the other.
        assert_eq!(tally.reserve(pace(40), ms(60_000)), Err(ms(122_038)));
    }

    #[test]
    fn bare_429_waits_a_minute_then_halves_rate() {
        let mut tally = RequestTally::default();
        schedule(&mut tally, pace(40), 0, without_gaps(10));
        tally.throttle(None, ms(1_000));
        let sent = schedule(&mut tally, pace(40), 1_000, without_gaps(400));
        assert_eq!(sent[0], 61_000);
        let in_minute = |minute: i64| {
            let start = 61_000 + minute * 60_000;
            sent.iter().filter(|at| (start..start + 60_000).contains(*at)).count()
        };
        assert!((0..10).all(|minute| in_minute(minute) == 19 || in_minute(minute) == 20), "{sent:?}");
        let gaps: Vec<i64> = sent.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.iter().take(150).all(|gap| *gap >= 3_157), "{gaps:?}");
        assert_eq!((in_minute(11), in_minute(12)), (38, 38));
    }

    #[test]
    fn a_retry_after_is_obeyed_as_it_is() {
        let mut tally = RequestTally::default();
        tally.throttle(Some(Duration::from_secs(7)), ms(1_000));
        assert_eq!(schedule(&mut tally, pace(40), 1_000, without_gaps(20)), [8_000; 20]);
        assert_eq!(tally.slow_until, None);
    }

    #[test]
    fn throttling_lasts_until_full_rate_returns() {
        let mut tally = RequestTally::default();
        let mut throttle = |retry_after: Option<u64>, second: i64| {
            tally.throttle(retry_after.map(Duration::from_secs), ms(second * 1000));
            tally.throttled.unwrap().since.as_second()
        };
        assert_eq!([throttle(None, 0), throttle(None, 60), throttle(None, 720)], [0, 0, 0]);
        assert_eq!(throttle(None, 720 + 661), 1381);
        assert_eq!(
            [throttle(Some(900), 3000), throttle(Some(1), 4500), throttle(Some(1), 5102)],
            [3000, 3000, 5102]
        );
    }

    #[test]
    fn a_clock_set_back_costs_a_minute_at_most() {
        let mut tally = RequestTally::default();
        schedule(&mut tally, pace(40), 86_400_000, without_gaps(20));
        tally.throttle(None, ms(86_400_000));
        assert_eq!(tally.reserve(pace(40), ms(0)), Err(ms(3_158)));
        let sent = schedule(&mut tally, pace(40), 0, without_gaps(20));
        assert_eq!((sent[18], sent[19]), (60_040, 61_619));
    }

    #[test]
    fn clocks_of_two_machines_may_differ_by_seconds() {
        let mut tally = RequestTally::default();
        schedule(&mut tally, pace(2), 4_000, [0]);
        tally.hold(ms(5_000));
        assert_eq!(tally.reserve(pace(2), ms(0)), Err(ms(5_000)));
        assert_eq!(tally.reserve(pace(2), ms(5_000)), Err(ms(64_040)));
    }

    fn gaps() -> impl Strategy<Value = Vec<i64>> {
        let gap = prop_oneof![4 => Just(0_i64), 3 => 0_i64..2_000, 2 => 0_i64..20_000, 1 => 0_i64..150_000];
        prop::collection::vec(gap, 1..120)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(50))]

        /// Windows that begin with one of the requests are the worst; the others are tested in case they are
        /// not.
        #[test]
        fn estimate_stays_within_share_at_any_window(
            share in 1_u32..60,
            gaps in gaps(),
            start in 0_i64..60_000,
            delays in prop::collection::vec(0..=ARRIVAL_JITTER, 120),
        ) {
            let mut sent = schedule(&mut RequestTally::default(), pace(share), 0, gaps);
            sent.iter_mut().zip(delays).for_each(|(at, delay)| *at += delay);
            sent.sort_unstable();
            let highest = i64::from(share.saturating_sub(1).max(2)) * WINDOW;
            let starts = (0..12).map(|step| start - step * 5_000).chain(sent.iter().map(|at| at % WINDOW));
            for window_start in starts {
                let estimate = LuccaLimiter::highest_estimate(window_start.rem_euclid(WINDOW) - WINDOW, &sent);
                prop_assert!(estimate <= highest, "{window_start}: {estimate}");
            }
        }

        /// Two integrations at rates that add up to 48 a minute stay below the limit at every position of
        /// either.
        #[test]
        fn even_second_integration_is_never_refused(
            gaps in gaps(),
            start in 0_i64..60_000,
            ahead in 0_i64..6_000,
        ) {
            let ours = schedule(&mut RequestTally::default(), pace(40), 0, gaps);
            let end = ours.last().copied().unwrap_or_default();
            let others = (-20..).map(|n| ahead + n * 6_000).take_while(|at| *at <= end);
            let mut all: Vec<i64> = others.chain(ours.iter().copied()).collect();
            all.sort_unstable();
            for window_start in [start - 3 * WINDOW, ahead - 3 * WINDOW] {
                prop_assert!(LuccaLimiter::highest_estimate(window_start, &all) <= 50 * WINDOW);
            }
        }
    }
}
