//! How absence requests are shown: shapes that stay while the engine changes.

use absences::{Amount, Balance, Changed, Overlap, Preview, Report, UsableLeaveType};
use people::{
    Approval, CancellationRequest, DayOff, HalfDay, LeaveUnit, PersonCandidate, PersonLabel, PersonStanding,
    ReferenceKind, RemoteId,
};
use serde::Serialize;
use store::Submission;
use utoipa::ToSchema;

use crate::api::time;
use crate::problem::Problem;

/// What is wrong with an absence.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AbsenceProblem {
    /// A stable code.
    #[schema(example = "absence.overlap")]
    code: &'static str,
    /// The member, or the column, that it is about.
    #[schema(example = "starts_on")]
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// The line of the file, the header being line 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    /// What is wrong, for a person.
    #[schema(example = "the person is away already on some of these half-days")]
    message: String,
    /// Lucca's own words, in the language of the API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    lucca: Option<String>,
    /// The half-days it is about.
    #[schema(value_type = Vec<String>, example = json!(["2026-05-04 PM"]))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    half_days: Vec<HalfDay>,
    /// The people that the reference fits, or nearly fits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<PersonCandidateView>,
}

/// A person, named.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PersonView {
    /// Lucca's id.
    #[schema(value_type = String, example = "12")]
    id: RemoteId,
    /// The name that is shown.
    #[schema(example = "Ada Morel")]
    name: String,
    /// The employee number.
    #[schema(example = "00042")]
    employee_number: Option<String>,
}

impl From<PersonLabel> for PersonView {
    fn from(person: PersonLabel) -> Self {
        let PersonLabel { id, name, employee_number, work_email: _ } = person;
        Self { id, name, employee_number }
    }
}

/// A person that a reference may mean.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PersonCandidateView {
    /// The person; null where they are not delivered.
    person: Option<PersonView>,
    /// `present`, `hidden` (no longer shown to the API key), `gone` (deleted in Lucca) or `withheld` (not delivered).
    #[schema(value_type = String, example = "present")]
    standing: PersonStanding,
    /// What of them the value fits: `id`, `number` or `email`.
    #[schema(value_type = Vec<String>, example = json!(["number"]))]
    fits: Vec<ReferenceKind>,
}

impl From<PersonCandidate> for PersonCandidateView {
    fn from(candidate: PersonCandidate) -> Self {
        let PersonCandidate { person, standing, fits } = candidate;
        Self { person: person.map(Into::into), standing, fits: fits.into_iter().collect() }
    }
}

impl AbsenceProblem {
    pub(crate) fn at(self, line: u64) -> Self {
        Self { line: Some(line), ..self }
    }
}

impl From<absences::Problem> for AbsenceProblem {
    fn from(problem: absences::Problem) -> Self {
        let absences::Problem { code, field, message, lucca, half_days, candidates } = problem;
        Self { code: code.name(), field, line: None, message, lucca, half_days, candidates: all(candidates) }
    }
}

/// What Lucca has to say of a request, short of refusing it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AbsenceWarning {
    /// What it is acknowledged by, in `acknowledged_warnings`.
    id: String,
    /// Lucca's words, in the language of the API key.
    text: String,
    /// Whether the request is only made once it is acknowledged.
    must_be_confirmed: bool,
}

impl From<absences::Warning> for AbsenceWarning {
    fn from(warning: absences::Warning) -> Self {
        let absences::Warning { id, text, must_be_confirmed } = warning;
        Self { id, text, must_be_confirmed }
    }
}

/// All of a list, each as it is shown.
pub(crate) fn all<A: Into<B>, B>(list: impl IntoIterator<Item = A>) -> Vec<B> {
    list.into_iter().map(Into::into).collect()
}

