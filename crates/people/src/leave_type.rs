//! Leave types, and their groups across years.

use serde::{Deserialize, Serialize};

use crate::catalog::model;
use crate::{NamedRef, RemoteId};

model! {
    /// A leave type of absences: Lucca's leave account.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct LeaveType {
        /// Lucca's id; a new one each year for yearly accounts.
        id: RemoteId = lucca(&[wire("id")]);
        /// Its name.
        name: Option<String> = lucca(&[wire("name")]);
        /// Whether time on it is remote work; absent if Lucca does not send it.
        is_remote_work: Option<bool> = lucca(&[wire("isRemoteWork")]);
        /// The type across years, such as annual leave; absent if Lucca does not send it.
        // unverified: whether the category is the year-independent type. Lucca's HTTP synchronisation shows
        // it next to the yearly account ("Annual leave" next to "Annual leave 2018").
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<NamedRef> = lucca(&[wire("category"), wire("categoryId"), wire("categoryName")]);
        /// The unit it is counted in; absent if Lucca does not send it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<LeaveUnit> = made("computed from unit");
        /// The unit as Lucca sends it: a code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit_native: Option<String> = lucca(&[wire("unit")]);
    }
}

/// Unit of a leave type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaveUnit {
    /// Days, in halves (Lucca: 0).
    Days,
    /// Hours (Lucca: 1).
    // unverified: 1 is documented as hours for work cycles, and only observed on leave accounts.
    Hours,
    /// Another unit; 3 is observed and undocumented.
    #[serde(other)]
    Other,
}

crate::names! { LeaveUnit: "unit" { Days = "days", Hours = "hours", Other = "other" } }

impl LeaveUnit {
    /// The unit of one of Lucca's codes. Source: absences.md §5.1.
    pub fn of_code(code: &str) -> Self {
        match code {
            "0" => Self::Days,
            "1" => Self::Hours,
            _ => Self::Other,
        }
    }
}

/// Leave types that differ only in the year.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaveTypeGroup<'a> {
    /// Their common category; absent for leave types without one.
    pub category: Option<&'a NamedRef>,
    /// The leave types, in the order given.
    pub leave_types: Vec<&'a LeaveType>,
}

/// Groups leave types by the id of their category, in order of first appearance; those without one come last,
/// together. Names are never compared: "Annual leave 2025" and "Annual leave 2026" need not be the same.
pub fn group_leave_types(leave_types: &[LeaveType]) -> Vec<LeaveTypeGroup<'_>> {
    let mut groups: Vec<LeaveTypeGroup<'_>> = Vec::new();
    let mut ungrouped = Vec::new();
    for leave_type in leave_types {
        let Some(category) = &leave_type.category else {
            ungrouped.push(leave_type);
            continue;
        };
        match groups.iter_mut().find(|group| group.category.is_some_and(|known| known.id == category.id)) {
            Some(group) => group.leave_types.push(leave_type),
            None => {
                groups.push(LeaveTypeGroup { category: Some(category), leave_types: vec![leave_type] });
            }
        }
    }
    if !ungrouped.is_empty() {
        groups.push(LeaveTypeGroup { category: None, leave_types: ungrouped });
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leave_type(id: i64, category: Option<i64>) -> LeaveType {
        LeaveType {
            id: id.into(),
            name: Some("Congés".into()),
            is_remote_work: None,
            category: category.map(|id| NamedRef { id: id.into(), name: None }),
            unit: None,
            unit_native: None,
        }
    }

    #[test]
    fn the_category_groups_and_the_name_does_not() {
        let types = [
            leave_type(1, None),
            leave_type(2, Some(0)),
            leave_type(3, Some(5)),
            leave_type(4, Some(0)),
            leave_type(5, None),
        ];
        let groups: Vec<Vec<&str>> = group_leave_types(&types)
            .iter()
            .map(|group| group.leave_types.iter().map(|leave_type| leave_type.id.as_str()).collect())
            .collect();
        assert_eq!(groups, [vec!["2", "4"], vec!["3"], vec!["1", "5"]]);
    }

    #[test]
    fn stored_types_without_category_are_read() {
        let kept = r#"{"id":"7","name":"RTT","is_remote_work":null}"#;
        let read: LeaveType = serde_json::from_str(kept).unwrap();
        assert_eq!((&read.category, read.unit), (&None, None));
        assert_eq!(serde_json::to_string(&read).unwrap(), kept);
        let unit: LeaveUnit = serde_json::from_str(r#""fortnights""#).unwrap();
        assert_eq!(unit, LeaveUnit::Other);
    }
}
