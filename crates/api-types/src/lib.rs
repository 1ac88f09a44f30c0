//! The resources of the API as JSON. The API's responses and the command line's `--json` are made of the same types,
//! so that one resource has one shape. No requests, no HTTP: handlers are in `api`. Synced records are not here: their
//! members come from the catalog in `people`.

use serde::Serialize;
use utoipa::ToSchema;

mod absence_import;
mod absence_problem;
mod absence_submission;
mod api_key;
mod audit_entry;
mod calendar_feed;
mod change;
mod delivery_settings;
mod diagnosis;
mod field;
mod inbound_webhooks;
mod issue;
mod linked_account;
mod linking_flow;
mod position;
mod run;
mod scim_target;
mod values;
mod webhook_endpoint;

pub use absence_import::{AbsenceImport, ImportRow};
pub use absence_problem::{AbsenceProblem, AbsenceWarning, EmployeeCandidate, EmployeeSummary};
pub use absence_submission::{
    AbsenceApproval, AbsenceDecision, AbsenceHalfDay, AbsenceOverlap, AbsencePreview, AbsenceSubmission,
    CancellationRequest, EmployeeLeaveType, EmployeeLeaveTypeList, HalfDayPlan, LeaveAmount, LeaveBalance,
    NonWorkingHalfDay,
};
pub use api_key::ApiKey;
pub use audit_entry::AuditEntry;
pub use calendar_feed::{CalendarFeed, CalendarTeam};
pub use change::{Change, FieldChange};
pub use delivery_settings::{DeliveryEffect, DeliveryRules, DeliverySettings, EmployeeFilter, FieldRule};
pub use diagnosis::{KeyDiagnosis, NarrowedRole, PermissionCheck, UnsettledPermission};
pub use field::Field;
pub use inbound_webhooks::InboundWebhooks;
pub use issue::Issue;
pub use linked_account::LinkedAccount;
pub use linking_flow::LinkingFlow;
pub use position::{Position, PositionId, PositionQualification, PositionText, Reference};
pub use run::{Run, RunReport, RunStatus, StreamProgress, StreamReport};
pub use scim_target::{ScimPushReport, ScimSettings, ScimTarget};
pub use values::*;
pub use webhook_endpoint::{WebhookEndpoint, WebhookPayload};

/// Formats a time for the API: RFC 3339 in UTC, rounded to seconds.
pub fn time(at: jiff::Timestamp) -> String {
    at.round(jiff::Unit::Second).unwrap_or(at).to_string()
}

/// Converts each item of a list.
pub fn all<A: Into<B>, B>(list: impl IntoIterator<Item = A>) -> Vec<B> {
    list.into_iter().map(Into::into).collect()
}

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub struct List<T> {
    /// The items.
    pub items: Vec<T>,
    /// The `cursor` of the next page; null at the end.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

impl<T> List<T> {
    /// A list without further pages.
    pub fn complete(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }
}
