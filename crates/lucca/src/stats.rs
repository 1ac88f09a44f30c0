//! What a client has sent and received, by stream.

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{AGE, DATE, HeaderMap, HeaderName};

use crate::stream::Stream;

/// What a [`Client`](crate::Client) has done since it was built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// By stream; a stream nothing was asked of is absent.
    pub by_stream: BTreeMap<Stream, StreamStats>,
    /// How far the server's clock was ahead of ours (negative: behind) by the `Date` of its last answer, in whole seconds.
    /// None where no answer had one. The way of the answer counts as lag of the server, so that a moment moved by this is
    /// never too late.
    pub server_ahead: Option<SignedDuration>,
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
pub(crate) struct Counters(Mutex<Stats>);

impl Counters {
    pub(crate) fn record(&self, stream: Stream, change: impl FnOnce(&mut StreamStats)) {
        change(self.lock().by_stream.entry(stream).or_default());
    }

    /// Notes what the server says of its clock, by an answer that has just come.
    pub(crate) fn note_date(&self, headers: &HeaderMap, now: Timestamp) {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let Some(date) = text(DATE).and_then(|date| jiff::fmt::rfc2822::parse(date).ok()) else { return };
        // A cache between us tells how long it had kept the answer.
        let age = text(AGE).and_then(|age| age.trim().parse::<u32>().ok()).unwrap_or(0);
        let ahead = date.timestamp().duration_since(now) + SignedDuration::from_secs(age.into());
        let whole = SignedDuration::from_secs(ahead.as_secs() - i64::from(ahead.subsec_nanos() < 0));
        self.lock().server_ahead = Some(whole);
    }

    pub(crate) fn snapshot(&self) -> Stats {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Stats> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
