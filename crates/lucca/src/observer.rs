//! What a program can count of a client's requests, for metrics of its own.

use std::fmt::Debug;
use std::time::Duration;

/// Receives what a client's requests take and end with.
pub trait Observer: Send + Sync + Debug {
    /// A request ended with this HTTP status; none where no answer came.
    fn request_ended(&self, status: Option<u16>);

    /// A request waited this long for the tenant's budget before it was sent.
    fn budget_waited(&self, wait: Duration);
}

/// Counts nothing.
#[derive(Debug)]
pub(crate) struct Unobserved;

impl Observer for Unobserved {
    fn request_ended(&self, _status: Option<u16>) {}

    fn budget_waited(&self, _wait: Duration) {}
}
