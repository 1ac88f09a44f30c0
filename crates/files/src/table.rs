//! The tables that files hold: one for each stream, and the people with what they refer to. Their columns have the types
//! that the stream's schema gives them.

use std::str::FromStr;

use delivery::catalog::{self, KEY, SEQ, STATE, STREAMS};
use delivery::mapping::Mapping;
use people::Kind;
use serde_json::json;

use crate::column::{Column, ColumnType};
use crate::manifest;

/// The table of people as one reads them: employees with their status, and the names of what they refer to.
pub const PEOPLE: &str = "people";

/// The columns that people have beyond employees, in front of ours.
const OF_PEOPLE: [&str; 6] =
    ["status", "manager_name", "department_name", "establishment_name", "legal_unit_id", "legal_unit_name"];

/// A table to export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// A stream, as its records are.
    Stream(Kind),
    /// The people: see [`PEOPLE`].
    People,
}

impl Table {
    /// Every table, in the order in which they are shown.
    pub fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Self::People).chain(STREAMS.into_iter().map(Self::Stream))
    }

    /// The table's name, which its files have.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stream(kind) => kind.name(),
            Self::People => PEOPLE,
        }
    }

    /// The stream that its rows are read from.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Stream(kind) => kind,
            Self::People => Kind::Employee,
        }
    }

    /// Its columns. A column whose type the stream's schema leaves open, in whole or in a part, is JSON as text.
    pub(crate) fn columns(self, mapping: &Mapping) -> Vec<Column> {
        let kind = self.kind();
        let schema = catalog::schema_as(kind, mapping);
        let mut names = catalog::columns(kind, mapping);
        if self == Self::People {
            let ours = names.iter().position(|name| name == SEQ).unwrap_or(names.len());
            let beyond = OF_PEOPLE.into_iter().filter(|name| is_delivered(name, mapping));
            names.splice(ours..ours, beyond.map(str::to_owned));
        }
        let text = json!({ "type": ["null", "string"] });
        let column = |name: &str| {
            let is_given = [KEY, SEQ, STATE].contains(&name);
            let type_ = ColumnType::of(schema["properties"].get(name).unwrap_or(&text));
            let is_nullable = type_.is_none() || !is_given;
            Column { name: name.to_owned(), type_: type_.unwrap_or(ColumnType::Json), is_nullable }
        };
        names.iter().map(|name| column(name)).collect()
    }
}

impl FromStr for Table {
    type Err = catalog::Error;

    fn from_str(name: &str) -> Result<Self, catalog::Error> {
        if name == PEOPLE { Ok(Self::People) } else { catalog::stream(name).map(Self::Stream) }
    }
}

/// Whether a column that people have beyond employees is delivered: if what it is made of is.
pub(crate) fn is_delivered(name: &str, mapping: &Mapping) -> bool {
    let of = match name {
        "manager_name" => "manager_id",
        "department_name" => "department_id",
        "establishment_name" | "legal_unit_id" | "legal_unit_name" => "establishment_id",
        _ => return true,
    };
    mapping.name(Kind::Employee, of).is_some()
}

/// The columns as the manifest lists them.
pub(crate) fn described(columns: &[Column]) -> Vec<manifest::Column> {
    let describe = |column: &Column| manifest::Column {
        name: column.name.clone(),
        type_: column.type_.name(),
        nullable: column.is_nullable,
    };
    columns.iter().map(describe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(table: Table, name: &str) -> String {
        let columns = table.columns(&Mapping::default());
        let column = columns.iter().find(|column| column.name == name).unwrap();
        format!("{} {}", column.type_.name(), if column.is_nullable { "null" } else { "given" })
    }

    #[test]
    fn columns_have_the_types_of_the_schema() {
        let employees = Table::Stream(Kind::Employee);
        assert_eq!(column(employees, "id"), "text given");
        assert_eq!(column(employees, "contract_start"), "date null");
        assert_eq!(column(employees, "modified_at"), "timestamp null");
        assert_eq!(column(employees, "_lucca_deleted_at"), "timestamp with time zone null");
        assert_eq!(column(employees, "_lucca_seq"), "integer given");
        assert_eq!(column(employees, "job_qualification"), "object null");
        assert_eq!(column(employees, "custom_fields"), "json null");
        assert_eq!(column(employees, "work_cycles"), "list null");
        assert_eq!(column(Table::Stream(Kind::Absence), "is_confirmed"), "boolean null");
    }

    #[test]
    fn people_have_the_columns_of_employees_and_more() {
        let names = |table: Table| -> Vec<String> {
            table.columns(&Mapping::default()).into_iter().map(|column| column.name).collect()
        };
        let (people, employees) = (names(Table::People), names(Table::Stream(Kind::Employee)));
        assert_eq!(people.len(), employees.len() + OF_PEOPLE.len());
        assert!(employees.iter().all(|name| people.contains(name)));
        assert_eq!((people[0].as_str(), people.last().unwrap().as_str()), ("id", "_lucca_deleted_at"));
    }

    #[test]
    fn every_table_is_found_by_its_name() {
        for table in Table::all() {
            assert_eq!(table.name().parse::<Table>().unwrap(), table);
        }
        assert!("users".parse::<Table>().is_err());
    }
}
