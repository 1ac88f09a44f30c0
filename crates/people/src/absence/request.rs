//! Absence requests, the decisions on them, and the resulting status of an absence.

use serde::{Deserialize, Serialize};

use super::Absence;
use crate::catalog::model;
use crate::{RemoteId, SourceTime};

/// Status of a request in its workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsenceRequestStatus {
    /// An approver's decision is pending (Lucca: 0).
    Pending,
    /// Every approver approved (2).
    Approved,
    /// An approver denied it (3).
    Denied,
    /// Cancelled (4).
    Cancelled,
    /// Approved, and an approver's decision on its cancellation is pending (5).
    CancellationPending,
    /// Lucca sent no status, or an undocumented one.
    #[serde(other)]
    Unknown,
}

crate::names! {
    AbsenceRequestStatus: "absence request status" {
        Pending = "pending",
        Approved = "approved",
        Denied = "denied",
        Cancelled = "cancelled",
        CancellationPending = "cancellation_pending",
        Unknown = "unknown",
    }
}

model! {
    /// A workflow that requests an absence (Lucca: leave request). Absences entered by HR have none.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct AbsenceRequest {
        /// Lucca's id.
        id: RemoteId = lucca(&[wire("id")]);
        /// The requested absence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        absence_id: Option<RemoteId> = lucca(&[wire("leavePeriodId")]).column(Column::AbsenceId);
        /// The employee who would be away.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        employee_id: Option<RemoteId> = lucca(&[wire("ownerId").within("leavePeriod")])
            .column(Column::EmployeeId);
        /// Its status.
        status: AbsenceRequestStatus = made("computed from status").column(Column::Status);
        /// The status as Lucca sends it: a code or a word.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status_native: Option<String> = lucca(&[wire("status")]);
        /// Creation time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        created_at: Option<SourceTime> = lucca(&[wire("creationDate")]);
        /// The employee who has to decide next.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_approver_id: Option<RemoteId> = lucca(&[wire("nextApprover"), wire("nextApproverId")]);
        /// Cancellation time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cancelled_at: Option<SourceTime> = lucca(&[wire("cancellationDate")]);
        /// The employee who cancelled it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cancelled_by: Option<RemoteId> = lucca(&[wire("cancellationUser"), wire("cancellationUserId")]);
        /// Every decision, in order of time; several if the workflow has several levels.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        approvals: Vec<Approval> = lucca(&[wire("approvals")]).note("approvals");
        /// Every request to cancel it after approval, in order of time.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        cancellation_requests: Vec<CancellationRequest> = lucca(&[wire("cancellationRequests")])
            .note("cancellationRequests");
        /// False once cancelled.
        is_active: bool = lucca(&[wire("isActive")]);
        /// The employee's comment (field group `leave_reason`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String> = lucca(&[wire("comment")]).of(LEAVE_REASON);
    }
}

model! {
    /// One approver's decision.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Approval {
        /// Lucca's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RemoteId> = lucca(&[wire("id")]);
        /// The employee who decided.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approver_id: Option<RemoteId> = lucca(&[wire("approver"), wire("approverId")]);
        /// The approver that they substituted for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        substituted_approver_id: Option<RemoteId> =
            lucca(&[wire("substitutedApprover"), wire("substitutedApproverId")]);
        /// True for an approval, false for a denial.
        // unverified: the documentation says "pending" for false, which a past decision cannot be.
        approved: bool = lucca(&[wire("approved")]);
        /// Time of the decision.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<SourceTime> = lucca(&[wire("date")]);
        /// The approver's comment; a denial needs one (field group `leave_reason`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String> = lucca(&[wire("comment")]).of(LEAVE_REASON);
    }
}

model! {
    /// A request to cancel an approved absence.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct CancellationRequest {
        /// Lucca's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RemoteId> = lucca(&[wire("id")]);
        /// The employee who requests the cancellation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        author_id: Option<RemoteId> = lucca(&[wire("author"), wire("authorId")]);
        /// Lucca's `rank`.
        // unverified: the meaning of `rank`; the documentation has another field's text there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rank: Option<i64> = lucca(&[wire("rank")]);
        /// Whether it was granted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approved: Option<bool> = lucca(&[wire("approved")]);
        /// Creation time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        created_at: Option<SourceTime> = lucca(&[wire("creationDate")]);
        /// The employee who has to decide next.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_approver_id: Option<RemoteId> = lucca(&[wire("nextApprover"), wire("nextApproverId")]);
        /// Whether it is still open.
        is_active: bool = lucca(&[wire("isActive")]);
        /// The author's comment (field group `leave_reason`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String> = lucca(&[wire("comment")]).of(LEAVE_REASON);
    }
}

impl AbsenceRequest {
    /// The same request with its approvals and cancellation requests in order of time. A list with an entry
    /// without a time keeps Lucca's order.
    // unverified: the order in which Lucca sends them.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        if self.approvals.iter().all(|approval| approval.at.is_some()) {
            self.approvals.sort_by_key(|approval| approval.at.map(SourceTime::earliest));
        }
        if self.cancellation_requests.iter().all(|request| request.created_at.is_some()) {
            self.cancellation_requests.sort_by_key(|request| request.created_at.map(SourceTime::earliest));
        }
        self
    }

    /// Deletes the comments that matching employees wrote as approvers or as authors of a cancellation
    /// request; their ids stay. Returns true if any was deleted.
    pub fn forget_words_of(&mut self, is_meant: impl Fn(&RemoteId) -> bool) -> bool {
        let approvals = self.approvals.iter_mut().map(|step| (&step.approver_id, &mut step.comment));
        let cancellations =
            self.cancellation_requests.iter_mut().map(|step| (&step.author_id, &mut step.comment));
        let mut is_changed = false;
        for (author, comment) in approvals.chain(cancellations) {
            if author.as_ref().is_some_and(&is_meant) {
                is_changed |= comment.take().is_some();
            }
        }
        is_changed
    }
}

