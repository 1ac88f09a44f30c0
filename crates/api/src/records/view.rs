//! Renders records: the stored model, its state, and the additional members requested.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use delivery::mapping::Mapping;
use jiff::civil::Date;
use people::catalog::Column;
use people::{
    Absence, AbsenceRequest, AbsenceStatus, EmployeeStatus, Kind, NamedRef, Period, RemoteId, absence_status,
    status_on,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::{LinkedAccount, ListPosition, ListedRecord, RecordState, Store};
use web::problem::Problem;

use api_types::time;

/// The requested members of each record.
#[derive(Clone, Debug, Default)]
pub(crate) struct FieldSelection {
    /// Only these members; `None` for all.
    fields: Option<BTreeSet<String>>,
    pub(crate) with_raw: bool,
    with_manager: bool,
    with_department: bool,
    with_employee: bool,
    with_leave_types: bool,
}

impl FieldSelection {
    /// Parses `fields` and `include`.
    pub(crate) fn read(kind: Kind, fields: Option<&str>, include: Option<&str>) -> Result<Self, Problem> {
        let mut selection = Self::default();
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
            selection.fields = Some(names);
        }
        for part in include.into_iter().flat_map(|text| text.split(',')) {
            match (part.trim(), kind) {
                ("raw", _) => selection.with_raw = true,
                ("manager", Kind::Employee) => selection.with_manager = true,
                ("department", Kind::Employee) => selection.with_department = true,
                ("employee", Kind::Absence) => selection.with_employee = true,
                ("leave_types", Kind::Absence) => selection.with_leave_types = true,
                _ => {
                    let detail = "It is a list of raw, for employees manager and department, and for absences employee and \
                                  leave_types, separated by commas.";
                    return Err(Problem::field("include", "request.invalid", detail));
                }
            }
        }
        Ok(selection)
    }

    fn shows(&self, member: &str) -> bool {
        member == "id" || self.fields.as_ref().is_none_or(|fields| fields.contains(member))
    }
}

/// A rendered record.
#[derive(Debug)]
pub(crate) struct RenderedRecord {
    pub(crate) place: ListPosition,
    /// JSON.
    pub(crate) json: String,
}

/// The members of an employee that status, manager and department need; the rest of the record is copied
/// without parsing.
#[derive(Deserialize)]
struct Person {
    contract_start: Option<Date>,
    contract_end: Option<Date>,
    manager_id: Option<RemoteId>,
    department_id: Option<RemoteId>,
}

/// The status that a list selects.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StatusFilter {
    Employee(EmployeeStatus),
    Absence(AbsenceStatus),
}

/// Renders records with their related records; drops those with another status.
pub(crate) async fn render_records(
    store: &Store,
    account: &LinkedAccount,
    (kind, selection): (Kind, &FieldSelection),
    records: Vec<ListedRecord>,
    (status, today): (Option<StatusFilter>, Date),
) -> Result<Vec<RenderedRecord>, Problem> {
    let mapping = Mapping::of(&account.settings.delivery);
    let as_delivered = (kind, &mapping);
    if selection.with_raw && !mapping.is_plain(kind) {
        let detail = "Fields of these records are left out or renamed for this account: what Lucca sent would go round that.";
        return Err(Problem::field("include", "delivery.raw_refused", detail));
    }
    if kind == Kind::Absence {
        return render_absences(store, account, (&mapping, selection), records, status).await;
    }
    if kind != Kind::Employee {
        return Ok(records.into_iter().map(|record| render(record, selection, as_delivered, &[])).collect());
    }
    let corrupt = |source| store::Error::CorruptRecord { kind, source };
    let people: Vec<Person> = records
        .iter()
        .map(|record| serde_json::from_str(&record.body).map_err(corrupt))
        .collect::<Result<_, _>>()?;
    let contracts = contracts(store, account, &records).await?;
    let managers = if selection.with_manager {
        let ids = people.iter().filter_map(|person| person.manager_id.clone());
        references(store, account, (Kind::Employee, &mapping), ids).await?
    } else {
        HashMap::new()
    };
    let departments = if selection.with_department {
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
        if matches!(status, Some(StatusFilter::Employee(wanted)) if wanted != stands) {
            continue;
        }
        let of = |known: &HashMap<RemoteId, Value>, member: &str, id: &Option<RemoteId>| {
            let id = id.as_ref().filter(|_| mapping.name(kind, member).is_some());
            id.and_then(|id| known.get(id)).cloned().unwrap_or(Value::Null)
        };
        let mut more = Vec::new();
        if selection.shows("status") {
            more.push(("status", json!(stands.name())));
        }
        if selection.with_manager {
            more.push(("manager", of(&managers, "manager_id", &person.manager_id)));
        }
        if selection.with_department {
            more.push(("department", of(&departments, "department_id", &person.department_id)));
        }
        shown.push(render(record, selection, as_delivered, &more));
    }
    Ok(shown)
}

