//! Employees as commands show them: with their status today and the names of the records they refer to.

use std::collections::{HashMap, HashSet};

use crate::absence_problems::candidate_line;
use jiff::civil::Date;
use people::{
    Department, Employee, EmployeeStatus, Employment, Establishment, LegalUnit, PersonIndex, PersonReference,
    ReferenceError, RemoteId, status_on,
};
use serde::Serialize;
use store::{LinkedAccount, Store};

use crate::failure::{Details, Failure};

/// An employee with the names of the records they refer to.
#[derive(Debug, Serialize)]
pub(crate) struct PersonView<'a> {
    /// Status on the requested day.
    pub(crate) status: EmployeeStatus,
    #[serde(flatten)]
    pub(crate) employee: &'a Employee,
    pub(crate) manager_name: Option<String>,
    pub(crate) department_name: Option<&'a str>,
    pub(crate) establishment_name: Option<&'a str>,
    pub(crate) legal_unit_id: Option<&'a RemoteId>,
    pub(crate) legal_unit_name: Option<&'a str>,
    pub(crate) employments: &'a [Employment],
}

/// All employees of a linked account.
pub(crate) struct People {
    pub(crate) employees: Vec<(Employee, EmployeeStatus)>,
    pub(crate) departments: Vec<Department>,
    employments: HashMap<RemoteId, Vec<Employment>>,
    index: HashMap<RemoteId, usize>,
    references: PersonIndex,
    department_index: HashMap<RemoteId, usize>,
    establishments: HashMap<RemoteId, Establishment>,
    legal_units: HashMap<RemoteId, LegalUnit>,
    /// Whether the last due read of contracts succeeded; otherwise they must not outvote other dates.
    are_contracts_current: bool,
}

impl People {
    /// Loads the employees in the order of their ids, with their status on `day`.
    pub(crate) async fn load(store: &Store, account: &LinkedAccount, day: Date) -> Result<Self, Failure> {
        let mut employments: HashMap<RemoteId, Vec<Employment>> = HashMap::new();
        let is_current = account.contracts_current;
        for employment in store.all::<Employment>(account.no).await? {
            employments.entry(employment.employee_id.clone()).or_default().push(employment);
        }
        for list in employments.values_mut() {
            list.sort_by_key(|employment| employment.starts_on);
        }
        let mut employees: Vec<(Employee, EmployeeStatus)> = store
            .all::<Employee>(account.no)
            .await?
            .into_iter()
            .map(|employee| {
                let contracts = employments.get(&employee.id).map(Vec::as_slice).unwrap_or_default();
                // Contracts that could no longer be read must not outvote the dates that could.
                let periods = contracts.iter().filter(|_| is_current).map(Employment::period);
                let status = status_on(day, employee.contract(), periods);
                (employee, status)
            })
            .collect();
        employees.sort_by(|(a, _), (b, _)| a.id.sort_key().cmp(&b.id.sort_key()));
        let departments = store.all::<Department>(account.no).await?;
        let establishments = store.all::<Establishment>(account.no).await?;
        let legal_units = store.all::<LegalUnit>(account.no).await?;
        Ok(Self {
            index: employees.iter().enumerate().map(|(i, (e, _))| (e.id.clone(), i)).collect(),
            department_index: departments.iter().enumerate().map(|(i, d)| (d.id.clone(), i)).collect(),
            establishments: establishments.into_iter().map(|e| (e.id.clone(), e)).collect(),
            legal_units: legal_units.into_iter().map(|u| (u.id.clone(), u)).collect(),
            references: store.person_index(account.no).await?,
            employees,
            departments,
            employments,
            are_contracts_current: is_current,
        })
    }

    /// The name of an employee, if known.
    pub(crate) fn name(&self, id: &RemoteId) -> Option<String> {
        self.index.get(id).map(|&index| self.employees[index].0.shown_name())
    }

    /// An employee by id.
    pub(crate) fn employee(&self, id: &RemoteId) -> Option<&Employee> {
        self.index.get(id).map(|&index| &self.employees[index].0)
    }

    /// The name of a department.
    pub(crate) fn department_name(&self, id: &RemoteId) -> Option<&str> {
        self.department_index.get(id).and_then(|&index| self.departments[index].name.as_deref())
    }

    /// The name of an establishment.
    pub(crate) fn establishment_name(&self, id: &RemoteId) -> Option<&str> {
        self.establishments.get(id).and_then(|establishment| establishment.name.as_deref())
    }

    /// The contracts of an employee that may decide the status, in order.
    pub(crate) fn contracts(&self, id: &RemoteId) -> &[Employment] {
        let contracts = self.employments.get(id).filter(|_| self.are_contracts_current);
        contracts.map(Vec::as_slice).unwrap_or_default()
    }

