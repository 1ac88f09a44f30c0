//! Positions: each employee's department, manager and job over time.
//!
//! No API key can read such a history in Lucca, so `history` builds it from contracts, the user log and
//! changes that the connector's syncs observed; each value names its source. `as_of` reads histories on a
//! day.

mod as_of;
mod history;

pub use as_of::{History, PositionedEmployee, as_of, position_on};
pub use history::position_history;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{NamedRef, RemoteId};

/// An employee's department, manager, job and so on from one day to another, as far as known.
///
/// An absent value is unknown for these days, or the employee had none: Lucca's data does not distinguish the
/// two, and a manager that the API key can't see is absent, too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// The employee.
    pub employee_id: RemoteId,
    /// First day; absent if unknown.
    pub starts_on: Option<Date>,
    /// Last day, inclusive; absent for the current one. It does not end with the contract:
    /// [`status_on`](crate::status_on) returns whether the employee is employed.
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
    /// Job qualification; its name is known only for the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_qualification: Option<Sourced<NamedRef>>,
    /// Socio-professional category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occupation_category_id: Option<Sourced<RemoteId>>,
}

/// A value and its source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// The source.
    pub source: PositionSource,
}

impl<T> Sourced<T> {
    /// The value converted to another, with the same source.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Sourced<U> {
        Sourced { value: make(self.value), source: self.source }
    }
}

/// The source of a value of a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionSource {
    /// An employment, dated by its first and last day.
    Contract,
    /// Lucca's log of changes.
    UserLog,
    /// A sync that observed the change.
    Observation,
    /// The employee's current record: no source has a change since the position's first day.
    Current,
}

crate::names! {
    PositionSource: "position source" {
        Contract = "contract",
        UserLog = "user_log",
        Observation = "observation",
        Current = "current",
    }
}

/// A field of an employee that has a history in positions.
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

crate::names! {
    PositionField: "position field" {
        DepartmentId = "department_id",
        ManagerId = "manager_id",
        EstablishmentId = "establishment_id",
        JobTitle = "job_title",
        JobQualification = "job_qualification",
        OccupationCategoryId = "occupation_category_id",
    }
}

impl PositionField {
    /// The field of [`Employee`](crate::Employee) that has this name.
    pub fn of_employee(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// The field that a property of the user log stands for, in any case.
    // unverified: another client requests `departmentid`, `legalentityid` and `manager`. The other names are
    // those that users have for the same values.
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

/// An observed change: two syncs read different values of an employee's field.
///
/// The first sync of an employee is not one, since it shows no change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The employee.
    pub employee_id: RemoteId,
    /// The field.
    pub field: PositionField,
    /// The value before: an id as text, or the job title.
    pub before: Option<String>,
    /// The value after: an id as text, or the job title.
    pub after: Option<String>,
    /// The day of the sync that observed it: the change happened that day or, after a pause, earlier.
    pub on: Date,
}
