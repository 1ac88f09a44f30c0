//! The changes that a running tenant accepts, as data: [`Change`] names every such event, so that the control
//! surface, a fault and a test use the same ones.
//!
//! Not included: making them (`mutations`), writes through the API (`writes`).

pub(crate) mod absences;
pub(crate) mod people;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use self::{
    absences::NewAbsence,
    people::{Hire, PersonPatch},
};
use crate::rights::Permission;

/// A change in the tenant. In JSON `{"hire":{…}}`, `{"approve":{"period":1}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// A user is hired; returns the id of the user.
    Hire(Hire),
    /// A user's record changes, including a move to another department, manager or establishment.
    Person {
        /// Id of the user.
        id: i64,
        /// The changes.
        patch: PersonPatch,
    },
    /// The applicable contract gets a last day.
    Terminate {
        /// Id of the user.
        id: i64,
        /// The last day.
        last_day: Date,
    },
    /// A user whose contracts have all ended is rehired; returns the id of the user.
    Rehire {
        /// Id of the user.
        id: i64,
        /// First day of the new contract.
        starts_on: Date,
        /// As a new user with the same e-mail and employee number, instead of a new contract.
        #[serde(default)]
        as_new_user: bool,
    },
    /// A user is deleted, with contracts, logs and absences.
    RemoveUser {
        /// Id of the user.
        id: i64,
    },
    /// A contract is deleted.
    RemoveContract {
        /// Id of the contract.
        id: i64,
    },
    /// A department is added below another; returns its id.
    AddDepartment {
        /// Its name.
        name: String,
        /// Id of the department above; the first one if absent.
        #[serde(default)]
        parent_id: Option<i64>,
    },
    /// A department gets another name.
    RenameDepartment {
        /// Id of the department.
        id: i64,
        /// The new name.
        name: String,
    },
    /// A department without people or subdepartments is deleted.
    RemoveDepartment {
        /// Id of the department.
        id: i64,
    },
    /// `users` users in the order of their ids get one and the same `modifiedAt`.
    Touch {
        /// Their number.
        users: usize,
    },
    /// An absence is requested, or entered by HR; returns the id of its period.
    Absence(NewAbsence),
    /// The next approver approves the absence or its cancellation.
    Approve {
        /// Id of the leave period.
        period: i64,
    },
    /// The next approver denies the absence or its cancellation.
    Deny {
        /// Id of the leave period.
        period: i64,
        /// The reason.
        #[serde(default)]
        comment: Option<String>,
    },
    /// An absence is cancelled: at once if it is pending or HR's, otherwise by a request that needs approval;
    /// a second time, that request is granted.
    Cancel {
        /// Id of the leave period.
        period: i64,
    },
    /// One half-day is deleted.
    DeleteLeave {
        /// Id of the leave.
        id: String,
    },
    /// An absence gets another comment; no date is changed.
    Comment {
        /// Id of the leave period.
        period: i64,
        /// The comment.
        text: String,
    },
    /// HR moves an absence: it is cancelled, and a confirmed one entered; returns the id of its period.
    MoveAbsence {
        /// Id of the leave period.
        period: i64,
        /// First day of the new one.
        starts_on: Date,
        /// Last day.
        ends_on: Date,
        /// Begins in the afternoon.
        #[serde(default)]
        starts_pm: bool,
        /// Ends at noon.
        #[serde(default)]
        ends_am: bool,
    },
    /// HR corrects a balance.
    Credit {
        /// Id of the person.
        owner_id: i64,
        /// Id of the leave account.
        account_id: i64,
        /// Days, or hours if the account counts hours; negative to take away.
        amount: f64,
    },
    /// HR closes an account for new requests.
    CloseAccount {
        /// Id of the leave account.
        account_id: i64,
        /// First day that can't be requested.
        from: Date,
        /// Last such day.
        to: Date,
        /// Text of the refusal.
        #[serde(default)]
        message: String,
    },
    /// A key loses or regains a permission.
    Permission {
        /// Name of the key; the first one if absent.
        #[serde(default)]
        key: Option<String>,
        /// The permission.
        permission: Permission,
        /// Whether the key has it from now on.
        given: bool,
    },
    /// A key sees only these establishments; all of them without a list.
    Scope {
        /// Name of the key; the first one if absent.
        #[serde(default)]
        key: Option<String>,
        /// Ids of establishments.
        #[serde(default)]
        establishments: Option<Vec<i64>>,
    },
    /// Time passes.
    Pass {
        /// Number of minutes.
        minutes: i64,
    },
    /// A random history ([`Tenant::live`](crate::Tenant::live)).
    Live {
        /// The same seed and tenant give the same history.
        seed: u64,
        /// Number of events.
        steps: usize,
    },
}

/// A change could not be made; the tenant is unchanged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// The record does not exist.
    #[error("no such {0}")]
    NoSuch(&'static str),
    /// It contradicts existing records.
    #[error("{0}")]
    Conflict(&'static str),
}
