//! The tables that files hold: one for each stream, and the people with what they refer to. Their columns have the types
//! that the stream's schema gives them.

use std::str::FromStr;
use std::sync::Arc;

use arrow_schema::extension::Json;
use arrow_schema::{DataType, Field, Fields, TimeUnit};
use delivery::catalog::{self, KEY, SEQ, STATE, STREAMS};
use delivery::mapping::Mapping;
use people::Kind;
use serde_json::{Value, json};

use crate::manifest::Column;

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
    pub(crate) fn columns(self, mapping: &Mapping) -> Vec<Field> {
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
            match type_of(schema["properties"].get(name).unwrap_or(&text)) {
                Some(type_) => Field::new(name, type_, !is_given),
                None => Field::new(name, DataType::Utf8, true).with_extension_type(Json::default()),
            }
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

/// The columns as the manifest tells of them.
pub(crate) fn described(columns: &[Field]) -> Vec<Column> {
    let describe = |field: &Field| Column {
        name: field.name().clone(),
        type_: type_name(field),
        nullable: field.is_nullable(),
    };
    columns.iter().map(describe).collect()
}

/// Whether a column holds JSON as text.
pub(crate) fn is_json(field: &Field) -> bool {
    field.has_valid_extension_type::<Json>()
}

fn type_name(field: &Field) -> &'static str {
    match field.data_type() {
        DataType::Boolean => "boolean",
        DataType::Int64 => "integer",
        DataType::Float64 => "number",
        DataType::Date32 => "date",
        DataType::Timestamp(_, None) => "timestamp",
        DataType::Timestamp(_, Some(_)) => "timestamp with time zone",
        DataType::List(_) => "list",
        DataType::Struct(_) => "object",
        _ if is_json(field) => "json",
        _ => "text",
    }
}

/// The type of what a JSON Schema describes; none where it leaves open what is there.
fn type_of(schema: &Value) -> Option<DataType> {
    let type_ = match &schema["type"] {
        Value::Array(types) => types.iter().find(|type_| *type_ != "null")?,
        one => one,
    };
    Some(match (type_.as_str()?, schema["format"].as_str()) {
        ("boolean", _) => DataType::Boolean,
        ("integer", _) => DataType::Int64,
        ("number", _) => DataType::Float64,
        ("string", Some("date")) => DataType::Date32,
        ("string", Some("date-time")) => {
            // Lucca's own times say no zone; ours are UTC.
            let has_zone = schema["airbyte_type"] == "timestamp_with_timezone";
            DataType::Timestamp(TimeUnit::Microsecond, has_zone.then(|| "+00:00".into()))
        }
        ("string", _) => DataType::Utf8,
        ("array", _) => DataType::List(Arc::new(Field::new("element", type_of(&schema["items"])?, true))),
        ("object", _) => {
            let members = schema["properties"].as_object()?.iter();
            let fields: Option<Fields> =
                members.map(|(name, member)| Some(Field::new(name, type_of(member)?, true))).collect();
            DataType::Struct(fields?)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(table: Table, name: &str) -> String {
        let columns = table.columns(&Mapping::default());
        let field = columns.iter().find(|field| field.name() == name).unwrap();
        format!("{} {}", type_name(field), if field.is_nullable() { "null" } else { "given" })
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
            table.columns(&Mapping::default()).iter().map(|field| field.name().clone()).collect()
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
