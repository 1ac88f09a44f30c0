//! Departments and legal entities of v3. Source: directory.md §11.1, §11.3.
//!
//! A v3 legal entity is an establishment, with the same id.

use std::borrow::Cow;

use super::users;
use crate::{
    company::model::{Department, Establishment, Status},
    grammar::{
        node::Node,
        schema::{Property as P, Type},
        value::{Value, url},
    },
    view::View,
};

pub(crate) static DEPARTMENT: Type = Type {
    name: "Department",
    plural: "departments",
    entity: true,
    properties: &[
        P::int("id"),
        P::text("name"),
        P::text("code"),
        P::text("treeStructureName"),
        P::text("hierarchy"),
        P::text("parentId"),
        P::number("position"),
        P::int("sortOrder"),
        P::int("level"),
        P::bool("isActive"),
        P::int("headID"),
        P::one("head", &users::USER),
        P::many("users", &users::USER),
        P::many("currentUsers", &users::USER),
        P::int("currentUsersCount"),
        P::text("url"),
    ],
};

pub(crate) static LEGAL_ENTITY: Type = Type {
    name: "LegalEntity",
    plural: "legalentities",
    entity: true,
    properties: &[P::int("id"), P::text("name"), P::text("url"), P::text("code")],
};

pub(crate) fn department<'a>(
    view: &View<'a>,
    department: &'a Department,
    property: &'static str,
) -> Value<'a> {
    let members = |only_active: bool| {
        view.company.people.iter().filter(move |person| {
            person.department == department.id
                && view.lists(person)
                && (!only_active || person.status(view.today) == Status::Active)
        })
    };
    match property {
        "id" => Value::Int(department.id),
        "name" => Value::text(&department.name),
        "code" => Value::text(&department.code),
        // Live clients request it. unverified: its value; here the names from the root down.
        "treeStructureName" => {
            let mut names = vec![department.name.as_str()];
            let mut above = department.parent.and_then(|id| view.company.department(id));
            while let Some(one) = above {
                names.push(&one.name);
                above = one.parent.and_then(|id| view.company.department(id));
            }
            names.reverse();
            Value::Text(Cow::Owned(names.join(" / ")))
        }
        "hierarchy" => Value::text(&department.hierarchy),
        "parentId" => Value::text(&department.parent_hierarchy),
        "position" => Value::Big(department.position),
        "sortOrder" => Value::Int(department.sort_order),
        "level" => Value::Int(department.level),
        "isActive" => Value::Bool(department.active),
        "headID" => Value::int(department.head),
        "head" => Value::one(department.head.and_then(|id| view.company.person(id)).map(Node::User)),
        "users" => Value::Many(members(false).map(Node::User).collect()),
        "currentUsers" => Value::Many(members(true).map(Node::User).collect()),
        "currentUsersCount" => Value::Int(i64::try_from(members(true).count()).unwrap_or(i64::MAX)),
        "url" => url(view, "departments", department.id),
        _ => Value::Null,
    }
}

pub(crate) fn legal_entity<'a>(
    view: &View<'a>,
    site: &'a Establishment,
    property: &'static str,
) -> Value<'a> {
    match property {
        "id" => Value::Int(site.id),
        "name" => Value::text(&site.name),
        "code" => Value::text(&site.code),
        "url" => url(view, LEGAL_ENTITY.plural, site.id),
        _ => Value::Null,
    }
}
