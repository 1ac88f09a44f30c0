//! Computes the target state of a service's users and groups from the store. Pure but for reading the store.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::ToSpan;
use jiff::civil::Date;
use people::{
    Department, Employee, EmployeeStatus, Employment, Establishment, LegalUnit, RemoteId, status_on,
};
use serde_json::{Value, to_value};
use store::{Error, LinkedAccount, Store};

use super::resource::Attributes;
use super::settings::Settings;

/// Whether an employee should have a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// An active user.
    Active,
    /// An inactive user before the first day.
    Ahead,
    /// Not created yet; an existing user is inactive.
    NotYet,
    /// An existing user is deactivated; none is created.
    Left,
}

impl Standing {
    /// Whether the employee should have a user, active or not.
    pub(super) fn is_user(self) -> bool {
        matches!(self, Self::Active | Self::Ahead)
    }
}

/// An employee's target state at the service.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) id: RemoteId,
    pub(super) standing: Standing,
    /// Every attribute but `active` and the manager.
    pub(super) attributes: Attributes,
    /// `None` if the manager is not provisioned.
    pub(super) manager: Option<RemoteId>,
    pub(super) department: Option<RemoteId>,
}

impl Person {
    pub(super) fn user_name(&self) -> Option<&str> {
        self.attributes.get("userName")?.as_deref()
    }
}

/// A department's target state at the service.
#[derive(Clone, Debug)]
pub(super) struct Team {
    pub(super) id: RemoteId,
    pub(super) name: String,
    pub(super) is_active: bool,
}

/// Every employee, managers before their reports, and every department.
pub(super) struct Company {
    pub(super) people: Vec<Person>,
    pub(super) teams: Vec<Team>,
}

struct Named {
    name: Option<String>,
    code: Option<String>,
    legal_unit: Option<RemoteId>,
}

struct Names {
    departments: HashMap<RemoteId, Named>,
    establishments: HashMap<RemoteId, Named>,
    legal_units: HashMap<RemoteId, Named>,
}

impl Company {
    pub(super) async fn load(
        store: &Store,
        account: &LinkedAccount,
        settings: &Settings,
        today: Date,
    ) -> Result<Self, Error> {
        let no = account.no;
        let departments: Vec<Department> = store.all(no).await?;
        let teams = departments.iter().map(|one| Team {
            id: one.id.clone(),
            name: one.name.clone().or_else(|| one.code.clone()).unwrap_or_else(|| one.id.to_string()),
            is_active: one.is_active,
        });
        let teams = teams.collect();
        let mut contracts: HashMap<RemoteId, Vec<Employment>> = HashMap::new();
        if account.contracts_current {
            store
                .each(no, |one: Employment| contracts.entry(one.employee_id.clone()).or_default().push(one))
                .await?;
        }
        let establishments: Vec<Establishment> = store.all(no).await?;
        let legal_units: Vec<LegalUnit> = store.all(no).await?;
        let named = |name, code, legal_unit| Named { name, code, legal_unit };
        let names = Names {
            departments: departments
                .into_iter()
                .map(|one| (one.id, named(one.name, one.code, None)))
                .collect(),
            establishments: establishments
                .into_iter()
                .map(|one| (one.id, named(one.name, one.code, one.legal_unit_id)))
                .collect(),
            legal_units: legal_units
                .into_iter()
                .map(|one| (one.id, named(one.name, one.code, None)))
                .collect(),
        };
        let sources: Vec<(&'static str, &str)> = settings.sources().collect();
        let has_manager = sources.iter().any(|(attribute, _)| *attribute == "enterprise.manager");
        let mut people = Vec::new();
        store
            .each(no, |employee: Employee| {
                let periods = contracts.get(&employee.id).into_iter().flatten().map(Employment::period);
                let periods: Vec<_> = periods.collect();
                let standing = match status_on(today, employee.contract(), periods.iter().copied()) {
                    EmployeeStatus::Active => Standing::Active,
                    EmployeeStatus::Former => Standing::Left,
                    EmployeeStatus::Future => {
                        let begins = periods.iter().copied().chain([employee.contract()]);
                        let first =
                            begins.filter_map(|period| period.starts_on()).filter(|day| *day > today).min();
                        let ahead =
                            today.checked_add(i64::from(settings.hire_lead_days).days()).unwrap_or(today);
                        match first.filter(|first| *first <= ahead) {
                            None => Standing::NotYet,
                            Some(_) if settings.active_before_first_day => Standing::Active,
                            Some(_) => Standing::Ahead,
                        }
                    }
                };
                people.push(Person {
                    standing,
                    attributes: attributes(&employee, &sources, &names),
                    manager: employee.manager_id.clone().filter(|_| has_manager),
                    department: employee.department_id.clone(),
                    id: employee.id,
                });
            })
            .await?;
        Ok(Self { people: managers_first(people), teams })
    }
}

fn attributes(employee: &Employee, sources: &[(&'static str, &str)], names: &Names) -> Attributes {
    let model = to_value(employee).unwrap_or_default();
    let find = |source: &str| text_of(employee, &model, source.trim(), names);
    let of_employee = sources.iter().filter(|(attribute, _)| *attribute != "enterprise.manager");
    of_employee.map(|(attribute, source)| (*attribute, source.split('|').find_map(find))).collect()
}

fn text_of(employee: &Employee, model: &Value, source: &str, names: &Names) -> Option<String> {
    let establishment = || employee.establishment_id.as_ref().and_then(|id| names.establishments.get(id));
    let text = match source.split_once('.') {
        Some((what @ ("department" | "establishment" | "legal_unit"), part)) => {
            let (id, named) = match what {
                "department" => {
                    let id = employee.department_id.as_ref()?;
                    (id, names.departments.get(id))
                }
                "establishment" => (employee.establishment_id.as_ref()?, establishment()),
                _ => {
                    let id = establishment()?.legal_unit.as_ref()?;
                    (id, names.legal_units.get(id))
                }
            };
            match part {
                "id" => Some(id.to_string()),
                "code" => named?.code.clone(),
                _ => named?.name.clone(),
            }
        }
        Some((object, member)) => plain(&model[object][member]),
        None => plain(&model[source]),
    };
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// A value as text; for an object, its `name`.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Object(members) => members.get("name").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    }
}

/// Orders managers before their reports, except in reporting cycles.
fn managers_first(people: Vec<Person>) -> Vec<Person> {
    let manager: HashMap<&RemoteId, &RemoteId> =
        people.iter().filter_map(|person| Some((&person.id, person.manager.as_ref()?))).collect();
    let depth = |person: &Person| {
        let (mut seen, mut at) = (HashSet::new(), &person.id);
        while let Some(next) = manager.get(at) {
            if !seen.insert(*next) {
                break;
            }
            at = next;
        }
        seen.len()
    };
    let mut by_depth: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (n, person) in people.iter().enumerate() {
        by_depth.entry(depth(person)).or_default().push(n);
    }
    let order: Vec<usize> = by_depth.into_values().flatten().collect();
    let mut people: Vec<Option<Person>> = people.into_iter().map(Some).collect();
    order.into_iter().filter_map(|n| people.get_mut(n).and_then(Option::take)).collect()
}
