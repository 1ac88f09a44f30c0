//! The operations of a key on users: `authorizedOperations`.

use crate::{
    company::operations::{Operation, Scope, VIEW_EMPLOYEE_DATA},
    grammar::{
        node::Node,
        schema::{Property as P, Type},
        value::Value,
    },
    rights::Rights,
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
