//! Request coalescing for small reads that every request needs. For each key, one database read runs at a
//! time, and all requests that arrive meanwhile share the next one. No request gets a value that was read
//! before it arrived, so values are never stale. Nothing is cached.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};

use crate::problem::Problem;

type Read<V> = Shared<BoxFuture<'static, Result<Option<V>, Problem>>>;

/// The reads of one kind, by key.
pub(crate) struct SharedReads<K, V>(Arc<Mutex<HashMap<K, Slot<V>>>>);

struct Slot<V> {
    /// Held by the running read.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// The next read, which has not begun: requests that arrive now share it.
    next: Option<Read<V>>,
}

impl<K, V> Default for SharedReads<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K, V> SharedReads<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Returns the result of `read`, or of another caller's read for the same key that has not begun yet.
    ///
    /// # Errors
    ///
    /// The error of the read, the same for all callers who share it.
    pub(crate) async fn get<F>(&self, key: K, read: impl FnOnce() -> F) -> Result<Option<V>, Problem>
    where
        F: Future<Output = Result<Option<V>, Problem>> + Send + 'static,
    {
        let next = {
            let mut slots = lock(&self.0);
            let slot = slots.entry(key.clone()).or_insert_with(|| Slot { turn: Arc::default(), next: None });
            let begin = || in_turn(Arc::clone(&self.0), key, Arc::clone(&slot.turn), read()).boxed().shared();
            slot.next.get_or_insert_with(begin).clone()
        };
        next.await
    }
}

async fn in_turn<K: Eq + Hash, V>(
    slots: Arc<Mutex<HashMap<K, Slot<V>>>>,
    key: K,
    turn: Arc<tokio::sync::Mutex<()>>,
    read: impl Future<Output = Result<Option<V>, Problem>>,
) -> Result<Option<V>, Problem> {
    let turn = turn.lock_owned().await;
    if let Some(slot) = lock(&slots).get_mut(&key) {
        // Requests that arrive after this point must not share this read: it may already be stale.
        slot.next = None;
    }
    let found = read.await;
    drop(turn);
    let mut slots = lock(&slots);
    if slots.get(&key).is_some_and(|slot| slot.next.is_none() && Arc::strong_count(&slot.turn) == 1) {
        slots.remove(&key);
    }
    found
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures::future::join_all;
    use tokio::task::yield_now;

    use super::*;

    /// Reads a number that changes during the read, and counts the reads.
    async fn read(value: Arc<AtomicU32>, reads: Arc<AtomicU32>) -> Result<Option<u32>, Problem> {
        reads.fetch_add(1, Ordering::SeqCst);
        let found = value.load(Ordering::SeqCst);
        for _ in 0..7 {
            yield_now().await;
        }
        Ok(Some(found))
    }

    #[tokio::test]
    async fn concurrent_callers_share_fresh_reads() {
        let (value, reads) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let shared = Arc::new(SharedReads::default());
        let callers = (0..200).map(|n| {
            let (value, reads, shared) = (Arc::clone(&value), Arc::clone(&reads), Arc::clone(&shared));
            tokio::spawn(async move {
                for _ in 0..n % 20 {
                    yield_now().await;
                }
                let written = value.fetch_add(1, Ordering::SeqCst) + 1;
                let found = shared.get("one", || read(Arc::clone(&value), Arc::clone(&reads))).await;
                assert!(found.is_ok_and(|found| found.is_some_and(|found| found >= written)));
            })
        });
        for caller in join_all(callers).await {
            caller.unwrap();
        }
        assert!((1..40).contains(&reads.load(Ordering::SeqCst)), "{reads:?} reads for 200 callers");
        assert!(lock(&shared.0).is_empty(), "nothing is kept");
    }

    #[tokio::test]
    async fn cancelled_callers_do_not_block_others() {
        let (value, reads) = (Arc::new(AtomicU32::new(1)), Arc::new(AtomicU32::new(0)));
        let shared = SharedReads::default();
        for polls in 0..12 {
            let ask = || shared.get("one", || read(Arc::clone(&value), Arc::clone(&reads)));
            let mut given_up = Box::pin(ask().fuse());
            let mut shares = Box::pin(ask().fuse());
            for _ in 0..polls {
                let _ = futures::poll!(&mut given_up);
                let _ = futures::poll!(&mut shares);
                yield_now().await;
            }
            drop(given_up);
            drop(shares);
            assert!(ask().await.is_ok_and(|found| found == Some(1)));
        }
    }
}
