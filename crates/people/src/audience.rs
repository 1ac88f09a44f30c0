//! The delivery filter: the employees that a linked account's filter selects on a day. Pure; `store` stores
//! the result and its changes, `sync` evaluates it.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{Employee, EmployeeStatus, Employment, NamedRef, Period, RemoteId, status_on};

/// Selects the employees to deliver. All conditions must hold; a condition holds if any of its values
/// matches. A condition without values holds for every employee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeopleFilter {
    /// Ids of establishments that employ the employee.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub establishments: Vec<RemoteId>,
    /// Ids of departments that the employee is in, or in one below.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub departments: Vec<RemoteId>,
    /// Whether departments below the named ones count; they do unless this is false.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub with_subdepartments: bool,
    /// Contract types, by id or by name in any case, of the contract that counts on the day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contract_types: Vec<String>,
    /// Employment statuses on the day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<EmployeeStatus>,
    /// The first day of the contract that counts is this day or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hired_from: Option<Date>,
    /// The first day of the contract that counts is this day or earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hired_until: Option<Date>,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_yes(value: &bool) -> bool {
    *value
}

impl Default for PeopleFilter {
    fn default() -> Self {
        Self {
            establishments: Vec::new(),
            departments: Vec::new(),
            with_subdepartments: true,
            contract_types: Vec::new(),
            statuses: Vec::new(),
            hired_from: None,
            hired_until: None,
        }
    }
}

impl PeopleFilter {
    /// Whether it has no condition, so that every employee is delivered.
    pub fn is_everybody(&self) -> bool {
        Self { with_subdepartments: true, ..self.clone() } == Self::default()
    }
}

/// The fields of an employee that the filter reads. A part of [`Employee`], so that no more has to be read.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Candidate {
    /// Lucca's id of the user.
    pub id: RemoteId,
    /// See [`Employee::department_id`].
    #[serde(default)]
    pub department_id: Option<RemoteId>,
    /// See [`Employee::establishment_id`].
    #[serde(default)]
    pub establishment_id: Option<RemoteId>,
    /// See [`Employee::contract_start`].
    #[serde(default)]
    pub contract_start: Option<Date>,
    /// See [`Employee::contract_end`].
    #[serde(default)]
    pub contract_end: Option<Date>,
}

impl From<&Employee> for Candidate {
    fn from(employee: &Employee) -> Self {
        Self {
            id: employee.id.clone(),
            department_id: employee.department_id.clone(),
            establishment_id: employee.establishment_id.clone(),
            contract_start: employee.contract_start,
            contract_end: employee.contract_end,
        }
    }
}

/// The fields of a contract that the filter reads. A part of [`Employment`].
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Contract {
    /// The employee of the contract.
    pub employee_id: RemoteId,
    /// First day.
    pub starts_on: Date,
    /// Last day, inclusive.
    #[serde(default)]
    pub ends_on: Option<Date>,
    /// The tenant's contract type.
    #[serde(default)]
    pub contract_type: Option<NamedRef>,
}

impl From<&Employment> for Contract {
    fn from(employment: &Employment) -> Self {
        Self {
            employee_id: employment.employee_id.clone(),
            starts_on: employment.starts_on,
            ends_on: employment.ends_on,
            contract_type: employment.contract_type.clone(),
        }
    }
}

impl Contract {
    fn period(&self) -> Period {
        Period::new(Some(self.starts_on), self.ends_on)
    }
}

/// The contract that counts on a day: the one that covers it, else the next, else the last. If several cover
/// it, the one that began last.
fn counting_on(day: Date, contracts: &[Contract]) -> Option<&Contract> {
    let covering = contracts.iter().filter(|one| {
        let period = one.period();
        one.starts_on <= day && period.ends_on().is_none_or(|end| end >= day)
    });
    let next = contracts.iter().filter(|one| one.starts_on > day);
    covering
        .max_by_key(|one| one.starts_on)
        .or_else(|| next.min_by_key(|one| one.starts_on))
        .or_else(|| contracts.iter().max_by_key(|one| one.starts_on))
}

/// A filter prepared for many employees: the departments below the named ones are resolved.
#[derive(Clone, Debug)]
pub struct Audience<'a> {
    filter: &'a PeopleFilter,
    departments: HashSet<RemoteId>,
    day: Date,
}

impl<'a> Audience<'a> {
    /// A filter on a day. `parents` maps each department to the one above it.
    pub fn new(filter: &'a PeopleFilter, parents: &HashMap<RemoteId, RemoteId>, day: Date) -> Self {
        let mut departments: HashSet<RemoteId> = filter.departments.iter().cloned().collect();
        if filter.with_subdepartments && !departments.is_empty() {
            let is_below = |id: &RemoteId| {
                let mut at = id;
                // At most as many steps as departments, in case parents form a cycle.
                for _ in 0..=parents.len() {
                    match parents.get(at) {
                        Some(parent) if filter.departments.contains(parent) => return true,
                        Some(parent) => at = parent,
                        None => return false,
                    }
                }
                false
            };
            departments.extend(parents.keys().filter(|id| is_below(id)).cloned());
        }
        Self { filter, departments, day }
    }

