//! The sync engine: plans which streams are due, fetches pages, normalises records, compares them with the
//! store, commits page by page, and judges records that were not returned.
//!
//! - `run` runs a sync under a lease; `streams` orders the streams; `people_streams`, `organisation_streams`,
//!   `absence_streams`, `request_streams`, `working_days` and `notified_streams` read them.
//! - `plan` selects the due streams, from each stream's `state`; `progress` and `report` inform the caller.
//! - `stream_sync` writes one stream, a `batch` at a time, with its changes (`diff`); `lost_fields` restores
//!   fields that Lucca stopped returning; `unwanted` drops records that may not be stored; `remote_work`
//!   flags leave types.
//! - `scope` computes a linked account's scope; `rescope` applies a changed scope, `removal` applies it once
//!   after an upgrade, both by `reduction`.
//! - `reconcile` decides, without I/O, why a record is missing, with evidence of its owner from `owners`;
//!   `not_shown` remembers missing employees; `audience` applies the delivery filter.
//!
//! Not here: fetching pages (`lucca`), mapping them to the people model (`normalise`) and storing records
//! (`store`).

mod absence_streams;
mod audience;
mod batch;
mod diff;
mod lost_fields;
mod not_shown;
mod notified_streams;
mod organisation_streams;
mod owners;
mod people_streams;
mod plan;
mod progress;
mod reconcile;
mod reduction;
mod remote_work;
mod removal;
mod report;
mod request_streams;
mod rescope;
mod run;
mod scope;
mod state;
mod stream_sync;
mod streams;
mod unwanted;
mod working_days;

pub use audience::{AudienceReport, judge_audience, preview_audience};
pub use not_shown::{NotShown, READS_BEFORE_ASKING, Undecided};
pub use plan::{Mode, Rhythms, RunExtent, UnknownRhythm};
pub use progress::{Progress, Silent};
pub use reconcile::{Brake, Evidence, HeldBecause, HiddenBecause, Judgement, Missing, judge};
pub use removal::{RemovalReport, remove_unwanted};
pub use report::{Lesson, RunReport, StreamError, StreamReport};
pub use run::{CLOCKS_APART_S, Error, Options, Sync};
pub use scope::shared_scope;
pub use state::{Resume, StreamState};
