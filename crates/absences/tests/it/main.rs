//! Absence requests against an emulated tenant over loopback, kept in real databases.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on panics")]
#![expect(clippy::large_futures, reason = "the steps of a request under test are polled one by one")]

mod bulk;
mod change;
mod import_format;
mod references;
mod request;
mod rights;
mod storm;
mod support;
