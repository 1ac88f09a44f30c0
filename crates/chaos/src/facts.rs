//! The plain facts of a tenant, by kind and id: in the tenant and in the store, with the same members, so
//! that both can be compared field by field.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use lucca::Stream;
use lucca_emulator::Snapshot;
use people::{
    Absence, AbsenceRequest, AbsenceRequestStatus, Department, Employee, Employment, Establishment, Half,
    Kind, RemoteId, SourceTime,
};
use serde_json::{Map, Value, json};
use store::Store;

/// Facts by kind and id.
pub type Facts = BTreeMap<(Kind, RemoteId), Value>;

/// The kinds whose facts are compared, and the stream that each comes from.
pub const KINDS: [(Kind, Stream); 6] = [
    (Kind::Employee, Stream::Users),
    (Kind::Employment, Stream::WorkContracts),
    (Kind::Department, Stream::Departments),
    (Kind::Establishment, Stream::Establishments),
    (Kind::Absence, Stream::Leaves),
    (Kind::AbsenceRequest, Stream::LeaveRequests),
];

/// Marks a field that the key can't read at present: its stored value may be anything.
pub const UNKNOWN: &str = "?";

/// The store trims texts and keeps no empty ones.
fn text(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn id(id: i64) -> RemoteId {
    RemoteId::from(id)
}

fn ids(id: Option<i64>) -> Option<String> {
    id.map(|id| id.to_string())
}

/// The facts of the tenant's snapshot. Half-days before `since` are left out, and so are absences without any
/// other.
pub fn of_snapshot(snapshot: &Snapshot, since: Date) -> Facts {
    let mut facts = Facts::new();
    for user in &snapshot.users {
        let value = json!({
            "first_name": text(Some(&user.first_name)),
            "last_name": text(Some(&user.last_name)),
            "mail": text(user.mail.as_deref()),
            "number": text(user.employee_number.as_deref()),
            "job": text(user.job_title.as_deref()),
            "department": user.department_id.to_string(),
            "manager": ids(user.manager_id),
            "establishment": user.establishment_id.to_string(),
            "starts": user.starts_on,
            "ends": user.ends_on,
            "modified": user.modified_at.strftime("%FT%T").to_string(),
        });
        facts.insert((Kind::Employee, id(user.id)), value);
    }
    for contract in &snapshot.contracts {
        let value = json!({
            "owner": contract.owner_id.to_string(),
            "establishment": contract.establishment_id.to_string(),
            "starts": contract.starts_on,
            "ends": contract.ends_on,
            "applicable": contract.is_applicable,
        });
        facts.insert((Kind::Employment, id(contract.id)), value);
    }
    for department in &snapshot.departments {
        let value = json!({
            "name": text(Some(&department.name)),
            "parent": ids(department.parent_id),
            "head": ids(department.head_id),
            "active": department.is_active,
        });
        facts.insert((Kind::Department, id(department.id)), value);
    }
    for site in &snapshot.establishments {
        let value = json!({
            "name": text(Some(&site.name)),
            "legal_unit": site.legal_unit_id.to_string(),
            "archived": site.is_archived,
        });
        facts.insert((Kind::Establishment, id(site.id)), value);
    }
    let confirmed: BTreeMap<i64, bool> =
        snapshot.leave_periods.iter().map(|period| (period.id, period.is_confirmed)).collect();
    for leave in snapshot.leaves.iter().filter(|leave| leave.date >= since) {
        let absence = facts.entry((Kind::Absence, id(leave.leave_period_id))).or_insert_with(|| {
            let is_confirmed = confirmed.get(&leave.leave_period_id);
            json!({"owner": leave.owner_id.to_string(), "confirmed": is_confirmed, "leaves": Map::new()})
        });
        absence["leaves"][&leave.id] = json!({
            "date": leave.date,
            "am": leave.am,
            "account": ids(leave.account_id),
            "minutes": leave.minutes,
            "active": leave.is_active,
        });
    }
    for request in &snapshot.leave_requests {
        let value = json!({
            "absence": request.leave_period_id.to_string(),
            "owner": request.owner_id.to_string(),
            "status": request.status,
            "approvals": request.approvals,
        });
        facts.insert((Kind::AbsenceRequest, id(request.id)), value);
    }
    facts
}

/// The facts stored as present. Half-days before `since` are left out, and so are absences without any other:
/// an earlier year's sync read them, and later syncs do not read them again.
///
/// # Errors
///
/// Errors of the store.
pub async fn of_store(store: &Store, account_no: i64, since: Date) -> Result<Facts, store::Error> {
    let mut facts = Facts::new();
    for employee in store.all::<Employee>(account_no).await? {
        let modified = employee.modified_at.map(|at| match at {
            SourceTime::Unzoned(at) => at.strftime("%FT%T").to_string(),
            SourceTime::Exact(at) => at.to_string(),
        });
        let value = json!({
            "first_name": employee.first_name,
            "last_name": employee.last_name,
            "mail": employee.work_email,
            "number": employee.employee_number,
            "job": employee.job_title,
            "department": employee.department_id,
            "manager": employee.manager_id,
            "establishment": employee.establishment_id,
            "starts": employee.contract_start,
            "ends": employee.contract_end,
            "modified": modified,
        });
        facts.insert((Kind::Employee, employee.id), value);
    }
    for contract in store.all::<Employment>(account_no).await? {
        let value = json!({
            "owner": contract.employee_id,
            "establishment": contract.establishment_id,
            "starts": contract.starts_on,
            "ends": contract.ends_on,
            "applicable": contract.is_applicable,
        });
        facts.insert((Kind::Employment, contract.id), value);
    }
    for department in store.all::<Department>(account_no).await? {
        let value = json!({
            "name": department.name,
            "parent": department.parent_id,
            "head": department.head_id,
            "active": department.is_active,
        });
        facts.insert((Kind::Department, department.id), value);
    }
    for site in store.all::<Establishment>(account_no).await? {
        let value = json!({
            "name": site.name,
            "legal_unit": site.legal_unit_id,
            "archived": site.is_archived,
        });
        facts.insert((Kind::Establishment, site.id), value);
    }
    for absence in store.all::<Absence>(account_no).await? {
        let mut leaves = Map::new();
        for leave in absence.leaves.iter().filter(|leave| leave.date >= since) {
            let value = json!({
                "date": leave.date,
                "am": leave.half == Half::Am,
                "account": leave.leave_type_id,
                "minutes": leave.minutes,
                "active": leave.is_active,
            });
            leaves.insert(leave.id.to_string(), value);
        }
        if leaves.is_empty() {
            continue;
        }
        let value =
            json!({"owner": absence.employee_id, "confirmed": absence.is_confirmed, "leaves": leaves});
        facts.insert((Kind::Absence, absence.id), value);
    }
    for request in store.all::<AbsenceRequest>(account_no).await? {
        let status = match request.status {
            AbsenceRequestStatus::Pending => 0,
            AbsenceRequestStatus::Approved => 2,
            AbsenceRequestStatus::Denied => 3,
            AbsenceRequestStatus::Cancelled => 4,
            AbsenceRequestStatus::CancellationPending => 5,
            AbsenceRequestStatus::Unknown => -1,
        };
        let value = json!({
            "absence": request.absence_id,
            "owner": request.employee_id,
            "status": status,
            "approvals": request.approvals.len(),
        });
        facts.insert((Kind::AbsenceRequest, request.id), value);
    }
    Ok(facts)
}

/// The stored absences with half-days before `since`.
///
/// # Errors
///
/// Errors of the store.
pub async fn reaching_back(
    store: &Store,
    account_no: i64,
    since: Date,
) -> Result<BTreeSet<RemoteId>, store::Error> {
    let absences = store.all::<Absence>(account_no).await?;
    let reaches_back = |absence: &Absence| absence.leaves.iter().any(|leave| leave.date < since);
    Ok(absences.into_iter().filter(reaches_back).map(|absence| absence.id).collect())
}

/// Marks these fields of every employee as fields that the key can't read.
pub fn veil(facts: &mut Facts, fields: &[&str]) {
    for ((kind, _), value) in facts.iter_mut() {
        if *kind == Kind::Employee {
            for field in fields {
                value[*field] = Value::from(UNKNOWN);
            }
        }
    }
}

/// Whether two records agree in every field that is known of both.
pub fn agree(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(field, value)| {
                    let other = b.get(field).unwrap_or(&Value::Null);
                    value == UNKNOWN || other == UNKNOWN || value == other
                })
        }
        _ => a == b,
    }
}

/// Whether a field of the record is unknown.
pub fn is_veiled(value: &Value) -> bool {
    value.as_object().is_some_and(|fields| fields.values().any(|value| value == UNKNOWN))
}

/// Lists how `is` differs from `should`, one line per record, for the keys that `wanted` selects.
pub fn differences(should: &Facts, is: &Facts, wanted: impl Fn(&(Kind, RemoteId)) -> bool) -> Vec<String> {
    let mut lines = Vec::new();
    for (key, value) in should.iter().filter(|(key, _)| wanted(key)) {
        match is.get(key) {
            None => lines.push(format!("{} {} is not stored: {value}", key.0.name(), key.1)),
            Some(stored) if !agree(value, stored) => {
                lines.push(format!("{} {} should be {value}, and is {stored}", key.0.name(), key.1));
            }
            Some(_) => {}
        }
    }
    for (key, value) in is.iter().filter(|(key, _)| wanted(key) && !should.contains_key(key)) {
        lines.push(format!("{} {} is stored and should not be: {value}", key.0.name(), key.1));
    }
    lines
}
