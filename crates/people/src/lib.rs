//! The normalised people model of lucca-connector: pure types and functions.
//!
//! - Types in which HR data is stored and delivered: [`Employee`], [`Employment`], [`Department`],
//!   [`Absence`], [`AbsenceRequest`], … [`Kind`] lists those that are records of their own.
//! - Rules over these types alone: [`status_on`], [`transition`], [`absence_status`], [`OrgChart`],
//!   [`department_tree()`], [`half_days_between`].
//! - The catalog of fields: [`catalog`].
//! - History: [`position_history`] builds each employee's positions over time, [`as_of`] reads them on a day.
//! - Features that an app requests and a customer can decline: [`Feature`].
//! - Findings for an administrator to review: [`find_oddities`], [`identities`]. Neither changes any data.
//!
//! No I/O, no clock and no wire format: `lucca` reads that, `normalise` maps it to this model.

mod absence;
mod audience;
pub mod catalog;
mod department_tree;
mod employee;
mod employment;
mod employment_type;
mod feature;
mod field_group;
mod gender;
mod identity;
mod kind;
mod language;
mod leave_type;
mod names;
mod oddities;
mod org_chart;
mod organisation;
mod person_reference;
mod position;
mod remote_id;
mod source_time;
mod status;
mod text_search;
mod user_log;
mod zone;

pub use absence::{
    Absence, AbsenceRequest, AbsenceRequestStatus, AbsenceStatus, Approval, CancellationRequest,
    Confirmation, DayOff, Half, HalfDay, HalfDays, Leave, NotAHalfDay, OffHalfDay, Plan, WorkingDay,
    WorkingPattern, absence_status, first_half_day, half_days_between, last_half_day, plan,
};
pub use audience::{Audience, Candidate, Contract, PeopleFilter};
pub use department_tree::{ParentClue, department_tree};
pub use employee::{Address, Bank, Birth, Contact, Employee, Identifiers, PayAndReviews, Picture, WorkCycle};
pub use employment::Employment;
pub use employment_type::EmploymentType;
pub use feature::{Feature, Features, NotDeclinable};
pub use field_group::{FieldGroup, FieldGroups, WorkPart};
pub use gender::Gender;
pub use identity::{IdentityEvidence, IdentityMatch, IdentityRelation, identities};
pub use kind::{Kind, Kinds, Model};
pub use language::Language;
pub use leave_type::{LeaveType, LeaveTypeGroup, LeaveUnit, group_leave_types};
pub use names::UnknownName;
pub use oddities::{Oddity, OddityKind, find_oddities};
pub use org_chart::{OrgChart, OrgChartEntry};
pub use organisation::{
    CustomFieldDefinition, CustomFieldEntry, Department, Establishment, JobQualification, LegalUnit,
    NamedRef, OccupationCategory,
};
pub use person_reference::{
    PersonCandidate, PersonIndex, PersonLabel, PersonReference, PersonStanding, ReferenceError, ReferenceKind,
};
pub use position::{
    History, Observation, Position, PositionField, PositionSource, PositionedEmployee, Sourced, as_of,
    position_history, position_on,
};
pub use remote_id::RemoteId;
pub use source_time::{NotATime, SourceTime};
pub use status::{EmployeeStatus, Period, Transition, status_on, transition};
pub use text_search::{contains_text, search_key};
pub use user_log::UserLogEntry;
pub use zone::tenant_zone;