/// The effective status of an absence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsenceStatus {
    /// Not decided yet.
    Pending,
    /// It takes place.
    Approved,
    /// Refused.
    Denied,
    /// Cancelled, or deleted by HR.
    Cancelled,
    /// It takes place, unless the request to cancel it is granted.
    CancellationPending,
}

crate::names! {
    AbsenceStatus: "absence status" {
        Pending = "pending",
        Approved = "approved",
        Denied = "denied",
        Cancelled = "cancelled",
        CancellationPending = "cancellation_pending",
    }
}

/// The effective status of an absence, from the absence and, if it has one, its request.
///
/// Syncs read the two at different moments, so one can lag behind the other. A request goes from pending to
/// approved or denied and from there only towards cancelled, so the more advanced of the two is right: a
/// confirmed absence is approved even if its request is still pending, and an absence without an active leave
/// does not take place, regardless of its request. Without a request (HR entered the absence, or requests
/// can't be read) an active absence is approved unless Lucca marks it as not confirmed.
// unverified: whether an active leave without confirmation data is approved. The documentation calls the
// listed records "approved leaves".
pub fn absence_status(absence: &Absence, request: Option<&AbsenceRequest>) -> AbsenceStatus {
    use AbsenceRequestStatus as Request;
    let status = request.map_or(Request::Unknown, |request| request.status);
    match status {
        Request::Denied => AbsenceStatus::Denied,
        Request::Cancelled => AbsenceStatus::Cancelled,
        _ if !absence.is_active => AbsenceStatus::Cancelled,
        Request::CancellationPending => AbsenceStatus::CancellationPending,
        Request::Approved => AbsenceStatus::Approved,
        Request::Pending if absence.is_confirmed == Some(true) => AbsenceStatus::Approved,
        Request::Pending => AbsenceStatus::Pending,
        Request::Unknown if absence.is_confirmed == Some(false) => AbsenceStatus::Pending,
        Request::Unknown => AbsenceStatus::Approved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Confirmation, Half, Leave};

    fn absence(is_active: bool, is_confirmed: Option<bool>) -> Absence {
        let leave = Leave {
            id: "9-20260504-AM".into(),
            date: jiff::civil::date(2026, 5, 4),
            half: Half::Am,
            leave_type_id: None,
            minutes: None,
            value: None,
            is_active,
            created_at: None,
            cancelled_at: None,
            cancelled_by: None,
            comment: None,
        };
        let confirmation = Confirmation { is_confirmed, confirmed_at: None };
        Absence::from_leaves("9".into(), None, confirmation, [leave]).unwrap()
    }

    fn request(status: &str) -> AbsenceRequest {
        serde_json::from_value(serde_json::json!({"id": "1", "status": status, "is_active": true})).unwrap()
    }

    #[test]
    fn absence_status_without_request() {
        let status = |is_active, is_confirmed| absence_status(&absence(is_active, is_confirmed), None);
        assert_eq!(status(true, Some(true)), AbsenceStatus::Approved);
        assert_eq!(status(true, Some(false)), AbsenceStatus::Pending);
        assert_eq!(status(true, None), AbsenceStatus::Approved);
        assert_eq!(status(false, Some(true)), AbsenceStatus::Cancelled);
    }

    #[test]
    fn more_advanced_status_wins() {
        let status = |is_active, is_confirmed, of_request: &str| {
            absence_status(&absence(is_active, Some(is_confirmed)), Some(&request(of_request)))
        };
        assert_eq!(status(true, false, "pending"), AbsenceStatus::Pending);
        assert_eq!(status(true, true, "pending"), AbsenceStatus::Approved);
        assert_eq!(status(true, false, "approved"), AbsenceStatus::Approved);
        assert_eq!(status(false, true, "approved"), AbsenceStatus::Cancelled);
        assert_eq!(status(true, true, "cancelled"), AbsenceStatus::Cancelled);
        assert_eq!(status(true, false, "denied"), AbsenceStatus::Denied);
        assert_eq!(status(false, false, "denied"), AbsenceStatus::Denied);
        assert_eq!(status(true, true, "cancellation_pending"), AbsenceStatus::CancellationPending);
        assert_eq!(status(false, true, "cancellation_pending"), AbsenceStatus::Cancelled);
        assert_eq!(status(true, false, "a status of next year"), AbsenceStatus::Pending);
    }

    #[test]
    fn decisions_are_sorted_if_all_have_times() {
        let approval = |id: i64, at: &str| Approval {
            id: Some(id.into()),
            approver_id: None,
            substituted_approver_id: None,
            approved: true,
            at: at.parse().ok(),
            comment: None,
        };
        let ids = |request: &AbsenceRequest| -> Vec<String> {
            request.approvals.iter().filter_map(|approval| Some(approval.id.as_ref()?.to_string())).collect()
        };
        let mut asked = request("approved");
        asked.approvals = vec![approval(1, "2026-05-04T10:00:00"), approval(2, "2026-05-03T10:00:00")];
        let mut asked = asked.in_order();
        assert_eq!(ids(&asked), ["2", "1"]);
        asked.approvals.push(approval(3, ""));
        asked.approvals.rotate_right(1);
        assert_eq!(ids(&asked.in_order()), ["3", "2", "1"]);
    }
}
