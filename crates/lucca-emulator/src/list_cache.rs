//! The rows of the latest lists of the API, kept for the pages that follow.
//!
//! Not included: which rows a list has (`routes`), when they are out of date (`tenant`).

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Cached lists for following pages: indices of records by query, the latest first.
///
/// A client that pages through a hundred thousand people sends the same query a hundred times.
#[derive(Debug, Default)]
pub(crate) struct ListCache {
    known: Mutex<VecDeque<(String, Arc<Vec<u32>>)>>,
    turns: AtomicU64,
}

const REMEMBERED: usize = 8;

impl ListCache {
    /// A new number for every list whose order changes each time.
    pub(crate) fn next_turn(&self) -> u64 {
        self.turns.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn clear(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(crate) fn get_or_make(&self, cache_key: String, make: impl FnOnce() -> Vec<u32>) -> Arc<Vec<u32>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, places)) = known.iter().find(|(asked, _)| *asked == cache_key) {
            return Arc::clone(places);
        }
        let places = Arc::new(make());
        known.push_front((cache_key, Arc::clone(&places)));
        known.truncate(REMEMBERED);
        places
    }
}
