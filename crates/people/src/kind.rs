//! The kinds of record in the model, and the trait that every model type implements.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::RemoteId;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// A kind of record in the normalised model, with its plural name in the API, the files and the
        /// database.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$doc])* $variant,)+
        }

        impl Kind {
            /// Every kind; a kind stands before those that refer to it.
            pub const ALL: &[Kind] = &[$(Kind::$variant),+];

            /// The kind's name, in `snake_case` and plural.
            pub fn name(self) -> &'static str {
                match self {
                    $(Kind::$variant => $name,)+
                }
            }
        }
    };
}

kinds! {
    /// Companies in the legal sense.
    LegalUnit = "legal_units",
    /// Places of employment; each belongs to a legal unit.
    Establishment = "establishments",
    /// The department tree.
    Department = "departments",
    /// Socio-professional categories.
    OccupationCategory = "occupation_categories",
    /// A job at a level.
    JobQualification = "job_qualifications",
    /// Leave types of absences; Lucca's leave accounts.
    LeaveType = "leave_types",
    /// Meanings of the tenant's own employee fields.
    CustomFieldDefinition = "custom_field_definitions",
    /// Contracts with their dates.
    Employment = "employments",
    /// People: current, future and former.
    Employee = "employees",
    /// Dates as the employees of a calendar and a work cycle have them.
    WorkingDay = "working_days",
    /// Lucca's log of changed employee properties.
    UserLogEntry = "user_log_entries",
    /// Periods away, each with its half-days.
    Absence = "absences",
    /// Requests for absences.
    AbsenceRequest = "absence_requests",
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Error: the text names no kind of record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKind;

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a kind of record; the kinds are ")?;
        for (index, kind) in Kind::ALL.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{kind}")?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownKind {}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.iter().copied().find(|kind| kind.name() == text).ok_or(UnknownKind)
    }
}

/// A type of the normalised model that is stored as a record of its own.
pub trait Model: Serialize + DeserializeOwned + Send + 'static {
    /// The kind of its records.
    const KIND: Kind;

    /// The record's id at its source, unique within its kind and linked account.
    fn id(&self) -> &RemoteId;
}

macro_rules! models {
    ($($model:ident),+ $(,)?) => {
        $(impl Model for crate::$model {
            const KIND: Kind = Kind::$model;

            fn id(&self) -> &RemoteId {
                &self.id
            }
        })+
    };
}

models!(
    LegalUnit,
    Establishment,
    Department,
    OccupationCategory,
    JobQualification,
    LeaveType,
    CustomFieldDefinition,
    Employment,
    Employee,
    WorkingDay,
    UserLogEntry,
    Absence,
    AbsenceRequest,
);