    /// The ids of a department, named by id or name, and of all departments below it.
    pub(crate) fn departments_below(&self, wanted: &str) -> HashSet<&RemoteId> {
        let wanted = wanted.trim();
        let matches = |department: &&Department| {
            department.id.as_str() == wanted
                || department.name.as_deref().is_some_and(|name| name.to_lowercase() == wanted.to_lowercase())
        };
        let mut found: HashSet<&RemoteId> =
            self.departments.iter().filter(matches).map(|department| &department.id).collect();
        loop {
            let before = found.len();
            for department in &self.departments {
                if department.parent_id.as_ref().is_some_and(|parent| found.contains(parent)) {
                    found.insert(&department.id);
                }
            }
            if found.len() == before {
                return found;
            }
        }
    }

    /// Resolves a reference to exactly one employee: `id:9`, `number:009`, `email:…`, or a bare value that
    /// matches no other employee.
    pub(crate) fn find(&self, reference: &str) -> Result<PersonView<'_>, Failure> {
        let found = self.references.resolve(&PersonReference::parse(reference));
        let found = found.map(|person| self.index.get(&person.id)).map_err(|error| unresolved(&error))?;
        // The references and `employees` are loaded one after the other, and may differ.
        let index = found.ok_or_else(|| unresolved(&ReferenceError::Unknown(Vec::new())))?;
        Ok(self.view(&self.employees[*index]))
    }

    /// An entry of `employees`, with the names of the records it refers to.
    pub(crate) fn view<'a>(&'a self, (employee, status): &'a (Employee, EmployeeStatus)) -> PersonView<'a> {
        let manager = employee.manager_id.as_ref().and_then(|id| self.index.get(id));
        let department = employee.department_id.as_ref().and_then(|id| self.department_index.get(id));
        let establishment = employee.establishment_id.as_ref().and_then(|id| self.establishments.get(id));
        let legal_unit_id = establishment.and_then(|establishment| establishment.legal_unit_id.as_ref());
        PersonView {
            status: *status,
            employee,
            manager_name: manager.map(|&index| self.employees[index].0.shown_name()),
            department_name: department.and_then(|&index| self.departments[index].name.as_deref()),
            establishment_name: establishment.and_then(|establishment| establishment.name.as_deref()),
            legal_unit_id,
            legal_unit_name: legal_unit_id
                .and_then(|id| self.legal_units.get(id))
                .and_then(|unit| unit.name.as_deref()),
            employments: self.employments.get(&employee.id).map(Vec::as_slice).unwrap_or_default(),
        }
    }

    /// Counts the employees with this status.
    pub(crate) fn count(&self, wanted: EmployeeStatus) -> u64 {
        let count = self.employees.iter().filter(|(_, status)| *status == wanted).count();
        u64::try_from(count).unwrap_or(u64::MAX)
    }
}

/// Resolves a reference to an employee's id, for commands that also accept the Lucca id of an employee who is
/// no longer listed.
pub(crate) async fn stored_id(
    store: &Store,
    account: &LinkedAccount,
    text: &str,
) -> Result<RemoteId, Failure> {
    let reference = PersonReference::parse(text);
    match store.person_index(account.no).await?.resolve(&reference) {
        Ok(person) => Ok(person.id.clone()),
        Err(ReferenceError::Unknown(_)) if reference.may_be_id() => Ok(RemoteId::from(reference.value())),
        Err(error) => Err(unresolved(&error)),
    }
}

/// The failure of a reference that does not resolve to exactly one employee; it lists the candidates.
fn unresolved(error: &ReferenceError) -> Failure {
    let candidates = error.candidates();
    let mut failure = match error {
        ReferenceError::Ambiguous(_) => Failure::usage(
            "cli.which_employee",
            "several employees match this reference",
            "Put id:, number: or email: before the value to select one employee.",
        ),
        ReferenceError::Unknown(near) if near.is_empty() => Failure::usage(
            "cli.unknown_employee",
            "no employee matches this reference",
            "Search with `lucca-connector employees list --search TEXT`; the first column is the id.",
        ),
        ReferenceError::Unknown(_) => Failure::usage(
            "cli.unknown_employee",
            "no employee matches this reference exactly, but a similar one exists",
            "Put id: before an id, or give the employee number exactly as it is stored.",
        ),
    };
    if !candidates.is_empty() {
        failure.details = Some(Box::new(Details {
            lines: candidates.iter().map(candidate_line).collect(),
            members: [("candidates".to_owned(), serde_json::json!(candidates))].into_iter().collect(),
        }));
    }
    failure
}