/// Renders absences with their status, their first and last day, and their related records.
async fn render_absences(
    store: &Store,
    account: &LinkedAccount,
    (mapping, selection): (&Mapping, &FieldSelection),
    records: Vec<ListedRecord>,
    wanted: Option<StatusFilter>,
) -> Result<Vec<RenderedRecord>, Problem> {
    let kind = Kind::Absence;
    let corrupt = |source| store::Error::CorruptRecord { kind, source };
    let absences: Vec<Absence> = records
        .iter()
        .map(|record| serde_json::from_str(&record.body).map_err(corrupt))
        .collect::<Result<_, _>>()?;
    let requests = requests_of(store, account, &absences).await?;
    let employees = if selection.with_employee {
        let ids = absences.iter().filter_map(|absence| absence.employee_id.clone());
        references(store, account, (Kind::Employee, mapping), ids).await?
    } else {
        HashMap::new()
    };
    let leave_types = if selection.with_leave_types {
        let ids = absences.iter().flat_map(|absence| absence.leave_type_ids.iter().cloned());
        references(store, account, (Kind::LeaveType, mapping), ids).await?
    } else {
        HashMap::new()
    };
    let mut shown = Vec::with_capacity(records.len());
    for (record, absence) in records.into_iter().zip(absences) {
        let status = absence_status(&absence, requests.get(&absence.id));
        if matches!(wanted, Some(StatusFilter::Absence(wanted)) if wanted != status) {
            continue;
        }
        let is_delivered = |member: &str| mapping.name(kind, member).is_some();
        let mut more = Vec::new();
        let mut add = |name: &'static str, is_shown: bool, value: Value| {
            if is_shown {
                more.push((name, value));
            }
        };
        add("status", selection.shows("status"), json!(status.name()));
        add("starts_on", selection.shows("starts_on") && is_delivered("first"), json!(absence.first.date));
        add("ends_on", selection.shows("ends_on") && is_delivered("last"), json!(absence.last.date));
        let employee = absence.employee_id.as_ref().filter(|_| is_delivered("employee_id"));
        let employee = employee.and_then(|id| employees.get(id)).cloned();
        add("employee", selection.with_employee, employee.unwrap_or(Value::Null));
        let types = absence.leave_type_ids.iter().filter(|_| is_delivered("leave_type_ids"));
        let types: Vec<Value> = types.filter_map(|id| leave_types.get(id)).cloned().collect();
        add("leave_types", selection.with_leave_types, json!(types));
        shown.push(render(record, selection, (kind, mapping), &more));
    }
    Ok(shown)
}

/// The latest absence request of each absence, if it is delivered.
async fn requests_of(
    store: &Store,
    account: &LinkedAccount,
    absences: &[Absence],
) -> Result<HashMap<RemoteId, AbsenceRequest>, Problem> {
    let kind = Kind::AbsenceRequest;
    let ids: Vec<RemoteId> = absences.iter().map(|absence| absence.id.clone()).collect();
    let found = store.referring(account.no, kind, Column::AbsenceId, &ids).await?;
    let ids: Vec<RemoteId> = found.into_iter().map(|(id, _)| id).collect();
    let mut requests: HashMap<RemoteId, AbsenceRequest> = HashMap::new();
    for (body, _) in store.bodies(account.no, kind, &ids).await?.into_values() {
        let corrupt = |source| store::Error::CorruptRecord { kind, source };
        let request: AbsenceRequest = serde_json::from_str(&body).map_err(corrupt)?;
        let Some(absence) = request.absence_id.clone() else { continue };
        let known = requests.get(&absence);
        if known.is_none_or(|known| known.id.sort_key() < request.id.sort_key()) {
            requests.insert(absence, request);
        }
    }
    Ok(requests)
}

/// Appends members to the stored model. The model is only parsed if some of its members have to be left out
/// or renamed.
fn render(
    record: ListedRecord,
    selection: &FieldSelection,
    (kind, mapping): (Kind, &Mapping),
    more: &[(&str, Value)],
) -> RenderedRecord {
    let place = record.place();
    let own = if selection.fields.is_none() && mapping.is_plain(kind) {
        record.body
    } else {
        let members: Map<String, Value> = serde_json::from_str(&record.body).unwrap_or_default();
        let mut members = mapping.members(kind, members);
        if let Some(position) = members.get_mut("position") {
            mapping.position(position);
        }
        members.retain(|name, _| selection.shows(name));
        Value::Object(members).to_string()
    };
    let mut json = own;
    // A model is a JSON object: members can be appended once its last brace is removed.
    json.truncate(json.rfind('}').unwrap_or_default());
    let mut add = |name: &str, value: &dyn std::fmt::Display| {
        let comma = if json.ends_with('{') { "" } else { "," };
        // Writing to a string can't fail.
        let _ = write!(json, "{comma}\"{name}\":{value}");
    };
    for (name, value) in more {
        add(name, value);
    }
    if selection.shows("state") {
        add("state", &format_args!("\"{}\"", record.state.name()));
    }
    if selection.shows("updated_at") {
        add("updated_at", &format_args!("\"{}\"", time(record.updated_at)));
    }
    if selection.with_raw {
        // Parsed and written again, since the original may span several lines.
        let raw: Option<Value> = record.raw.and_then(|raw| serde_json::from_str(&raw).ok());
        add("raw", &raw.unwrap_or(Value::Null));
    }
    json.push('}');
    RenderedRecord { place, json }
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

/// Related records: their ids, and their names if these are delivered.
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
