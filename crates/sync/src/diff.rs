//! The changed fields of a record, and those of their values that the change log may hold. Pure.

use people::Kind;
use people::catalog::{self, Sensitivity};
use serde_json::{Map, Value};

/// Fields of employees about the job, without personal data.
const EMPLOYEE: [&str; 14] = [
    "job_title",
    "manager_id",
    "department_id",
    "establishment_id",
    "occupation_category_id",
    "job_qualification",
    "contract_start",
    "contract_end",
    "calendar",
    "work_cycles",
    "primary_role",
    "secondary_roles",
    "modified_at",
    "unread_fields",
];

/// Fields of absences with times and confirmation, without the reason.
const ABSENCE: [&str; 6] = ["first", "last", "half_days", "is_confirmed", "confirmed_at", "is_active"];

/// Fields of absence requests with the status, without comments.
const ABSENCE_REQUEST: [&str; 5] = ["status", "next_approver_id", "cancelled_at", "is_active", "created_at"];

/// Whether a field's values may be logged although personal values may not.
fn is_impersonal(kind: Kind, field: &str) -> bool {
    match kind {
        Kind::Employee => EMPLOYEE.contains(&field),
        Kind::Absence => ABSENCE.contains(&field),
        Kind::AbsenceRequest => ABSENCE_REQUEST.contains(&field),
        Kind::Employment => field != "termination_reason",
        // A field that is not in the catalog, which an older version may have stored, is not logged.
        _ => catalog::member(kind, field).is_some_and(|member| member.sensitivity() == Sensitivity::Internal),
    }
}

/// Returns the fields in which two bodies of a record differ, as a JSON object of `{"before":…,"after":…}` by
/// field, or null if the values may not be stored. `None` if no field differs.
pub(crate) fn changed_fields(kind: Kind, before: &str, after: &str, personal_values: bool) -> Option<String> {
    let parse = |body: &str| serde_json::from_str::<Map<String, Value>>(body).unwrap_or_default();
    let (before, mut after) = (parse(before), parse(after));
    let mut changed = Map::new();
    for (field, old) in before {
        let new = after.remove(&field).unwrap_or(Value::Null);
        if old != new {
            changed.insert(field, pair(old, new));
        }
    }
    for (field, new) in after {
        if !new.is_null() {
            changed.insert(field, pair(Value::Null, new));
        }
    }
    if changed.is_empty() {
        return None;
    }
    for (field, values) in &mut changed {
        if !personal_values && !is_impersonal(kind, field) {
            *values = Value::Null;
        }
    }
    Some(Value::Object(changed).to_string())
}

fn pair(before: Value, after: Value) -> Value {
    Value::Object(Map::from_iter([("before".to_owned(), before), ("after".to_owned(), after)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_values_are_named_and_not_kept() {
        let before = r#"{"id":"1","job_title":"Chef","last_name":"A","manager_id":null}"#;
        let after = r#"{"id":"1","job_title":"Cheffe","last_name":"B","manager_id":null,"quote":"x"}"#;
        let changed = changed_fields(Kind::Employee, before, after, false).unwrap();
        let job = r#"{"after":"Cheffe","before":"Chef"}"#;
        assert_eq!(changed, format!(r#"{{"job_title":{job},"last_name":null,"quote":null}}"#));
        let all = changed_fields(Kind::Employee, before, after, true).unwrap();
        assert!(all.contains(r#""last_name":{"after":"B","before":"A"}"#), "{all}");
    }

    #[test]
    fn absence_reasons_are_personal_and_dates_not() {
        let before = r#"{"first":"2026-05-04 AM","leave_type_ids":["1"]}"#;
        let after = r#"{"first":"2026-05-05 AM","leave_type_ids":["2"]}"#;
        let changed = changed_fields(Kind::Absence, before, after, false).unwrap();
        assert!(
            changed.contains(r#""before":"2026-05-04 AM""#) && changed.contains(r#""leave_type_ids":null"#)
        );
    }

    #[test]
    fn values_of_other_kinds_are_logged_if_internal() {
        let before = r#"{"name":"A","head_id":"1","motto":"x"}"#;
        let after = r#"{"name":"B","head_id":"2","motto":"y"}"#;
        let changed = changed_fields(Kind::Department, before, after, false).unwrap();
        let (head, name) = (r#"{"after":"2","before":"1"}"#, r#"{"after":"B","before":"A"}"#);
        assert_eq!(changed, format!(r#"{{"head_id":{head},"motto":null,"name":{name}}}"#));
    }

    #[test]
    fn an_absent_field_and_a_null_are_the_same() {
        assert_eq!(changed_fields(Kind::Department, r#"{"a":null}"#, r#"{"b":null}"#, true), None);
    }
}
