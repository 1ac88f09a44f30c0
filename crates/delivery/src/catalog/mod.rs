//! The streams that other tools read, the same for each of them: what a record of each looks like, and how records are
//! read from the store, in full or what changed.
//!
//! Not here: how a tool wants to be told of them (`airbyte`, `singer`).

mod error;
mod reading;
mod row;
mod schema;

use people::Kind;

pub use error::Error;
pub use reading::{Page, Place, Reader};
pub use row::{Row, RowState};
pub use schema::{columns, schema, schema_as};
pub(crate) use schema::{field_names as fields, has_member, member_names as members, member_types};

/// The streams, in the order in which they are shown. Each is named as its [`Kind`].
pub const STREAMS: [Kind; 11] = [
    Kind::Employee,
    Kind::Employment,
    Kind::Department,
    Kind::Establishment,
    Kind::LegalUnit,
    Kind::JobQualification,
    Kind::OccupationCategory,
    Kind::LeaveType,
    Kind::Absence,
    Kind::AbsenceRequest,
    Kind::CustomFieldDefinition,
];

/// The column that identifies a record within its stream.
pub const KEY: &str = "id";

/// The column that grows with each change: a number of the change log's. The record was read when the log was at least
/// as far.
pub const SEQ: &str = "_lucca_seq";

/// The column that says how a record stands: see [`RowState`].
pub const STATE: &str = "_lucca_state";

/// The column that says since when a record is not to be kept; null while it is.
pub const DELETED_AT: &str = "_lucca_deleted_at";

/// The stream of this name.
pub fn stream(name: &str) -> Result<Kind, Error> {
    STREAMS.into_iter().find(|kind| kind.name() == name).ok_or_else(|| Error::UnknownStream(name.to_owned()))
}
