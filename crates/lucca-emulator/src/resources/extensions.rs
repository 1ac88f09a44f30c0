//! Custom fields: definitions, user properties, and the entries of one user.
//! Source: directory.md §7, §7.1.

use std::borrow::Cow;

use crate::{
    company::custom_fields::{Definition, Entry, EntryValue},
    company::model::Axis,
    grammar::{
        node::{Node, UserProperty},
        schema::{Kind, Property, Property as P, Type},
        value::Value,
    },
};

pub(crate) static DEFINITION: Type = Type {
    name: "ExtensionUserDefinition",
    plural: "extensionuserdefinitions",
    entity: true,
    properties: &[
        P::text("id"),
        P::text("name"),
        P::text("formatKey"),
        P::bool("isMultivalue"),
        P::many("extensionUserPropertyListEntries", &CHOICE),
    ],
};

pub(crate) static CHOICE: Type = Type {
    name: "ExtensionUserPropertyListEntry",
    plural: "extensionUserPropertyListEntries",
    entity: false,
    properties: &[P::int("id"), P::text("name"), P::text("translation")],
};

pub(crate) static USER_PROPERTY: Type = Type {
    name: "UserProperty",
    plural: "userProperties",
    entity: true,
    properties: &[
        P::text("id"),
        P::text("name"),
        P::bool("isMultivalue"),
        P::bool("isNullable"),
        P::bool("isReadOnly"),
        P::int("category"),
        P::int("type"),
        P::dictionary("format"),
    ],
};

pub(crate) fn definition<'a>(definition: &'a Definition, property: &'static str) -> Value<'a> {
    match property {
        "id" => Value::text(definition.id),
        "name" => Value::text(definition.name),
        "formatKey" => Value::text(definition.format.key()),
        "isMultivalue" => Value::Bool(definition.multiple),
        "extensionUserPropertyListEntries" => {
            Value::Many(definition.choices.iter().map(Node::Choice).collect())
        }
        _ => Value::Null,
    }
}

pub(crate) fn choice<'a>(choice: &'a (i64, &'static str), property: &'static str) -> Value<'a> {
    match property {
        "id" => Value::Int(choice.0),
        "name" | "translation" => Value::text(choice.1),
        _ => Value::Null,
    }
}

/// Every property of users: native ones, custom fields, axes.
pub(crate) fn user_properties<'a>(
    native: &'static [Property],
    definitions: &'a [Definition],
    axes: &'a [Axis],
) -> impl Iterator<Item = Node<'a>> {
    native
        .iter()
        .filter(|property| !matches!(property.kind, Kind::Dictionary))
        .map(UserProperty::Native)
        .chain(definitions.iter().map(UserProperty::Extension))
        .chain(axes.iter().filter(|axis| axis.active).map(UserProperty::Axis))
        .map(Node::UserProperty)
}

pub(crate) fn user_property<'a>(asked: UserProperty<'a>, property: &'static str) -> Value<'a> {
    let (id, name, category, kind) = match asked {
        UserProperty::Native(native) => {
            let kind = match native.kind {
                Kind::Bool => 0,
                Kind::Int => 1,
                Kind::Number => 2,
                Kind::Date => 3,
                // unverified: whether an enumeration is a text or a list.
                Kind::Text | Kind::Enum(_) => 4,
                Kind::One(_) | Kind::Many(_) | Kind::Dictionary => 5,
            };
            (Cow::Borrowed(native.name), native.name, 0, kind)
        }
        UserProperty::Extension(custom) => {
            (Cow::Borrowed(custom.id), custom.name, 3, custom.format.property_type())
        }
        UserProperty::Axis(axis) => {
            (Cow::Owned(format!("userAxisValues_{}", axis.id)), axis.name.as_str(), 4, 5)
        }
    };
    match property {
        "id" => Value::Text(id),
        "name" => Value::text(name),
        "category" => Value::Int(category),
        "type" => Value::Int(kind),
        "isMultivalue" => Value::Bool(matches!(asked, UserProperty::Extension(one) if one.multiple)),
        "isNullable" => Value::Bool(!matches!(name, "id" | "name" | "firstName" | "lastName" | "login")),
        "isReadOnly" => Value::Bool(matches!(name, "id" | "name" | "url" | "displayName")),
        // unverified: formats other than boolean, integer, select and radio.
        "format" => {
            let key = match asked {
                UserProperty::Extension(custom) => custom.format.key(),
                _ => ["boolean", "integer", "decimal", "date", "text", "object"]
                    .get(usize::try_from(kind).unwrap_or(5))
                    .copied()
                    .unwrap_or("object"),
            };
            Value::Dictionary(vec![(Cow::Borrowed("key"), Value::text(key))])
        }
        _ => Value::Null,
    }
}

/// The dictionary of a user's custom fields: `{id, value}` by key, a list of them for multi-values.
pub(crate) fn extended_data<'a>(definitions: &[Definition], custom: &'a [Entry]) -> Value<'a> {
    let mut entries: Vec<(Cow<'a, str>, Value<'a>)> = Vec::new();
    for one in custom {
        let value = entry(definitions, one);
        let multiple = definitions.iter().any(|known| known.id == one.definition && known.multiple);
        let known = entries.iter_mut().find(|(name, _)| name.as_ref() == one.definition);
        match known {
            Some((_, Value::List(values))) => values.push(value),
            _ if multiple => {
                entries.push((Cow::Borrowed(one.definition), Value::List(vec![value])));
            }
            _ => entries.push((Cow::Borrowed(one.definition), value)),
        }
    }
    Value::Dictionary(entries)
}

fn entry<'a>(definitions: &[Definition], one: &'a Entry) -> Value<'a> {
    let value = match &one.value {
        EntryValue::Text(text) => Value::text(text),
        EntryValue::Number(n) => Value::Number(*n),
        EntryValue::Bool(b) => Value::Bool(*b),
        EntryValue::Date(date) => Value::date(Some(*date)),
        EntryValue::Choice(id) => Value::Int(*id),
        EntryValue::Parts(parts) => extended_data(definitions, parts),
    };
    Value::Dictionary(vec![(Cow::Borrowed("id"), Value::Int(one.id)), (Cow::Borrowed("value"), value)])
}
