//! Reads and changes attributes of SCIM resources. Pure.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::report::Change;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(super) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// The attribute that allows a user to log in.
pub(super) const ACTIVE: &str = "active";
const MANAGER: &str = "enterprise.manager";

/// A user's target attributes, by their names in the settings; `None` for an attribute that has to be empty.
pub(super) type Attributes = BTreeMap<&'static str, Option<String>>;

/// The location of an attribute in a resource.
enum AttributePath<'a> {
    Simple(&'a str),
    /// Inside `name`.
    Name(&'a str),
    /// The `value` of the list element with this type.
    Typed(&'a str, &'a str),
    Enterprise(&'a str),
}

fn attribute_path(attribute: &str) -> AttributePath<'_> {
    match attribute.split_once('.') {
        None => AttributePath::Simple(attribute),
        Some(("name", rest)) => AttributePath::Name(rest),
        Some(("enterprise", rest)) => AttributePath::Enterprise(rest),
        Some((list, kind)) => AttributePath::Typed(list, kind),
    }
}

/// A member by its name in any case, because SCIM's attribute names are case-insensitive.
pub(super) fn member<'a>(value: &'a Value, name: &str) -> &'a Value {
    const NULL: &Value = &Value::Null;
    match value {
        Value::Object(members) => members
            .get(name)
            .or_else(|| {
                members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
            })
            .unwrap_or(NULL),
        _ => NULL,
    }
}

/// An id, which some services send as a number. `None` for one that can't be an id.
pub(super) fn id_in(value: &Value) -> Option<String> {
    let id = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(id).filter(|id| !id.is_empty() && id.len() <= 500)
}

/// The list element of this type.
fn typed<'a>(resource: &'a Value, list: &str, kind: &str) -> Option<&'a Value> {
    let elements = member(resource, list).as_array()?;
    let is_it = |one: &&Value| member(one, "type").as_str().is_some_and(|its| its.eq_ignore_ascii_case(kind));
    elements.iter().find(is_it)
}

/// The only element of a list, if it has no type: services without types have one each.
fn untyped<'a>(resource: &'a Value, list: &str) -> Option<&'a Value> {
    match member(resource, list).as_array().map(Vec::as_slice) {
        Some([only]) if member(only, "type").is_null() => Some(only),
        _ => None,
    }
}

