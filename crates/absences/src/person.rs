//! Resolves references to employees, and detects employees that Lucca's import could confuse.

use async_recursion::async_recursion as boxed;
use people::catalog::Column;
use people::{
    Employee, Establishment, Kind, PersonIndex, PersonLabel, PersonReference, ReferenceError, RemoteId,
    status_on,
};
use store::RecordState;

use crate::Absences;
use crate::draft::AbsenceDraft;
use crate::import_format::is_same_in_import;
use crate::lucca_api::Person;
use crate::problem::{Error, Problem, ProblemCode};

impl Absences<'_> {
    /// Resolves the one employee that a reference matches: `id:9`, `number:009`, `email:jo@acme.example`, or
    /// a bare value that matches no other employee. Reads all employees from the store; sends no request to
    /// Lucca.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEmployee`], and [`Error::AmbiguousEmployee`] with every employee that the reference
    /// matches.
    #[boxed]
    pub async fn find_person(&self, reference: &str) -> Result<PersonLabel, Error> {
        let index = self.person_index().await?;
        match index.resolve(&PersonReference::parse(reference)) {
            Ok(person) => Ok(person.clone()),
            Err(ReferenceError::Unknown(_)) => Err(Error::UnknownEmployee),
            Err(ReferenceError::Ambiguous(candidates)) => Err(Error::AmbiguousEmployee(candidates)),
        }
    }

    pub(crate) async fn person_index(&self) -> Result<PersonIndex, Error> {
        Ok(self.store.person_index(self.account.no).await?)
    }

    /// Returns the problem if Lucca's import could confuse the employee with another: it identifies employees
    /// by establishment, number and names, and has no column for their id.
    pub(crate) async fn import_doubles(
        &self,
        ask: &AbsenceDraft,
        person: &Person,
    ) -> Result<Option<Problem>, Error> {
        let employee = &person.employee;
        let Some(number) = employee.employee_number.as_deref() else { return Ok(None) };
        let no = self.account.no;
        let folded = Column::EmployeeNumber.fold(number.to_owned());
        let same = self
            .store
            .referring(no, Kind::Employee, Column::EmployeeNumber, &[RemoteId::from(folded)])
            .await?;
        for (id, _) in same.into_iter().filter(|(id, _)| *id != employee.id) {
            let other = self.store.kept_record::<Employee>(no, &id).await?;
            let Some(other) = other.filter(|other| other.state == RecordState::Present) else { continue };
            let establishment = self.establishment_of(&other.record).await?;
            if is_double(
                ask,
                (employee, person.establishment.as_ref()),
                (&other.record, establishment.as_ref()),
            ) {
                return Ok(Some(double_problem()));
            }
        }
        Ok(None)
    }
}

/// Whether Lucca's import could book `other` instead of `employee`: both have the same number and
/// establishment, or an establishment's name is the other's code, and `other` is still employed when the
/// absence begins.
// unverified: which columns the import uses, and whether it finds former employees.
pub(crate) fn is_double(
    ask: &AbsenceDraft,
    (employee, establishment): (&Employee, Option<&Establishment>),
    (other, others): (&Employee, Option<&Establishment>),
) -> bool {
    let is_same_establishment = match (establishment, others) {
        (Some(one), Some(other)) => is_same_in_import(one, other),
        _ => other.establishment_id == employee.establishment_id,
    };
    let has_left = status_on(ask.first.date, other.contract(), []) == people::EmployeeStatus::Former;
    let number = |one: &Employee| one.employee_number.as_deref().map(|number| number.trim().to_lowercase());
    other.id != employee.id && !has_left && number(other) == number(employee) && is_same_establishment
}

pub(crate) fn double_problem() -> Problem {
    let message = "another employee has the same employee number in the same establishment, and Lucca's \
         import could confuse them: correct the number in Lucca";
    Problem::new(ProblemCode::NotImportable, message).on("employee_id")
}
