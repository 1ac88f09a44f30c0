//! The tenant's custom fields: unwraps Lucca's `{id, value}` objects to plain values.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::scope::Scope;

/// Unwraps the values of Lucca's extended data. Drops empty fields and those that the linked account
/// excludes.
///
/// Lucca wraps a value as `{"id": 4896, "value": …}`, several as a list of such, and a composite's value is
/// itself an object of wrapped fields (source: directory.md §7). A bare value, which one documentation page
/// shows instead, is accepted unchanged.
pub(super) fn custom_fields(extended: BTreeMap<String, Value>, scope: &Scope) -> BTreeMap<String, Value> {
    let kept = extended.into_iter().filter(|(key, _)| scope.keeps_field(key));
    kept.filter_map(|(key, value)| Some((key, unwrap(value)?))).collect()
}

/// The unwrapped value; `None` if it is null or empty.
pub(super) fn unwrap(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Array(items) => {
            let items: Vec<Value> = items.into_iter().filter_map(unwrap).collect();
            (!items.is_empty()).then_some(Value::Array(items))
        }
        Value::Object(mut object) => match take_value(&mut object) {
            Some(value) => unwrap(value),
            None => {
                let fields: Map<String, Value> =
                    object.into_iter().filter_map(|(key, value)| Some((key, unwrap(value)?))).collect();
                (!fields.is_empty()).then_some(Value::Object(fields))
            }
        },
        plain => Some(plain),
    }
}

/// The `value` of a wrapping object, in any letter case; `None` for other objects.
fn take_value(object: &mut Map<String, Value>) -> Option<Value> {
    let key = object.keys().find(|key| key.eq_ignore_ascii_case("value"))?.clone();
    object.remove(&key)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_documented_shape_is_unwrapped() {
        let extended = json!({
            "e_login": {"id": 1, "value": "shipit"},
            "e_none": {"id": 2, "value": null},
            "e_null": null,
            "e_foods": [{"id": 3, "value": "beer"}, {"id": 4, "value": null}, {"Id": 5, "Value": 12}],
            "e_car": {"id": 6, "value": {"e_plate": {"id": 7, "value": "AB-123"}, "e_co2": {"id": 8, "value": null}}},
            "e_bare": "AB",
            "e_flag": {"id": 9, "value": false},
            "e_choice": {"value": {"id": 3, "name": "Permis B"}},
            "e_Salary": {"id": 10, "value": 1},
        });
        let scope = Scope::new(&[], &[], &["E_salary".to_owned()]).unwrap();
        let fields = custom_fields(serde_json::from_value(extended).unwrap(), &scope);
        assert_eq!(
            serde_json::to_value(fields).unwrap(),
            json!({
                "e_bare": "AB",
                "e_car": {"e_plate": "AB-123"},
                "e_choice": {"id": 3, "name": "Permis B"},
                "e_flag": false,
                "e_foods": ["beer", 12],
                "e_login": "shipit",
            })
        );
    }
}
