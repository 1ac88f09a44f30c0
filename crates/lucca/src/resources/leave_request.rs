//! Leave requests, their approvals and the requests to cancel them. Source: absences.md §2.4.

use people::{RemoteId, SourceTime};

use super::Resource;
use super::private::FromRecord;
use crate::item::Unreadable;
use crate::reader::Record;

/// A request for a period of absence (`/api/v3/leaveRequests`). Periods entered by HR have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaveRequest {
    /// Its id.
    pub id: RemoteId,
    /// The requested period.
    pub period_id: Option<RemoteId>,
    /// The employee who will be absent.
    pub owner_id: Option<RemoteId>,
    /// Its status; `None` only if the server does not send it.
    pub status: Option<LeaveRequestStatus>,
    /// The status as the server sent it.
    pub status_text: Option<String>,
    /// Creation time; without a zone.
    pub created_at: Option<SourceTime>,
    /// The user who has to approve next.
    pub next_approver_id: Option<RemoteId>,
    /// The user who cancelled it.
    pub cancelled_by: Option<RemoteId>,
    /// Cancellation time; without a zone.
    pub cancelled_at: Option<SourceTime>,
    /// False once cancelled.
    pub is_active: Option<bool>,
    /// Every decision so far, in the server's order; several in a workflow of several levels.
    pub approvals: Vec<Approval>,
    /// Every request to cancel it.
    pub cancellation_requests: Vec<CancellationRequest>,
    /// The owner's comment; only requested with [`FieldGroup::LeaveReason`](crate::FieldGroup::LeaveReason).
    // unverified: whether it is the comment of the period's log at status 0 (absences.md §2.2).
    pub owner_comment: Option<String>,
}

/// Status of a [`LeaveRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LeaveRequestStatus {
    /// Waits for an approval; 0.
    Pending,
    /// Approved; 2.
    Approved,
    /// Denied; 3.
    Denied,
    /// Cancelled; 4.
    Cancelled,
    /// Approved, and its cancellation waits for an approval; 5.
    CancellationPending,
    /// Another number or word, as it was sent.
    Other(Box<str>),
}

impl LeaveRequestStatus {
    /// The number is documented; words are tolerated in any case and with any separators.
    // unverified: whether words are ever sent; only the guide to v3 mentions an enumeration of words.
    fn of(text: &str) -> Self {
        let word: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
        match word.to_ascii_lowercase().as_str() {
            "0" | "pending" | "pendingapproval" => Self::Pending,
            "2" | "approved" => Self::Approved,
            "3" | "denied" | "rejected" | "refused" => Self::Denied,
            "4" | "cancelled" | "canceled" => Self::Cancelled,
            "5" | "cancellationpending" | "pendingcancellation" => Self::CancellationPending,
            _ => Self::Other(text.into()),
        }
    }
}

/// A decision on a [`LeaveRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Its id.
    pub id: RemoteId,
    /// Time of the decision; without a zone.
    pub date: Option<SourceTime>,
    /// The user who decided.
    pub approver_id: Option<RemoteId>,
    /// The user they substituted for.
    pub substituted_approver_id: Option<RemoteId>,
    /// Whether it was approved; false means denied.
    pub approved: Option<bool>,
    /// The approver's comment; only requested with
    /// [`FieldGroup::LeaveReason`](crate::FieldGroup::LeaveReason).
    pub comment: Option<String>,
}

/// A request to cancel an approved [`LeaveRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancellationRequest {
    /// Its id.
    pub id: RemoteId,
    /// The user who requests the cancellation.
    pub author_id: Option<RemoteId>,
    /// The author's comment; only requested with [`FieldGroup::LeaveReason`](crate::FieldGroup::LeaveReason).
    pub comment: Option<String>,
    /// Its level in the workflow.
    pub rank: Option<i64>,
    /// Whether it was approved.
    pub approved: Option<bool>,
    /// Creation time; without a zone.
    pub created_at: Option<SourceTime>,
    /// The user who has to approve next.
    pub next_approver_id: Option<RemoteId>,
    /// Whether it is still open.
    pub is_active: Option<bool>,
}

impl Resource for LeaveRequest {}

impl FromRecord for LeaveRequest {
    fn read(id: RemoteId, record: &mut Record<'_>) -> Result<Self, Unreadable> {
        let period = record.inner("leavePeriod", |period| {
            let owner = user(period, "owner", "ownerId");
            (period.id_field("id"), owner, first_comment(period))
        });
        let status_text = record.text("status").map(|text| text.trim().to_owned());
        let (period_id, owner_id, log) = period.unwrap_or_default();
        Ok(Self {
            id,
            period_id: record.id_field("leavePeriodId").or(period_id),
            owner_id: owner_id.or_else(|| user(record, "owner", "ownerId")),
            status: status_text.as_deref().map(LeaveRequestStatus::of),
            status_text,
            created_at: record.time(&["creationDate"]),
            next_approver_id: user(record, "nextApprover", "nextApproverId"),
            cancelled_by: user(record, "cancellationUser", "cancellationUserId"),
            cancelled_at: record.time(&["cancellationDate"]),
            is_active: record.flag("isActive"),
            approvals: record.list("approvals", |approval| {
                Some(Approval {
                    id: approval.id_field("id")?,
                    date: approval.time(&["date"]),
                    approver_id: user(approval, "approver", "approverId"),
                    substituted_approver_id: user(approval, "substitutedApprover", "substitutedApproverId"),
                    approved: approval.flag("approved"),
                    comment: approval.text("comment"),
                })
            }),
            cancellation_requests: record.list("cancellationRequests", |request| {
                Some(CancellationRequest {
                    id: request.id_field("id")?,
                    author_id: user(request, "author", "authorId"),
                    comment: request.text("comment"),
                    rank: request.integer("rank"),
                    approved: request.flag("approved"),
                    created_at: request.time(&["creationDate"]),
                    next_approver_id: user(request, "nextApprover", "nextApproverId"),
                    is_active: request.flag("isActive"),
                })
            }),
            owner_comment: record.text("comment").or(log),
        })
    }
}

fn user(record: &mut Record<'_>, nested: &'static str, flat: &'static str) -> Option<RemoteId> {
    record.reference(nested, flat).map(|user| user.id)
}

/// The comment of the first entry in a period's log that records the creation of a request.
fn first_comment(period: &mut Record<'_>) -> Option<String> {
    let entries = period.list("logs", |log| Some((log.text("status"), log.text("comment"))));
    let mut made = entries.into_iter().filter(|(status, _)| {
        status.as_deref().is_some_and(|status| LeaveRequestStatus::of(status) == LeaveRequestStatus::Pending)
    });
    made.next()?.1
}
