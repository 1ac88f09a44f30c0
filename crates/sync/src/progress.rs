//! What a run tells while it goes on. How that is shown is the caller's business.

use lucca::Stream;

use crate::plan::Mode;
use crate::report::StreamReport;

/// Hears how a run is getting on. Called from the run's own task: be quick.
pub trait Progress: Send + Sync {
    /// A stream is about to be read.
    fn stream_started(&self, _stream: Stream, _mode: Mode) {}

    /// A page has been committed: so many of the stream's records are done, out of a total where the server
    /// counts.
    fn page_committed(&self, _stream: Stream, _done: u64, _total: Option<u64>) {}

    /// A stream is done, or could not be read.
    fn stream_finished(&self, _stream: Stream, _report: &StreamReport) {}
}

/// Nobody listens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {}
