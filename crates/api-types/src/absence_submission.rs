//! Absence submissions: absence requests made through the connector, with their previews and leave types.

use absences::{Amount, Balance, Changed, Overlap, Preview, Report, UsableLeaveType};
use people::{DayOff, HalfDay, LeaveUnit, RemoteId};
use serde::Serialize;
use store::Submission;
use utoipa::ToSchema;

use crate::{
    AbsenceApi, AbsenceProblem, AbsenceSubmissionStatus, AbsenceWarning, EmployeeSummary, all, time,
};

/// A leave type, as the employee may use it.
#[derive(Serialize, ToSchema)]
pub struct EmployeeLeaveType {
    /// Lucca's id. Yearly leave types have a new id each year.
    #[schema(value_type = String, example = "34")]
    id: RemoteId,
    /// The name, in the language of the API key.
    #[schema(example = "Remote work")]
    name: Option<String>,
    /// The unit.
    #[schema(value_type = Option<LeaveUnitName>)]
    unit: Option<LeaveUnit>,
    /// Whether half-days can be taken, if Lucca reports it.
    half_days: Option<bool>,
    /// The step in hours, if Lucca reports it.
    step_hours: Option<f64>,
    /// The balance, in the leave type's unit, if Lucca reports it.
    balance: Option<f64>,
    /// Whether it is remote work.
    is_remote_work: Option<bool>,
}

impl From<UsableLeaveType> for EmployeeLeaveType {
    fn from(leave_type: UsableLeaveType) -> Self {
        let UsableLeaveType { id, name, unit, half_days, step_hours, balance, is_remote_work } = leave_type;
        Self { id, name, unit, half_days, step_hours, balance, is_remote_work }
    }
}

/// The leave types that an employee may use.
#[derive(Serialize, ToSchema)]
pub struct EmployeeLeaveTypeList {
    /// The employee.
    pub employee: EmployeeSummary,
    /// The leave types.
    pub items: Vec<EmployeeLeaveType>,
    /// Whether Lucca offered these leave types to this employee for this period. If false, the list has all
    /// leave types of the tenant.
    pub is_offered: bool,
}

/// The unit of a leave type.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case", as = LeaveUnit)]
#[expect(dead_code, reason = "describes `LeaveUnit`")]
enum LeaveUnitName {
    Days,
    Hours,
    Other,
}

/// Why an employee does not work on a half-day. `not_worked`: part-time, or no contract.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes `DayOff`")]
enum NonWorkingReason {
    PublicHoliday,
    WeeklyRest,
    NotWorked,
}

/// A half-day on which the employee does not work anyway.
#[derive(Serialize, ToSchema)]
pub struct NonWorkingHalfDay {
    /// The half-day.
    #[schema(value_type = String, example = "2026-05-08 AM")]
    half_day: HalfDay,
    /// The reason.
    #[schema(value_type = NonWorkingReason)]
    reason: DayOff,
}

/// The half-days of an absence.
#[derive(Serialize, ToSchema)]
pub struct HalfDayPlan {
    /// The half-days that would be taken, in order.
    #[schema(value_type = Vec<String>, example = json!(["2026-05-04 PM", "2026-05-05 AM"]))]
    taken: Vec<HalfDay>,
    /// The half-days in between that would not be taken.
    off: Vec<NonWorkingHalfDay>,
    /// Whether some days are estimates, Monday to Friday, because Lucca reported nothing about them.
    is_estimated: bool,
}

impl From<people::Plan> for HalfDayPlan {
    fn from(plan: people::Plan) -> Self {
        let off = plan.off.into_iter().map(|one| NonWorkingHalfDay { half_day: one.at, reason: one.why });
        Self { taken: plan.taken, off: off.collect(), is_estimated: plan.is_estimated }
    }
}

/// The amount of a leave type that an absence takes.
#[derive(Serialize, ToSchema)]
pub struct LeaveAmount {
    /// The amount, in the unit.
    #[schema(example = 2.5)]
    value: f64,
    /// The unit.
    #[schema(value_type = LeaveUnitName)]
    unit: LeaveUnit,
}

/// The balance of a leave type, in its unit.
#[derive(Serialize, ToSchema)]
pub struct LeaveBalance {
    /// Today, before the absence.
    before: f64,
    /// After the absence, calculated by the connector.
    after: f64,
    /// At the end of the absence, as Lucca estimates it.
    at_period_end: Option<f64>,
}

/// An existing absence that takes some of the same half-days.
#[derive(Serialize, ToSchema)]
pub struct AbsenceOverlap {
    /// The existing absence.
    #[schema(value_type = String, example = "5120")]
    absence_id: RemoteId,
    /// The half-days that both take.
    #[schema(value_type = Vec<String>)]
    half_days: Vec<HalfDay>,
}

