//! Requests that change absences in Lucca: creation through the factory or the import, decisions,
//! cancellations. Requests and answers are in wire format; `absences` decides what to request.
//!
//! A request is repeated only if Lucca certainly did not accept the first one: see
//! [`Error::may_have_happened`].

mod factory;
mod import;

use async_recursion::async_recursion as boxed;
use people::FieldGroups;
use people::{HalfDay, RemoteId};
use serde_json::json;

pub use factory::{
    Constraint, Created, FactoryGeneration, LeaveRequestDraft, LeaveRequestOffer, OfferedAccount,
    RequestWarning, WarningLevel,
};
pub use import::{ImportProgress, ImportSummary, LeaveImport, LeaveImportRow};

use crate::client::Client;
use crate::enumeration::read_single;
use crate::envelope::{self, Undecodable};
use crate::error::{Error, Kind};
use crate::item::Item;
use crate::resources::LeaveRequest;
use crate::retry::Effort;
use crate::stream::Stream;
use crate::transport::{Call, Verb};
use crate::{LeaveRequestQuery, asked::StreamQuery, form::RequestPlan};

/// An employee's absence from one half-day to another, both included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbsencePeriod {
    /// The absent employee.
    pub owner: RemoteId,
    /// The first half-day.
    pub first: HalfDay,
    /// The last half-day.
    pub last: HalfDay,
}

const JSON: &str = "application/json";

impl Client {
    /// Reads one leave request, with these groups of fields; `None` if it does not exist or the key can't see
    /// it. Source: absences.md §4.
    ///
    /// # Errors
    ///
    /// When the request fails.
    #[boxed]
    pub async fn leave_request(
        &self,
        id: &RemoteId,
        groups: FieldGroups,
    ) -> Result<Option<Item<LeaveRequest>>, Error> {
        let Some(path) = request_path(id, "") else { return Ok(None) };
        let query = LeaveRequestQuery { groups, ..LeaveRequestQuery::default() };
        let mut plan = RequestPlan::new(Stream::LeaveRequests, StreamQuery::LeaveRequests(query));
        loop {
            let query = plan.single_query();
            let (stream, decode) = (Stream::LeaveRequests, envelope::single);
            match self.transport().get(stream, &path, &query, Effort::Usual, decode).await {
                Ok((raw, _)) => return Ok(Some(read_single(raw))),
                Err(error) if error.kind() == Kind::NotFound => return Ok(None),
                Err(error) if matches!(error.status(), Some(400 | 500)) && plan.fewer_fields(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Approves or denies the next step of a pending leave request. Source: absences.md §4: only pending
    /// requests; a denial requires a comment.
    // unverified: the approver that Lucca records, and whether one call decides a chain of several steps.
    ///
    /// # Errors
    ///
    /// When Lucca refused it, or it may not have arrived.
    #[boxed]
    pub async fn decide_leave_request(
        &self,
        id: &RemoteId,
        approved: bool,
        comment: Option<&str>,
    ) -> Result<(), Error> {
        let path = request_path(id, "/approvals").ok_or_else(|| Error::new(Kind::NotFound))?;
        let body = json!({ "approved": approved, "comment": comment }).to_string();
        self.post(&path, "", JSON, body.as_bytes(), accept_any_body).await
    }

    /// Cancels a leave request; for an approved one Lucca may create a cancellation request that waits for an
    /// approval. Source: absences.md §4.
    ///
    /// # Errors
    ///
    /// When Lucca refused it, or it may not have arrived.
    #[boxed]
    pub async fn delete_leave_request(&self, id: &RemoteId) -> Result<(), Error> {
        let path = request_path(id, "").ok_or_else(|| Error::new(Kind::NotFound))?;
        self.delete(Stream::LeaveRequests, &path).await
    }

    /// Deletes one half-day of an absence. The key needs the operation *Delete a leave*. Source: absences.md
    /// §3 and §10.
    ///
    /// # Errors
    ///
    /// When Lucca refused it, or it may not have arrived.
    #[boxed]
    pub async fn delete_leave(&self, id: &RemoteId) -> Result<(), Error> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if id.as_str().is_empty() || !id.as_str().bytes().all(is_plain) {
            return Err(Error::new(Kind::NotFound));
        }
        self.delete(Stream::Leaves, &format!("/api/v3/leaves/{id}")).await
    }

    async fn delete(&self, stream: Stream, path: &str) -> Result<(), Error> {
        self.transport().send(Call { stream, verb: Verb::Delete, path, query: "" }, accept_any_body).await
    }

    async fn post<D: Send>(
        &self,
        path: &str,
        query: &str,
        content_type: &str,
        body: &[u8],
        decode: impl Fn(&[u8]) -> Result<D, Undecodable> + Send + Sync,
    ) -> Result<D, Error> {
        let verb = Verb::Post { content_type, body };
        self.transport().send(Call { stream: Stream::LeaveRequests, verb, path, query }, decode).await
    }
}

/// The path of a leave request; `None` if the id is not a whole number and would form another path.
fn request_path(id: &RemoteId, below: &str) -> Option<String> {
    let is_number = !id.as_str().is_empty() && id.as_str().bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| format!("/api/v3/leaveRequests/{id}{below}"))
}

/// Accepts an answer with any content, since these calls have no documented body. A page of HTML is not
/// Lucca's answer.
fn accept_any_body(body: &[u8]) -> Result<(), Undecodable> {
    let text = envelope::text_of(body);
    if text.trim_start().starts_with('<') { Err(Undecodable::NotLucca) } else { Ok(()) }
}
