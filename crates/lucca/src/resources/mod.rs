//! Lucca's resources as they arrive on the wire, typed.
//!
//! Every field except ids may be missing: it depends on the server's applications, on the key's permissions
//! and on the query. This module interprets no values: sentinels such as `9999-12-31` stay, and texts are
//! unchanged, blank or not.

mod calendar;
mod contract;
mod leave;
mod leave_request;
mod organisation;
mod user;

use compact_str::CompactString;
use people::RemoteId;

use crate::item::Unreadable;
use crate::reader::{Object, Record};

pub use calendar::{HalfDay, UserDate, UserLog};
pub use contract::{Lookup, WorkContract};
pub use leave::{Half, Leave, LeavePeriodRef};
pub use leave_request::{Approval, CancellationRequest, LeaveRequest, LeaveRequestStatus};
pub use organisation::{
    Country, CustomFieldDefinition, CustomFieldEntry, Department, Establishment, JobQualification,
    LeaveAccount, LegalUnit, OccupationCategory,
};
pub use user::{Picture, User, WorkCycle};

/// A reference to another record: `managerId`, `managerID` and `manager: {id, name}` read as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ref {
    /// The other record's id.
    pub id: RemoteId,
    /// Its name, if the server sends it.
    pub name: Option<CompactString>,
}

/// A kind of record that can be enumerated. Implemented by the types of this module only.
pub trait Resource: private::FromRecord + Send + 'static {}

pub(crate) mod private {
    use super::{Object, Record, RemoteId, Unreadable};

    /// Reads a record; it restricts implementations of [`super::Resource`] to this crate.
    pub trait FromRecord: Sized {
        /// Reads the record with this id.
        fn read(id: RemoteId, record: &mut Record<'_>) -> Result<Self, Unreadable>;

        /// The record's id, or a key made of other fields if it has none.
        fn identity(object: &Object<'_>) -> Option<RemoteId> {
            object.id()
        }
    }
}
