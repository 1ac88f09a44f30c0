//! Events of a client's requests, for the program's metrics.

use std::fmt::Debug;
use std::time::Duration;

/// Receives the outcome and the wait of each request.
pub trait Observer: Send + Sync + Debug {
    /// A request ended with this HTTP status; `None` if no answer came.
    fn request_ended(&self, status: Option<u16>);

    /// A request waited this long for the tenant's budget before it was sent.
    fn budget_waited(&self, wait: Duration);
}

/// Ignores all events.
#[derive(Debug)]
pub(crate) struct Unobserved;

impl Observer for Unobserved {
    fn request_ended(&self, _status: Option<u16>) {}

    fn budget_waited(&self, _wait: Duration) {}
}
