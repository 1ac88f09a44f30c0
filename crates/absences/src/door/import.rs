//! The documented import: one row for one absence, simulated before it is made.

use lucca::{Client, ImportProgress, LeaveImport, LeaveImportRow};
use people::{LeaveUnit, Plan};

use super::{Amount, Answer, Assessment, Door, DoorKind, Person, Submitted};
use crate::ask::Ask;
use crate::problem::{Problem, ProblemCode};

/// So often is an import asked how far it is before it is looked for.
const LOOKS: usize = 10;

pub(crate) struct Import {
    client: Client,
}

impl Import {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }
}

impl Door for Import {
    fn kind(&self) -> DoorKind {
        DoorKind::Import
    }

    fn assess<'a>(&'a self, ask: &'a Ask, person: &'a Person, plan: &'a Plan) -> Answer<'a, Assessment> {
        Box::pin(async move {
            // unverified: that a leave type is counted in days; the import does not tell.
            let amount = Some(Amount { value: plan.days(), unit: LeaveUnit::Days });
            let mut assessment = Assessment { amount, ..Assessment::default() };
            let row = match row(ask, person) {
                Ok(row) => row,
                Err(problems) => {
                    assessment.problems = problems;
                    return Ok(assessment);
                }
            };
            // What takes nothing is not worth a question.
            if !plan.taken.is_empty() {
                let tried = LeaveImport { create: false, is_async: false };
                match self.client.import_leaves(&[row], tried).await {
                    Ok(summary) if summary.has_error => assessment.problems.push(untold()),
                    Ok(_) => {}
                    Err(error) if error.code() == "lucca.bad_request" => {
                        assessment.problems.push(Problem::of_refusal(&error));
                    }
                    Err(error) => return Err(error),
                }
            }
            Ok(assessment)
        })
    }

    fn submit<'a>(&'a self, ask: &'a Ask, person: &'a Person, _: &'a Assessment) -> Answer<'a, Submitted> {
        Box::pin(async move {
            let refused = |problems| Submitted::Refused { problems, confirm: Vec::new() };
            let row = match row(ask, person) {
                Ok(row) => row,
                Err(problems) => return Ok(refused(problems)),
            };
            let summary = match self
                .client
                .import_leaves(&[row], LeaveImport { create: true, is_async: false })
                .await
            {
                Ok(summary) => summary,
                Err(error) if error.code() == "lucca.bad_request" => {
                    return Ok(refused(vec![Problem::of_refusal(&error)]));
                }
                Err(error) => return Err(error),
            };
            if summary.has_error {
                return Ok(refused(vec![untold()]));
            }
            for _ in 0..LOOKS {
                // An import that can't be asked about is looked for like one that is over.
                match self.client.leave_import_progress(&summary.id).await {
                    Ok(ImportProgress::Succeeded) | Err(_) => break,
                    Ok(ImportProgress::Failed) => return Ok(refused(vec![untold()])),
                    Ok(ImportProgress::NotStarted | ImportProgress::Percent(_)) => {}
                }
            }
            Ok(Submitted::Taken { request_id: None, absence_id: None })
        })
    }
}

fn untold() -> Problem {
    Problem::new(
        ProblemCode::Refused,
        "Lucca's import refuses it and does not say why; the leave type may not be the person's, or the balance too low",
    )
}

/// The row that asks for an absence.
pub(crate) fn row(ask: &Ask, person: &Person) -> Result<LeaveImportRow, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut known = |what: &str, value: &Option<String>| match value {
        Some(value) if !value.trim().is_empty() => value.clone(),
        _ => {
            let message = format!("Lucca's import needs the person's {what}, which is not known");
            problems.push(Problem::new(ProblemCode::NotImportable, message).on("employee_id"));
            String::new()
        }
    };
    let employee = &person.employee;
    let row = LeaveImportRow {
        establishment: known("establishment", &person.establishment),
        employee_number: known("employee number", &employee.employee_number),
        last_name: known("last name", &employee.last_name),
        first_name: known("first name", &employee.first_name),
        account_id: ask.leave_type_id.clone(),
        first: ask.first,
        last: ask.last,
        is_approved: false,
    };
    if ask.minutes.is_some() {
        let message = "Lucca's import takes no hours";
        problems.push(Problem::new(ProblemCode::InvalidDuration, message).on("minutes"));
    }
    if ask.comment.is_some() {
        let message = "Lucca's import takes no comment";
        problems.push(Problem::new(ProblemCode::InvalidComment, message).on("comment"));
    }
    if problems.is_empty() { Ok(row) } else { Err(problems) }
}
