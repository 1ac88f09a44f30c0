//! API types of absence requests, which stay stable while the engine changes.

use absences::{Amount, Balance, Changed, Overlap, Preview, Report, UsableLeaveType};
use people::{Approval, CancellationRequest, DayOff, HalfDay, LeaveUnit, RemoteId};
use serde::Serialize;
use store::Submission;
use utoipa::ToSchema;
use web::absence_problem::{AbsenceProblem, AbsenceWarning, PersonView};
use web::problem::Problem;

use crate::time;

/// Converts each item of a list.
pub(crate) fn all<A: Into<B>, B>(list: impl IntoIterator<Item = A>) -> Vec<B> {
    list.into_iter().map(Into::into).collect()
}

/// A leave type, as the employee may use it.
#[derive(Serialize, ToSchema)]
pub(crate) struct LeaveTypeView {
    /// Lucca's id. Yearly leave types have a new id each year.
    #[schema(value_type = String, example = "34")]
    id: RemoteId,
    /// The name, in the language of the API key.
    #[schema(example = "Remote work")]
    name: Option<String>,
    /// The unit: `days`, `hours` or `other`.
    #[schema(value_type = Option<String>, example = "days")]
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

impl From<UsableLeaveType> for LeaveTypeView {
    fn from(leave_type: UsableLeaveType) -> Self {
        let UsableLeaveType { id, name, unit, half_days, step_hours, balance, is_remote_work } = leave_type;
        Self { id, name, unit, half_days, step_hours, balance, is_remote_work }
    }
}

/// A half-day on which the employee does not work anyway.
#[derive(Serialize, ToSchema)]
pub(crate) struct OffHalfDayView {
    /// The half-day.
    #[schema(value_type = String, example = "2026-05-08 AM")]
    at: HalfDay,
    /// `public_holiday`, `weekly_rest` or `not_worked` (part-time, or no contract).
    #[schema(value_type = String, example = "public_holiday")]
    why: DayOff,
}

/// The half-days of an absence.
#[derive(Serialize, ToSchema)]
pub(crate) struct PlanView {
    /// The half-days that would be taken, in order.
    #[schema(value_type = Vec<String>, example = json!(["2026-05-04 PM", "2026-05-05 AM"]))]
    taken: Vec<HalfDay>,
    /// The half-days in between that would not be taken.
    off: Vec<OffHalfDayView>,
    /// Whether some days are estimates, Monday to Friday, because Lucca reported nothing about them.
    is_estimated: bool,
}

impl From<people::Plan> for PlanView {
    fn from(plan: people::Plan) -> Self {
        let off = plan.off.into_iter().map(|one| OffHalfDayView { at: one.at, why: one.why });
        Self { taken: plan.taken, off: off.collect(), is_estimated: plan.is_estimated }
    }
}

/// The amount of a leave type that an absence takes.
#[derive(Serialize, ToSchema)]
pub(crate) struct AmountView {
    /// The amount, in the unit.
    #[schema(example = 2.5)]
    value: f64,
    /// `days`, `hours` or `other`.
    #[schema(value_type = String, example = "days")]
    unit: LeaveUnit,
}

/// The balance of a leave type, in its unit.
#[derive(Serialize, ToSchema)]
pub(crate) struct BalanceView {
    /// Today, before the absence.
    before: f64,
    /// After the absence, calculated by the connector.
    after: f64,
    /// At the end of the absence, as Lucca estimates it.
    at_period_end: Option<f64>,
}

/// An existing absence that takes some of the same half-days.
#[derive(Serialize, ToSchema)]
pub(crate) struct OverlapView {
    /// The existing absence.
    #[schema(value_type = String, example = "5120")]
    absence_id: RemoteId,
    /// The half-days that both take.
    #[schema(value_type = Vec<String>)]
    half_days: Vec<HalfDay>,
}

impl From<Overlap> for OverlapView {
    fn from(Overlap { absence_id, half_days }: Overlap) -> Self {
        Self { absence_id, half_days }
    }
}

/// The preview of an absence. No request was created.
#[derive(Serialize, ToSchema)]
pub(crate) struct AbsencePreview {
    /// The employee.
    person: PersonView,
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
    plan: PlanView,
    /// The amount of the leave type that it would take.
    amount: Option<AmountView>,
    /// The balance afterwards, if Lucca reports it.
    balance: Option<BalanceView>,
    /// Existing absences that overlap.
    overlaps: Vec<OverlapView>,
    /// Lucca's warnings.
    warnings: Vec<AbsenceWarning>,
    /// Why it can't be requested; empty if it can.
    problems: Vec<AbsenceProblem>,
    /// The API of Lucca that would be used: `factory` or `import`.
    #[schema(example = "factory")]
    door: &'static str,
    /// Whether it can be requested, once its warnings are acknowledged.
    can_be_requested: bool,
}

impl From<Preview> for AbsencePreview {
    fn from(preview: Preview) -> Self {
        let Preview {
            ask, person, leave_type_name, plan, amount, balance, overlaps, warnings, problems, ..
        } = preview;
        Self {
            person: person.into(),
            employee_id: ask.employee_id,
            leave_type_id: ask.leave_type_id,
            leave_type_name,
            starts_on: ask.first,
            ends_on: ask.last,
            minutes: ask.minutes,
            plan: plan.into(),
            amount: amount.map(|Amount { value, unit }| AmountView { value, unit }),
            balance: balance.map(|Balance { before, after, at_period_end }| BalanceView {
                before,
                after,
                at_period_end,
            }),
            overlaps: all(overlaps),
            warnings: all(warnings),
            problems: all(problems),
            door: preview.door.name(),
            can_be_requested: preview.can_be_requested,
        }
    }
}

/// A half-day of an absence that was created.
#[derive(Serialize, ToSchema)]
pub(crate) struct TakenHalfDayView {
    /// The half-day.
    #[schema(value_type = String, example = "2026-05-04 PM")]
    at: HalfDay,
    /// False once it is cancelled, or denied with the rest.
    is_active: bool,
    /// Duration in minutes, if the leave type is counted in hours.
    minutes: Option<i64>,
}

/// An approver's decision.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApprovalView {
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
    at: Option<String>,
    /// The approver's comment.
    comment: Option<String>,
}

