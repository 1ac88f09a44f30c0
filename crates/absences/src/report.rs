//! Submissions as the API and the command line report them.

use jiff::Timestamp;
use people::{AbsenceStatus, Approval, CancellationRequest, HalfDay, RemoteId};
use serde::Serialize;
use store::{Submission, SubmissionId, SubmissionState};

use crate::draft::AbsenceDraft;
use crate::follow;
use crate::lucca_api::AbsenceApi;
use crate::problem::{Error, Problem, Warning};
use crate::submit::{Detail, ask_of};

/// The status of an absence submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Being sent to Lucca.
    Submitting,
    /// Sent without a response: the connector looks the absence up, and does not send it again.
    InDoubt,
    /// Lucca refused it before it was created.
    Refused,
    /// It did not arrive in Lucca.
    NotCreated,
    /// An approver's decision is pending.
    Pending,
    /// Approved.
    Approved,
    /// Denied by an approver.
    Denied,
    /// Cancelled, by the employee or by HR.
    Cancelled,
    /// Approved, with a pending cancellation.
    CancellationPending,
}

people::names! {
    Status: "status" {
        Submitting = "submitting",
        InDoubt = "in_doubt",
        Refused = "refused",
        NotCreated = "not_created",
        Pending = "pending",
        Approved = "approved",
        Denied = "denied",
        Cancelled = "cancelled",
        CancellationPending = "cancellation_pending",
    }
}

impl Status {
    /// Whether the status changes without further action by the caller.
    pub const fn is_on_its_way(self) -> bool {
        matches!(self, Self::Submitting | Self::InDoubt)
    }
}

impl From<AbsenceStatus> for Status {
    fn from(status: AbsenceStatus) -> Self {
        match status {
            AbsenceStatus::Pending => Self::Pending,
            AbsenceStatus::Approved => Self::Approved,
            AbsenceStatus::Denied => Self::Denied,
            AbsenceStatus::Cancelled => Self::Cancelled,
            AbsenceStatus::CancellationPending => Self::CancellationPending,
        }
    }
}

/// A half-day of a created absence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TakenHalfDay {
    /// The date and half.
    pub at: HalfDay,
    /// False once it was cancelled, or denied with the rest.
    pub is_active: bool,
    /// The duration, for leave types counted in hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes: Option<i64>,
}

/// An absence submission: an absence request made through the connector.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The submission's id.
    pub id: SubmissionId,
    /// The caller's idempotency key.
    pub idempotency_key: String,
    /// The status.
    pub status: Status,
    /// The requested absence.
    #[serde(flatten)]
    pub ask: AbsenceDraft,
    /// The API it was sent through.
    pub lucca_api: Option<AbsenceApi>,
    /// Lucca's id of the request; `None` if there is none, as for an import that is approved at once.
    pub request_id: Option<RemoteId>,
    /// Lucca's id of the absence (leave period).
    pub absence_id: Option<RemoteId>,
    /// The half-days it takes, once created.
    pub half_days: Vec<TakenHalfDay>,
    /// Every decision so far, in order.
    pub approvals: Vec<Approval>,
    /// The approver whose decision is pending.
    pub next_approver_id: Option<RemoteId>,
    /// Every request to cancel it after its approval.
    pub cancellation_requests: Vec<CancellationRequest>,
    /// Why it was refused, or not created.
    pub problems: Vec<Problem>,
    /// The warnings to acknowledge, under the same idempotency key, before it is sent.
    pub warnings: Vec<Warning>,
    /// When the submission was created, UTC.
    pub created_at: Timestamp,
    /// When its state was last read, UTC.
    pub updated_at: Timestamp,
}

impl Report {
    /// The report of a submission.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] if it can't be parsed.
    pub fn of(submission: &Submission) -> Result<Self, Error> {
        let ask = ask_of(submission)?;
        let detail = Detail::of(submission)?;
        let status = match submission.state {
            SubmissionState::Queued | SubmissionState::Sending => Status::Submitting,
            SubmissionState::InDoubt => Status::InDoubt,
            SubmissionState::Refused => Status::Refused,
            SubmissionState::NotMade => Status::NotCreated,
            SubmissionState::Made => follow::status(submission).map_or(Status::InDoubt, Status::from),
        };
        let leaves = submission.absence.iter().flat_map(|absence| &absence.leaves);
        let request = submission.request.as_ref();
        Ok(Self {
            id: submission.id,
            idempotency_key: submission.idempotency_key.clone(),
            status,
            ask,
            lucca_api: detail.lucca_api,
            request_id: submission.request_id.clone(),
            absence_id: submission.absence_id.clone(),
            half_days: leaves
                .map(|leave| TakenHalfDay {
                    at: leave.at(),
                    is_active: leave.is_active,
                    minutes: leave.minutes,
                })
                .collect(),
            approvals: request.map(|request| request.approvals.clone()).unwrap_or_default(),
            next_approver_id: request.and_then(|request| request.next_approver_id.clone()),
            cancellation_requests: request
                .map(|request| request.cancellation_requests.clone())
                .unwrap_or_default(),
            problems: detail.problems,
            warnings: detail.confirm,
            created_at: submission.created_at,
            updated_at: submission.updated_at,
        })
    }
}
