//! What a client has sent and received, by stream.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::stream::Stream;

/// What a [`Client`](crate::Client) has done since it was built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// By stream; a stream nothing was asked of is absent.
    pub by_stream: BTreeMap<Stream, StreamStats>,
}

impl Stats {
    /// All HTTP requests, retries included.
    pub fn requests(&self) -> u64 {
        self.by_stream.values().map(|stream| stream.requests).sum()
    }
}

/// What was done for one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamStats {
    /// Every HTTP request sent, retries included.
    pub requests: u64,
    /// How many of these were sent again after a failure.
    pub retries: u64,
    /// How many were answered 429.
    pub throttled: u64,
    /// Bytes of bodies received, after decompression.
    pub bytes: u64,
}

/// The counters behind [`Stats`].
#[derive(Debug, Default)]
pub(crate) struct Counters(Mutex<BTreeMap<Stream, StreamStats>>);

impl Counters {
    pub(crate) fn record(&self, stream: Stream, change: impl FnOnce(&mut StreamStats)) {
        let mut by_stream = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        change(by_stream.entry(stream).or_default());
    }

    pub(crate) fn snapshot(&self) -> Stats {
        let by_stream = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        Stats { by_stream }
    }
}
