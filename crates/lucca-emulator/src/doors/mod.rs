//! Absences written through the API: requests, their decision and cancellation, the import. And the two
//! reads that go with them: the discovery of accounts, the calendar. Source: absences.md §4, §5, §8.
//!
//! Lives here: which verb on which path, rights, the shape of answers. Not here: the rules
//! (`company::absences::rules`), the changes themselves (`mutations::requests`).

mod body;
mod factory;
mod import;
mod object;
mod requests;
mod writes;

pub use self::writes::{AbsenceWrite, WriteKind};
pub(crate) use self::{import::Job, writes::Writes};
use axum::{
    body::Bytes,
    http::{Method, StatusCode},
};
use serde_json::{Value as Json, json};

use crate::{
    errors::Refusal,
    grammar::query::Query,
    mutations::AbsenceIds,
    resources::View,
    rights::KeyConfig,
    routes::generated,
    switches::{Header, Switches, WriteAnswer},
    tenant::Tenant,
};

/// What a verb on a path asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Door {
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

/// A path, looked up.
pub(crate) enum Found {
    Door(Door),
    /// Only these verbs there.
    WrongVerb(&'static str),
    /// Another part of the API.
    Elsewhere,
}

/// Looks a path up; it is in lower case without a trailing slash.
pub(crate) fn find(method: &Method, path: &str) -> Found {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let number = |id: &str| id.parse().unwrap_or(0);
    let (verb, door) = match segments.as_slice() {
        ["api", "v3", "services", "leaverequestfactory"] => ("GET", Door::Discover),
        ["api", "v3", "services", "leavecalendar", id] => ("GET", Door::Calendar(number(id))),
        ["api", "v3", "leaverequestfactory"] => ("POST", Door::CreateA),
        ["timmi-absences", "api", "v1.0", "leaverequestfactory", "create"] => ("POST", Door::CreateB),
        ["timmi-absences", "api", "imports", "v1.0", "leaveperiods"] => ("POST", Door::Import),
        ["timmi-absences", "api", "imports", "v1.0", "leaveperiods", id, "progress"] => {
            ("GET", Door::Progress((*id).to_owned()))
        }
        ["api", "v3", "leaverequests", id, "approvals"] => ("POST", Door::Decide(number(id))),
        // Other verbs read these.
        ["api", "v3", "leaverequests", id] if method == Method::DELETE => {
            return Found::Door(Door::Cancel(number(id)));
        }
        ["api", "v3", "leaves", id] if method == Method::DELETE => {
            return Found::Door(Door::Delete((*id).to_owned()));
        }
        _ => return Found::Elsewhere,
    };
    if method.as_str() == verb { Found::Door(door) } else { Found::WrongVerb(verb) }
}

/// What is answered when all went well.
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

/// Who asks, with what.
pub(crate) struct Request<'a> {
    pub(crate) tenant: &'a Tenant,
    pub(crate) key: &'a KeyConfig,
    pub(crate) switches: &'a Switches,
    pub(crate) query: &'a Query,
    pub(crate) label: Option<&'a str>,
    /// `None` if it is too large.
    pub(crate) body: Option<&'a [u8]>,
    /// The file of a form.
    pub(crate) file: Option<&'a Bytes>,
}

impl Request<'_> {
    pub(crate) fn answer(&self, door: Door) -> Result<Reply, Refusal> {
        match door {
            Door::Discover => self.discover(),
            Door::CreateA => self.create(false),
            Door::CreateB => self.create(true),
            Door::Calendar(owner) => self.calendar(owner),
            Door::Import => self.import(),
            Door::Progress(id) => self.progress(&id),
            Door::Cancel(id) => self.cancel(id),
            Door::Decide(id) => self.decide(id),
            Door::Delete(id) => self.delete(&id),
        }
    }

    /// Refuses without the right, before anything is read.
    fn needs(&self, right: bool) -> Result<(), Refusal> {
        if right { Ok(()) } else { Err(Refusal::no_right()) }
    }

    /// Looks at the tenant as the key does.
    fn look<T>(&self, look: impl FnOnce(&View<'_>) -> T) -> T {
        let company = self.tenant.state().company();
        look(&self.tenant.state().view(&company, self.switches, self.key, ""))
    }

    /// Refuses unless that person is within the key's scope. unverified: which refusal, and that the
    /// scope narrows what may be asked for.
    fn in_scope(&self, owner: i64) -> Result<(), Refusal> {
        self.look(|view| {
            let person =
                view.company.person(owner).ok_or_else(|| Refusal::problem("The owner is unknown."))?;
            self.needs(view.has_in_scope(person))
        })
    }

    /// `{header, data}`, as v3 wraps (source: absences.md §1).
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

    /// Remembers what was done.
    fn wrote(&self, kind: WriteKind, owner_id: i64, ids: AbsenceIds) {
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
