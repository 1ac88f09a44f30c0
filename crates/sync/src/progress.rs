//! Progress of a run. Not here: its display (see the caller).

use lucca::Stream;

use crate::plan::Mode;
use crate::report::StreamReport;

/// Receives the progress of a run. Called from the run's own task, so it must not block.
pub trait Progress: Send + Sync {
    /// A stream is about to be read.
    fn stream_started(&self, _stream: Stream, _mode: Mode) {}

    /// A page was committed: the records done so far, and the total if the server counts.
    fn page_committed(&self, _stream: Stream, _done: u64, _total: Option<u64>) {}

    /// A stream is complete, or could not be read.
    fn stream_finished(&self, _stream: Stream, _report: &StreamReport) {}
}

/// Ignores progress.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {}
