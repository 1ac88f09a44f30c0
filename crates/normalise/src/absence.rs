//! Normalises half-days (leaves), absence requests, user log entries and calendar days.

use compact_str::CompactString;
use lucca::Unreadable;
use lucca::resources as wire;
use people::{
    AbsenceRequest, AbsenceRequestStatus, Approval, CancellationRequest, Confirmation, Half, Leave, RemoteId,
    UserLogEntry, WorkingDay,
};
use people::{FieldGroup, FieldGroups};

use crate::text;

/// A half-day with its absence.
#[derive(Clone, Debug)]
pub struct LeaveOfAbsence {
    /// The absence's id.
    pub absence_id: RemoteId,
    /// The absent employee.
    pub employee_id: Option<RemoteId>,
    /// The absence's approval, with its time.
    pub confirmation: Confirmation,
    /// The half-day.
    pub leave: Leave,
    /// The name of the leave type.
    pub leave_type_name: Option<CompactString>,
}

/// Normalises a leave. Its comment is dropped unless `groups` contain [`FieldGroup::LeaveReason`].
///
/// # Errors
///
/// If the leave has no period, because its absence is unknown then.
pub fn leave(leave: wire::Leave, groups: FieldGroups) -> Result<LeaveOfAbsence, Unreadable> {
    let Some(period) = leave.period else {
        return Err(Unreadable { field: "leavePeriodId".into(), reason: "missing".to_owned() });
    };
    let (leave_type_id, leave_type_name) = match leave.account {
        Some(account) => (Some(account.id), account.name),
        None => (None, None),
    };
    Ok(LeaveOfAbsence {
        absence_id: period.id,
        employee_id: leave.owner.or(period.owner_id),
        confirmation: Confirmation { is_confirmed: period.is_confirmed, confirmed_at: period.confirmed_at },
        leave: Leave {
            id: leave.id,
            date: leave.date,
            half: match leave.half {
                wire::Half::Am => Half::Am,
                wire::Half::Pm => Half::Pm,
            },
            leave_type_id,
            minutes: leave.minutes,
            value: leave.value,
            // Without the flag, a leave counts as active unless it was cancelled.
            is_active: leave.is_active.unwrap_or(leave.cancelled_at.is_none()),
            created_at: leave.created_at,
            cancelled_at: leave.cancelled_at,
            cancelled_by: leave.cancelled_by,
            comment: text(leave.comment).filter(|_| groups.contains(FieldGroup::LeaveReason)),
        },
        leave_type_name,
    })
}

/// Normalises a leave request.
pub fn absence_request(request: wire::LeaveRequest, groups: FieldGroups) -> AbsenceRequest {
    use wire::LeaveRequestStatus as Status;
    let words = |words| text(words).filter(|_| groups.contains(FieldGroup::LeaveReason));
    let status = match request.status {
        Some(Status::Pending) => AbsenceRequestStatus::Pending,
        Some(Status::Approved) => AbsenceRequestStatus::Approved,
        Some(Status::Denied) => AbsenceRequestStatus::Denied,
        Some(Status::Cancelled) => AbsenceRequestStatus::Cancelled,
        Some(Status::CancellationPending) => AbsenceRequestStatus::CancellationPending,
        Some(Status::Other(_)) | None => AbsenceRequestStatus::Unknown,
    };
    let approvals = request.approvals.into_iter().map(|approval| Approval {
        id: Some(approval.id),
        approver_id: approval.approver_id,
        substituted_approver_id: approval.substituted_approver_id,
        approved: approval.approved.unwrap_or(false),
        at: approval.date,
        comment: words(approval.comment),
    });
    let cancellations = request.cancellation_requests.into_iter().map(|cancellation| CancellationRequest {
        id: Some(cancellation.id),
        author_id: cancellation.author_id,
        rank: cancellation.rank,
        approved: cancellation.approved,
        created_at: cancellation.created_at,
        next_approver_id: cancellation.next_approver_id,
        is_active: cancellation.is_active.unwrap_or(true),
        comment: words(cancellation.comment),
    });
    AbsenceRequest {
        id: request.id,
        absence_id: request.period_id,
        employee_id: request.owner_id,
        status,
        status_native: text(request.status_text),
        created_at: request.created_at,
        next_approver_id: request.next_approver_id,
        cancelled_at: request.cancelled_at,
        cancelled_by: request.cancelled_by,
        approvals: approvals.collect(),
        cancellation_requests: cancellations.collect(),
        is_active: request.is_active.unwrap_or(true),
        comment: words(request.owner_comment),
    }
    .in_order()
}

/// Normalises an entry of the user log. Returns an error for an entry without owner or property.
pub fn user_log_entry(log: wire::UserLog) -> Result<UserLogEntry, Unreadable> {
    let missing = |field: &'static str| Unreadable { field: field.into(), reason: "missing".to_owned() };
    let employee_id = log.owner_id.ok_or_else(|| missing("owner"))?;
    let property = text(log.property).ok_or_else(|| missing("name"))?;
    // As in users: an employee who becomes their own manager has none from then on.
    let is_own_manager =
        |value: &String| property.eq_ignore_ascii_case("manager") && *value == employee_id.as_str();
    Ok(UserLogEntry {
        id: log.id,
        value: text(log.value).filter(|value| !is_own_manager(value)),
        employee_id,
        property,
        changed_at: log.modified_at,
        author_id: log.author_id,
    })
}

/// Converts a day of one employee's calendar to a day of every employee with the same calendar and work
/// cycle.
pub fn working_day(
    day: &wire::UserDate,
    calendar_id: Option<RemoteId>,
    work_cycle_id: Option<RemoteId>,
) -> WorkingDay {
    let minutes = |half: wire::HalfDay| match half.is_off {
        Some(true) => Some(0),
        _ => half.theoretical_minutes,
    };
    WorkingDay {
        id: WorkingDay::id_of(calendar_id.as_ref(), work_cycle_id.as_ref(), day.date),
        calendar_id,
        work_cycle_id,
        date: day.date,
        is_public_holiday: day.is_holiday.unwrap_or(false),
        is_weekly_rest: day.is_weekly_rest.unwrap_or(false),
        am_minutes: minutes(day.am),
        pm_minutes: minutes(day.pm),
    }
}
