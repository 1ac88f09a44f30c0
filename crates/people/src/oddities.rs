//! Findings in the data that an administrator should review: none is an error, and no data is changed.

use std::collections::HashMap;

use crate::identity::{employee_number_key, sharing, work_email_key};
use crate::{Department, Employee, EmployeeStatus, OrgChart, RemoteId};

/// A condition in the HR data that is legal in Lucca and often surprises an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OddityKind {
    /// Current or future employees without a work e-mail address.
    NoWorkEmail,
    /// Several employees share a work e-mail address.
    SharedWorkEmail,
    /// Several employees of one establishment share an employee number.
    SharedEmployeeNumber,
    /// Several employees have the same name: one person twice, or homonyms.
    SameName,
    /// Current employees without a manager.
    NoManager,
    /// Employees who are their own manager.
    SelfManaged,
    /// Current employees whose manager has left.
    ManagerLeft,
    /// Employees whose manager is not among the readable employees.
    ManagerUnknown,
    /// Employees who are their own manager through others.
    ManagerCycle,
    /// Current employees without a department.
    NoDepartment,
    /// Current employees in an inactive department.
    InactiveDepartment,
    /// Employees without any contract date.
    NoContractDates,
    /// Employees whose contract ends before it begins.
    ContractEndsBeforeStart,
    /// Employees with unreadable fields.
    UnreadFields,
}

impl OddityKind {
    /// A stable code for scripts.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoWorkEmail => "no_work_email",
            Self::SharedWorkEmail => "shared_work_email",
            Self::SharedEmployeeNumber => "shared_employee_number",
            Self::SameName => "same_name",
            Self::NoManager => "no_manager",
            Self::SelfManaged => "self_managed",
            Self::ManagerLeft => "manager_left",
            Self::ManagerUnknown => "manager_unknown",
            Self::ManagerCycle => "manager_cycle",
            Self::NoDepartment => "no_department",
            Self::InactiveDepartment => "inactive_department",
            Self::NoContractDates => "no_contract_dates",
            Self::ContractEndsBeforeStart => "contract_ends_before_start",
            Self::UnreadFields => "unread_fields",
        }
    }

    /// Its description, as the text after a number of employees.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::NoWorkEmail => "without a work e-mail address",
            Self::SharedWorkEmail => "with the work e-mail address of another",
            Self::SharedEmployeeNumber => "with the employee number of another in their establishment",
            Self::SameName => "with the name of another: one person twice, or homonyms",
            Self::NoManager => "without a manager",
            Self::SelfManaged => "who manage themselves",
            Self::ManagerLeft => "with a manager who has left",
            Self::ManagerUnknown => "with a manager that the API key can't see",
            Self::ManagerCycle => "in a cycle of managers",
            Self::NoDepartment => "without a department",
            Self::InactiveDepartment => "in an inactive department",
            Self::NoContractDates => "without contract dates",
            Self::ContractEndsBeforeStart => "with a contract that ends before it begins",
            Self::UnreadFields => "with fields that could not be read",
        }
    }
}

/// One kind of oddity and the employees it concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// The kind.
    pub kind: OddityKind,
    /// The employees concerned, in the order they were given.
    pub employees: Vec<RemoteId>,
}

/// Finds the oddities of employees and their departments. Kinds without employees are left out.
pub fn find_oddities(people: &[(Employee, EmployeeStatus)], departments: &[Department]) -> Vec<Oddity> {
    let mut found: HashMap<OddityKind, Vec<RemoteId>> = HashMap::new();
    let status_of: HashMap<&RemoteId, EmployeeStatus> =
        people.iter().map(|(person, status)| (&person.id, *status)).collect();
    let inactive: std::collections::HashSet<&RemoteId> =
        departments.iter().filter(|department| !department.is_active).map(|d| &d.id).collect();
    for (person, status) in people {
        for kind in oddities_of(person, *status, &status_of, |id| inactive.contains(id)) {
            found.entry(kind).or_default().push(person.id.clone());
        }
    }

    shared(&mut found, people, OddityKind::SharedWorkEmail, work_email_key);
    shared(&mut found, people, OddityKind::SameName, |p| {
        Some(format!("{}\0{}", p.first_name.as_deref()?, p.last_name.as_deref()?).to_lowercase())
    });
    shared(&mut found, people, OddityKind::SharedEmployeeNumber, employee_number_key);
    let chart = OrgChart::build(people.iter().map(|(p, _)| (&p.id, p.manager_id.as_ref())));
    for &member in chart.cycles().iter().flatten() {
        found.entry(OddityKind::ManagerCycle).or_default().push(people[member].0.id.clone());
    }

    let mut oddities: Vec<Oddity> =
        found.into_iter().map(|(kind, employees)| Oddity { kind, employees }).collect();
    oddities.sort_by_key(|oddity| oddity.kind);
    oddities
}

/// The oddities visible in one employee alone.
fn oddities_of(
    person: &Employee,
    status: EmployeeStatus,
    status_of: &HashMap<&RemoteId, EmployeeStatus>,
    is_inactive: impl Fn(&RemoteId) -> bool,
) -> Vec<OddityKind> {
    let is_current = status == EmployeeStatus::Active;
    let mut kinds = Vec::new();
    if status != EmployeeStatus::Former && person.work_email.is_none() {
        kinds.push(OddityKind::NoWorkEmail);
    }
    match &person.manager_id {
        None if is_current => kinds.push(OddityKind::NoManager),
        None => {}
        Some(manager) if *manager == person.id => kinds.push(OddityKind::SelfManaged),
        Some(manager) => match status_of.get(manager) {
            None => kinds.push(OddityKind::ManagerUnknown),
            Some(EmployeeStatus::Former) if is_current => kinds.push(OddityKind::ManagerLeft),
            Some(_) => {}
        },
    }
    match &person.department_id {
        None if is_current => kinds.push(OddityKind::NoDepartment),
        Some(department) if is_current && is_inactive(department) => {
            kinds.push(OddityKind::InactiveDepartment);
        }
        _ => {}
    }
    match (person.contract_start, person.contract_end) {
        (None, None) => kinds.push(OddityKind::NoContractDates),
        (Some(start), Some(end)) if end < start => kinds.push(OddityKind::ContractEndsBeforeStart),
        _ => {}
    }
    if !person.unread_fields.is_empty() {
        kinds.push(OddityKind::UnreadFields);
    }
    kinds
}

/// Adds all employees that share a `key` with another employee.
fn shared(
    found: &mut HashMap<OddityKind, Vec<RemoteId>>,
    people: &[(Employee, EmployeeStatus)],
    kind: OddityKind,
    key: impl Fn(&Employee) -> Option<String>,
) {
    let mut members = sharing(people.iter().map(|(person, _)| person), key).concat();
    members.sort_unstable();
    if !members.is_empty() {
        found.insert(kind, members.into_iter().map(|index| people[index].0.id.clone()).collect());
    }
}
