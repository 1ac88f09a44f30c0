//! Employments: contracts with their dates. Whether one runs on a given day is `status`'s question.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{NamedRef, Period, RemoteId, SourceTime};

/// A contract of an employee with its dates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Employment {
    /// Lucca's id of the work contract.
    pub id: RemoteId,
    /// Whose it is.
    pub employee_id: RemoteId,
    /// The id it has in another system, where one was given; not unique.
    pub external_id: Option<String>,
    /// First day.
    pub starts_on: Date,
    /// Last day, inclusive; absent while open.
    pub ends_on: Option<Date>,
    /// Whether Lucca takes this one for the employee's current data: the ongoing contract, else the next,
    /// else the last.
    pub is_applicable: Option<bool>,
    /// The establishment that employs.
    pub establishment_id: Option<RemoteId>,
    /// The tenant's contract type, such as a permanent contract or an internship.
    pub contract_type: Option<NamedRef>,
    /// Socio-professional category.
    pub occupation_category_id: Option<RemoteId>,
    /// How the person was hired.
    pub hiring_type: Option<NamedRef>,
    /// Why it ended.
    pub termination_reason: Option<NamedRef>,
    /// Why a fixed-term contract was made.
    pub temporary_contract_ground: Option<NamedRef>,
    /// Who supervises an internship.
    pub internship_supervisor_id: Option<RemoteId>,
    /// Length of the trial period, in days.
    pub trial_period_days: Option<i64>,
    /// Length of the trial period with its renewal, in days.
    pub renewed_trial_period_days: Option<i64>,
    /// Last day of the trial period.
    pub trial_period_ends_on: Option<Date>,
    /// Last day of the renewed trial period.
    pub renewed_trial_period_ends_on: Option<Date>,
    /// When it was created in Lucca.
    pub created_at: Option<SourceTime>,
    /// When it was last changed in Lucca.
    pub modified_at: Option<SourceTime>,
    /// Fields that Lucca sent in a form that could not be read; they are absent above.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread_fields: Vec<String>,
}

impl Employment {
    /// The days it covers.
    pub fn period(&self) -> Period {
        Period::new(Some(self.starts_on), self.ends_on)
    }
}
