//! Position histories as commands show them: derived from contracts, Lucca's log, and changes that syncs
//! found.

use std::collections::HashMap;

use jiff::civil::Date;
use people::{Employee, History, Position, PositionedEmployee, RemoteId, as_of};
use store::{LinkedAccount, Store};

use crate::failure::Failure;
use crate::people_view::People;

/// The positions of every employee, by id.
pub(crate) struct Histories(HashMap<RemoteId, Vec<Position>>);

impl Histories {
    /// Derives the positions as known on `today`.
    pub(crate) async fn load(
        store: &Store,
        account: &LinkedAccount,
        people: &People,
        today: Date,
    ) -> Result<Self, Failure> {
        let traces = store.position_traces(account.no, None).await?;
        let of = |employee: &Employee| traces.positions(today, employee, people.contracts(&employee.id));
        Ok(Self(people.employees.iter().map(|(employee, _)| (employee.id.clone(), of(employee))).collect()))
    }

    /// The employees employed on a day, with their positions.
    pub(crate) fn as_of<'a>(&'a self, people: &'a People, day: Date) -> Vec<PositionedEmployee<'a>> {
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
    let ids = std::slice::from_ref(&employee.id);
    let traces = store.position_traces(account.no, Some(ids)).await?;
    Ok(traces.positions(today, employee, people.contracts(&employee.id)))
}
