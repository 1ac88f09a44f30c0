//! Reading histories on a day: who was in which department under which manager.

use jiff::civil::Date;

use super::Position;
use crate::{Employee, EmployeeStatus, Employment, RemoteId, status_on};

/// The position that holds on a day, from an employee's history in order. At most one does; after today it is
/// what holds now.
pub fn position_on(day: Date, history: &[Position]) -> Option<&Position> {
    let begun = history.partition_point(|position| position.starts_on.is_none_or(|start| start <= day));
    history[..begun].last().filter(|position| position.ends_on.is_none_or(|end| day <= end))
}

/// All that says what an employee was on a day.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    /// The employee.
    pub employee: &'a Employee,
    /// Their employments, in any order.
    pub employments: &'a [Employment],
    /// Their positions, as [`position_history`](super::position_history) puts them together.
    pub positions: &'a [Position],
}

/// Where someone stood on a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed<'a> {
    /// The employee. Their record is that of now; only [`position`](Self::position) is of the day.
    pub employee: &'a Employee,
    /// Their position, absent when nothing is known of that day.
    pub position: Option<&'a Position>,
}

impl<'a> Placed<'a> {
    /// The department, where it is known.
    pub fn department_id(&self) -> Option<&'a RemoteId> {
        Some(&self.position?.department_id.as_ref()?.value)
    }

    /// The manager, where it is known.
    pub fn manager_id(&self) -> Option<&'a RemoteId> {
        Some(&self.position?.manager_id.as_ref()?.value)
    }
}

/// Who was employed on a day and where they stood, in the order given. Someone without any contract date is
/// taken for employed on every day, as in [`status_on`].
///
/// [`OrgChart::build`](crate::OrgChart::build) makes the org chart of that day from the ids and managers.
pub fn as_of<'a>(day: Date, histories: impl IntoIterator<Item = History<'a>>) -> Vec<Placed<'a>> {
    histories
        .into_iter()
        .filter(|person| {
            let employments = person.employments.iter().map(Employment::period);
            status_on(day, person.employee.contract(), employments) == EmployeeStatus::Active
        })
        .map(|person| Placed { employee: person.employee, position: position_on(day, person.positions) })
        .collect()
}
