//! The user log: Lucca's record of changed employee properties. `position` builds positions from it.

use serde::{Deserialize, Serialize};

use crate::{RemoteId, SourceTime};

/// One change of one property of an employee.
///
/// The source, `GET /api/v3/userlogs`, is undocumented and known from other clients only.
// unverified: that `value` is the new value of the property, not the old one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserLogEntry {
    /// Lucca's id.
    pub id: RemoteId,
    /// The employee.
    pub employee_id: RemoteId,
    /// The property in Lucca's spelling, such as `departmentid`.
    pub property: String,
    /// The new value: an id as text for references. Absent if it was cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Time of the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<SourceTime>,
    /// The employee who changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_id: Option<RemoteId>,
}
