//! Waits until a request to a tenant may be sent, and shares the count of sent requests between processes.
//!
//! `request_tally` computes when a request may be sent, `retry` when it is repeated.

use std::fmt::Debug;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;

use crate::request_tally::{Pace, RequestTally};
use net::clock::{Clock, between};

/// The shortest wait, even after a clock was set back.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// The connector's share of the tenant's 50 requests a minute. The rest is for the customer's other
/// integrations.
const DEFAULT_PER_MINUTE: NonZeroU32 = NonZeroU32::new(40).unwrap();

/// A change of a [`RequestTally`].
pub type TallyChange<'a> = &'a mut (dyn FnMut(&mut RequestTally) + Send);

/// Stores the tally of one tenant in a place that all processes with requests to it share.
pub trait Ledger: Send + Sync + Debug {
    /// Reads the tally, changes it and stores it, with no other change in between. `change` may be called
    /// again if the ledger has to start over.
    fn update<'a>(
        &'a self,
        change: TallyChange<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<(), LedgerUnavailable>> + Send + 'a>>;
}

/// Error: the ledger can't be read or written now. The ledger has logged the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("could not read or write the shared request count")]
pub struct LedgerUnavailable;

/// Keeps the requests to one tenant below Lucca's limit, and honours its 429s.
///
/// Share one budget (through an `Arc`) between all clients of a tenant: Lucca's limit is the tenant's, not
/// the key's. Waiting is first come, first served.
///
/// Lucca's limit is 50 requests a minute, counted in windows whose position is unknown, refused requests
/// included. A budget of N a minute keeps the connector's share of that count at N - 1 or less, for any
/// position of the windows: after an idle time a burst of half of it, 20 requests at most, then even spacing,
/// at N - 2 requests a minute in the long run. A small budget always leaves one request a minute.
///
/// After a 429 without `Retry-After`, no request is sent for 60 seconds, then requests are sent at half the
/// rate, evenly spaced, until ten minutes have passed without a 429. A `Retry-After` is honoured unchanged.
#[derive(Debug)]
pub struct RequestBudget {
    /// `None`: no limit, but Lucca's `Retry-After` is still honoured.
    pace: Option<Pace>,
    /// Shared with other processes. The local tally is then used only while the ledger is unavailable.
    ledger: Option<Arc<dyn Ledger>>,
    /// Held by the next request while it waits; tokio's mutex is fair.
    turn: tokio::sync::Mutex<()>,
    tally: Mutex<RequestTally>,
}

impl Default for RequestBudget {
    /// A share of 40 of the tenant's 50 requests a minute.
    fn default() -> Self {
        Self::per_minute(DEFAULT_PER_MINUTE)
    }
}

impl RequestBudget {
    /// A share of `limit` of the tenant's 50 requests a minute: below `limit` in any 60 seconds.
    pub fn per_minute(limit: NonZeroU32) -> Self {
        Self::new(Some(Pace::of(limit)))
    }

    /// No limit by the connector; Lucca's `Retry-After` is honoured.
    pub fn unlimited() -> Self {
        Self::new(None)
    }

    fn new(pace: Option<Pace>) -> Self {
        Self { pace, ledger: None, turn: tokio::sync::Mutex::default(), tally: Mutex::default() }
    }

    /// Counts the requests of all processes that share the ledger. Without a limit, only 429s are shared.
    #[must_use]
    pub fn with_ledger(self, ledger: Arc<dyn Ledger>) -> Self {
        Self { ledger: Some(ledger), ..self }
    }

    /// Waits until a request may be sent, and counts it as sent.
    #[boxed]
    pub async fn acquire(&self, clock: &dyn Clock) {
        let _turn = self.turn.lock().await;
        while let Err(until) = self.reserve(clock).await {
            clock.sleep(between(clock.now(), until).max(SHORTEST_WAIT)).await;
        }
    }

    /// Counts a request as sent now, or returns the time until which to wait.
    async fn reserve(&self, clock: &dyn Clock) -> Result<(), Timestamp> {
        let Some(pace) = self.pace else {
            return self.lock().check_hold(clock.now());
        };
        if let Some(ledger) = &self.ledger {
            // A wait that the ledger could not store.
            self.lock().check_hold(clock.now())?;
            let mut reserved = Ok(());
            let mut reserve = |tally: &mut RequestTally| reserved = tally.reserve(pace, clock.now());
            if ledger.update(&mut reserve).await.is_ok() {
                if reserved.is_ok() {
                    self.lock().count(clock.now());
                }
                return reserved;
            }
        }
        self.lock().reserve(pace, clock.now())
    }

    /// Notes that Lucca answered 429, with the wait of its `Retry-After` or none, and holds all requests
    /// meanwhile.
    #[boxed]
    pub async fn throttle(&self, retry_after: Option<Duration>, clock: &dyn Clock) {
        self.update(&mut |tally| tally.throttle(retry_after, clock.now())).await;
    }

