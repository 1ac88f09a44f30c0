//! The sync engine against the emulated tenant over loopback, into a real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod absences;
mod audience;
mod declined;
mod erasures;
mod evidence;
mod full;
mod incremental;
mod owners;
mod remote_work;
mod support;
