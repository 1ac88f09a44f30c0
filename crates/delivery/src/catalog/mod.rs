//! The streams that outputs share: their names, schemas and records, and reading them from the store, in full
//! or incrementally.
//!
//! Not here: the protocols (`airbyte`, `singer`).

mod error;
mod reading;
mod row;
mod schema;

use people::Kind;

pub use error::Error;
pub use reading::{Page, Reader, StreamPosition};
pub use row::{Row, RowState};
pub use schema::{columns, schema, schema_as};
pub(crate) use schema::{field_names as fields, type_name};

/// The streams in display order. A stream's name is its [`Kind`]'s.
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

/// The cursor column: the change log's sequence number that was reached when the record was read. It grows
/// with each change.
pub const SEQ: &str = "_lucca_seq";

/// The column with a record's [`RowState`].
pub const STATE: &str = "_lucca_state";

/// The column with the time at which a record was deleted, excluded or erased, UTC; null while the receiver
/// should keep it.
pub const DELETED_AT: &str = "_lucca_deleted_at";

/// Finds a stream by name.
pub fn stream(name: &str) -> Result<Kind, Error> {
    STREAMS.into_iter().find(|kind| kind.name() == name).ok_or_else(|| Error::UnknownStream(name.to_owned()))
}
