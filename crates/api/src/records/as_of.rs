//! Records as of a past or future day: for employees their status, contract, department, manager and job; for
//! employments those in force. `people` derives these values; see docs/serve.md.

use std::collections::HashMap;

use jiff::civil::Date;
use people::catalog::Column;
use people::{Employee, Employment, Kind, RemoteId, position_on};
use serde_json::{Map, Value, json};
use store::{LinkedAccount, ListedRecord};
use web::app::App;
use web::problem::Problem;

/// Records as of a day, if they meet the conditions on that day.
pub(crate) async fn on_day(
    app: &App,
    account: &LinkedAccount,
    kind: Kind,
    records: Vec<ListedRecord>,
    day: Date,
    equal: &[(Column, Vec<RemoteId>)],
) -> Result<Vec<ListedRecord>, Problem> {
    if kind != Kind::Employee {
        return Ok(records.into_iter().filter(|record| is_in_force(record, day)).collect());
    }
    let services = &app.services;
    let ids: Vec<RemoteId> = records.iter().map(|record| record.id.clone()).collect();
    let contracts = contracts_of(app, account, &ids).await?;
    let traces = services.store.position_traces(account.no, Some(&ids)).await?;
    let today = services.today();
    let mut stood = Vec::with_capacity(records.len());
    for mut record in records {
        let corrupt = |source| store::Error::CorruptRecord { kind, source };
        let employee: Employee = serde_json::from_str(&record.body).map_err(corrupt)?;
        let mut members: Map<String, Value> = serde_json::from_str(&record.body).map_err(corrupt)?;
        let contracts = contracts.get(&record.id).map(Vec::as_slice).unwrap_or_default();
        let positions = traces.positions(today, &employee, contracts);
        let position = position_on(day, &positions);
        let value = |value: Option<Value>| value.unwrap_or(Value::Null);
        let id = |known: &Option<people::Sourced<RemoteId>>| known.as_ref().map(|known| json!(known.value));
        let then = [
            ("department_id", position.and_then(|position| id(&position.department_id))),
            ("manager_id", position.and_then(|position| id(&position.manager_id))),
            ("establishment_id", position.and_then(|position| id(&position.establishment_id))),
            ("occupation_category_id", position.and_then(|position| id(&position.occupation_category_id))),
            ("job_title", position.and_then(|position| Some(json!(position.job_title.as_ref()?.value)))),
            (
                "job_qualification",
                position.and_then(|position| Some(json!(position.job_qualification.as_ref()?.value))),
            ),
        ];
        for (name, known) in then {
            members.insert(name.to_owned(), value(known));
        }
        // Without contracts, only the record's own dates are known.
        if let Some(contract) = contract_on(contracts, day) {
            members.insert("contract_start".to_owned(), json!(contract.starts_on));
            members.insert("contract_end".to_owned(), json!(contract.period().ends_on()));
        }
        let is_meant = equal.iter().all(|(column, wanted)| {
            let value = members[column.name()].as_str();
            wanted.iter().any(|wanted| value == Some(wanted.as_str()))
        });
        if !is_meant {
            continue;
        }
        members.insert("as_of".to_owned(), json!(day));
        members.insert("position".to_owned(), json!(position));
        record.body = Value::Object(members).to_string();
        stood.push(record);
    }
    Ok(stood)
}

/// The contracts of these employees that may be relevant, by owner.
pub(crate) async fn contracts_of(
    app: &App,
    account: &LinkedAccount,
    owners: &[RemoteId],
) -> Result<HashMap<RemoteId, Vec<Employment>>, Problem> {
    let mut contracts: HashMap<RemoteId, Vec<Employment>> = HashMap::new();
    if account.contracts_current {
        for contract in app.services.store.employments_of(account.no, owners).await? {
            contracts.entry(contract.employee_id.clone()).or_default().push(contract);
        }
    }
    Ok(contracts)
}

fn is_in_force(record: &ListedRecord, day: Date) -> bool {
    serde_json::from_str::<Employment>(&record.body).is_ok_and(|contract| covers(&contract, day))
}

fn covers(contract: &Employment, day: Date) -> bool {
    contract.starts_on <= day && contract.period().ends_on().is_none_or(|last| day <= last)
}

/// The contract of a day: the latest-starting one that covers it, else the next one, else the last one.
fn contract_on(contracts: &[Employment], day: Date) -> Option<&Employment> {
    let mut contracts: Vec<&Employment> = contracts.iter().collect();
    contracts.sort_by(|a, b| (a.starts_on, a.id.sort_key()).cmp(&(b.starts_on, b.id.sort_key())));
    let covering = contracts.iter().rfind(|contract| covers(contract, day));
    let next = || contracts.iter().find(|contract| contract.starts_on > day);
    covering.or_else(next).or_else(|| contracts.last()).copied()
}
