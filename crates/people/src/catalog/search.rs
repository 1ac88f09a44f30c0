//! The values by which records are found: columns of their own in addition to the record's JSON, and one
//! folded text.

use serde_json::{Map, Value};

use super::member::Column;
use super::{Member, Typed};
use crate::{Kind, search_key};

/// The values of one record's columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchColumns {
    values: [Option<String>; Column::ALL.len()],
    text: String,
}

impl SearchColumns {
    /// The value of a column; `None` if the record has none.
    pub fn get(&self, column: Column) -> Option<&str> {
        self.values[column as usize].as_deref()
    }

    /// Every searched member, each folded by [`search_key`] and on a line of its own.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn set(&mut self, column: Column, value: Option<String>) {
        self.values[column as usize] = value;
    }

    pub(crate) fn add(&mut self, member: &Member, value: &impl Typed) {
        let is_wanted = member.column().is_some() || member.is_searched();
        if let Some(text) = is_wanted.then(|| value.text()).flatten() {
            self.add_text(member, text);
        }
    }

    fn add_text(&mut self, member: &Member, text: String) {
        if member.is_searched() {
            self.text.push_str(&search_key(&text));
            self.text.push('\n');
        }
        if let Some(column) = member.column() {
            self.set(column, Some(column.fold(text)));
        }
    }

    /// The values of a stored record, from its JSON, even if it is not a complete model. `None` if it is not
    /// a JSON object.
    pub fn of_json(kind: Kind, body: &str) -> Option<Self> {
        let record: Map<String, Value> = serde_json::from_str(body).ok()?;
        let mut search = Self::default();
        for member in super::members(kind) {
            if let Some(text) = record.get(member.name).and_then(Value::as_str) {
                search.add_text(member, text.to_owned());
            }
        }
        if kind == Kind::Absence {
            let leaves = record.get("leaves").and_then(Value::as_array);
            let day = |leave: Option<&Value>| leave?["date"].as_str().map(str::to_owned);
            search.set(Column::StartsOn, day(leaves.and_then(|leaves| leaves.first())));
            search.set(Column::EndsOn, day(leaves.and_then(|leaves| leaves.last())));
        }
        Some(search)
    }
}

/// The columns that a kind's records have.
pub fn columns(kind: Kind) -> impl Iterator<Item = Column> {
    super::members(kind).iter().filter_map(Member::column)
}

/// Whether the text search finds records of a kind.
pub fn has_text(kind: Kind) -> bool {
    super::members(kind).iter().any(Member::is_searched)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Absence, Confirmation, Half, Leave, Model};

    #[test]
    fn people_are_found_by_folded_texts() {
        let body = r#"{"id":"7","name":"Zoé Lefèvre","work_email":"Zoe@Acme.example","employee_number":" A-07 ",
            "department_id":"3","contract_start":"2026-05-04"}"#;
        let search = SearchColumns::of_json(Kind::Employee, body).unwrap();
        assert_eq!(search.text(), "zoe lefevre\nzoe@acme.example\n a-07 \n");
        assert_eq!(search.get(Column::EmployeeNumber), Some("a-07"));
        assert_eq!(search.get(Column::WorkEmail), Some("zoe@acme.example"));
        assert_eq!(search.get(Column::DepartmentId), Some("3"));
        assert_eq!(search.get(Column::StartsOn), Some("2026-05-04"));
        assert_eq!(search.get(Column::ManagerId), None);
        assert!(columns(Kind::Employee).any(|column| column == Column::ManagerId));
        assert!(SearchColumns::of_json(Kind::Employee, "[]").is_none());
        assert!(has_text(Kind::Employee) && !has_text(Kind::Absence));
    }

    #[test]
    fn absences_are_found_by_all_their_days() {
        let leave = |day: i8, is_active| Leave {
            id: format!("1-202605{day:02}-AM").into(),
            date: jiff::civil::date(2026, 5, day),
            half: Half::Am,
            leave_type_id: None,
            minutes: None,
            value: None,
            is_active,
            created_at: None,
            cancelled_at: None,
            cancelled_by: None,
            comment: None,
        };
        let leaves = [leave(4, false), leave(5, true), leave(6, false)];
        let absence = Absence::from_leaves("1".into(), None, Confirmation::default(), leaves).unwrap();
        let search = absence.search_columns();
        assert_eq!(search.get(Column::StartsOn), Some("2026-05-04"));
        assert_eq!(search.get(Column::EndsOn), Some("2026-05-06"));
        let body = serde_json::to_string(&absence).unwrap();
        assert_eq!(SearchColumns::of_json(Kind::Absence, &body), Some(search));
    }
}
