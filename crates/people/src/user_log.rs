//! The user log: what Lucca notes when a property of an employee changes. Read into positions by `position`.

use serde::{Deserialize, Serialize};

use crate::{RemoteId, SourceTime};

/// One change of one property of an employee, as Lucca noted it.
///
/// The source, `GET /api/v3/userlogs`, is undocumented and known from other clients only.
// unverified: that `value` is what the property became rather than what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserLogEntry {
    /// Lucca's id.
    pub id: RemoteId,
    /// Whose property it is.
    pub employee_id: RemoteId,
    /// The property, as Lucca writes it, such as `departmentid`.
    pub property: String,
    /// What it became: an id as text for what has one. Absent when it was cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<SourceTime>,
    /// The employee who changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_id: Option<RemoteId>,
}
