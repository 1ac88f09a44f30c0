//! The table `people`: employees with their status today and the names of the records that they refer to.
//! Reads employees page by page; only names and organisation are in memory for all employees.

use std::collections::HashMap;

use delivery::catalog::{self, Reader, Row};
use delivery::mapping::Mapping;
use jiff::civil::Date;
use people::{Department, Employee, Employment, Establishment, Kind, LegalUnit, RemoteId, status_on};
use serde_json::{Value, json};
use store::{LinkedAccount, Store};

use crate::table::is_delivered;

/// The records that employees refer to.
pub(crate) struct People<'a> {
    store: &'a Store,
    account_no: i64,
    today: Date,
    names: HashMap<RemoteId, String>,
    departments: HashMap<RemoteId, Option<String>>,
    establishments: HashMap<RemoteId, Establishment>,
    legal_units: HashMap<RemoteId, Option<String>>,
    /// If contracts can no longer be read, the status uses the employee's own contract dates instead.
    are_contracts_current: bool,
}

impl<'a> People<'a> {
    pub(crate) async fn load(
        store: &'a Store,
        account: &LinkedAccount,
        reader: &Reader<'_>,
        today: Date,
    ) -> Result<Self, catalog::Error> {
        let no = account.no;
        let mut names = HashMap::new();
        let mut place = reader.start();
        while let Some(page) = reader.page(Kind::Employee, &place).await? {
            for row in &page.rows {
                names.insert(row.id.clone(), read(row)?.shown_name());
            }
            place = page.then;
        }
        let departments = store.all::<Department>(no).await?;
        let establishments = store.all::<Establishment>(no).await?;
        let legal_units = store.all::<LegalUnit>(no).await?;
        Ok(Self {
            store,
            account_no: no,
            today,
            names,
            departments: departments.into_iter().map(|one| (one.id, one.name)).collect(),
            establishments: establishments.into_iter().map(|one| (one.id.clone(), one)).collect(),
            legal_units: legal_units.into_iter().map(|one| (one.id, one.name)).collect(),
            are_contracts_current: account.contracts_current,
        })
    }

    /// Some employees as rows of `people`, each one JSON object.
    pub(crate) async fn page(&self, rows: &[Row], mapping: &Mapping) -> Result<Vec<String>, catalog::Error> {
        let mut employments: HashMap<RemoteId, Vec<Employment>> = HashMap::new();
        if self.are_contracts_current {
            let ids: Vec<RemoteId> = rows.iter().map(|row| row.id.clone()).collect();
            for employment in self.store.employments_of(self.account_no, &ids).await? {
                employments.entry(employment.employee_id.clone()).or_default().push(employment);
            }
        }
        let mut lines = Vec::with_capacity(rows.len());
        for row in rows {
            let employee = read(row)?;
            let contracts = employments.get(&row.id).map(Vec::as_slice).unwrap_or_default();
            let status = status_on(self.today, employee.contract(), contracts.iter().map(Employment::period));
            let mut line = row.json(Kind::Employee)?;
            // Reopen the object to append members.
            line.pop();
            for (name, value) in
                self.members(&employee).into_iter().filter(|(name, _)| is_delivered(name, mapping))
            {
                line.push_str(&format!(",\"{name}\":{value}"));
            }
            line.push_str(&format!(",\"status\":{}}}", json!(status)));
            lines.push(line);
        }
        Ok(lines)
    }

    fn members(&self, employee: &Employee) -> [(&'static str, Value); 5] {
        let manager = employee.manager_id.as_ref().and_then(|id| self.names.get(id));
        let department = employee.department_id.as_ref().and_then(|id| self.departments.get(id));
        let establishment = employee.establishment_id.as_ref().and_then(|id| self.establishments.get(id));
        let legal_unit_id = establishment.and_then(|establishment| establishment.legal_unit_id.as_ref());
        let legal_unit = legal_unit_id.and_then(|id| self.legal_units.get(id));
        [
            ("manager_name", json!(manager)),
            ("department_name", json!(department)),
            ("establishment_name", json!(establishment.map(|establishment| &establishment.name))),
            ("legal_unit_id", json!(legal_unit_id)),
            ("legal_unit_name", json!(legal_unit)),
        ]
    }
}

fn read(row: &Row) -> Result<Employee, catalog::Error> {
    let body = row.body.as_deref().unwrap_or_default();
    serde_json::from_str(body).map_err(|_| catalog::Error::CorruptRecord { stream: Kind::Employee.name() })
}
