//! How many requests a minute may be sent to one tenant.
//!
//! Only the counting lives here. When a request is repeated is in `retry`.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{Clock, between, later};

/// The window Lucca counts in. Source: directory.md §10.
// unverified: the limit of 50 requests in 60 seconds is documented for the newer API; that v3 and v4 have the
// same is what public clients report.
const WINDOW: Duration = Duration::from_secs(60);

/// Whoever has to wait waits at least so long, whatever clocks say.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// What is left to the customer's other integrations, which share the tenant's 50 requests a minute.
const DEFAULT_PER_MINUTE: NonZeroU32 = NonZeroU32::new(40).unwrap();

/// Where the requests to one tenant are counted that other processes send, too.
pub trait Ledger: Send + Sync + Debug {
    /// Counts a request as sent at `now` if fewer than `limit` were in the 60 seconds before and no hold stands; else
    /// says when to ask again. `Err` when it can't be known: then this process counts for itself.
    fn reserve<'a>(
        &'a self,
        limit: u32,
        now: Timestamp,
    ) -> Pin<Box<dyn Future<Output = Result<Option<Timestamp>, Unknown>> + Send + 'a>>;

    /// Lets nobody send before `until`.
    fn hold<'a>(&'a self, until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
}

/// What other processes have sent can't be known now. Whoever keeps the ledger has logged why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what other processes have sent can't be known now")]
pub struct Unknown;

/// At most N requests in any 60 seconds, for everything that talks to one tenant.
///
/// Share one budget (through an `Arc`) between all clients of a tenant: Lucca's limit is the tenant's,
/// not the key's. Waiting is first come, first served.
///
/// This is a sliding window, not a token bucket: a bucket that holds 40 tokens and regains 40 a minute
/// lets 80 requests pass within one minute, when it starts full, and Lucca would answer 429. Requests
/// are counted when they are sent; the ten that the default leaves of Lucca's fifty also absorb that
/// the server counts them when they arrive.
#[derive(Debug)]
pub struct RequestBudget {
    /// `None`: no limit, but `hold_until` is still obeyed.
    per_minute: Option<NonZeroU32>,
    /// Counts for other processes too. What is counted here is then only for when it can't be asked.
    ledger: Option<Arc<dyn Ledger>>,
    /// Held by whoever is next while it waits; tokio's mutex is fair.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the requests of the last minute were sent, oldest first.
    sent: VecDeque<Timestamp>,
    held_until: Option<Timestamp>,
}

impl Default for RequestBudget {
    /// 40 requests a minute.
    fn default() -> Self {
        Self::per_minute(DEFAULT_PER_MINUTE)
    }
}

impl RequestBudget {
    /// At most `limit` requests in any 60 seconds.
    pub fn per_minute(limit: NonZeroU32) -> Self {
        Self::new(Some(limit), None)
    }

    /// At most `limit` requests in any 60 seconds, of all processes that share the ledger.
    pub fn shared(limit: NonZeroU32, ledger: Arc<dyn Ledger>) -> Self {
        Self::new(Some(limit), Some(ledger))
    }

    /// No limit of our own; a server's `Retry-After` is obeyed all the same.
    pub fn unlimited() -> Self {
        Self::new(None, None)
    }

    fn new(per_minute: Option<NonZeroU32>, ledger: Option<Arc<dyn Ledger>>) -> Self {
        Self { per_minute, ledger, turn: tokio::sync::Mutex::default(), state: Mutex::default() }
    }

    /// Waits until a request may be sent, and counts it as sent.
    pub async fn acquire(&self, clock: &dyn Clock) {
        let _turn = self.turn.lock().await;
        if let (Some(limit), Some(ledger)) = (self.per_minute, &self.ledger) {
            loop {
                let now = clock.now();
                match ledger.reserve(limit.get(), now).await {
                    Ok(None) => {
                        let mut state = self.lock();
                        state.forget_before(now);
                        state.sent.push_back(now);
                        return;
                    }
                    Ok(Some(until)) => clock.sleep(between(now, until).max(SHORTEST_WAIT)).await,
                    Err(Unknown) => break,
                }
            }
        }
        while let Some(wait) = self.try_acquire(clock.now()) {
            clock.sleep(wait).await;
        }
    }

    /// Counts a request as sent at `now`, or says how long to wait before asking again.
    fn try_acquire(&self, now: Timestamp) -> Option<Duration> {
        let mut state = self.lock();
        if let Some(until) = state.held_until {
            if until > now {
                return Some(between(now, until));
            }
            state.held_until = None;
        }
        let limit = usize::try_from(self.per_minute?.get()).unwrap_or(usize::MAX);
        state.forget_before(now);
        if let Some(index) = state.sent.len().checked_sub(limit)
            && let Some(oldest) = state.sent.get(index)
        {
            return Some(between(now, later(*oldest, WINDOW)).max(SHORTEST_WAIT));
        }
        state.sent.push_back(now);
        None
    }

