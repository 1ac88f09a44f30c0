//! Histories of positions as commands show them: put together from contracts, Lucca's log and what syncs have found
//! changed.

use std::collections::HashMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use people::{
    Employee, History, Kind, Observation, Placed, Position, PositionField, RemoteId, UserLogEntry, as_of,
    position_history,
};
use serde_json::{Map, Value};
use store::{Change, LinkedAccount, Store};

use crate::failure::Failure;
use crate::people_view::People;

/// The positions of everybody, by employee.
pub(crate) struct Histories(HashMap<RemoteId, Vec<Position>>);

impl Histories {
    /// Puts them together as they are known on `today`.
    pub(crate) async fn load(
        store: &Store,
        account: &LinkedAccount,
        people: &People,
        today: Date,
    ) -> Result<Self, Failure> {
        let mut log: HashMap<RemoteId, Vec<UserLogEntry>> = HashMap::new();
        for entry in store.all::<UserLogEntry>(account.no).await? {
            log.entry(entry.employee_id.clone()).or_default().push(entry);
        }
        let mut seen: HashMap<RemoteId, Vec<Observation>> = HashMap::new();
        for change in store.updates(account.no, Kind::Employee, None).await? {
            seen.entry(change.id.clone()).or_default().extend(observations(&change));
        }
        let of = |employee: &Employee| {
            let id = &employee.id;
            let log = log.get(id).map(Vec::as_slice).unwrap_or_default();
            let seen = seen.get(id).map(Vec::as_slice).unwrap_or_default();
            position_history(today, employee, people.contracts(id), log, seen)
        };
        Ok(Self(people.employees.iter().map(|(employee, _)| (employee.id.clone(), of(employee))).collect()))
    }

    /// Who was employed on a day, and where they stood.
    pub(crate) fn as_of<'a>(&'a self, people: &'a People, day: Date) -> Vec<Placed<'a>> {
        let histories = people.employees.iter().map(|(employee, _)| History {
            employee,
            employments: people.contracts(&employee.id),
            positions: self.0.get(&employee.id).map(Vec::as_slice).unwrap_or_default(),
        });
        as_of(day, histories)
    }
}

/// The positions of one employee, oldest first.
pub(crate) async fn positions_of(
    store: &Store,
    account: &LinkedAccount,
    people: &People,
    employee: &Employee,
    today: Date,
) -> Result<Vec<Position>, Failure> {
    let id = &employee.id;
    let entries =
        store.referring(account.no, Kind::UserLogEntry, "employee_id", std::slice::from_ref(id)).await?;
    let ids: Vec<RemoteId> = entries.into_iter().map(|(id, _)| id).collect();
    let bodies = store.bodies(account.no, Kind::UserLogEntry, &ids).await?;
    let log: Vec<UserLogEntry> =
        bodies.values().filter_map(|(body, _)| serde_json::from_str(body).ok()).collect();
    let changes = store.updates(account.no, Kind::Employee, Some(id)).await?;
    let seen: Vec<Observation> = changes.iter().flat_map(observations).collect();
    Ok(position_history(today, employee, people.contracts(id), &log, &seen))
}

/// What a change of an employee tells of their position. The day is that of this machine's time zone, as today is.
fn observations(change: &Change) -> Vec<Observation> {
    let fields = change.fields.as_ref().and_then(|fields| serde_json::from_str(fields.get()).ok());
    let fields: Map<String, Value> = fields.unwrap_or_default();
    let on = change.at.to_zoned(TimeZone::system()).date();
    fields
        .iter()
        // Values that were not kept tell nothing.
        .filter(|(_, values)| values.is_object())
        .filter_map(|(name, values)| {
            Some(Observation {
                employee_id: change.id.clone(),
                field: PositionField::of_employee(name)?,
                before: text(&values["before"]),
                after: text(&values["after"]),
                on,
            })
        })
        .collect()
}

/// An id or a title as text; of what has an id and a name, the id.
fn text(value: &Value) -> Option<String> {
    let value = if value.is_object() { &value["id"] } else { value };
    value.as_str().map(str::to_owned)
}
