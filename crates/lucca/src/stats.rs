//! Counters of a client's requests and bytes, by stream.

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{AGE, DATE, HeaderMap, HeaderName};

use crate::stream::Stream;

/// The activity of a [`Client`](crate::Client) since it was built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// By stream; a stream without requests is absent.
    pub by_stream: BTreeMap<Stream, StreamStats>,
    /// Lead of the server's clock over the connector's (negative: lag) by the `Date` of its last answer, in
    /// whole seconds. `None` if no answer had one. Network latency counts as the server's lag, so that an
    /// instant moved by this is never too late.
    pub server_ahead: Option<SignedDuration>,
}

impl Stats {
    /// All HTTP requests, retries included.
    pub fn requests(&self) -> u64 {
        self.by_stream.values().map(|stream| stream.requests).sum()
    }
}

/// The activity on one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamStats {
    /// Every HTTP request sent, retries included.
    pub requests: u64,
    /// Number of repetitions after a failure.
    pub retries: u64,
    /// Number of 429 answers.
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

    /// Notes the server's clock, from an answer that has just arrived.
    pub(crate) fn note_date(&self, headers: &HeaderMap, now: Timestamp) {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let Some(date) = text(DATE).and_then(|date| jiff::fmt::rfc2822::parse(date).ok()) else { return };
        // A cache in between reports how long it had stored the answer.
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