    /// Lets nothing pass before `until`: what a 429 or a `Retry-After` asks for. An earlier hold that
    /// lasts longer stays.
    pub async fn hold_until(&self, until: Timestamp) {
        {
            let mut state = self.lock();
            state.held_until = state.held_until.max(Some(until));
        }
        if let Some(ledger) = &self.ledger {
            ledger.hold(until).await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget_before(&mut self, now: Timestamp) {
        while self.sent.front().is_some_and(|sent| later(*sent, WINDOW) <= now) {
            self.sent.pop_front();
        }
        // A clock that was set back must not stop everything for as long as it was set back.
        for sent in self.sent.iter_mut().rev().take_while(|sent| **sent > now) {
            *sent = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::clock::TestClock;

    fn block_on<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    fn limit(n: u32) -> RequestBudget {
        RequestBudget::per_minute(NonZeroU32::new(n).unwrap())
    }

    #[test]
    fn forty_pass_at_once_and_the_next_waits_a_minute() {
        let (clock, budget) = (TestClock::new(Timestamp::UNIX_EPOCH), RequestBudget::default());
        block_on(async {
            for _ in 0..40 {
                budget.acquire(&clock).await;
            }
            assert!(clock.sleeps().is_empty());
            budget.acquire(&clock).await;
        });
        assert_eq!(clock.sleeps(), [Duration::from_secs(60)]);
    }

    #[test]
    fn a_hold_stops_everybody_and_the_longest_wins() {
        let (clock, budget) = (TestClock::new(Timestamp::UNIX_EPOCH), RequestBudget::unlimited());
        block_on(async {
            budget.hold_until(Timestamp::from_second(30).unwrap()).await;
            budget.hold_until(Timestamp::from_second(7).unwrap()).await;
            budget.acquire(&clock).await;
        });
        assert_eq!(clock.now(), Timestamp::from_second(30).unwrap());
    }

    /// A ledger in which another process has used what there is until a moment; or one that can't be asked.
    #[derive(Debug)]
    struct Others(Option<Timestamp>);

    impl Ledger for Others {
        fn reserve<'a>(
            &'a self,
            _: u32,
            now: Timestamp,
        ) -> Pin<Box<dyn Future<Output = Result<Option<Timestamp>, Unknown>> + Send + 'a>> {
            Box::pin(async move { self.0.map(|until| (until > now).then_some(until)).ok_or(Unknown) })
        }

        fn hold<'a>(&'a self, _: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
            Box::pin(async {})
        }
    }

    fn shared(n: u32, until: Option<i64>) -> RequestBudget {
        let until = until.map(|second| Timestamp::from_second(second).unwrap());
        RequestBudget::shared(NonZeroU32::new(n).unwrap(), Arc::new(Others(until)))
    }

    #[test]
    fn requests_of_other_processes_are_waited_for() {
        let (clock, budget) = (TestClock::new(Timestamp::UNIX_EPOCH), shared(2, Some(150)));
        block_on(budget.acquire(&clock));
        assert_eq!(clock.now(), Timestamp::from_second(150).unwrap());
    }

    #[test]
    fn without_the_ledger_a_process_counts_for_itself() {
        let (clock, budget) = (TestClock::new(Timestamp::UNIX_EPOCH), shared(2, None));
        block_on(async {
            for _ in 0..3 {
                budget.acquire(&clock).await;
            }
        });
        assert_eq!(clock.now(), Timestamp::from_second(60).unwrap());
    }

    #[test]
    fn a_clock_set_back_costs_a_minute_at_most() {
        let budget = limit(1);
        block_on(budget.acquire(&TestClock::new(Timestamp::from_second(86_400).unwrap())));
        let clock = TestClock::new(Timestamp::UNIX_EPOCH);
        block_on(budget.acquire(&clock));
        assert_eq!(clock.now(), Timestamp::from_second(60).unwrap());
    }

    #[test]
    fn concurrent_requests_share_one_window() {
        let (clock, budget) = (Arc::new(TestClock::new(Timestamp::UNIX_EPOCH)), Arc::new(limit(3)));
        let tasks = (0..10).map(|_| {
            let (clock, budget) = (Arc::clone(&clock), Arc::clone(&budget));
            async move {
                budget.acquire(&*clock).await;
                clock.now().as_second()
            }
        });
        let mut at = block_on(futures::future::join_all(tasks));
        at.sort_unstable();
        assert_eq!(at, [0, 0, 0, 60, 60, 60, 120, 120, 120, 180]);
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_the_limit(n in 1_u32..8, gaps in prop::collection::vec(0_u64..40_000, 1..80)) {
            let (clock, budget) = (TestClock::new(Timestamp::UNIX_EPOCH), limit(n));
            let mut sent = Vec::new();
            block_on(async {
                for gap in gaps {
                    clock.advance(Duration::from_millis(gap));
                    budget.acquire(&clock).await;
                    sent.push(clock.now());
                }
            });
            for (index, at) in sent.iter().enumerate() {
                let in_window = sent[index..].iter().filter(|other| **other < later(*at, WINDOW)).count();
                prop_assert!(in_window <= n as usize);
            }
        }
    }
}
