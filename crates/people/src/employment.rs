//! Employments: contracts with their dates. `status` decides which of them runs on a given day.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{NamedRef, Period, RemoteId, SourceTime};

/// A contract of an employee with its dates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Employment {
    /// Lucca's id of the work contract.
    pub id: RemoteId,
    /// The employee of the contract.
    pub employee_id: RemoteId,
    /// The id in another system, if it has one; not unique.
    pub external_id: Option<String>,
    /// First day.
    pub starts_on: Date,
    /// Last day, inclusive; absent while open.
    pub ends_on: Option<Date>,
    /// Whether Lucca uses this contract for the employee's current data: the ongoing one, else the next, else
    /// the last.
    pub is_applicable: Option<bool>,
    /// The employing establishment.
    pub establishment_id: Option<RemoteId>,
    /// The tenant's contract type, such as a permanent contract or an internship.
    pub contract_type: Option<NamedRef>,
    /// Socio-professional category.
    pub occupation_category_id: Option<RemoteId>,
    /// The kind of hiring.
    pub hiring_type: Option<NamedRef>,
    /// The reason for its end.
    pub termination_reason: Option<NamedRef>,
    /// The reason for a fixed-term contract.
    pub temporary_contract_ground: Option<NamedRef>,
    /// The supervisor of an internship.
    pub internship_supervisor_id: Option<RemoteId>,
    /// Length of the trial period, in days.
    pub trial_period_days: Option<i64>,
    /// Length of the trial period with its renewal, in days.
    pub renewed_trial_period_days: Option<i64>,
    /// Last day of the trial period.
    pub trial_period_ends_on: Option<Date>,
    /// Last day of the renewed trial period.
    pub renewed_trial_period_ends_on: Option<Date>,
    /// Creation time in Lucca.
    pub created_at: Option<SourceTime>,
    /// Time of the last change in Lucca.
    pub modified_at: Option<SourceTime>,
    /// Fields that Lucca sent in an unreadable form; they are absent above.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread_fields: Vec<String>,
}

impl Employment {
    /// The days it covers.
    pub fn period(&self) -> Period {
        Period::new(Some(self.starts_on), self.ends_on)
    }
}
