//! Bodies that arrive slowly, or break off.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};

use crate::clock;

/// A body sent in pieces, with a wait before each, that may end early.
pub(crate) struct Drip {
    rest: Bytes,
    piece: usize,
    every: Duration,
    /// Bytes after which the connection breaks.
    breaks_after: Option<usize>,
    waiting: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Drip {
    pub(crate) fn slow(body: Bytes, piece: usize, every: Duration) -> Self {
        Self { rest: body, piece: piece.max(1), every, breaks_after: None, waiting: None }
    }

    /// The first half only.
    pub(crate) fn broken(body: Bytes) -> Self {
        let half = body.len() / 2;
        Self {
            rest: body,
            piece: half.max(1),
            every: Duration::ZERO,
            breaks_after: Some(half),
            waiting: None,
        }
    }
}

impl HttpBody for Drip {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        if !self.every.is_zero() {
            let every = self.every;
            let waiting = self.waiting.get_or_insert_with(|| Box::pin(clock::wait(every)));
            if waiting.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.waiting = None;
        }
        let piece = self.piece.min(self.rest.len());
        if let Some(left) = self.breaks_after {
            if left == 0 {
                return Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into())));
            }
            self.breaks_after = Some(left.saturating_sub(piece));
        }
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.rest.len()).unwrap_or(u64::MAX))
    }
}