/// A leave type, as far as a person can use it.
#[derive(Serialize, ToSchema)]
pub(crate) struct LeaveTypeView {
    /// Lucca's id; a new one each year for yearly accounts.
    #[schema(value_type = String, example = "34")]
    id: RemoteId,
    /// Its name, in the language of the API key.
    #[schema(example = "Remote work")]
    name: Option<String>,
    /// What it is counted in: `days`, `hours` or `other`.
    #[schema(value_type = Option<String>, example = "days")]
    unit: Option<LeaveUnit>,
    /// Whether half-days can be taken, where Lucca tells.
    half_days: Option<bool>,
    /// The steps in which hours are taken, where Lucca tells.
    step_hours: Option<f64>,
    /// What is left, in its unit, where Lucca tells.
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

/// A half-day on which nobody need be absent.
#[derive(Serialize, ToSchema)]
pub(crate) struct OffHalfDayView {
    /// Which.
    #[schema(value_type = String, example = "2026-05-08 AM")]
    at: HalfDay,
    /// `public_holiday`, `weekly_rest` or `not_worked` (part-time, or no contract).
    #[schema(value_type = String, example = "public_holiday")]
    why: DayOff,
}

/// What an absence would take.
#[derive(Serialize, ToSchema)]
pub(crate) struct PlanView {
    /// The half-days that would be taken, in order.
    #[schema(value_type = Vec<String>, example = json!(["2026-05-04 PM", "2026-05-05 AM"]))]
    taken: Vec<HalfDay>,
    /// The half-days in between that would not.
    off: Vec<OffHalfDayView>,
    /// Whether some of this is a guess, Monday to Friday, because Lucca told nothing of the day.
    is_estimated: bool,
}

impl From<people::Plan> for PlanView {
    fn from(plan: people::Plan) -> Self {
        let off = plan.off.into_iter().map(|one| OffHalfDayView { at: one.at, why: one.why });
        Self { taken: plan.taken, off: off.collect(), is_estimated: plan.is_estimated }
    }
}

/// How much of a leave type an absence takes.
#[derive(Serialize, ToSchema)]
pub(crate) struct AmountView {
    /// How much, in the unit.
    #[schema(example = 2.5)]
    value: f64,
    /// `days`, `hours` or `other`.
    #[schema(value_type = String, example = "days")]
    unit: LeaveUnit,
}

/// What is left of a leave type, in its unit.
#[derive(Serialize, ToSchema)]
pub(crate) struct BalanceView {
    /// Today, before the absence.
    before: f64,
    /// After it, by our own subtraction.
    after: f64,
    /// At the end of the absence, as Lucca estimates it.
    at_period_end: Option<f64>,
}

/// An absence that takes half-days which another would take too.
#[derive(Serialize, ToSchema)]
pub(crate) struct OverlapView {
    /// The absence that is there.
    #[schema(value_type = String, example = "5120")]
    absence_id: RemoteId,
    /// The half-days that both would take.
    #[schema(value_type = Vec<String>)]
    half_days: Vec<HalfDay>,
}

impl From<Overlap> for OverlapView {
    fn from(Overlap { absence_id, half_days }: Overlap) -> Self {
        Self { absence_id, half_days }
    }
}

/// What an absence would be. Nothing was asked for.
#[derive(Serialize, ToSchema)]
pub(crate) struct AbsencePreview {
    /// Who would be away, named.
    person: PersonView,
    /// Who would be away.
    #[schema(value_type = String, example = "12")]
    employee_id: RemoteId,
    /// What it would be taken on.
    #[schema(value_type = String, example = "34")]
    leave_type_id: RemoteId,
    /// What the leave type is called, where Lucca tells.
    leave_type_name: Option<String>,
    /// The first half-day.
    #[schema(value_type = String, example = "2026-05-04 PM")]
    starts_on: HalfDay,
    /// The last half-day.
    #[schema(value_type = String, example = "2026-05-06 PM")]
    ends_on: HalfDay,
    /// How long, where that was said.
    minutes: Option<u32>,
    /// The half-days it would take, and why not the others.
    plan: PlanView,
    /// How much of the leave type it would take.
    amount: Option<AmountView>,
    /// What would be left, where Lucca tells.
    balance: Option<BalanceView>,
    /// The absences that are in its way.
    overlaps: Vec<OverlapView>,
    /// What Lucca has to say of it.
    warnings: Vec<AbsenceWarning>,
    /// Why it can't be asked for; empty if it can.
    problems: Vec<AbsenceProblem>,
    /// The door that it would go through: `factory` or `import`.
    #[schema(example = "factory")]
    door: &'static str,
    /// Whether it can be asked for, its warnings acknowledged.
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

/// A half-day of an absence that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct TakenHalfDayView {
    /// Which.
    #[schema(value_type = String, example = "2026-05-04 PM")]
    at: HalfDay,
    /// False once it was cancelled, or denied with the rest.
    is_active: bool,
    /// How long it is, where the leave type is counted in hours.
    minutes: Option<i64>,
}

/// An approver's decision.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApprovalView {
    /// The employee who decided.
    #[schema(value_type = Option<String>)]
    approver_id: Option<RemoteId>,
    /// The employee in whose place they did.
    #[schema(value_type = Option<String>)]
    substituted_approver_id: Option<RemoteId>,
    /// True for an approval, false for a denial.
    approved: bool,
    /// When, as Lucca writes it: without an offset, its zone is not known.
    #[schema(example = "2026-05-01T09:30:00")]
    at: Option<String>,
    /// What they wrote.
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

/// A wish to cancel an absence that was approved.
#[derive(Serialize, ToSchema)]
pub(crate) struct CancellationView {
    /// The employee who asks.
    #[schema(value_type = Option<String>)]
    author_id: Option<RemoteId>,
    /// Whether it was granted; absent while that is open.
    approved: Option<bool>,
    /// When it was made, as Lucca writes it.
    created_at: Option<String>,
    /// The employee whose decision is awaited.
    #[schema(value_type = Option<String>)]
    next_approver_id: Option<RemoteId>,
    /// Whether it still stands.
    is_active: bool,
    /// What its author wrote.
    comment: Option<String>,
}

impl From<CancellationRequest> for CancellationView {
    fn from(wish: CancellationRequest) -> Self {
        Self {
            author_id: wish.author_id,
            approved: wish.approved,
            created_at: wish.created_at.map(|at| at.to_string()),
            next_approver_id: wish.next_approver_id,
            is_active: wish.is_active,
            comment: wish.comment,
        }
    }
}

/// An absence request made through the connector.
#[derive(Serialize, ToSchema)]
pub(crate) struct AbsenceRequestView {
    /// Its id.
    #[schema(example = "abr_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// The caller's name for it.
    #[schema(example = "6f1c0f6e-3f0a-4c6b-9a52-0d8f1f5c7a11")]
    idempotency_key: String,
    /// `submitting` (on its way to Lucca), `in_doubt` (sent and not answered: it is being looked for), `refused` (by
    /// Lucca, before it was made), `not_made` (it did not arrive), `pending` (an approver is awaited), `approved`,
    /// `denied`, `cancelled`, or `cancellation_pending`.
    #[schema(example = "pending")]
    status: &'static str,
    /// Who would be away.
    #[schema(value_type = String, example = "12")]
    employee_id: RemoteId,
    /// What it is taken on.
    #[schema(value_type = String, example = "34")]
    leave_type_id: RemoteId,
    /// The first half-day that was asked for.
    #[schema(value_type = String, example = "2026-05-04 PM")]
    starts_on: HalfDay,
    /// The last half-day that was asked for.
    #[schema(value_type = String, example = "2026-05-06 PM")]
    ends_on: HalfDay,
    /// How long, where that was said.
    minutes: Option<u32>,
    /// What the person writes to the approvers.
    comment: Option<String>,
    /// The door it went through: `factory` or `import`.
    #[schema(example = "factory")]
    door: Option<&'static str>,
    /// Lucca's id of the request; none where there is none, as in an import that was approved at once.
    #[schema(value_type = Option<String>, example = "871")]
    request_id: Option<RemoteId>,
    /// Lucca's id of the absence, once it is made.
    #[schema(value_type = Option<String>, example = "5121")]
    absence_id: Option<RemoteId>,
    /// The half-days it takes, once it is made.
    half_days: Vec<TakenHalfDayView>,
    /// Every decision so far, in order.
    approvals: Vec<ApprovalView>,
    /// Whose decision is awaited.
    #[schema(value_type = Option<String>)]
    next_approver_id: Option<RemoteId>,
    /// Every wish to cancel it after it was approved.
    cancellation_requests: Vec<CancellationView>,
    /// Why it was refused, or not made.
    problems: Vec<AbsenceProblem>,
    /// What has to be acknowledged, under the same idempotency key, before it is made.
    warnings: Vec<AbsenceWarning>,
    /// When it was asked for here, UTC.
    created_at: String,
    /// When something was last heard of it, UTC.
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

    /// Whether more is to be heard of it without anybody doing anything.
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

/// How an absence stands after it was acted on.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangedAbsence {
    /// As of an absence request.
    #[schema(example = "cancelled")]
    status: &'static str,
    /// Lucca's id of the absence.
    #[schema(value_type = String, example = "5121")]
    absence_id: RemoteId,
    /// Lucca's id of its request, where it has one.
    #[schema(value_type = Option<String>, example = "871")]
    request_id: Option<RemoteId>,
    /// The half-days it still takes.
    #[schema(value_type = Vec<String>)]
    half_days: Vec<HalfDay>,
    /// Whether there was anything left to do.
    was_changed: bool,
}

impl From<Changed> for ChangedAbsence {
    fn from(changed: Changed) -> Self {
        let Changed { status, absence_id, request_id, half_days, was_changed } = changed;
        Self { status: status.name(), absence_id, request_id, half_days, was_changed }
    }
}
