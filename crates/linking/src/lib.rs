//! Permission doctor: diagnoses which permissions an API key has and lacks.
//!
//! [`examine`] asks Lucca some ten small questions (`gather`) and judges the answers (`judge`, which is pure over
//! [`Observations`]); [`examine_stored`] judges by what a sync has stored, without a request; [`drift`] says what
//! changed since. Texts for people are built in `permission_texts` and `summary_texts`, from the catalogs of
//! the crate `texts`. Callers store the [`Diagnosis`].

mod diagnosis;
mod drift;
mod examine;
mod gather;
mod judge;
mod observations;
mod permission;
mod permission_texts;
mod probe;
mod reads;
mod stored;
mod summary;
mod summary_texts;

pub use diagnosis::{Diagnosis, Evidence, Excess, Finding, Likelier, Narrowed, Verdict};
pub use drift::{Drift, DriftIssue, drift};
pub use examine::examine;
pub use judge::{judge, judge_all, narrowed};
pub use observations::{
    FieldSight, FoundField, Hidden, ListSight, Observations, PeopleSeen, References, Unseen,
};
pub use permission::{Label, LuccaForm, Need, Permission};
pub use probe::{Probe, ProbeOutcome, Silent, Watcher};
pub use reads::{group_contents, part_contents, read_contents, unread_contents, written, written_text};
pub use stored::{account_features, examine_stored};
pub use summary::{DiagnosisSummary, Headline, KeptFinding, Readiness};
