//! The documented CSV import: one row per absence, simulated before it is sent.

use lucca::{Client, ImportProgress, LeaveImport, LeaveImportRow};
use people::{Establishment, LeaveUnit, Plan};

use super::{AbsenceApi, AbsenceApiClient, Amount, Answer, Assessment, Person, Submitted};
use crate::draft::AbsenceDraft;
use crate::import_format::{
    EstablishmentColumn, ImportRow, Simulated, simulate, unexplained_refusal, written,
};
use crate::problem::{Problem, ProblemCode};

/// Maximum number of polls of an import's progress before the absence is looked up.
const POLLS: usize = 10;

pub(crate) struct Import {
    client: Client,
    remembered: Option<EstablishmentColumn>,
}

impl Import {
    /// `remembered` is the establishment column that the tenant accepted before.
    pub(crate) fn new(client: Client, remembered: Option<EstablishmentColumn>) -> Self {
        Self { client, remembered }
    }
}

impl AbsenceApiClient for Import {
    fn kind(&self) -> AbsenceApi {
        AbsenceApi::Import
    }

    fn assess<'a>(
        &'a self,
        ask: &'a AbsenceDraft,
        person: &'a Person,
        plan: &'a Plan,
    ) -> Answer<'a, Assessment> {
        Box::pin(async move {
            // unverified: whether a leave type requested without a duration is counted in days; the import
            // does not return its unit.
            let amount = match ask.minutes {
                Some(minutes) => Amount { value: f64::from(minutes) / 60.0, unit: LeaveUnit::Hours },
                None => Amount { value: plan.days(), unit: LeaveUnit::Days },
            };
            let amount = Some(amount);
            let mut assessment = Assessment { amount, ..Assessment::default() };
            let row = match row(ask, person) {
                Ok(row) => row,
                Err(problems) => {
                    assessment.problems = problems;
                    return Ok(assessment);
                }
            };
            // Nothing to take, so no request.
            if !plan.taken.is_empty() {
                match simulate(&self.client, &[row], self.remembered).await? {
                    Simulated::Accepted(format) => assessment.import_format = Some(format),
                    Simulated::Refused(problems) => assessment.problems.extend(problems),
                }
            }
            Ok(assessment)
        })
    }

    fn submit<'a>(
        &'a self,
        ask: &'a AbsenceDraft,
        person: &'a Person,
        assessed: &'a Assessment,
    ) -> Answer<'a, Submitted> {
        Box::pin(async move {
            let refused = |problems| Submitted::Refused { problems, confirm: Vec::new() };
            let row = match row(ask, person) {
                Ok(row) => row,
                Err(problems) => return Ok(refused(problems)),
            };
            let format = assessed.import_format.clone().unwrap_or_default();
            let Some(rows) = written(&[row], &format) else {
                return Ok(refused(vec![unexplained_refusal()]));
            };
            let summary =
                match self.client.import_leaves(&rows, LeaveImport { create: true, is_async: false }).await {
                    Ok(summary) => summary,
                    Err(error) if error.code() == "lucca.bad_request" => {
                        return Ok(refused(vec![Problem::of_refusal(&error)]));
                    }
                    Err(error) => return Err(error),
                };
            if summary.has_error {
                return Ok(refused(vec![unexplained_refusal()]));
            }
            for _ in 0..POLLS {
                // If the progress can't be read, the absence is looked up as after a finished import.
                match self.client.leave_import_progress(&summary.id).await {
                    Ok(ImportProgress::Succeeded) | Err(_) => break,
                    Ok(ImportProgress::Failed) => return Ok(refused(vec![unexplained_refusal()])),
                    Ok(ImportProgress::NotStarted | ImportProgress::Percent(_)) => {}
                }
            }
            Ok(Submitted::Taken { request_id: None, absence_id: None })
        })
    }
}

/// The import row of an absence.
pub(crate) fn row(ask: &AbsenceDraft, person: &Person) -> Result<ImportRow, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut known = |what: &str, value: Option<&String>| match value {
        Some(value) if !value.trim().is_empty() => value.clone(),
        _ => {
            let message = format!(
                "Lucca's import needs the employee's {what}, which the connector does not have: add it to \
                 the employee in Lucca, then sync"
            );
            problems.push(Problem::new(ProblemCode::NotImportable, message).on("employee_id"));
            String::new()
        }
    };
    let employee = &person.employee;
    let establishment = person.establishment.as_ref();
    let text = |one: &'_ Establishment| [one.name.clone(), one.code.clone()].into_iter().flatten().next();
    known("establishment", establishment.and_then(text).as_ref());
    let row = LeaveImportRow {
        establishment: String::new(),
        employee_number: known("employee number", employee.employee_number.as_ref()),
        last_name: known("last name", employee.last_name.as_ref()),
        first_name: known("first name", employee.first_name.as_ref()),
        account_id: ask.leave_type_id.clone(),
        first: ask.first,
        last: ask.last,
        minutes: ask.minutes,
        is_approved: Some(false),
    };
    if ask.comment.is_some() {
        let message = "Lucca's import has no comment column: leave out the comment";
        problems.push(Problem::new(ProblemCode::InvalidComment, message).on("comment"));
    }
    match establishment {
        Some(establishment) if problems.is_empty() => {
            Ok(ImportRow { establishment: establishment.clone(), row })
        }
        _ => Err(problems),
    }
}
