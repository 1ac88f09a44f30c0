//! The catalogs agree with English and with the code that uses them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod catalogs;
mod parsed;
mod usage;
