//! Prefetched pages.
//!
//! Each is fetched and parsed on a task of its own. The walk's position decides which of them are used: a
//! prefetched page assumes that those before it are full.

use std::collections::VecDeque;

use tokio::task::JoinHandle;
use tracing::Instrument as _;

use super::decode::TypedPage;
use crate::client::Client;
use crate::error::{Error, Kind};
use crate::form::PageRequest;
use crate::resources::Resource;
use crate::retry::Effort;
use crate::stream::Stream;

#[derive(Debug)]
pub(super) struct Ahead<T> {
    /// In the order of their offsets.
    pages: VecDeque<(PageRequest, Fetch<T>)>,
}

/// A page being fetched; dropping it aborts the fetch.
#[derive(Debug)]
struct Fetch<T>(JoinHandle<Result<TypedPage<T>, Error>>);

impl<T> Drop for Fetch<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<T> Default for Ahead<T> {
    fn default() -> Self {
        Self { pages: VecDeque::new() }
    }
}

impl<T: Resource> Ahead<T> {
    pub(super) fn len(&self) -> usize {
        self.pages.len()
    }

    /// The offset after the last requested page if that page is full.
    pub(super) fn end(&self) -> Option<u64> {
        self.pages.back().map(|(request, _)| request.offset + u64::from(request.limit))
    }

    pub(super) fn push(&mut self, client: &Client, stream: Stream, request: PageRequest, keep_raw: bool) {
        let (client, sent) = (client.clone(), request.clone());
        let fetch = async move { client.page(stream, &sent, Effort::Usual, keep_raw).await };
        self.pages.push_back((request, Fetch(tokio::spawn(fetch.in_current_span()))));
    }

    pub(super) fn clear(&mut self) {
        self.pages.clear();
    }

    /// The page that contains the record at `offset`, if it was requested. Pages that end before it are
    /// aborted. If the caller gave up while waiting for a page, that page is still here.
    pub(super) async fn take(&mut self, offset: u64) -> Option<(PageRequest, Result<TypedPage<T>, Error>)> {
        let ends_before = |request: &PageRequest| request.offset + u64::from(request.limit) <= offset;
        while self.pages.front().is_some_and(|(request, _)| ends_before(request)) {
            self.pages.pop_front();
        }
        let (request, fetch) = self.pages.front_mut().filter(|(request, _)| request.offset <= offset)?;
        let answer = (&mut fetch.0).await;
        let request = request.clone();
        self.pages.pop_front();
        // A task ends without an answer only if the runtime shuts down.
        let lost = |error| Err(Error::new(Kind::Unreachable).with_source(error));
        Some((request, answer.unwrap_or_else(lost)))
    }
}
