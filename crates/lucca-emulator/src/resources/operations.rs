//! The operations of a key on users: `authorizedOperations`. Source: recorded answers, which show operation
//! 35 only.

use crate::{
    grammar::{
        schema::{Property as P, Type},
        value::Value,
    },
    resources::Node,
    rights::Rights,
};

/// An operation of a role and the scopes in which it may be granted.
#[derive(Debug)]
pub(crate) struct Operation {
    id: i64,
    label: &'static str,
    scopes: &'static [Scope],
}

/// A set of people for which an operation may be granted; its id is its value.
#[derive(Debug)]
pub(crate) struct Scope {
    id: i64,
    code: &'static str,
    name: &'static str,
    description: &'static str,
}

const fn scope(id: i64, code: &'static str, name: &'static str, description: &'static str) -> Scope {
    Scope { id, code, name, description }
}

/// Grants access to the HR file. The names of scopes are ours, their ids and codes are recorded.
static VIEW_EMPLOYEE_DATA: Operation = Operation {
    id: 35,
    label: "View the Lucca employee data",
    scopes: &[
        scope(0, "AllDepartments", "All departments", "Every department"),
        scope(1, "DepartementLevel1", "Departments from level 1", "Departments from level 1 down"),
        scope(10, "DepartmentAndSubs", "Department and below", "My department and those below"),
        scope(11, "DepartmentOnly", "Department", "My department"),
        scope(20, "SpecificDepartment", "Chosen departments", ""),
        scope(13, "Manager", "Manager", "My manager"),
        scope(14, "User", "Oneself", "Myself"),
        scope(12, "Collaborators", "Direct reports", "My direct reports"),
        scope(22, "SpecificUser", "Chosen users", ""),
    ],
};

pub(crate) static OPERATION: Type = Type {
    name: "Operation",
    plural: "operations",
    entity: false,
    properties: &[
        P::int("id"),
        P::text("name"),
        P::text("label"),
        P::text("description"),
        P::many("scopes", &SCOPE),
        P::bool("isScopeSpecific"),
        P::bool("isBusinessItemSpecific"),
        P::bool("isAdmin"),
    ],
};

pub(crate) static SCOPE: Type = Type {
    name: "Scope",
    plural: "scopes",
    entity: false,
    properties: &[P::text("description"), P::int("value"), P::int("id"), P::text("code"), P::text("name")],
};

/// The operations of a key on users. unverified: that the list is empty without the HR file, and which other
/// operations it ever contains.
pub(crate) fn authorized(rights: &Rights) -> Value<'static> {
    let file = &rights.hr_file;
    let any =
        file.personal || file.birth || file.address || file.identifiers || file.bank || file.remuneration;
    Value::Many(any.then_some(Node::Operation(&VIEW_EMPLOYEE_DATA)).into_iter().collect())
}

pub(crate) fn operation(operation: &'static Operation, property: &str) -> Value<'static> {
    match property {
        "id" => Value::Int(operation.id),
        "label" => Value::text(operation.label),
        "scopes" => Value::Many(operation.scopes.iter().map(Node::Scope).collect()),
        "isScopeSpecific" => Value::Bool(true),
        "isBusinessItemSpecific" | "isAdmin" => Value::Bool(false),
        // name, description
        _ => Value::Null,
    }
}

pub(crate) fn scope_value(scope: &'static Scope, property: &str) -> Value<'static> {
    match property {
        "id" | "value" => Value::Int(scope.id),
        "code" => Value::text(scope.code),
        "name" => Value::text(scope.name),
        "description" => Value::text(scope.description),
        _ => Value::Null,
    }
}
