//! Absence requests: what would be taken, asked of Lucca once, followed to its decision, taken back.
//!
//! [`Absences`] is the whole of it, for one linked account. [`Absences::preview`] says what a request would take and
//! what is in its way; [`Absences::request`] writes it down, sends it once through the door that serves the account
//! (`door`), and says how far it came; [`Absences::advance`] takes whatever was written down one step further, as after
//! a crash; [`Absences::cancel`] and [`Absences::decide`] act on what is there, whoever made it; `bulk` does it by the
//! file. What was sent and not answered is looked for (`look`) and never sent again.
//!
//! Not here: Lucca's wire (`lucca`), half-day arithmetic (`people`), the table of submissions (`store`), what runs when
//! (`jobs`).

mod ask;
mod bulk;
mod change;
mod days;
mod door;
mod follow;
mod import_format;
mod look;
mod person;
mod preview;
mod problem;
mod report;
mod submit;

use std::sync::Arc;

use lucca::Client;
use net::clock::Clock;
use store::{Actor, LinkedAccount, Store};

pub use ask::{Ask, minutes_of_hours};
pub use bulk::{Batch, BulkRow, Making};
pub use change::Changed;
pub use door::{Amount, Balance, DoorKind};
pub use preview::{LeaveTypes, Overlap, Preview, UsableLeaveType};
pub use problem::{Error, Lacking, Problem, ProblemCode, Warning};
pub use report::{Report, Status};

/// The absences of one linked account, to be asked for and changed.
#[derive(Clone)]
pub struct Absences<'a> {
    /// Lucca, within the tenant's budget.
    pub client: &'a Client,
    /// Where everything is kept.
    pub store: &'a Store,
    /// The linked account.
    pub account: &'a LinkedAccount,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// On whose behalf: for the audit log.
    pub actor: Actor,
}
