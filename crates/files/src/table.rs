//! The tables of an export: one per stream, and `people`, which joins employees with the records that they
//! refer to. Column types come from the stream's schema.

use std::str::FromStr;

use delivery::catalog::{self, KEY, SEQ, STATE, STREAMS};
use delivery::mapping::Mapping;
use people::Kind;
use serde_json::json;

use crate::column::{Column, ColumnType};
use crate::manifest;

/// The table of employees with their status and the names of the records that they refer to.
pub const PEOPLE: &str = "people";

/// The columns of `people` beyond those of employees, before the connector's columns.
const PEOPLE_COLUMNS: [&str; 6] =
    ["status", "manager_name", "department_name", "establishment_name", "legal_unit_id", "legal_unit_name"];

/// A table to export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// A stream's records.
    Stream(Kind),
    /// Employees joined with the records that they refer to: see [`PEOPLE`].
    People,
}

impl Table {
    /// Every table, in display order.
    pub fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Self::People).chain(STREAMS.into_iter().map(Self::Stream))
    }

    /// The table's name, also its files'.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stream(kind) => kind.name(),
            Self::People => PEOPLE,
        }
    }

    /// The stream that the rows are read from.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Stream(kind) => kind,
            Self::People => Kind::Employee,
        }
    }

    /// The table's columns. A column whose type the schema leaves open, even in part, is JSON as text.
    pub(crate) fn columns(self, mapping: &Mapping) -> Vec<Column> {
        let kind = self.kind();
        let schema = catalog::schema_as(kind, mapping);
        let mut names = catalog::columns(kind, mapping);
        if self == Self::People {
            let ours = names.iter().position(|name| name == SEQ).unwrap_or(names.len());
            let beyond = PEOPLE_COLUMNS.into_iter().filter(|name| is_delivered(name, mapping));
            names.splice(ours..ours, beyond.map(str::to_owned));
        }
        let text = json!({ "type": ["null", "string"] });
        let column = |name: &str| {
            let is_required = [KEY, SEQ, STATE].contains(&name);
            let type_ = ColumnType::of(schema["properties"].get(name).unwrap_or(&text));
            let is_nullable = type_.is_none() || !is_required;
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

/// Whether a column of `people` is delivered: it is if the employee's reference to the record is.
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
    fn people_extend_the_columns_of_employees() {
        let names = |table: Table| -> Vec<String> {
            table.columns(&Mapping::default()).into_iter().map(|column| column.name).collect()
        };
        let (people, employees) = (names(Table::People), names(Table::Stream(Kind::Employee)));
        assert_eq!(people.len(), employees.len() + PEOPLE_COLUMNS.len());
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
