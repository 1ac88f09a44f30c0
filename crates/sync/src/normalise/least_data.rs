//! What of a record may be kept as Lucca sent it.

use std::collections::BTreeMap;

use lucca::FieldGroups;
use people::RemoteId;
use serde_json::value::RawValue;

/// A user's raw JSON without the fields that `groups` do not ask for, which some servers send all the same.
///
/// What is not a JSON object has no fields to tell apart and is reduced to its kind. Of the manager only the id stays:
/// their name is theirs.
pub(crate) fn least_data(raw: &str, groups: FieldGroups) -> String {
    let Ok(fields) = serde_json::from_str::<BTreeMap<String, &RawValue>>(raw) else {
        return "\"not an object\"".to_owned();
    };
    let manager = fields.iter().find(|(key, _)| key.eq_ignore_ascii_case("manager"));
    let manager = manager.and_then(|(_, manager)| only_id(manager));
    let mut kept: BTreeMap<_, _> = fields.into_iter().filter(|(key, _)| groups.ask_for(key)).collect();
    if let Some(manager) = &manager {
        kept.iter_mut()
            .filter(|(key, _)| key.eq_ignore_ascii_case("manager"))
            .for_each(|(_, kept)| *kept = manager);
    }
    serde_json::to_string(&kept).unwrap_or_default()
}

/// An object without all of its members but the id; none if it is no object.
fn only_id(object: &RawValue) -> Option<Box<RawValue>> {
    let mut members = serde_json::from_str::<BTreeMap<String, &RawValue>>(object.get()).ok()?;
    members.retain(|key, _| key.eq_ignore_ascii_case("id"));
    RawValue::from_string(serde_json::to_string(&members).ok()?).ok()
}

/// Whose a record is that could not be read: its owner, or its period's, in whichever of the shapes and cases seen.
pub(crate) fn owner_of(raw: &str) -> Option<RemoteId> {
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

/// Members of the organisation's and the contracts' records that name people, or count them.
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

/// A record's raw JSON without the people it names beside their ids.
pub(crate) fn without_people(raw: &str) -> String {
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

    #[test]
    fn fields_nobody_asked_for_are_dropped() {
        let raw = r#"{"ID":1,"lastName":"Doe","IBAN":"FR76","managerID":3,"manager":{"Id":3,"name":"Boss"},"userAxisValues_4":{"id":2},"new":1}"#;
        let kept = least_data(raw, FieldGroups::default());
        assert_eq!(
            kept,
            r#"{"ID":1,"lastName":"Doe","manager":{"Id":3},"managerID":3,"userAxisValues_4":{"id":2}}"#
        );
        assert_eq!(least_data("[1]", FieldGroups::default()), "\"not an object\"");
    }
}
