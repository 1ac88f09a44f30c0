//! Linking a tenant: the permission doctor, which says what an API key is good for.
//!
//! [`examine`] asks Lucca some ten small questions (`gather`) and judges the answers (`judge`, which is pure over
//! [`Observations`]); [`examine_stored`] judges by what a sync has stored, without a request; [`drift`] says what
//! changed since. Every text for people is in `texts`, in every [`Language`]. Keeping a [`Diagnosis`] is the caller's
//! business.

mod diagnosis;
mod drift;
mod examine;
mod gather;
mod judge;
mod language;
mod observations;
mod permission;
mod probe;
mod reads;
mod stored;
mod texts;
mod words;

pub use diagnosis::{Diagnosis, Evidence, Excess, Finding, Likelier, Narrowed, Verdict};
pub use drift::{Drift, DriftIssue, drift};
pub use examine::examine;
pub use judge::{judge, judge_all};
pub use language::{Language, UnknownLanguage};
pub use observations::{FieldSight, FoundField, Hidden, ListSight, Observations, PeopleSeen, Unseen};
pub use permission::{Label, Need, Permission, Place, UnknownPermission};
pub use probe::{Probe, ProbeOutcome, Silent, Watcher};
pub use reads::{group_contents, part_contents, read_contents, unread_contents};
pub use stored::examine_stored;
pub use words::{grouped, noun};