/// The resource's value of an attribute.
pub(super) fn read(resource: &Value, attribute: &str) -> Option<String> {
    let value = match attribute_path(attribute) {
        AttributePath::Simple(name) => member(resource, name),
        AttributePath::Name(name) => member(member(resource, "name"), name),
        AttributePath::Typed(list, kind) => {
            member(typed(resource, list, kind).or_else(|| untyped(resource, list))?, "value")
        }
        AttributePath::Enterprise("manager") => {
            let manager = member(member(resource, ENTERPRISE), "manager");
            if manager.is_object() { member(manager, "value") } else { manager }
        }
        AttributePath::Enterprise(name) => member(member(resource, ENTERPRISE), name),
    };
    match value {
        Value::String(text) if attribute == ACTIVE => Some(text.to_ascii_lowercase()),
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        // A user without `active` is active.
        Value::Null if attribute == ACTIVE && resource.is_object() => Some(true.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The changes that bring a resource to its target attributes.
pub(super) fn differences(resource: &Value, wanted: &Attributes) -> Vec<Change> {
    let differs = |(attribute, after): (&&'static str, &Option<String>)| {
        let before = read(resource, attribute);
        (before != *after).then(|| Change { attribute, before, after: after.clone() })
    };
    wanted.iter().filter_map(differs).collect()
}

fn value_of(attribute: &str, text: &str) -> Value {
    match attribute {
        ACTIVE => json!(text == "true"),
        MANAGER => json!({ "value": text }),
        _ => json!(text),
    }
}

/// A PATCH with the changes only, so that other attributes stay.
pub(super) fn patch(resource: &Value, changes: &[Change]) -> Value {
    let operation = |change: &Change| {
        let path = match attribute_path(change.attribute) {
            AttributePath::Simple(name) => name.to_owned(),
            AttributePath::Name(name) => format!("name.{name}"),
            AttributePath::Typed(list, _) if untyped(resource, list).is_some() => {
                return match &change.after {
                    Some(text) => json!({ "op": "replace", "path": list, "value": [{ "value": text }] }),
                    None => json!({ "op": "remove", "path": list }),
                };
            }
            AttributePath::Typed(list, kind) => match (&change.after, typed(resource, list, kind)) {
                (Some(value), None) => {
                    return json!({ "op": "add", "path": list, "value": [{ "type": kind, "value": value }] });
                }
                (Some(_), Some(_)) => format!("{list}[type eq \"{kind}\"].value"),
                (None, _) => format!("{list}[type eq \"{kind}\"]"),
            },
            AttributePath::Enterprise(name) => format!("{ENTERPRISE}:{name}"),
        };
        match &change.after {
            Some(text) => {
                json!({ "op": "replace", "path": path, "value": value_of(change.attribute, text) })
            }
            None => json!({ "op": "remove", "path": path }),
        }
    };
    patch_of(&changes.iter().map(operation).collect::<Vec<_>>())
}

pub(super) fn patch_of(operations: &[Value]) -> Value {
    json!({ "schemas": [PATCH], "Operations": operations })
}

/// The whole resource after the changes, for services without PATCH; a new resource if `resource` is null.
pub(super) fn whole(resource: &Value, changes: &[Change]) -> Value {
    let mut made: Map<String, Value> = resource.as_object().cloned().unwrap_or_default();
    made.retain(|name, _| !name.eq_ignore_ascii_case("meta"));
    for change in changes {
        let after = change.after.as_deref().map(|text| value_of(change.attribute, text));
        match attribute_path(change.attribute) {
            AttributePath::Simple(name) => set(&mut made, name, after),
            AttributePath::Name(name) => within(&mut made, "name", |inner| set(inner, name, after)),
            AttributePath::Enterprise(name) => within(&mut made, ENTERPRISE, |inner| set(inner, name, after)),
            AttributePath::Typed(list, kind) => {
                let elements = made.entry(list.to_owned()).or_insert_with(|| json!([]));
                let Some(elements) = elements.as_array_mut() else { continue };
                let is_untyped = elements.len() == 1 && member(&elements[0], "type").is_null();
                elements.retain(|one| {
                    let is_it =
                        member(one, "type").as_str().is_some_and(|its| its.eq_ignore_ascii_case(kind));
                    !is_untyped && !is_it
                });
                if let Some(value) = after {
                    let is_first = elements.is_empty();
                    let mut element = json!({ "type": kind, "value": value });
                    if is_first && list == "emails" {
                        element["primary"] = json!(true);
                    }
                    elements.push(element);
                }
            }
        }
    }
    let mut schemas = vec![USER];
    if made.contains_key(ENTERPRISE) {
        schemas.push(ENTERPRISE);
    }
    let had = made.get("schemas").and_then(Value::as_array).cloned().unwrap_or_default();
    schemas
        .extend(had.iter().filter_map(Value::as_str).filter(|schema| ![USER, ENTERPRISE].contains(schema)));
    made.insert("schemas".to_owned(), json!(schemas));
    Value::Object(made)
}

fn set(members: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    members.retain(|key, _| !key.eq_ignore_ascii_case(name));
    if let Some(value) = value {
        members.insert(name.to_owned(), value);
    }
}

/// Changes an inner object; creates it if it is missing and removes it if it ends up empty.
fn within(members: &mut Map<String, Value>, name: &str, change: impl FnOnce(&mut Map<String, Value>)) {
    let mut inner = match members.remove(name) {
        Some(Value::Object(inner)) => inner,
        _ => Map::new(),
    };
    change(&mut inner);
    if !inner.is_empty() {
        members.insert(name.to_owned(), Value::Object(inner));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Attributes {
        BTreeMap::from([
            ("userName", Some("ada@acme.example".to_owned())),
            ("externalId", Some("12".to_owned())),
            ("name.givenName", Some("Ada".to_owned())),
            ("title", None),
            ("emails.work", Some("ada@acme.example".to_owned())),
            ("enterprise.department", Some("R&D".to_owned())),
            (MANAGER, Some("u-7".to_owned())),
            (ACTIVE, Some("true".to_owned())),
        ])
    }

    #[test]
    fn new_resource_has_the_target_attributes() {
        let made = whole(&Value::Null, &differences(&Value::Null, &wanted()));
        assert_eq!(
            made,
            json!({
                "schemas": [USER, ENTERPRISE],
                "userName": "ada@acme.example",
                "externalId": "12",
                "name": { "givenName": "Ada" },
                "emails": [{ "type": "work", "value": "ada@acme.example", "primary": true }],
                "active": true,
                ENTERPRISE: { "department": "R&D", "manager": { "value": "u-7" } },
            })
        );
        assert!(differences(&made, &wanted()).is_empty());
    }

    #[test]
    fn patch_changes_only_differing_attributes() {
        let mut there = whole(&Value::Null, &differences(&Value::Null, &wanted()));
        there["title"] = json!("Boss");
        there["emails"] = json!([{ "type": "home", "value": "ada@home.example", "primary": true }]);
        there["meta"] = json!({ "version": "1" });
        there["active"] = json!(false);
        let changes = differences(&there, &wanted());
        let sent = patch(&there, &changes);
        assert_eq!(
            sent["Operations"],
            json!([
                { "op": "replace", "path": "active", "value": true },
                { "op": "add", "path": "emails", "value": [{ "type": "work", "value": "ada@acme.example" }] },
                { "op": "remove", "path": "title" },
            ])
        );
        let made = whole(&there, &changes);
        assert_eq!(made["emails"][0]["value"], "ada@home.example");
        assert!(differences(&made, &wanted()).is_empty() && made.get("meta").is_none());
    }
}
