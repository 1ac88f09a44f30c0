//! A new absence of a change, and the ids that it gets. Not included: the records (`company::absences`).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// An absence to request, or for HR to enter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewAbsence {
    /// Id of the absent person.
    pub owner_id: i64,
    /// Id of the leave account.
    pub account_id: i64,
    /// First day.
    pub starts_on: Date,
    /// Last day.
    pub ends_on: Date,
    /// Begins in the afternoon.
    #[serde(default)]
    pub starts_pm: bool,
    /// Ends at noon.
    #[serde(default)]
    pub ends_am: bool,
    /// Entered by HR: confirmed at once, without a request.
    #[serde(default)]
    pub by_hr: bool,
    /// Approvals that a request needs, 1 to 3; 0 is 1.
    #[serde(default)]
    pub levels: u8,
    /// Minutes per half-day, in quarters of an hour, if the account counts hours.
    #[serde(default)]
    pub minutes: Option<u16>,
    /// Comment.
    #[serde(default)]
    pub comment: Option<String>,
    /// From that day on, another account.
    #[serde(default)]
    pub then: Option<(Date, i64)>,
}

impl NewAbsence {
    /// A request for whole days with one approval.
    pub fn days(owner_id: i64, account_id: i64, starts_on: Date, ends_on: Date) -> Self {
        Self {
            owner_id,
            account_id,
            starts_on,
            ends_on,
            starts_pm: false,
            ends_am: false,
            by_hr: false,
            levels: 1,
            minutes: None,
            comment: None,
            then: None,
        }
    }
}

/// Ids of a new absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AbsenceIds {
    /// Id of the period.
    pub leave_period_id: i64,
    /// Id of the request, if there is one.
    pub leave_request_id: Option<i64>,
}
