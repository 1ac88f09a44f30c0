//! What of a user may be kept as Lucca sent it.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_nobody_asked_for_are_dropped() {
        let raw =
            r#"{"ID":1,"lastName":"Doe","IBAN":"FR76","managerID":3,"userAxisValues_4":{"id":2},"new":1}"#;
        let kept = least_data(raw, FieldGroups::default());
        assert_eq!(kept, r#"{"ID":1,"lastName":"Doe","managerID":3,"userAxisValues_4":{"id":2}}"#);
        assert_eq!(least_data("[1]", FieldGroups::default()), "\"not an object\"");
    }
}
