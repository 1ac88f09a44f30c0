//! The normalised people model of lucca-connector: pure types and functions.
//!
//! Here live the shapes in which people data is stored and delivered ([`Employee`], [`Employment`],
//! [`Department`], …), the rules that need nothing but them ([`status_on`], [`OrgChart`],
//! [`department_tree`]), and [`find_oddities`], which says what a person should look at in the data.
//! No I/O, no clock and nothing of Lucca's wire format: `lucca` reads that, `sync` maps it to this.

mod department_tree;
mod employee;
mod employment;
mod kind;
mod oddities;
mod org_chart;
mod organisation;
mod remote_id;
mod source_time;
mod status;

pub use department_tree::{ParentClue, department_tree};
pub use employee::{Address, Bank, Birth, Contact, Employee, Identifiers, Picture, WorkCycle};
pub use employment::Employment;
pub use kind::{Kind, Model, UnknownKind};
pub use oddities::{Oddity, OddityKind, find_oddities};
pub use org_chart::{OrgChart, OrgChartEntry};
pub use organisation::{
    CustomFieldDefinition, CustomFieldEntry, Department, Establishment, JobQualification, LeaveType,
    LegalUnit, NamedRef, OccupationCategory,
};
pub use remote_id::RemoteId;
pub use source_time::{NotATime, SourceTime};
pub use status::{EmployeeStatus, Period, status_on};