impl From<Overlap> for AbsenceOverlap {
    fn from(Overlap { absence_id, half_days }: Overlap) -> Self {
        Self { absence_id, half_days }
    }
}

/// The preview of an absence. No request was created.
#[derive(Serialize, ToSchema)]
pub struct AbsencePreview {
    /// The employee.
    employee: EmployeeSummary,
    /// The employee's id.
    #[schema(value_type = String, example = "12")]
    employee_id: RemoteId,
    /// The leave type's id.
    #[schema(value_type = String, example = "34")]
    leave_type_id: RemoteId,
    /// The leave type's name, if Lucca reports it.
    leave_type_name: Option<String>,
    /// The first half-day.
    #[schema(value_type = String, example = "2026-05-04 PM")]
    starts_on: HalfDay,
    /// The last half-day.
    #[schema(value_type = String, example = "2026-05-06 PM")]
    ends_on: HalfDay,
    /// Duration in minutes, if requested.
    minutes: Option<u32>,
    /// The half-days it would take, and why not the others.
    plan: HalfDayPlan,
    /// The amount of the leave type that it would take.
    amount: Option<LeaveAmount>,
    /// The balance afterwards, if Lucca reports it.
    balance: Option<LeaveBalance>,
    /// Existing absences that overlap.
    overlaps: Vec<AbsenceOverlap>,
    /// Lucca's warnings.
    warnings: Vec<AbsenceWarning>,
    /// Why it can't be requested; empty if it can.
    problems: Vec<AbsenceProblem>,
    /// The API of Lucca that would be used.
    lucca_api: AbsenceApi,
    /// Whether it can be requested, once its warnings are acknowledged.
    can_be_requested: bool,
}

impl From<Preview> for AbsencePreview {
    fn from(preview: Preview) -> Self {
        let Preview {
            ask, person, leave_type_name, plan, amount, balance, overlaps, warnings, problems, ..
        } = preview;
        Self {
            employee: person.into(),
            employee_id: ask.employee_id,
            leave_type_id: ask.leave_type_id,
            leave_type_name,
            starts_on: ask.first,
            ends_on: ask.last,
            minutes: ask.minutes,
            plan: plan.into(),
            amount: amount.map(|Amount { value, unit }| LeaveAmount { value, unit }),
            balance: balance.map(|Balance { before, after, at_period_end }| LeaveBalance {
                before,
                after,
                at_period_end,
            }),
            overlaps: all(overlaps),
            warnings: all(warnings),
            problems: all(problems),
            lucca_api: preview.lucca_api.into(),
            can_be_requested: preview.can_be_requested,
        }
    }
}

/// A half-day of an absence that was created.
#[derive(Serialize, ToSchema)]
pub struct AbsenceHalfDay {
    /// The half-day.
    #[schema(value_type = String, example = "2026-05-04 PM")]
    half_day: HalfDay,
    /// False once it is cancelled, or denied with the rest.
    is_active: bool,
    /// Duration in minutes, if the leave type is counted in hours.
    minutes: Option<i64>,
}

/// An approver's decision.
#[derive(Serialize, ToSchema)]
pub struct AbsenceApproval {
    /// The employee who decided.
    #[schema(value_type = Option<String>)]
    approver_id: Option<RemoteId>,
    /// The employee in whose place the approver decided.
    #[schema(value_type = Option<String>)]
    substituted_approver_id: Option<RemoteId>,
    /// True for an approval, false for a denial.
    approved: bool,
    /// When, as Lucca writes it: without an offset, the time zone is unknown.
    #[schema(example = "2026-05-01T09:30:00")]
    decided_at: Option<String>,
    /// The approver's comment.
    comment: Option<String>,
}

impl From<people::Approval> for AbsenceApproval {
    fn from(approval: people::Approval) -> Self {
        Self {
            approver_id: approval.approver_id,
            substituted_approver_id: approval.substituted_approver_id,
            approved: approval.approved,
            decided_at: approval.at.map(|at| at.to_string()),
            comment: approval.comment,
        }
    }
}

/// A request to cancel an approved absence.
#[derive(Serialize, ToSchema)]
pub struct CancellationRequest {
    /// The employee who requested the cancellation.
    #[schema(value_type = Option<String>)]
    author_id: Option<RemoteId>,
    /// Whether it was granted; absent while it is pending.
    approved: Option<bool>,
    /// When it was created, as Lucca writes it.
    created_at: Option<String>,
    /// The employee who has to decide next.
    #[schema(value_type = Option<String>)]
    next_approver_id: Option<RemoteId>,
    /// Whether the request is still active.
    is_active: bool,
    /// The author's comment.
    comment: Option<String>,
}

impl From<people::CancellationRequest> for CancellationRequest {
    fn from(request: people::CancellationRequest) -> Self {
        Self {
            author_id: request.author_id,
            approved: request.approved,
            created_at: request.created_at.map(|at| at.to_string()),
            next_approver_id: request.next_approver_id,
            is_active: request.is_active,
            comment: request.comment,
        }
    }
}

