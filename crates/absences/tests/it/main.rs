//! Absence requests to an emulated tenant over loopback, stored in real databases.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on panics")]

mod bulk;
mod change;
mod import_format;
mod references;
mod request;
mod rights;
mod storm;
mod support;
