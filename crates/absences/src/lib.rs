//! Absence requests: previews, creates, follows, cancels and decides them in Lucca.
//!
//! [`Absences`] is the API for one linked account. [`Absences::preview`] returns what a request would take
//! and its problems. [`Absences::request`] stores a submission, sends it once through the account's API
//! (`lucca_api`) and returns its state; [`Absences::advance`] continues any stored submission, for instance after
//! a crash. [`Absences::cancel`] and [`Absences::decide`] change any absence, including ones entered in
//! Lucca. `bulk` imports files. A request without a response is looked up (`look`) and never sent again.
//!
//! Not here: Lucca's wire (`lucca`), half-day arithmetic (`people`), stored submissions (`store`), the
//! schedule (`jobs`).

mod bulk;
mod change;
mod days;
mod draft;
mod follow;
mod import_format;
mod look;
mod lucca_api;
mod person;
mod preview;
mod problem;
mod report;
mod submit;

use std::sync::Arc;

use lucca::Client;
use net::clock::Clock;
use store::{Actor, LinkedAccount, Store};

pub use bulk::{Batch, BulkProgress, BulkRow};
pub use change::Changed;
pub use draft::{AbsenceDraft, minutes_of_hours};
pub use lucca_api::{AbsenceApi, Amount, Balance};
pub use preview::{LeaveTypes, Overlap, Preview, UsableLeaveType};
pub use problem::{Error, Lacking, Problem, ProblemCode, Warning};
pub use report::{Report, Status};

/// The absences of one linked account.
#[derive(Clone)]
pub struct Absences<'a> {
    /// The client of the tenant, within its request budget.
    pub client: &'a Client,
    /// The store of records and submissions.
    pub store: &'a Store,
    /// The linked account.
    pub account: &'a LinkedAccount,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The acting party, for the audit log.
    pub actor: Actor,
}