    /// Holds all requests until `until`. An earlier hold that lasts longer stays.
    #[boxed]
    pub async fn hold_until(&self, until: Timestamp) {
        self.update(&mut |tally| tally.hold(until)).await;
    }

    /// Changes the local tally and the ledger.
    async fn update(&self, change: TallyChange<'_>) {
        change(&mut self.lock());
        if let Some(ledger) = &self.ledger {
            // The local tally still holds this process back.
            let _ = ledger.update(change).await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, RequestTally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use net::clock::TestClock;

    fn block_on<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    fn clock() -> TestClock {
        TestClock::new(Timestamp::UNIX_EPOCH)
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn limit(n: u32) -> RequestBudget {
        RequestBudget::per_minute(NonZeroU32::new(n).unwrap())
    }

    /// A ledger in memory, or one that is unavailable.
    #[derive(Debug, Default)]
    struct SharedTally {
        tally: Mutex<RequestTally>,
        is_unavailable: bool,
    }

    impl Ledger for SharedTally {
        fn update<'a>(
            &'a self,
            change: TallyChange<'a>,
        ) -> Pin<Box<dyn Future<Output = Result<(), LedgerUnavailable>> + Send + 'a>> {
            if !self.is_unavailable {
                change(&mut self.tally.lock().unwrap());
            }
            Box::pin(async { if self.is_unavailable { Err(LedgerUnavailable) } else { Ok(()) } })
        }
    }

    #[test]
    fn a_link_check_of_twenty_requests_never_waits() {
        let (clock, budget) = (clock(), RequestBudget::default());
        block_on(async {
            for _ in 0..20 {
                budget.acquire(&clock).await;
            }
        });
        assert_eq!(clock.sleeps(), []);
        block_on(budget.acquire(&clock));
        assert_eq!(clock.sleeps(), [Duration::from_millis(3_158)]);
    }

    #[test]
    fn longest_hold_stops_all_requests() {
        let (clock, budget) = (clock(), RequestBudget::unlimited());
        block_on(async {
            budget.hold_until(second(30)).await;
            budget.hold_until(second(7)).await;
            budget.acquire(&clock).await;
        });
        assert_eq!(clock.now(), second(30));
    }

    #[test]
    fn new_process_counts_earlier_requests() {
        let (clock, ledger) = (clock(), Arc::new(SharedTally::default()));
        block_on(async {
            for _ in 0..4 {
                // Each is a new process, after the requests of all before it.
                let budget = RequestBudget::default().with_ledger(Arc::clone(&ledger) as Arc<dyn Ledger>);
                for _ in 0..10 {
                    budget.acquire(&clock).await;
                }
            }
        });
        // The same as for one process: 20 at once, the 39th after a minute.
        assert_eq!(clock.now(), Timestamp::from_millisecond(61_619).unwrap());
        assert_eq!(clock.sleeps().len(), 20);
    }

    #[test]
    fn a_429_slows_all_processes_down() {
        let (clock, ledger) = (clock(), Arc::new(SharedTally::default()));
        let shared = |budget: RequestBudget| budget.with_ledger(Arc::clone(&ledger) as Arc<dyn Ledger>);
        let (unlimited, limited) = (shared(RequestBudget::unlimited()), shared(RequestBudget::default()));
        block_on(async {
            unlimited.throttle(None, &clock).await;
            limited.acquire(&clock).await;
            assert_eq!(clock.now(), second(60));
            limited.acquire(&clock).await;
            assert_eq!(clock.now(), Timestamp::from_millisecond(63_158).unwrap());
            unlimited.acquire(&clock).await;
        });
        assert_eq!(clock.sleeps().len(), 2);
    }

    #[test]
    fn missing_ledger_falls_back_to_local_tally() {
        let ledger = SharedTally { is_unavailable: true, ..SharedTally::default() };
        let (clock, budget) = (clock(), limit(2).with_ledger(Arc::new(ledger)));
        block_on(async {
            budget.acquire(&clock).await;
            budget.acquire(&clock).await;
            assert_eq!(clock.now(), Timestamp::from_millisecond(60_040).unwrap());
            budget.throttle(Some(Duration::from_secs(300)), &clock).await;
            budget.acquire(&clock).await;
        });
        assert_eq!(clock.now(), Timestamp::from_millisecond(360_040).unwrap());
    }

    #[test]
    fn concurrent_requests_share_one_tally() {
        let (clock, budget) = (Arc::new(clock()), Arc::new(limit(4)));
        let tasks = (0..6).map(|_| {
            let (clock, budget) = (Arc::clone(&clock), Arc::clone(&budget));
            async move {
                budget.acquire(&*clock).await;
                clock.now().as_second()
            }
        });
        let mut at = block_on(futures::future::join_all(tasks));
        at.sort_unstable();
        assert_eq!(at, [0, 0, 60, 90, 120, 150]);
    }
}
