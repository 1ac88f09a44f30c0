//! Positions: who was in which department, under which manager, in which job, from when to when.
//!
//! Lucca keeps no such history that an API key can read, so it is put together (`history`) from contracts, the
//! user log and what we saw change ourselves; each value says where it is from. `as_of` reads histories on a day.

mod as_of;
mod history;

pub use as_of::{History, Placed, as_of, position_on};
pub use history::position_history;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{NamedRef, RemoteId};

/// What an employee was, from one day to another, as far as it is known.
///
/// A value that is absent is not known for these days, or there was none: Lucca does not tell one from the
/// other, and a manager whom the API key may not see looks like no manager.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Whose it is.
    pub employee_id: RemoteId,
    /// First day; absent when it is not known since when.
    pub starts_on: Option<Date>,
    /// Last day, inclusive; absent for the one that holds now. It does not end with the contract: whether the
    /// person is employed is a question to [`status_on`](crate::status_on).
    pub ends_on: Option<Date>,
    /// The department.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department_id: Option<Sourced<RemoteId>>,
    /// The manager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager_id: Option<Sourced<RemoteId>>,
    /// The establishment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub establishment_id: Option<Sourced<RemoteId>>,
    /// Job title, free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_title: Option<Sourced<String>>,
    /// Job qualification; its name is known only where it is the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_qualification: Option<Sourced<NamedRef>>,
    /// Socio-professional category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occupation_category_id: Option<Sourced<RemoteId>>,
}

/// A value, and who says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it is from.
    pub source: PositionSource,
}

impl<T> Sourced<T> {
    /// The value made into another, from the same source.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Sourced<U> {
        Sourced { value: make(self.value), source: self.source }
    }
}

/// Where a value of a position is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionSource {
    /// An employment, which has its dates.
    Contract,
    /// Lucca's log of changes.
    UserLog,
    /// A sync that found it changed.
    Observation,
    /// The employee's record as it is now: nothing tells of a change since the position's first day.
    Current,
}

impl PositionSource {
    /// The source's name, as JSON writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::UserLog => "user_log",
            Self::Observation => "observation",
            Self::Current => "current",
        }
    }
}

/// A field of an employee that a position keeps the history of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionField {
    /// The department.
    DepartmentId,
    /// The manager.
    ManagerId,
    /// The establishment.
    EstablishmentId,
    /// Job title.
    JobTitle,
    /// Job qualification.
    JobQualification,
    /// Socio-professional category.
    OccupationCategoryId,
}

impl PositionField {
    /// Every field.
    pub const ALL: [Self; 6] = [
        Self::DepartmentId,
        Self::ManagerId,
        Self::EstablishmentId,
        Self::JobTitle,
        Self::JobQualification,
        Self::OccupationCategoryId,
    ];

    /// The name of the field of [`Employee`](crate::Employee).
    pub fn name(self) -> &'static str {
        match self {
            Self::DepartmentId => "department_id",
            Self::ManagerId => "manager_id",
            Self::EstablishmentId => "establishment_id",
            Self::JobTitle => "job_title",
            Self::JobQualification => "job_qualification",
            Self::OccupationCategoryId => "occupation_category_id",
        }
    }

    /// The field of [`Employee`](crate::Employee) that has this name.
    pub fn of_employee(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// The field that a property of the user log is about, whatever the case of its name.
    // unverified: `departmentid`, `legalentityid` and `manager` are asked for by another client. The other names
    // are what the same things are called on users.
    pub fn of_log(property: &str) -> Option<Self> {
        match property.trim().to_ascii_lowercase().as_str() {
            "departmentid" | "department" => Some(Self::DepartmentId),
            "managerid" | "manager" => Some(Self::ManagerId),
            "legalentityid" | "legalentity" => Some(Self::EstablishmentId),
            "jobtitle" => Some(Self::JobTitle),
            "jobqualificationid" | "jobqualification" => Some(Self::JobQualification),
            "cspid" | "csp" => Some(Self::OccupationCategoryId),
            _ => None,
        }
    }
}

/// A change that we saw ourselves: a field of an employee that two syncs found different.
///
/// Seeing an employee for the first time is none, since it tells of no change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// Whose field it is.
    pub employee_id: RemoteId,
    /// Which field.
    pub field: PositionField,
    /// What it was: an id as text, or the job title.
    pub before: Option<String>,
    /// What it became, likewise.
    pub after: Option<String>,
    /// The day of the sync that found it: the change is of this day or, after a pause, of an earlier one.
    pub on: Date,
}
