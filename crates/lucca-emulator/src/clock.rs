//! The tenant's zone and its clock, which tests move; and the rate limit's clock, which is the machine's unless
//! a test sets another.
//!
//! The only module of this crate that reads the machine's time or waits.

use std::{
    sync::{LazyLock, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use jiff::{
    SignedDuration, Timestamp, ToSpan as _,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};

/// Europe/Paris without needing a time zone database on the machine.
pub(crate) static PARIS: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap_or(TimeZone::UTC));

/// The tenant's clock, in Paris local time: it stands still at 09:00 of its first day, or follows real time
/// from the present time of that day, and can be moved.
#[derive(Debug)]
pub(crate) struct TenantClock {
    at: Mutex<DateTime>,
    follows_since: Option<Instant>,
}

impl TenantClock {
    pub(crate) fn new(today: Date, real_time: bool) -> Self {
        // A tenant whose clock is behind that of its clients would hide its changes from them.
        let time = if real_time { paris().time() } else { Time::constant(9, 0, 0, 0) };
        Self { at: Mutex::new(today.to_datetime(time)), follows_since: real_time.then(instant) }
    }

    pub(crate) fn now(&self) -> DateTime {
        let at = *self.at.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(since) = self.follows_since else { return at };
        let passed = SignedDuration::try_from(instant().duration_since(since)).unwrap_or_default();
        at.checked_add(passed).unwrap_or(at)
    }

    pub(crate) fn today(&self) -> Date {
        self.now().date()
    }

    /// Moves the clock by whole days, in either direction.
    pub(crate) fn advance(&self, days: i64) {
        let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        let days = days.clamp(-1_000_000, 1_000_000);
        *at = at.checked_add(days.days()).unwrap_or(*at);
    }

    /// Moves the clock by minutes, in either direction.
    pub(crate) fn advance_minutes(&self, minutes: i64) {
        let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        let minutes = minutes.clamp(-1_000_000_000, 1_000_000_000);
        *at = at.checked_add(minutes.minutes()).unwrap_or(*at);
    }

    /// Moves the clock to that day, keeping the time of the day.
    pub(crate) fn set_today(&self, today: Date) {
        let days = self.today().until(today).map_or(0, |span| i64::from(span.get_days()));
        self.advance(days);
    }
}

/// The clock of the rate limit: the time since a fixed moment.
pub(crate) struct RateClock(Box<dyn Fn() -> Duration + Send + Sync>);

impl RateClock {
    /// The machine's clock; starts at one hour.
    pub(crate) fn real() -> Self {
        let started = instant();
        Self::of(move || Duration::from_secs(3600) + instant().duration_since(started))
    }

    pub(crate) fn of(now: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Box::new(now))
    }

    pub(crate) fn now(&self) -> Duration {
        (self.0)()
    }
}

impl std::fmt::Debug for RateClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RateClock").field(&self.now()).finish()
    }
}

/// The present time in Paris.
pub(crate) fn paris() -> DateTime {
    Timestamp::try_from(wall()).unwrap_or_default().to_zoned(PARIS.clone()).datetime()
}

#[expect(clippy::disallowed_methods, reason = "the emulator's one reading of the monotonic clock")]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the emulator's one reading of the wall clock")]
pub(crate) fn wall() -> SystemTime {
    SystemTime::now()
}

#[expect(clippy::disallowed_methods, reason = "latency on demand: the emulator's one wait")]
pub(crate) async fn wait(duration: Duration) {
    tokio::time::sleep(duration).await;
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, datetime};

    use super::*;

    #[test]
    fn a_clock_stands_still_until_it_is_moved() {
        let clock = TenantClock::new(date(2026, 11, 23), false);
        assert_eq!(clock.now(), datetime(2026, 11, 23, 9, 0, 0, 0));
        clock.advance(10);
        assert_eq!(clock.today(), date(2026, 12, 3));
        clock.set_today(date(2026, 1, 1));
        assert_eq!(clock.now(), datetime(2026, 1, 1, 9, 0, 0, 0));
    }
}
