//! What of a record may be kept as Lucca sent it.

use std::collections::BTreeMap;

use lucca::FieldGroups;
use serde_json::value::RawValue;

/// A user's raw JSON without the fields that `groups` do not ask for, which some servers send all the same.
///
/// What is not a JSON object has no fields to tell apart and is reduced to its kind.
pub(crate) fn least_data(raw: &str, groups: FieldGroups) -> String {
    let Ok(fields) = serde_json::from_str::<BTreeMap<String, &RawValue>>(raw) else {
        return "\"not an object\"".to_owned();
    };
    let kept: BTreeMap<_, _> = fields.into_iter().filter(|(key, _)| groups.ask_for(key)).collect();
    serde_json::to_string(&kept).unwrap_or_default()
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
    let kept: BTreeMap<_, _> = fields.into_iter().filter(|(key, _)| !names_people(key)).collect();
    serde_json::to_string(&kept).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_no_part_of_an_organisation_record() {
        let raw = r#"{"id":1,"author":{"firstName":"A"},"headID":4,"head":{"name":"B"},"name":"IT"}"#;
        assert_eq!(without_people(raw), r#"{"headID":4,"id":1,"name":"IT"}"#);
    }

    #[test]
    fn fields_nobody_asked_for_are_dropped() {
        let raw =
            r#"{"ID":1,"lastName":"Doe","IBAN":"FR76","managerID":3,"userAxisValues_4":{"id":2},"new":1}"#;
        let kept = least_data(raw, FieldGroups::default());
        assert_eq!(kept, r#"{"ID":1,"lastName":"Doe","managerID":3,"userAxisValues_4":{"id":2}}"#);
        assert_eq!(least_data("[1]", FieldGroups::default()), "\"not an object\"");
    }
}
