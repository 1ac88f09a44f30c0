//! Reduces the raw JSON of records to the parts that may be stored.

use std::collections::BTreeMap;

use lucca::{ApplicationMember, Keep};
use people::RemoteId;
use serde_json::value::RawValue;

use crate::scope::Scope;

/// An object's members as they were sent.
type Members<'a> = BTreeMap<String, &'a RawValue>;

/// Reduces a user's raw JSON to the scope at every level: some servers send more than was requested.
///
/// Raw JSON that is not an object has no distinguishable fields and is reduced to its JSON type.
pub fn least_data(raw: &str, scope: &Scope) -> String {
    let Ok(fields) = serde_json::from_str::<Members<'_>>(raw) else {
        return "\"not an object\"".to_owned();
    };
    let kept: BTreeMap<String, Box<RawValue>> = fields
        .into_iter()
        .filter_map(|(key, value)| Some((reduced(lucca::keep(scope.groups, &key), value, scope)?, key)))
        .map(|(value, key)| (key, value))
        .collect();
    to_json(&kept)
}

/// The part of a member that may be stored; `None` for nothing.
fn reduced(keep: Keep, value: &RawValue, scope: &Scope) -> Option<Box<RawValue>> {
    match keep {
        Keep::Nothing => None,
        Keep::Whole => Some(value.to_owned()),
        Keep::Members(names) => members_only(value, names),
        Keep::ExtendedData => below(value, |key, value| scope.keeps_field(key).then(|| value.to_owned())),
        Keep::ApplicationData => below(value, |key, value| {
            let member = ApplicationMember::of(key);
            match member {
                _ if !member.is_in(scope.groups) => None,
                // A profile that is not an object could hold any data.
                ApplicationMember::Profile if is_object(value) => members_only(value, &["id", "name"]),
                ApplicationMember::SecondManager if is_object(value) => members_only(value, &["id"]),
                // Lucca sends a URL with the employee's id next to the value.
                ApplicationMember::PayOrReview => members_only(value, &["value"]),
                ApplicationMember::SecondManagerId => Some(value.to_owned()),
                ApplicationMember::Profile
                | ApplicationMember::SecondManager
                | ApplicationMember::Unknown => None,
            }
        }),
    }
}

fn is_object(value: &RawValue) -> bool {
    value.get().starts_with('{')
}

/// A dictionary with its members reduced by `keep`. Other values except null are dropped.
fn below(value: &RawValue, keep: impl Fn(&str, &RawValue) -> Option<Box<RawValue>>) -> Option<Box<RawValue>> {
    let members = serde_json::from_str::<Option<Members<'_>>>(value.get()).ok()?.unwrap_or_default();
    let kept: BTreeMap<String, Box<RawValue>> = members
        .into_iter()
        .filter_map(|(key, value)| Some((keep(&key, value)?, key)))
        .map(|(v, k)| (k, v))
        .collect();
    RawValue::from_string(to_json(&kept)).ok()
}

/// An object, or each object of a list, with these members only; a plain value unchanged.
fn members_only(value: &RawValue, names: &[&str]) -> Option<Box<RawValue>> {
    let text = value.get();
    if text.starts_with('[') {
        let items = serde_json::from_str::<Vec<&RawValue>>(text).ok()?;
        let items: Vec<_> = items.into_iter().filter_map(|item| members_only(item, names)).collect();
        return RawValue::from_string(serde_json::to_string(&items).ok()?).ok();
    }
    if !is_object(value) {
        return Some(value.to_owned());
    }
    let mut members = serde_json::from_str::<Members<'_>>(text).ok()?;
    members.retain(|key, _| names.iter().any(|name| key.eq_ignore_ascii_case(name)));
    RawValue::from_string(serde_json::to_string(&members).ok()?).ok()
}

fn to_json(members: &BTreeMap<String, Box<RawValue>>) -> String {
    serde_json::to_string(members).unwrap_or_default()
}

/// The owner of an unreadable record, or its period's owner, in any of the observed shapes and letter cases.
pub fn owner_of(raw: &str) -> Option<RemoteId> {
    let fields = serde_json::from_str::<BTreeMap<String, &RawValue>>(raw).ok()?;
    let member =
        |name: &str| fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let id = |value: &&RawValue| {
        let text = serde_json::from_str::<String>(value.get()).unwrap_or_else(|_| value.get().to_owned());
        (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| RemoteId::from(text))
    };
    let nested = |value: &&RawValue| {
        let members = serde_json::from_str::<BTreeMap<String, &RawValue>>(value.get()).ok()?;
        members.iter().find(|(key, _)| key.eq_ignore_ascii_case("id")).and_then(|(_, value)| id(value))
    };
    let flat = member("ownerId").and_then(id);
    flat.or_else(|| member("owner").and_then(nested)).or_else(|| owner_of(member("leavePeriod")?.get()))
}

