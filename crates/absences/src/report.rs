//! A submission as the API and the command line tell it.

use jiff::Timestamp;
use people::{AbsenceStatus, Approval, CancellationRequest, HalfDay, RemoteId};
use serde::Serialize;
use store::{Submission, SubmissionId, SubmissionState};

use crate::ask::Ask;
use crate::door::DoorKind;
use crate::follow;
use crate::problem::{Error, Problem, Warning};
use crate::submit::{Detail, ask_of};

/// How an absence request made here stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// On its way to Lucca.
    Submitting,
    /// Sent, and not answered: it is being looked for, and not sent again.
    InDoubt,
    /// Lucca, or a rule in it, said no before it was made.
    Refused,
    /// It did not arrive.
    NotMade,
    /// An approver is awaited.
    Pending,
    /// It takes place.
    Approved,
    /// An approver refused.
    Denied,
    /// Taken back, or taken out by HR.
    Cancelled,
    /// It takes place, unless the wish to cancel it is granted.
    CancellationPending,
}

impl Status {
    /// The status's name, as JSON writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Submitting => "submitting",
            Self::InDoubt => "in_doubt",
            Self::Refused => "refused",
            Self::NotMade => "not_made",
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Cancelled => "cancelled",
            Self::CancellationPending => "cancellation_pending",
        }
    }

    /// Whether more is to be heard of it without anybody doing anything.
    pub const fn is_on_its_way(self) -> bool {
        matches!(self, Self::Submitting | Self::InDoubt)
    }
}

impl From<AbsenceStatus> for Status {
    fn from(status: AbsenceStatus) -> Self {
        match status {
            AbsenceStatus::Requested => Self::Pending,
            AbsenceStatus::Approved => Self::Approved,
            AbsenceStatus::Denied => Self::Denied,
            AbsenceStatus::Cancelled => Self::Cancelled,
            AbsenceStatus::CancellationPending => Self::CancellationPending,
        }
    }
}

/// A half-day of an absence that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TakenHalfDay {
    /// Which.
    pub at: HalfDay,
    /// False once it was cancelled, or denied with the rest.
    pub is_active: bool,
    /// How long it is, where the leave type is counted in hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes: Option<i64>,
}

/// An absence request made through the connector.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Its id.
    pub id: SubmissionId,
    /// The caller's name for it.
    pub idempotency_key: String,
    /// How it stands.
    pub status: Status,
    /// What was asked for.
    #[serde(flatten)]
    pub ask: Ask,
    /// The door it went through.
    pub door: Option<DoorKind>,
    /// Lucca's id of the request; none where there is none, as in an import that was approved at once.
    pub request_id: Option<RemoteId>,
    /// Lucca's id of the absence (leave period).
    pub absence_id: Option<RemoteId>,
    /// The half-days it takes, once it is made.
    pub half_days: Vec<TakenHalfDay>,
    /// Every decision so far, in order.
    pub approvals: Vec<Approval>,
    /// Whose decision is awaited.
    pub next_approver_id: Option<RemoteId>,
    /// Every wish to cancel it after it was approved.
    pub cancellation_requests: Vec<CancellationRequest>,
    /// Why it was refused, or not made.
    pub problems: Vec<Problem>,
    /// What has to be acknowledged, under the same idempotency key, before it is made.
    pub warnings: Vec<Warning>,
    /// When it was asked for here, UTC.
    pub created_at: Timestamp,
    /// When something was last heard of it, UTC.
    pub updated_at: Timestamp,
}

impl Report {
    /// How a submission stands.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] where it can't be read back.
    pub fn of(submission: &Submission) -> Result<Self, Error> {
        let ask = ask_of(submission)?;
        let detail = Detail::of(submission)?;
        let status = match submission.state {
            SubmissionState::Queued | SubmissionState::Sending => Status::Submitting,
            SubmissionState::InDoubt => Status::InDoubt,
            SubmissionState::Refused => Status::Refused,
            SubmissionState::NotMade => Status::NotMade,
            SubmissionState::Made => follow::status(submission).map_or(Status::InDoubt, Status::from),
        };
        let leaves = submission.absence.iter().flat_map(|absence| &absence.leaves);
        let request = submission.request.as_ref();
        Ok(Self {
            id: submission.id,
            idempotency_key: submission.idempotency_key.clone(),
            status,
            ask,
            door: detail.door,
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
