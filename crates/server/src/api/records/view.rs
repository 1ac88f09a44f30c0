//! What is shown of a record: the model as it is stored, how it stands, and what was asked for beside.

use std::collections::{BTreeSet, HashMap};

use jiff::civil::Date;
use people::{Employee, EmployeeStatus, Employment, Kind, NamedRef, RemoteId, status_on};
use serde_json::{Map, Value, json};
use store::{LinkedAccount, ListedRecord, RecordState, Store};

use crate::api::time;
use crate::problem::Problem;

/// How much of each record.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    /// Only these members; all where absent.
    fields: Option<BTreeSet<String>>,
    with_raw: bool,
    with_manager: bool,
    with_department: bool,
}

impl Shape {
    /// What is asked for by `fields` and `include`.
    pub(crate) fn read(kind: Kind, fields: Option<&str>, include: Option<&str>) -> Result<Self, Problem> {
        let mut shape = Self::default();
        if let Some(fields) = fields {
            let names: BTreeSet<String> = fields.split(',').map(|name| name.trim().to_owned()).collect();
            let is_name = |name: &String| {
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            };
            if !names.iter().all(is_name) || names.len() > 100 {
                let detail = "It is a list of members' names, separated by commas.";
                return Err(Problem::field("fields", "request.invalid", detail));
            }
            shape.fields = Some(names);
        }
        for part in include.into_iter().flat_map(|text| text.split(',')) {
            match (part.trim(), kind) {
                ("raw", _) => shape.with_raw = true,
                ("manager", Kind::Employee) => shape.with_manager = true,
                ("department", Kind::Employee) => shape.with_department = true,
                _ => {
                    let detail = "It is raw or, of employees, manager or department, separated by commas.";
                    return Err(Problem::field("include", "request.invalid", detail));
                }
            }
        }
        Ok(shape)
    }

    fn shows(&self, member: &str) -> bool {
        member == "id" || self.fields.as_ref().is_none_or(|fields| fields.contains(member))
    }
}

/// Records as they are shown, with what belongs to them; employees that have not this status are left out.
pub(crate) async fn shown(
    store: &Store,
    account: &LinkedAccount,
    (kind, shape): (Kind, &Shape),
    records: Vec<ListedRecord>,
    (status, today): (Option<EmployeeStatus>, Date),
) -> Result<Vec<Value>, Problem> {
    if kind != Kind::Employee {
        return Ok(records.into_iter().map(|record| value(record, shape, Map::new())).collect());
    }
    let employees: Vec<Employee> = records
        .iter()
        .map(|record| serde_json::from_str(&record.body))
        .collect::<Result<_, _>>()
        .map_err(|source| store::Error::CorruptRecord { kind, source })?;
    let contracts = contracts(store, account, &employees).await?;
    let managers = if shape.with_manager {
        references(store, account, Kind::Employee, employees.iter().filter_map(|one| one.manager_id.clone()))
            .await?
    } else {
        HashMap::new()
    };
    let departments = if shape.with_department {
        let ids = employees.iter().filter_map(|one| one.department_id.clone());
        references(store, account, Kind::Department, ids).await?
    } else {
        HashMap::new()
    };
    let mut shown = Vec::with_capacity(records.len());
    for (record, employee) in records.into_iter().zip(employees) {
        let periods = contracts.get(&employee.id).into_iter().flatten().map(Employment::period);
        let stands = status_on(today, employee.contract(), periods);
        if status.is_some_and(|wanted| wanted != stands) {
            continue;
        }
        let mut more = Map::new();
        more.insert("status".to_owned(), json!(stands.to_string()));
        let of = |known: &HashMap<RemoteId, Value>, id: &Option<RemoteId>| {
            id.as_ref().and_then(|id| known.get(id)).cloned().unwrap_or(Value::Null)
        };
        if shape.with_manager {
            more.insert("manager".to_owned(), of(&managers, &employee.manager_id));
        }
        if shape.with_department {
            more.insert("department".to_owned(), of(&departments, &employee.department_id));
        }
        shown.push(value(record, shape, more));
    }
    Ok(shown)
}

fn value(record: ListedRecord, shape: &Shape, more: Map<String, Value>) -> Value {
    // What is stored is an object; what can't be read is shown by its id and state.
    let mut members: Map<String, Value> = serde_json::from_str(&record.body).unwrap_or_default();
    members.retain(|name, _| shape.shows(name));
    members.insert("id".to_owned(), json!(record.id));
    let state = match record.state {
        RecordState::Present => "present",
        RecordState::Gone => "gone",
        RecordState::Hidden => "hidden",
    };
    for (name, value) in [("state", json!(state)), ("updated_at", json!(time(record.updated_at)))] {
        if shape.shows(name) {
            members.insert(name.to_owned(), value);
        }
    }
    for (name, value) in more {
        if shape.shows(&name) || name != "status" {
            members.insert(name, value);
        }
    }
    if shape.with_raw {
        let raw = record.raw.and_then(|raw| serde_json::from_str(&raw).ok());
        members.insert("raw".to_owned(), raw.unwrap_or(Value::Null));
    }
    Value::Object(members)
}

async fn contracts(
    store: &Store,
    account: &LinkedAccount,
    employees: &[Employee],
) -> Result<HashMap<RemoteId, Vec<Employment>>, Problem> {
    if !sync::contracts_are_current(store, account.no).await? {
        return Ok(HashMap::new());
    }
    let owners: Vec<RemoteId> = employees.iter().map(|employee| employee.id.clone()).collect();
    let mut contracts: HashMap<RemoteId, Vec<Employment>> = HashMap::new();
    for employment in store.employments_of(account.no, &owners).await? {
        contracts.entry(employment.employee_id.clone()).or_default().push(employment);
    }
    Ok(contracts)
}

/// Other records, as far as they are shown beside one: id and name.
async fn references(
    store: &Store,
    account: &LinkedAccount,
    kind: Kind,
    ids: impl Iterator<Item = RemoteId>,
) -> Result<HashMap<RemoteId, Value>, Problem> {
    let ids: Vec<RemoteId> = ids.collect::<BTreeSet<_>>().into_iter().collect();
    let bodies = store.bodies(account.no, kind, &ids).await?;
    let read = |(id, (body, _)): (RemoteId, (String, RecordState))| {
        let read: NamedRef = serde_json::from_str(&body).ok()?;
        Some((id.clone(), json!({ "id": id, "name": read.name })))
    };
    Ok(bodies.into_iter().filter_map(read).collect())
}
