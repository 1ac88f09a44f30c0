//! Maps the columns of an absence file, and resolves the employee of each row. Accepts the documented column
//! names of Lucca's own import too.

use std::collections::BTreeSet;

use people::{
    PersonCandidate, PersonIndex, PersonLabel, PersonReference, PersonStanding, ReferenceError, ReferenceKind,
};

use super::file_error;
use crate::problem::{Error, Problem, ProblemCode};

/// Columns that hold an employee reference of any kind.
const ANY_PERSON: &[&str] = &["employee", "employee_id"];
const LUCCA_ID: &[&str] = &["lucca_id"];
const EMPLOYEE_NUMBER: &[&str] = &["employee_number", "employeenumber", "matricule"];
const EMAIL: &[&str] = &["email", "mail", "work_email"];
const LEAVE_TYPE: &[&str] = &["leave_type", "leave_type_id", "type", "accountid", "account"];
const STARTS: &[&str] = &["starts", "starts_on", "from", "startdate"];
const ENDS: &[&str] = &["ends", "ends_on", "to", "enddate"];
const STARTS_HALF: &[&str] = &["flagstartdate"];
const ENDS_HALF: &[&str] = &["flagenddate"];
const APPROVED: &[&str] = &["approved", "isapproved"];
const HOURS: &[&str] = &["hours", "nbhours"];

/// The position of each column, from 0.
pub(super) struct Columns {
    /// Columns that refer to employees, with the kind of reference; `None` for any kind.
    people: Vec<(usize, Option<ReferenceKind>)>,
    pub(super) leave_type: usize,
    pub(super) starts: usize,
    pub(super) ends: usize,
    pub(super) halves: (Option<usize>, Option<usize>),
    pub(super) approved: Option<usize>,
    pub(super) hours: Option<usize>,
}

impl Columns {
    pub(super) fn of(header: &csv::StringRecord) -> Result<Self, Error> {
        let is_one_of =
            |cell: &str, names: &[&str]| names.iter().any(|name| cell.trim().eq_ignore_ascii_case(name));
        let find = |names: &[&str]| header.iter().position(|cell| is_one_of(cell, names));
        let need = |names: &[&str]| {
            find(names).ok_or_else(|| {
                file_error(&format!("the file has no column \"{}\"; add it to the header", names[0]))
            })
        };
        let kind = |cell: &str| {
            [
                (ANY_PERSON, None),
                (LUCCA_ID, Some(ReferenceKind::Id)),
                (EMPLOYEE_NUMBER, Some(ReferenceKind::Number)),
                (EMAIL, Some(ReferenceKind::Email)),
            ]
            .into_iter()
            .find_map(|(names, kind)| is_one_of(cell, names).then_some(kind))
        };
        let people: Vec<_> =
            header.iter().enumerate().filter_map(|(at, cell)| Some((at, kind(cell)?))).collect();
        if people.is_empty() {
            return Err(file_error(
                "the file has no employee column; add \"lucca_id\", \"employee_number\" (or \"matricule\"), \
                 \"email\" or \"employee\" to the header",
            ));
        }
        Ok(Self {
            people,
            leave_type: need(LEAVE_TYPE)?,
            starts: need(STARTS)?,
            ends: need(ENDS)?,
            halves: (find(STARTS_HALF), find(ENDS_HALF)),
            approved: find(APPROVED),
            hours: find(HOURS),
        })
    }

    /// Resolves the employee of a row. All references of the row must resolve to the same employee.
    pub(super) fn person<'a>(
        &self,
        record: &csv::StringRecord,
        index: &'a PersonIndex,
    ) -> Result<&'a PersonLabel, Problem> {
        let mut found: Vec<(&PersonLabel, BTreeSet<ReferenceKind>)> = Vec::new();
        for (at, kind) in &self.people {
            let cell = record.get(*at).unwrap_or_default();
            let reference = match kind {
                Some(kind) => PersonReference::of_column(*kind, cell),
                None => PersonReference::parse(cell),
            };
            if reference.is_empty() {
                continue;
            }
            let person = index.resolve(&reference).map_err(|error| problem(&error))?;
            match found.iter_mut().find(|(known, _)| known.id == person.id) {
                Some((_, kinds)) => kinds.extend(*kind),
                None => found.push((person, kind.iter().copied().collect())),
            }
        }
        match found.as_slice() {
            [(person, _)] => Ok(person),
            [] => Err(problem(&ReferenceError::Unknown(Vec::new()))),
            _ => {
                let message =
                    "the columns of this row refer to different employees; correct or empty one of them";
                let candidates = found.into_iter().map(|(person, fits)| PersonCandidate {
                    person: Some(person.clone()),
                    standing: PersonStanding::Present,
                    fits,
                });
                let problem = Problem::new(ProblemCode::AmbiguousEmployee, message).on("employee");
                Err(Problem { candidates: candidates.collect(), ..problem })
            }
        }
    }
}

/// Returns the row's problem for a reference that matches no employee or several.
fn problem(error: &ReferenceError) -> Problem {
    let (code, message) = match error {
        ReferenceError::Ambiguous(_) => (
            ProblemCode::AmbiguousEmployee,
            "several employees match this reference: write id:…, number:… or email:… with the value",
        ),
        ReferenceError::Unknown(near) if near.is_empty() => {
            (ProblemCode::NotImportable, "no employee has this id, employee number or e-mail address")
        }
        ReferenceError::Unknown(_) => (
            ProblemCode::NotImportable,
            "no employee has exactly this id, employee number or e-mail address: write it as it is stored in \
             Lucca",
        ),
    };
    Problem { candidates: error.candidates().into(), ..Problem::new(code, message).on("employee") }
}
