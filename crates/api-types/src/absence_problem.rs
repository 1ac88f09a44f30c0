//! Errors and warnings about an absence, with the employees that match a reference.

use people::{HalfDay, PersonCandidate, PersonLabel, PersonStanding, RemoteId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::ReferenceKind;

/// An error in an absence.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AbsenceProblem {
    /// A stable code.
    #[schema(example = "absence.overlap")]
    code: &'static str,
    /// The member of the body, or the column of the file, that has the error.
    #[schema(example = "starts_on")]
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// The line of the file, the header being line 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    /// The error, for display.
    #[schema(example = "the employee is already absent on some of these half-days")]
    message: String,
    /// Lucca's own message, in the language of the API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    lucca_message: Option<String>,
    /// The half-days that have the error.
    #[schema(value_type = Vec<String>, example = json!(["2026-05-04 PM"]))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    half_days: Vec<HalfDay>,
    /// The employees that the reference matches, or nearly matches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<EmployeeCandidate>,
}

impl AbsenceProblem {
    /// The same error, in this line of a file; the header is line 1.
    pub fn at(self, line: u64) -> Self {
        Self { line: Some(line), ..self }
    }
}

impl From<absences::Problem> for AbsenceProblem {
    fn from(problem: absences::Problem) -> Self {
        let absences::Problem { code, field, message, lucca, half_days, candidates } = problem;
        Self {
            code: code.name(),
            field,
            line: None,
            message,
            lucca_message: lucca,
            half_days,
            candidates: candidates.into_iter().map(Into::into).collect(),
        }
    }
}

/// A warning from Lucca about a request that it does not refuse.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AbsenceWarning {
    /// The id by which it is acknowledged, in `acknowledged_warnings`.
    id: String,
    /// Lucca's text, in the language of the API key.
    message: String,
    /// Whether the request is only created once the warning is acknowledged.
    must_be_confirmed: bool,
}

impl From<absences::Warning> for AbsenceWarning {
    fn from(warning: absences::Warning) -> Self {
        let absences::Warning { id, text, must_be_confirmed } = warning;
        Self { id, message: text, must_be_confirmed }
    }
}

/// An employee.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EmployeeSummary {
    /// Lucca's id.
    #[schema(value_type = String, example = "12")]
    id: RemoteId,
    /// The display name.
    #[schema(example = "Ada Morel")]
    name: String,
    /// The employee number.
    #[schema(example = "00042")]
    employee_number: Option<String>,
}

impl From<PersonLabel> for EmployeeSummary {
    fn from(person: PersonLabel) -> Self {
        let PersonLabel { id, name, employee_number, work_email: _ } = person;
        Self { id, name, employee_number }
    }
}

/// The state of an employee who matches a reference: `hidden` is no longer shown to the API key, `gone` no longer in
/// Lucca, `withheld` not delivered by the account's rules.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes `PersonStanding`")]
enum CandidateState {
    Present,
    Hidden,
    Gone,
    Withheld,
}

/// An employee who matches a reference.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EmployeeCandidate {
    /// The employee; null if the account's delivery filter excludes them.
    employee: Option<EmployeeSummary>,
    /// The state.
    #[schema(value_type = CandidateState)]
    state: PersonStanding,
    /// The attributes that match.
    matched_by: Vec<ReferenceKind>,
}

impl From<PersonCandidate> for EmployeeCandidate {
    fn from(candidate: PersonCandidate) -> Self {
        let PersonCandidate { person, standing, fits } = candidate;
        Self {
            employee: person.map(Into::into),
            state: standing,
            matched_by: fits.into_iter().map(ReferenceKind).collect(),
        }
    }
}
