//! The user log: Lucca's record of changed employee properties. `position` builds positions from it.

use serde::{Deserialize, Serialize};

use crate::catalog::model;
use crate::{RemoteId, SourceTime};

model! {
    /// One change of one property of an employee.
    ///
    /// The source, `GET /api/v3/userlogs`, is undocumented and known from other clients only.
    // unverified: whether `value` is the new value of the property or the old one.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub struct UserLogEntry {
        /// Lucca's id.
        id: RemoteId = lucca(&[wire("id")]);
        /// The employee.
        employee_id: RemoteId = lucca(&[wire("owner"), wire("ownerId")]).column(Column::EmployeeId);
        /// The property in Lucca's spelling, such as `departmentid`.
        property: String = lucca(&[wire("name")]);
        /// The new value: an id as text for references. Absent if it was cleared.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<String> = lucca(&[wire("value")]);
        /// Time of the change.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        changed_at: Option<SourceTime> = lucca(&[wire("modifiedAt"), wire("modifiedOn")]);
        /// The employee who changed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        author_id: Option<RemoteId> = lucca(&[wire("author"), wire("authorId")]);
    }
}