impl From<Approval> for ApprovalView {
    fn from(approval: Approval) -> Self {
        Self {
            approver_id: approval.approver_id,
            substituted_approver_id: approval.substituted_approver_id,
            approved: approval.approved,
            at: approval.at.map(|at| at.to_string()),
            comment: approval.comment,
        }
    }
}

/// A request to cancel an approved absence.
#[derive(Serialize, ToSchema)]
pub(crate) struct CancellationView {
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

impl From<CancellationRequest> for CancellationView {
    fn from(request: CancellationRequest) -> Self {
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
pub(crate) struct AbsenceRequestView {
    /// The request's id.
    #[schema(example = "abr_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// The caller's key of the request.
    #[schema(example = "6f1c0f6e-3f0a-4c6b-9a52-0d8f1f5c7a11")]
    idempotency_key: String,
    /// `submitting` (being sent to Lucca), `in_doubt` (sent without a response: the connector is looking for
    /// it), `refused` (by Lucca, before it was created), `not_made` (it did not reach Lucca), `pending` (an
    /// approver has to decide), `approved`, `denied`, `cancelled`, or `cancellation_pending`.
    #[schema(example = "pending")]
    status: &'static str,
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
    /// The API of Lucca that was used: `factory` or `import`.
    #[schema(example = "factory")]
    door: Option<&'static str>,
    /// Lucca's id of the request; absent if there is none, as for an import that was approved at once.
    #[schema(value_type = Option<String>, example = "871")]
    request_id: Option<RemoteId>,
    /// Lucca's id of the absence, once it is created.
    #[schema(value_type = Option<String>, example = "5121")]
    absence_id: Option<RemoteId>,
    /// The half-days that it takes, once it is created.
    half_days: Vec<TakenHalfDayView>,
    /// All decisions so far, in order.
    approvals: Vec<ApprovalView>,
    /// The employee who has to decide next.
    #[schema(value_type = Option<String>)]
    next_approver_id: Option<RemoteId>,
    /// All requests to cancel it after its approval.
    cancellation_requests: Vec<CancellationView>,
    /// Why it was refused, or not created.
    problems: Vec<AbsenceProblem>,
    /// The warnings to acknowledge, under the same idempotency key, before it is created.
    warnings: Vec<AbsenceWarning>,
    /// When it was requested here, UTC.
    created_at: String,
    /// When its state was last updated, UTC.
    updated_at: String,
}

impl AbsenceRequestView {
    pub(crate) fn of(submission: &Submission) -> Result<Self, Problem> {
        let report = Report::of(submission)?;
        let half_days = report.half_days.into_iter();
        Ok(Self {
            id: report.id.to_string(),
            idempotency_key: report.idempotency_key,
            status: report.status.name(),
            employee_id: report.ask.employee_id,
            leave_type_id: report.ask.leave_type_id,
            starts_on: report.ask.first,
            ends_on: report.ask.last,
            minutes: report.ask.minutes,
            comment: report.ask.comment,
            door: report.door.map(absences::DoorKind::name),
            request_id: report.request_id,
            absence_id: report.absence_id,
            half_days: half_days
                .map(|half| TakenHalfDayView {
                    at: half.at,
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
        })
    }

    /// Whether its state will change without any further action.
    pub(crate) fn is_on_its_way(&self) -> bool {
        use absences::Status::{InDoubt, Submitting};
        [Submitting, InDoubt].iter().any(|status| status.name() == self.status)
    }
}

/// Absence requests.
#[derive(Serialize, ToSchema)]
pub(crate) struct AbsenceRequestList {
    /// The requests.
    pub(crate) items: Vec<AbsenceRequestView>,
}

impl AbsenceRequestList {
    pub(crate) fn of(submissions: &[Submission]) -> Result<Self, Problem> {
        Ok(Self { items: submissions.iter().map(AbsenceRequestView::of).collect::<Result<_, _>>()? })
    }
}

/// The state of an absence after an action on it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangedAbsence {
    /// The same values as for an absence request.
    #[schema(example = "cancelled")]
    status: &'static str,
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

impl From<Changed> for ChangedAbsence {
    fn from(changed: Changed) -> Self {
        let Changed { status, absence_id, request_id, half_days, was_changed } = changed;
        Self { status: status.name(), absence_id, request_id, half_days, was_changed }
    }
}
