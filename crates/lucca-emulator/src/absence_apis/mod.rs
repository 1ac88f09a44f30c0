//! Writing absences through the API: requests, decisions, cancellations, the import; and the two reads that
//! belong to them: the discovery of accounts, the calendar. Source: absences.md §4, §5, §8.
//!
//! Included: methods and paths, rights, the shape of answers. Not included: the rules
//! (`company::absences::rules`), the changes themselves (`mutations::requests`).

mod body;
mod factory;
mod import;
mod object;
mod requests;

use axum::{
    body::Bytes,
    http::{Method, StatusCode},
};
use serde_json::{Value as Json, json};

use crate::{
    absence_writes::{AbsenceWrite, WriteKind},
    changes::absences::AbsenceIds,
    errors::Refusal,
    grammar::query::Query,
    rights::KeyConfig,
    routes::generated,
    switches::{Header, Switches, WriteAnswer},
    tenant::Tenant,
    view::View,
};

/// An operation on absences, from a method and a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AbsenceOperation {
    Discover,
    CreateA,
    CreateB,
    Calendar(i64),
    Import,
    Progress(String),
    Cancel(i64),
    Decide(i64),
    /// Id of the half-day.
    Delete(String),
}

/// The result of matching a method and a path.
pub(crate) enum EndpointMatch {
    Operation(AbsenceOperation),
    /// The path has only this method.
    WrongVerb(&'static str),
    /// Another part of the API.
    OtherApi,
}

/// Matches a path, given in lower case without a trailing slash.
pub(crate) fn match_endpoint(method: &Method, path: &str) -> EndpointMatch {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let number = |id: &str| id.parse().unwrap_or(0);
    let (verb, operation) = match segments.as_slice() {
        ["api", "v3", "services", "leaverequestfactory"] => ("GET", AbsenceOperation::Discover),
        ["api", "v3", "services", "leavecalendar", id] => ("GET", AbsenceOperation::Calendar(number(id))),
        ["api", "v3", "leaverequestfactory"] => ("POST", AbsenceOperation::CreateA),
        ["timmi-absences", "api", "v1.0", "leaverequestfactory", "create"] => {
            ("POST", AbsenceOperation::CreateB)
        }
        ["timmi-absences", "api", "imports", "v1.0", "leaveperiods"] => ("POST", AbsenceOperation::Import),
        ["timmi-absences", "api", "imports", "v1.0", "leaveperiods", id, "progress"] => {
            ("GET", AbsenceOperation::Progress((*id).to_owned()))
        }
        ["api", "v3", "leaverequests", id, "approvals"] => ("POST", AbsenceOperation::Decide(number(id))),
        // Other methods read these.
        ["api", "v3", "leaverequests", id] if method == Method::DELETE => {
            return EndpointMatch::Operation(AbsenceOperation::Cancel(number(id)));
        }
        ["api", "v3", "leaves", id] if method == Method::DELETE => {
            return EndpointMatch::Operation(AbsenceOperation::Delete((*id).to_owned()));
        }
        _ => return EndpointMatch::OtherApi,
    };
    if method.as_str() == verb { EndpointMatch::Operation(operation) } else { EndpointMatch::WrongVerb(verb) }
}

/// A successful answer.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) label: &'static str,
    pub(crate) body: String,
}

const JSON: &str = "application/json; charset=utf-8";

impl Reply {
    fn json(body: &Json) -> Self {
        Self { status: StatusCode::OK, label: JSON, body: body.to_string() }
    }
    fn empty(status: StatusCode) -> Self {
        Self { status, label: JSON, body: String::new() }
    }
}

/// A call of an operation, with its key and content.
pub(crate) struct Request<'a> {
    pub(crate) tenant: &'a Tenant,
    pub(crate) key: &'a KeyConfig,
    pub(crate) switches: &'a Switches,
    pub(crate) query: &'a Query,
    pub(crate) label: Option<&'a str>,
    /// `None` if it is too large.
    pub(crate) body: Option<&'a [u8]>,
    /// The file of a multipart form.
    pub(crate) file: Option<&'a Bytes>,
}

impl Request<'_> {
    pub(crate) fn answer(&self, operation: AbsenceOperation) -> Result<Reply, Refusal> {
        match operation {
            AbsenceOperation::Discover => self.discover(),
            AbsenceOperation::CreateA => self.create(false),
            AbsenceOperation::CreateB => self.create(true),
            AbsenceOperation::Calendar(owner) => self.calendar(owner),
            AbsenceOperation::Import => self.import(),
            AbsenceOperation::Progress(id) => self.progress(&id),
            AbsenceOperation::Cancel(id) => self.cancel(id),
            AbsenceOperation::Decide(id) => self.decide(id),
            AbsenceOperation::Delete(id) => self.delete(&id),
        }
    }

    /// Refuses a call without the right, before anything is read.
    fn needs(&self, right: bool) -> Result<(), Refusal> {
        if right { Ok(()) } else { Err(Refusal::no_right()) }
    }

    /// Reads the tenant with the key's visibility.
    fn read_view<T>(&self, read: impl FnOnce(&View<'_>) -> T) -> T {
        let company = self.tenant.state().company();
        read(&self.tenant.state().view(&company, self.switches, self.key, ""))
    }

    /// Refuses unless that person is within the key's scope. unverified: which refusal, and that the scope
    /// limits the people one may request for.
    fn in_scope(&self, owner: i64) -> Result<(), Refusal> {
        self.read_view(|view| {
            let person =
                view.company.person(owner).ok_or_else(|| Refusal::problem("The owner is unknown."))?;
            self.needs(view.has_in_scope(person))
        })
    }

    /// `{header, data}`, the envelope of v3 (source: absences.md §1).
    fn wrapped(&self, data: &Json) -> Json {
        match self.switches.header {
            Header::None => json!({ "data": data }),
            // unverified: the header of this module today; that of another module of 2022 was as short.
            _ => {
                let generated = generated(self.tenant.now(), self.key.name.len()).to_string();
                json!({"header": {"generated": generated, "principal": self.key.name}, "data": data})
            }
        }
    }

    /// Records an accepted write.
    fn record_write(&self, kind: WriteKind, owner_id: i64, ids: AbsenceIds) {
        let AbsenceIds { leave_period_id, leave_request_id } = ids;
        let principal = self.key.name.clone();
        let at = self.tenant.now();
        let write = AbsenceWrite { kind, owner_id, leave_period_id, leave_request_id, principal, at };
        self.tenant.state().wrote(write);
    }

    /// The answer to a change that names a record.
    fn done(&self, id: &Json) -> Reply {
        match self.switches.write_answer {
            WriteAnswer::Empty => Reply::empty(StatusCode::OK),
            WriteAnswer::NoContent => Reply::empty(StatusCode::NO_CONTENT),
            WriteAnswer::Envelope => Reply::json(&self.wrapped(&json!({ "id": id }))),
        }
    }
}
