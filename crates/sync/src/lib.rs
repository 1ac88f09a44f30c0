//! The sync engine: fetches a linked account's streams, normalises what arrives, compares it with what is
//! stored, commits page by page, and judges what was not seen.
//!
//! `run` conducts; `streams` says what is read and in which order; `stream_sync` does one stream, a `batch` at a
//! time, and `lost_fields` keeps what went silent; `normalise` maps Lucca's wire shapes to the people model;
//! `reconcile` decides, without I/O, what a missing record means. How pages are fetched is `lucca`'s
//! business, how they are kept is `store`'s.

mod batch;
mod lost_fields;
mod normalise;
mod organisation_streams;
mod people_streams;
mod progress;
mod reconcile;
mod report;
mod run;
mod stream_sync;
mod streams;

pub use progress::{Progress, Silent};
pub use reconcile::{Brake, Evidence, HeldBecause, Judgement, Missing, judge};
pub use report::{Lesson, RunReport, StreamError, StreamReport};
pub use run::{Error, FullSync, Options};