/// An absence request made through the connector.
#[derive(Serialize, ToSchema)]
pub struct AbsenceSubmission {
    /// The request's id.
    #[schema(example = "abr_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// The caller's key of the request.
    #[schema(example = "6f1c0f6e-3f0a-4c6b-9a52-0d8f1f5c7a11")]
    idempotency_key: String,
    /// The state.
    status: AbsenceSubmissionStatus,
    /// The employee's id.
    #[schema(value_type = String, example = "12")]
    employee_id: RemoteId,
    /// The leave type's id.
    #[schema(value_type = String, example = "34")]
    leave_type_id: RemoteId,
    /// The first half-day requested.
    #[schema(value_type = String, example = "2026-05-04 PM")]
    starts_on: HalfDay,
    /// The last half-day requested.
    #[schema(value_type = String, example = "2026-05-06 PM")]
    ends_on: HalfDay,
    /// Duration in minutes, if requested.
    minutes: Option<u32>,
    /// The employee's comment to the approvers.
    comment: Option<String>,
    /// The API of Lucca that was used; null before it is sent.
    lucca_api: Option<AbsenceApi>,
    /// Lucca's id of the request; absent if there is none, as for an import that was approved at once.
    #[schema(value_type = Option<String>, example = "871")]
    request_id: Option<RemoteId>,
    /// Lucca's id of the absence, once it is created.
    #[schema(value_type = Option<String>, example = "5121")]
    absence_id: Option<RemoteId>,
    /// The half-days that it takes, once it is created.
    half_days: Vec<AbsenceHalfDay>,
    /// All decisions so far, in order.
    approvals: Vec<AbsenceApproval>,
    /// The employee who has to decide next.
    #[schema(value_type = Option<String>)]
    next_approver_id: Option<RemoteId>,
    /// All requests to cancel it after its approval.
    cancellation_requests: Vec<CancellationRequest>,
    /// Why it was refused, or not created.
    problems: Vec<AbsenceProblem>,
    /// The warnings to acknowledge, under the same idempotency key, before it is created.
    warnings: Vec<AbsenceWarning>,
    /// When it was requested here, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// When its state was last updated, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl AbsenceSubmission {
    /// A stored submission.
    ///
    /// # Errors
    ///
    /// [`absences::Error::Store`] if it can't be parsed.
    pub fn of(submission: &Submission) -> Result<Self, absences::Error> {
        Ok(Report::of(submission)?.into())
    }

    /// Whether its state will change without any further action.
    pub fn is_on_its_way(&self) -> bool {
        use absences::Status::{InDoubt, Submitting};
        matches!(self.status.0, Submitting | InDoubt)
    }
}

/// The state of an absence after an action on it.
#[derive(Serialize, ToSchema)]
pub struct AbsenceDecision {
    /// The state, as of an absence submission.
    status: AbsenceSubmissionStatus,
    /// Lucca's id of the absence.
    #[schema(value_type = String, example = "5121")]
    absence_id: RemoteId,
    /// Lucca's id of its request, if it has one.
    #[schema(value_type = Option<String>, example = "871")]
    request_id: Option<RemoteId>,
    /// The half-days that it still takes.
    #[schema(value_type = Vec<String>)]
    half_days: Vec<HalfDay>,
    /// Whether the call changed anything.
    was_changed: bool,
}

impl From<Changed> for AbsenceDecision {
    fn from(changed: Changed) -> Self {
        let Changed { status, absence_id, request_id, half_days, was_changed } = changed;
        Self { status: status.into(), absence_id, request_id, half_days, was_changed }
    }
}

impl From<Report> for AbsenceSubmission {
    fn from(report: Report) -> Self {
        let half_days = report.half_days.into_iter();
        Self {
            id: report.id.to_string(),
            idempotency_key: report.idempotency_key,
            status: report.status.into(),
            employee_id: report.ask.employee_id,
            leave_type_id: report.ask.leave_type_id,
            starts_on: report.ask.first,
            ends_on: report.ask.last,
            minutes: report.ask.minutes,
            comment: report.ask.comment,
            lucca_api: report.lucca_api.map(AbsenceApi),
            request_id: report.request_id,
            absence_id: report.absence_id,
            half_days: half_days
                .map(|half| AbsenceHalfDay {
                    half_day: half.at,
                    is_active: half.is_active,
                    minutes: half.minutes,
                })
                .collect(),
            approvals: all(report.approvals),
            next_approver_id: report.next_approver_id,
            cancellation_requests: all(report.cancellation_requests),
            problems: all(report.problems),
            warnings: all(report.warnings),
            created_at: time(report.created_at),
            updated_at: time(report.updated_at),
        }
    }
}
