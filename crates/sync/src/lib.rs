//! The sync engine: plans what is due, fetches it, normalises what arrives, compares it with what is stored, commits
//! page by page, and judges what was not seen.
//!
//! `run` conducts under a lease and ends with who is delivered (`audience`); `plan` says what is due and `state` what a stream remembers; `streams` says what is
//! read and in which order, with `people_streams`, `organisation_streams`, `absence_streams`, `request_streams` and
//! `working_days`, or by `notified_streams` where Lucca told what changed; `stream_sync` does one stream, a `batch` at a time, writes down what changed (`diff`), and
//! `lost_fields` keeps what went silent; `scope` says what a
//! linked account's configuration wants of all that, `rescope` what follows when that changes, `reduction` takes what
//! it no longer keeps out of the store, `removal` does so once after an upgrade, and `unwanted` takes out
//! what may not be kept; `normalise` maps Lucca's wire shapes to the people model; `reconcile`
//! decides, without I/O, what a missing record means, with what `owners` finds out of those it belongs to; `not_shown` is what
//! is remembered of people who are stored and not shown. How pages are fetched is `lucca`'s business, how they are kept
//! is `store`'s.

mod absence_streams;
mod audience;
mod batch;
mod diff;
mod lost_fields;
mod normalise;
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
pub use normalise::{LeaveOfAbsence, absence_request, leave, working_day};
pub use not_shown::{NotShown, READS_BEFORE_ASKING, Undecided};
pub use plan::{Mode, Rhythms, UnknownRhythm, Wish};
pub use progress::{Progress, Silent};
pub use reconcile::{Brake, Evidence, HeldBecause, HiddenBecause, Judgement, Missing, judge};
pub use removal::{RemovalReport, remove_unwanted};
pub use report::{Lesson, RunReport, StreamError, StreamReport};
pub use run::{CLOCKS_APART_S, Error, Options, Sync};
pub use scope::shared_scope;
pub use state::{Resume, StreamState};
