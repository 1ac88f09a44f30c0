//! The request that asks for an absence, everyone who decided on it, and what that makes of the absence.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Absence;
use crate::{RemoteId, SourceTime};

/// Where a request stands in its workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsenceRequestStatus {
    /// An approver is awaited (Lucca: 0).
    Pending,
    /// Every approver agreed (2).
    Approved,
    /// An approver refused (3).
    Denied,
    /// It was taken back (4).
    Cancelled,
    /// Approved, and an approver is awaited for taking it back (5).
    CancellationPending,
    /// Lucca sent none, or one that is not documented.
    #[serde(other)]
    Unknown,
}

impl AbsenceRequestStatus {
    /// The status's name, as JSON writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Cancelled => "cancelled",
            Self::CancellationPending => "cancellation_pending",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for AbsenceRequestStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The workflow that asks for an absence (Lucca: leave request). What HR enters has none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AbsenceRequest {
    /// Lucca's id.
    pub id: RemoteId,
    /// The absence it asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absence_id: Option<RemoteId>,
    /// Who would be away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub employee_id: Option<RemoteId>,
    /// Where it stands.
    pub status: AbsenceRequestStatus,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<SourceTime>,
    /// The employee whose decision is awaited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_approver_id: Option<RemoteId>,
    /// When it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<SourceTime>,
    /// The employee who cancelled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_by: Option<RemoteId>,
    /// Every decision on it, in order; several where the workflow has several levels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Approval>,
    /// Every demand to cancel it after approval, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cancellation_requests: Vec<CancellationRequest>,
    /// False once cancelled.
    pub is_active: bool,
    /// What the employee wrote (field group `leave_reason`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// One approver's decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// Lucca's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RemoteId>,
    /// The employee who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver_id: Option<RemoteId>,
    /// The employee in whose place they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub substituted_approver_id: Option<RemoteId>,
    /// True for an approval, false for a refusal.
    // unverified: the documentation says "pending" for false, which a decision that was made cannot be.
    pub approved: bool,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<SourceTime>,
    /// What they wrote; a refusal needs a comment (field group `leave_reason`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A demand to cancel an absence that was approved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CancellationRequest {
    /// Lucca's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RemoteId>,
    /// The employee who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_id: Option<RemoteId>,
    /// Lucca's `rank`.
    // unverified: what it ranks; the documentation has another field's text there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<i64>,
    /// Whether it was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<bool>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<SourceTime>,
    /// The employee whose decision is awaited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_approver_id: Option<RemoteId>,
    /// Whether it still stands.
    pub is_active: bool,
    /// What its author wrote (field group `leave_reason`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl AbsenceRequest {
    /// The same request with its approvals and cancellation requests in order of time. A list in which one
    /// has no time keeps the order in which Lucca sent it.
    // unverified: in which order Lucca sends them.
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

    /// Takes out what some people wrote as approvers, or when they asked for a cancellation; their ids stay. Gives
    /// whether there was anything.
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

/// What an absence has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsenceStatus {
    /// Asked for, not decided.
    Requested,
    /// It takes place.
    Approved,
    /// Refused.
    Denied,
    /// Taken back, or taken out by HR.
    Cancelled,
    /// It takes place, unless the demand to cancel it is granted.
    CancellationPending,
}

impl AbsenceStatus {
    /// Every status.
    pub const ALL: [Self; 5] =
        [Self::Requested, Self::Approved, Self::Denied, Self::Cancelled, Self::CancellationPending];

    /// The status's name, as JSON writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Cancelled => "cancelled",
            Self::CancellationPending => "cancellation_pending",
        }
    }
}

impl fmt::Display for AbsenceStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What an absence has come to, by itself and by its request where it has one.
///
/// The two are read at different moments, so one can lag behind the other. A request goes from pending to
/// approved or denied and from there only towards cancelled, so the one that is further along is right: a
/// confirmed absence is approved though its request still looks pending, and one without an active leave does
/// not take place whatever its request says. Without a request (HR entered it, or requests cannot be read) an
/// active absence is approved unless Lucca says that it is not confirmed.
// unverified: that an active leave without a word on its confirmation is approved. The documentation calls
// what the list returns "approved leaves".
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
        Request::Pending => AbsenceStatus::Requested,
        Request::Unknown if absence.is_confirmed == Some(false) => AbsenceStatus::Requested,
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
    fn without_a_request_the_leaves_and_the_confirmation_decide() {
        let status = |is_active, is_confirmed| absence_status(&absence(is_active, is_confirmed), None);
        assert_eq!(status(true, Some(true)), AbsenceStatus::Approved);
        assert_eq!(status(true, Some(false)), AbsenceStatus::Requested);
        assert_eq!(status(true, None), AbsenceStatus::Approved);
        assert_eq!(status(false, Some(true)), AbsenceStatus::Cancelled);
    }

    #[test]
    fn the_one_that_is_further_along_is_right() {
        let status = |is_active, is_confirmed, of_request: &str| {
            absence_status(&absence(is_active, Some(is_confirmed)), Some(&request(of_request)))
        };
        assert_eq!(status(true, false, "pending"), AbsenceStatus::Requested);
        assert_eq!(status(true, true, "pending"), AbsenceStatus::Approved);
        assert_eq!(status(true, false, "approved"), AbsenceStatus::Approved);
        assert_eq!(status(false, true, "approved"), AbsenceStatus::Cancelled);
        assert_eq!(status(true, true, "cancelled"), AbsenceStatus::Cancelled);
        assert_eq!(status(true, false, "denied"), AbsenceStatus::Denied);
        assert_eq!(status(false, false, "denied"), AbsenceStatus::Denied);
        assert_eq!(status(true, true, "cancellation_pending"), AbsenceStatus::CancellationPending);
        assert_eq!(status(false, true, "cancellation_pending"), AbsenceStatus::Cancelled);
        assert_eq!(status(true, false, "a status of next year"), AbsenceStatus::Requested);
    }

    #[test]
    fn decisions_stand_in_order_of_time_unless_one_has_none() {
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
