//! Analytical axes and their sections. Source: directory.md §11.6.

use super::users;
use crate::{
    company::model::{Axis, Section},
    grammar::{
        node::Node,
        schema::{Property as P, Type},
        value::{Value, url},
    },
    view::View,
};

pub(crate) static AXIS: Type = Type {
    name: "Axis",
    plural: "axes",
    entity: true,
    properties: &[
        P::int("id"),
        P::text("name"),
        P::text("url"),
        P::text("multilingualName"),
        P::int("position"),
        P::int("parentAxisId"),
        P::bool("isActive"),
        P::bool("isReadOnly"),
        P::bool("isNNRelation"),
        P::int("level"),
        P::one("parentAxis", &AXIS),
        P::many("childrenAxes", &AXIS),
        P::many("axisSections", &SECTION),
    ],
};

pub(crate) static SECTION: Type = Type {
    name: "AxisSection",
    plural: "axissections",
    entity: true,
    properties: &[
        P::int("id"),
        P::text("name"),
        P::text("url"),
        P::text("code"),
        P::text("multilingualName"),
        P::text("description"),
        P::int("ownerId"),
        P::one("owner", &users::USER),
        P::date("startOn"),
        P::date("endOn"),
        P::bool("active"),
        P::int("axisId"),
        P::one("axis", &AXIS),
        P::many("parentAxisSections", &SECTION),
        P::many("childrenAxisSections", &SECTION),
    ],
};

pub(crate) fn axis<'a>(view: &View<'a>, axis: &'a Axis, property: &'static str) -> Value<'a> {
    match property {
        "id" => Value::Int(axis.id),
        "name" | "multilingualName" => Value::text(&axis.name),
        "url" => url(view, "axes", axis.id),
        "position" | "level" => Value::Int(0),
        "isActive" => Value::Bool(axis.active),
        "isReadOnly" | "isNNRelation" => Value::Bool(false),
        "childrenAxes" => Value::Many(Vec::new()),
        "axisSections" => {
            let sections = view.company.sections.iter().filter(|section| section.axis == axis.id);
            Value::Many(sections.map(Node::Section).collect())
        }
        _ => Value::Null,
    }
}

pub(crate) fn section<'a>(view: &View<'a>, section: &'a Section, property: &'static str) -> Value<'a> {
    match property {
        "id" => Value::Int(section.id),
        "name" | "multilingualName" => Value::text(&section.name),
        "url" => url(view, SECTION.plural, section.id),
        "code" => Value::text(&section.code),
        "ownerId" => Value::int(section.owner),
        "owner" => Value::one(section.owner.and_then(|id| view.company.person(id)).map(Node::User)),
        "active" => Value::Bool(section.active),
        "axisId" => Value::Int(section.axis),
        "axis" => Value::one(view.company.axes.iter().find(|axis| axis.id == section.axis).map(Node::Axis)),
        "parentAxisSections" | "childrenAxisSections" => Value::Many(Vec::new()),
        _ => Value::Null,
    }
}