    /// Whether an employee is delivered. An unknown value of the employee meets no condition on it.
    pub fn has(&self, person: &Candidate, contracts: &[Contract]) -> bool {
        let PeopleFilter {
            establishments,
            contract_types,
            statuses,
            hired_from,
            hired_until,
            departments: named,
            with_subdepartments: _,
        } = self.filter;
        let contract = counting_on(self.day, contracts);
        let is_in = |wanted: bool, has: Option<bool>| !wanted || has.unwrap_or(false);
        let status = || {
            let own = Period::new(person.contract_start, person.contract_end);
            status_on(self.day, own, contracts.iter().map(Contract::period))
        };
        let hired = contract.map(|one| one.starts_on).or(person.contract_start);
        let type_ = contract.and_then(|one| one.contract_type.as_ref());
        let is_type = |type_: &NamedRef| {
            contract_types.iter().any(|wanted| {
                let has_name = |name: &str| name.to_lowercase() == wanted.trim().to_lowercase();
                type_.id.as_str() == wanted.trim() || type_.name.as_deref().is_some_and(has_name)
            })
        };
        is_in(
            !establishments.is_empty(),
            person.establishment_id.as_ref().map(|id| establishments.contains(id)),
        ) && is_in(!named.is_empty(), person.department_id.as_ref().map(|id| self.departments.contains(id)))
            && is_in(!contract_types.is_empty(), type_.map(is_type))
            && (statuses.is_empty() || statuses.contains(&status()))
            && is_in(hired_from.is_some(), hired.map(|day| hired_from.is_none_or(|from| day >= from)))
            && is_in(hired_until.is_some(), hired.map(|day| hired_until.is_none_or(|until| day <= until)))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const DAY: Date = date(2026, 11, 25);

    fn id(text: &str) -> RemoteId {
        RemoteId::from(text)
    }

    fn person(department: &str, establishment: &str) -> Candidate {
        Candidate {
            id: id("1"),
            department_id: Some(id(department)),
            establishment_id: Some(id(establishment)),
            contract_start: Some(date(2020, 1, 1)),
            contract_end: None,
        }
    }

    fn contract(type_: &str, starts_on: Date, ends_on: Option<Date>) -> Contract {
        let type_ = NamedRef { id: id("4"), name: Some(type_.to_owned()) };
        Contract { employee_id: id("1"), starts_on, ends_on, contract_type: Some(type_) }
    }

    fn has(filter: &PeopleFilter, person: &Candidate, contracts: &[Contract]) -> bool {
        // 1 is above 2, 2 above 3; 8 and 9 are above each other.
        let parents = [("2", "1"), ("3", "2"), ("8", "9"), ("9", "8")];
        let parents = parents.map(|(below, above)| (id(below), id(above))).into();
        Audience::new(filter, &parents, DAY).has(person, contracts)
    }

    #[test]
    fn subdepartments_count_unless_disabled() {
        let filter = PeopleFilter { departments: vec![id("1")], ..PeopleFilter::default() };
        let own = PeopleFilter { with_subdepartments: false, ..filter.clone() };
        for (department, below, alone) in
            [("1", true, true), ("3", true, false), ("8", false, false), ("7", false, false)]
        {
            assert_eq!(has(&filter, &person(department, "5"), &[]), below, "{department}");
            assert_eq!(has(&own, &person(department, "5"), &[]), alone, "{department}");
        }
    }

    #[test]
    fn counting_contract_sets_type_and_hire_date() {
        let contracts = [
            contract("CDD", date(2020, 1, 1), Some(date(2020, 12, 31))),
            contract("CDI", date(2021, 1, 1), None),
        ];
        let of_type =
            |name: &str| PeopleFilter { contract_types: vec![name.to_owned()], ..PeopleFilter::default() };
        assert!(has(&of_type("cdi"), &person("1", "5"), &contracts));
        assert!(!has(&of_type("CDD"), &person("1", "5"), &contracts));
        assert!(has(&of_type("4"), &person("1", "5"), &contracts));
        assert!(!has(&of_type("CDI"), &person("1", "5"), &[]), "what is not known meets no condition");
        let from = |day| PeopleFilter { hired_from: Some(day), ..PeopleFilter::default() };
        assert!(has(&from(date(2021, 1, 1)), &person("1", "5"), &contracts));
        assert!(!has(&from(date(2021, 1, 2)), &person("1", "5"), &contracts));
    }

    #[test]
    fn a_status_is_that_of_the_day() {
        let filter = PeopleFilter { statuses: vec![EmployeeStatus::Active], ..PeopleFilter::default() };
        let until = |end| Candidate { contract_end: Some(end), ..person("1", "5") };
        assert!(has(&filter, &until(DAY), &[]));
        assert!(!has(&filter, &until(date(2026, 11, 24)), &[]));
    }

    fn some(values: &'static [&'static str]) -> impl Strategy<Value = Vec<RemoteId>> {
        proptest::collection::vec(proptest::sample::select(values).prop_map(RemoteId::from), 0..3)
    }

    proptest! {
        /// Adding a condition never adds employees; all conditions together exclude every employee that any
        /// single one excludes.
        #[test]
        fn conditions_are_taken_together(
            departments in some(&["1", "2", "3", "8"]),
            establishments in some(&["5", "6"]),
            department in proptest::sample::select(&["1", "2", "3", "7", "8", "9"][..]),
            establishment in proptest::sample::select(&["5", "6"][..]),
        ) {
            let person = person(department, establishment);
            let both = PeopleFilter { departments: departments.clone(), establishments: establishments.clone(), ..PeopleFilter::default() };
            let first = PeopleFilter { departments, ..PeopleFilter::default() };
            let second = PeopleFilter { establishments, ..PeopleFilter::default() };
            prop_assert_eq!(has(&both, &person, &[]), has(&first, &person, &[]) && has(&second, &person, &[]));
            prop_assert!(has(&PeopleFilter::default(), &person, &[]));
        }
    }
}
