//! The kinds of record in the model, and the trait that every model type implements.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::catalog::{Column, Described, Member, SearchColumns};
use crate::{Absence, Feature, Leave, RemoteId};

/// A kind of record in the normalised model. Its name is the plural that the API, files and the database use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Companies in the legal sense.
    LegalUnit,
    /// Places of employment; each belongs to a legal unit.
    Establishment,
    /// The department tree.
    Department,
    /// Socio-professional categories.
    OccupationCategory,
    /// A job at a level.
    JobQualification,
    /// Leave types of absences; Lucca's leave accounts.
    LeaveType,
    /// Meanings of the tenant's own employee fields.
    CustomFieldDefinition,
    /// Contracts with their dates.
    Employment,
    /// People: current, future and former.
    Employee,
    /// Dates in the calendar of the employees with the same calendar and work cycle.
    WorkingDay,
    /// Lucca's log of changed employee properties.
    UserLogEntry,
    /// Periods away, each with its half-days.
    Absence,
    /// Requests for absences.
    AbsenceRequest,
}

// Kinds that others refer to come first.
crate::names! {
    Kind: "record kind" {
        LegalUnit = "legal_units",
        Establishment = "establishments",
        Department = "departments",
        OccupationCategory = "occupation_categories",
        JobQualification = "job_qualifications",
        LeaveType = "leave_types",
        CustomFieldDefinition = "custom_field_definitions",
        Employment = "employments",
        Employee = "employees",
        WorkingDay = "working_days",
        UserLogEntry = "user_log_entries",
        Absence = "absences",
        AbsenceRequest = "absence_requests",
    }
}

/// A set of kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u16);

impl Kinds {
    /// Whether the set has a kind.
    pub const fn contains(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u16) != 0
    }

    /// The kinds of the set.
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }
}

impl FromIterator<Kind> for Kinds {
    fn from_iter<T: IntoIterator<Item = Kind>>(kinds: T) -> Self {
        Self(kinds.into_iter().fold(0, |set, kind| set | 1 << kind as u16))
    }
}

impl Kind {
    /// The name of one record in names of events and operations: `employee`.
    pub const fn singular(self) -> &'static str {
        match self {
            Self::LegalUnit => "legal_unit",
            Self::Establishment => "establishment",
            Self::Department => "department",
            Self::OccupationCategory => "occupation_category",
            Self::JobQualification => "job_qualification",
            Self::LeaveType => "leave_type",
            Self::CustomFieldDefinition => "custom_field_definition",
            Self::Employment => "employment",
            Self::Employee => "employee",
            Self::WorkingDay => "working_day",
            Self::UserLogEntry => "user_log_entry",
            Self::Absence => "absence",
            Self::AbsenceRequest => "absence_request",
        }
    }

    /// The feature whose decline stops reading records of this kind.
    pub const fn feature(self) -> Option<Feature> {
        match self {
            // A working day may reveal an employee's own absence, and only absences need working days.
            // unverified: whether a leave can set `isOff` (source: absences.md §8).
            Self::Absence | Self::LeaveType | Self::WorkingDay => Some(Feature::Leaves),
            Self::AbsenceRequest => Some(Feature::AbsenceRequests),
            Self::JobQualification => Some(Feature::Qualifications),
            Self::CustomFieldDefinition => Some(Feature::CustomFields),
            // Listed one by one, so that a new kind is not stored without a decision.
            Self::Employee
            | Self::Employment
            | Self::LegalUnit
            | Self::Establishment
            | Self::Department
            | Self::OccupationCategory
            | Self::UserLogEntry => None,
        }
    }
}

/// A type of the normalised model that is stored as a record of its own.
pub trait Model: Described + Serialize + DeserializeOwned + Send + 'static {
    /// The kind of its records.
    const KIND: Kind;

    /// The record's id in Lucca, unique within its kind and linked account.
    fn id(&self) -> &RemoteId;

    /// The values by which the record is found.
    fn search_columns(&self) -> SearchColumns {
        self.member_columns()
    }
}

/// Declares the models and the resource of Lucca's API from which each is read. A kind with search columns
/// beyond its members names the function that returns them.
macro_rules! models {
    ($($model:ident: $resource:literal $(, search_columns = $search_columns:path)?;)+) => {
        $(impl Model for crate::$model {
            const KIND: Kind = Kind::$model;

            fn id(&self) -> &RemoteId {
                &self.id
            }

            $(fn search_columns(&self) -> SearchColumns {
                $search_columns(self)
            })?
        })+

        /// The members of a kind's records, in the order in which JSON has them.
        pub const fn members(kind: Kind) -> &'static [Member] {
            match kind {
                $(Kind::$model => crate::$model::MEMBERS,)+
            }
        }

        /// The resource of Lucca's API from which a kind is read.
        pub const fn resource(kind: Kind) -> &'static str {
            match kind {
                $(Kind::$model => $resource,)+
            }
        }
    };
}

models! {
    LegalUnit: "/organization/structure/api/legal-units";
    Establishment: "/organization/structure/api/establishments";
    Department: "/organization/structure/api/departments, or else /api/v3/departments";
    OccupationCategory: "/organization/structure/api/occupation-categories";
    JobQualification: "/organization/structure/api/job-qualifications";
    LeaveType: "/api/v3/leaveAccounts";
    CustomFieldDefinition: "/api/v3/extensionuserdefinitions";
    Employment: "/directory/api/4.0/work-contracts";
    Employee: "/api/v3/users";
    WorkingDay: "/api/v3/userdates";
    UserLogEntry: "/api/v3/userlogs";
    Absence: "/api/v3/leaves", search_columns = absence_columns;
    AbsenceRequest: "/api/v3/leaveRequests";
}

/// An absence is found by its days, including those on which it was cancelled.
fn absence_columns(absence: &Absence) -> SearchColumns {
    let mut search = absence.member_columns();
    let day = |leave: Option<&Leave>| leave.map(|leave| leave.date.to_string());
    search.set(Column::StartsOn, day(absence.leaves.first()));
    search.set(Column::EndsOn, day(absence.leaves.last()));
    search
}
