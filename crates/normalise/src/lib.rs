//! Normalises Lucca's wire shapes to the people model. Pure.
//!
//! One function per resource. [`Scope`] is the part of a tenant that a customer shares: fields outside it are
//! dropped here, even if the server sent them without being asked to.
//!
//! Not here: reading the wire (`lucca`), and comparing with stored records (`sync`).

mod absence;
mod application_data;
mod custom_fields;
mod employee;
mod employment;
mod least_data;
mod organisation;
mod scope;

pub use absence::user_log_entry;
pub use absence::{LeaveOfAbsence, absence_request, leave, working_day};
pub use application_data::{application_value, count_unknown};
pub use employee::employee;
pub use employment::{Lookups, employment};
pub use least_data::{least_data, owner_of, without_people};
pub use organisation::{
    custom_field_definition, department, establishment, job_qualification, leave_type, legal_unit,
    occupation_category, partial_department, partial_establishment,
};
pub use scope::{Scope, ScopeError};

use lucca::FieldProblem;
use lucca::resources::Ref;
use people::{NamedRef, RemoteId};

/// A text without surrounding space; `None` if empty.
fn text(text: Option<String>) -> Option<String> {
    let text = text?;
    let trimmed = text.trim();
    if trimmed.is_empty() {
        None
    } else if trimmed.len() == text.len() {
        Some(text)
    } else {
        Some(trimmed.to_owned())
    }
}

fn id(reference: Option<Ref>) -> Option<RemoteId> {
    reference.map(|reference| reference.id)
}

fn named(reference: Option<Ref>) -> Option<NamedRef> {
    reference.map(|Ref { id, name }| NamedRef { id, name: name.map(String::from) })
}

fn unread(problems: Vec<FieldProblem>) -> Vec<String> {
    problems.into_iter().map(|problem| problem.field.into_owned()).collect()
}