/// Members of organisation and contract records that name employees, or count them.
const PEOPLE: [&str; 10] = [
    "author",
    "lastModifier",
    "createdBy",
    "modifiedBy",
    "head",
    "owner",
    "internshipSupervisor",
    "users",
    "currentUsers",
    "usersCount",
];

/// Removes data of the employees that a record's raw JSON names, except their ids.
pub fn without_people(raw: &str) -> String {
    let Ok(fields) = serde_json::from_str::<BTreeMap<String, &RawValue>>(raw) else {
        return "\"not an object\"".to_owned();
    };
    let names_people = |key: &str| PEOPLE.iter().any(|people| people.eq_ignore_ascii_case(key));
    let below = |value: &RawValue| {
        let is_object = value.get().starts_with('{');
        let inner = is_object.then(|| RawValue::from_string(without_people(value.get())).ok()).flatten();
        inner.unwrap_or_else(|| value.to_owned())
    };
    let kept: BTreeMap<_, _> = fields
        .into_iter()
        .filter(|(key, _)| !names_people(key))
        .map(|(key, value)| (key, below(value)))
        .collect();
    serde_json::to_string(&kept).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_no_part_of_an_organisation_record() {
        let raw = r#"{"id":1,"author":{"firstName":"A"},"headID":4,"head":{"name":"B"},"name":"IT"}"#;
        assert_eq!(without_people(raw), r#"{"headID":4,"id":1,"name":"IT"}"#);
        let nested =
            r#"{"id":1,"level":{"id":3,"author":{"firstName":"A"},"position":10000000000000000000}}"#;
        let kept = r#"{"id":1,"level":{"id":3,"position":10000000000000000000}}"#;
        assert_eq!(without_people(nested), kept);
    }

    #[test]
    fn owners_are_found_in_every_shape() {
        let owner = |raw| owner_of(raw).map(|id| id.to_string());
        for raw in [
            r#"{"ownerID":7}"#,
            r#"{"owner":{"id":"7","name":"A"},"ownerId":null}"#,
            r#"{"leavePeriod":{"id":1,"ownerId":7}}"#,
            r#"{"leavePeriod":{"Owner":{"ID":7}}}"#,
        ] {
            assert_eq!(owner(raw).as_deref(), Some("7"), "{raw}");
        }
        assert_eq!(owner(r#"{"id":7,"leavePeriod":7}"#), None);
    }

    fn scope(groups: &[&str]) -> Scope {
        let groups: Vec<String> = groups.iter().map(ToString::to_string).collect();
        Scope::new(&groups, &[], &["e_secret".to_owned()]).unwrap()
    }

    #[test]
    fn unrequested_fields_are_dropped_at_all_levels() {
        let raw = r#"{"ID":1,"lastName":"Doe","IBAN":"FR76","managerID":3,"manager":{"Id":3,"name":"Boss"},
            "userAxisValues_4":{"id":2,"url":"x"},"new":1,"habilitedRoles":[{"id":1,"name":"R","url":"x"}],
            "extendedData":{"e_a":{"value":1},"E_Secret":{"value":2}},
            "applicationData":{"profile_figgo":{"id":1,"name":"P","url":"x"},"bonus":5,"manager2Id":8,
                "theoreticalRemuneration":{"value":"9","link":{"url":"x/9"}}}}"#;
        let by_default = scope(&["identity", "work", "contract"]);
        assert_eq!(
            least_data(raw, &by_default),
            r#"{"ID":1,"habilitedRoles":[{"id":1,"name":"R"}],"lastName":"Doe","manager":{"Id":3},"managerID":3}"#
        );
        assert_eq!(
            least_data(raw, &scope(&["custom_fields", "pay_and_reviews"])),
            r#"{"ID":1,"applicationData":{"profile_figgo":{"id":1,"name":"P"},"theoreticalRemuneration":{"value":"9"}},"extendedData":{"e_a":{"value":1}},"userAxisValues_4":{"id":2}}"#
        );
        assert_eq!(least_data("[1]", &by_default), "\"not an object\"");
    }
}
