//! People as commands show them: with their status today and the names of what they refer to.

use std::collections::HashMap;

use jiff::civil::Date;
use lucca::Stream;
use people::{
    Department, Employee, EmployeeStatus, Employment, Establishment, LegalUnit, RemoteId, status_on,
};
use serde::Serialize;
use store::{LinkedAccount, Store};

use crate::failure::Failure;

/// A person with everything that belongs to them.
#[derive(Debug, Serialize)]
pub(crate) struct PersonView<'a> {
    /// Status on the day asked for.
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

/// All people of a linked account.
pub(crate) struct People {
    pub(crate) employees: Vec<(Employee, EmployeeStatus)>,
    pub(crate) departments: Vec<Department>,
    employments: HashMap<RemoteId, Vec<Employment>>,
    index: HashMap<RemoteId, usize>,
    department_index: HashMap<RemoteId, usize>,
    establishments: HashMap<RemoteId, Establishment>,
    legal_units: HashMap<RemoteId, LegalUnit>,
}

impl People {
    /// Reads them, in the order of their ids, with their status on `day`.
    pub(crate) async fn load(store: &Store, account: &LinkedAccount, day: Date) -> Result<Self, Failure> {
        let mut employments: HashMap<RemoteId, Vec<Employment>> = HashMap::new();
        let is_current = contracts_are_current(store, account).await?;
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
            employees,
            departments,
            employments,
        })
    }

    /// One person of `employees`, with everything that belongs to them.
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

    /// How many have each status.
    pub(crate) fn count(&self, wanted: EmployeeStatus) -> u64 {
        let count = self.employees.iter().filter(|(_, status)| *status == wanted).count();
        u64::try_from(count).unwrap_or(u64::MAX)
    }
}

/// Whether the last run could read contracts. Without a report there is nothing against it.
async fn contracts_are_current(store: &Store, account: &LinkedAccount) -> Result<bool, Failure> {
    let report = store.last_run(account.no).await?.and_then(|run| run.report).unwrap_or_default();
    let report = serde_json::from_str::<serde_json::Value>(&report).unwrap_or_default();
    let streams = report["streams"].as_array().cloned().unwrap_or_default();
    let contracts = streams.iter().find(|stream| stream["stream"] == Stream::WorkContracts.name());
    Ok(contracts.is_none_or(|contracts| contracts.get("error").is_none_or(serde_json::Value::is_null)))
}
