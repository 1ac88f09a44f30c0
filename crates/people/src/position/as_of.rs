//! Histories on a day: each employee's department and manager on that date.

use jiff::civil::Date;

use super::Position;
use crate::{Employee, EmployeeStatus, Employment, RemoteId, status_on};

/// The position that holds on a day, from an employee's history in order. At most one does; after today it is
/// the current one.
pub fn position_on(day: Date, history: &[Position]) -> Option<&Position> {
    let begun = history.partition_point(|position| position.starts_on.is_none_or(|start| start <= day));
    history[..begun].last().filter(|position| position.ends_on.is_none_or(|end| day <= end))
}

/// The records that determine an employee's state on a day.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    /// The employee.
    pub employee: &'a Employee,
    /// Their employments, in any order.
    pub employments: &'a [Employment],
    /// Their positions, as [`position_history`](super::position_history) builds them.
    pub positions: &'a [Position],
}

/// An employee with their position on a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PositionedEmployee<'a> {
    /// The employee. The record is the current one; only [`position`](Self::position) is of the day.
    pub employee: &'a Employee,
    /// Their position, absent if it is unknown for that day.
    pub position: Option<&'a Position>,
}

impl<'a> PositionedEmployee<'a> {
    /// The department, if known.
    pub fn department_id(&self) -> Option<&'a RemoteId> {
        Some(&self.position?.department_id.as_ref()?.value)
    }

    /// The manager, if known.
    pub fn manager_id(&self) -> Option<&'a RemoteId> {
        Some(&self.position?.manager_id.as_ref()?.value)
    }
}

/// The employees employed on a day and their positions, in the order given. An employee without any contract
/// date counts as employed on every day, as in [`status_on`].
///
/// [`OrgChart::build`](crate::OrgChart::build) makes the org chart of that day from the ids and managers.
pub fn as_of<'a>(day: Date, histories: impl IntoIterator<Item = History<'a>>) -> Vec<PositionedEmployee<'a>> {
    histories
        .into_iter()
        .filter(|person| {
            let employments = person.employments.iter().map(Employment::period);
            status_on(day, person.employee.contract(), employments) == EmployeeStatus::Active
        })
        .map(|person| PositionedEmployee {
            employee: person.employee,
            position: position_on(day, person.positions),
        })
        .collect()
}
