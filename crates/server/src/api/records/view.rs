//! What is shown of a record: the model as it is stored, how it stands, and what was asked for beside.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use delivery::mapping::Mapping;
use jiff::civil::Date;
use people::{EmployeeStatus, Kind, NamedRef, Period, RemoteId, status_on};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::{LinkedAccount, ListPlace, ListedRecord, RecordState, Store};

use crate::api::time;
use crate::problem::Problem;

/// How much of each record.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    /// Only these members; all where absent.
    fields: Option<BTreeSet<String>>,
    pub(crate) with_raw: bool,
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
                name.starts_with(|c: char| c.is_ascii_lowercase())
                    && name
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
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

/// A record as it is shown.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) place: ListPlace,
    /// JSON.
    pub(crate) json: String,
}

/// What a person's status and what belongs to them need of their record; the rest is shown as it is stored, unread.
#[derive(Deserialize)]
struct Person {
    contract_start: Option<Date>,
    contract_end: Option<Date>,
    manager_id: Option<RemoteId>,
    department_id: Option<RemoteId>,
}

/// Records as they are shown, with what belongs to them; employees that have not this status are left out.
pub(crate) async fn shown(
    store: &Store,
    account: &LinkedAccount,
    (kind, shape): (Kind, &Shape),
    records: Vec<ListedRecord>,
    (status, today): (Option<EmployeeStatus>, Date),
) -> Result<Vec<Shown>, Problem> {
    let mapping = Mapping::of(&account.settings.delivery);
    let as_delivered = (kind, &mapping);
    if shape.with_raw && !mapping.is_plain(kind) {
        let detail = "Fields of these records are left out or renamed for this account: what Lucca sent would go round that.";
        return Err(Problem::field("include", "delivery.raw_refused", detail));
    }
    if kind != Kind::Employee {
        return Ok(records.into_iter().map(|record| show(record, shape, as_delivered, &[])).collect());
    }
    let corrupt = |source| store::Error::CorruptRecord { kind, source };
    let people: Vec<Person> = records
        .iter()
        .map(|record| serde_json::from_str(&record.body).map_err(corrupt))
        .collect::<Result<_, _>>()?;
    let contracts = contracts(store, account, &records).await?;
    let managers = if shape.with_manager {
        let ids = people.iter().filter_map(|person| person.manager_id.clone());
        references(store, account, (Kind::Employee, &mapping), ids).await?
    } else {
        HashMap::new()
    };
    let departments = if shape.with_department {
        let ids = people.iter().filter_map(|person| person.department_id.clone());
        references(store, account, (Kind::Department, &mapping), ids).await?
    } else {
        HashMap::new()
    };
    let mut shown = Vec::with_capacity(records.len());
    for (record, person) in records.into_iter().zip(people) {
        let periods = contracts.get(&record.id).into_iter().flatten().copied();
        let contract = Period::new(person.contract_start, person.contract_end);
        let stands = status_on(today, contract, periods);
        if status.is_some_and(|wanted| wanted != stands) {
            continue;
        }
        let of = |known: &HashMap<RemoteId, Value>, member: &str, id: &Option<RemoteId>| {
            let id = id.as_ref().filter(|_| mapping.name(kind, member).is_some());
            id.and_then(|id| known.get(id)).cloned().unwrap_or(Value::Null)
        };
        let mut more = Vec::new();
        if shape.shows("status") {
            more.push(("status", json!(stands.name())));
        }
        if shape.with_manager {
            more.push(("manager", of(&managers, "manager_id", &person.manager_id)));
        }
        if shape.with_department {
            more.push(("department", of(&departments, "department_id", &person.department_id)));
        }
        shown.push(show(record, shape, as_delivered, &more));
    }
    Ok(shown)
}

/// The model as it is stored, with more members behind its own. Unless some are left out, it is not even read.
fn show(
    record: ListedRecord,
    shape: &Shape,
    (kind, mapping): (Kind, &Mapping),
    more: &[(&str, Value)],
) -> Shown {
    let place = record.place();
    let own = if shape.fields.is_none() && mapping.is_plain(kind) {
        record.body
    } else {
        let members: Map<String, Value> = serde_json::from_str(&record.body).unwrap_or_default();
        let mut members = mapping.members(kind, members);
        if let Some(position) = members.get_mut("position") {
            mapping.position(position);
        }
        members.retain(|name, _| shape.shows(name));
        Value::Object(members).to_string()
    };
    let mut json = own;
    // A model is an object: without its last brace more can be put behind it.
    json.truncate(json.rfind('}').unwrap_or_default());
    let mut add = |name: &str, value: &dyn std::fmt::Display| {
        let comma = if json.ends_with('{') { "" } else { "," };
        // Writing to a string does not fail.
        let _ = write!(json, "{comma}\"{name}\":{value}");
    };
    for (name, value) in more {
        add(name, value);
    }
    if shape.shows("state") {
        add("state", &format_args!("\"{}\"", record.state.name()));
    }
    if shape.shows("updated_at") {
        add("updated_at", &format_args!("\"{}\"", time(record.updated_at)));
    }
    if shape.with_raw {
        // Read and written again, because as it was sent it may be of many lines.
        let raw: Option<Value> = record.raw.and_then(|raw| serde_json::from_str(&raw).ok());
        add("raw", &raw.unwrap_or(Value::Null));
    }
    json.push('}');
    Shown { place, json }
}

async fn contracts(
    store: &Store,
    account: &LinkedAccount,
    records: &[ListedRecord],
) -> Result<HashMap<RemoteId, Vec<Period>>, Problem> {
    if !account.contracts_current {
        return Ok(HashMap::new());
    }
    let owners: Vec<RemoteId> = records.iter().map(|record| record.id.clone()).collect();
    Ok(store.employment_periods(account.no, &owners).await?)
}

/// Other records, as far as they are shown beside one: id, and the name where it is delivered.
async fn references(
    store: &Store,
    account: &LinkedAccount,
    (kind, mapping): (Kind, &Mapping),
    ids: impl Iterator<Item = RemoteId>,
) -> Result<HashMap<RemoteId, Value>, Problem> {
    let with_name = mapping.name(kind, "name").is_some();
    let ids: Vec<RemoteId> = ids.collect::<BTreeSet<_>>().into_iter().collect();
    let bodies = store.bodies(account.no, kind, &ids).await?;
    let read = |(id, (body, _)): (RemoteId, (String, RecordState))| {
        let read: NamedRef = serde_json::from_str(&body).ok()?;
        Some((id.clone(), json!({ "id": id, "name": read.name.filter(|_| with_name) })))
    };
    Ok(bodies.into_iter().filter_map(read).collect())
}
