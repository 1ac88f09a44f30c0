//! Fields that Lucca stopped returning: the server refuses them in requests, or hides them from the key.
//! Their absence is not a change, so stored values stay. Pure.

use std::collections::{BTreeSet, HashMap};

use lucca::Note;
use people::catalog::{Described, Member, WireName};
use people::{Employee, Model, RemoteId};
use serde_json::{Map, Value};
use store::RecordUpsert;

/// Minimum number of stored employees with a field that makes its absence from a page suspicious.
const MIN_STORED_WITH_FIELD: usize = 2;

/// The model's fields that the server refuses in requests, from an enumeration's notes.
pub(crate) fn refused_fields(notes: &[Note]) -> BTreeSet<&'static str> {
    let mut names = BTreeSet::new();
    let mut all_are_refused = false;
    for note in notes {
        match note {
            Note::FieldsDropped { names: dropped } => names.extend(dropped.iter().map(String::as_str)),
            Note::DefaultFields => all_are_refused = true,
            _ => {}
        }
    }
    let is_among = |wanted: &str| names.iter().any(|name| name.eq_ignore_ascii_case(wanted));
    let is_refused = |wire: &&WireName| match wire.within {
        None => is_among(wire.name),
        Some(object) => is_among(object) || is_among(&format!("{object}.{}", wire.name)),
    };
    // A relation has two names, and is lost only with both.
    let is_lost = |member: &&Member| {
        let wires = member.requested_names();
        let is_every =
            if member.is_group() { wires.iter().any(is_refused) } else { wires.iter().all(is_refused) };
        !wires.is_empty() && member.name != "id" && (all_are_refused || is_every)
    };
    Employee::MEMBERS.iter().filter(is_lost).map(|member| member.name).collect()
}

/// Restores missing fields in a page's records from their stored models (`stored`, as JSON). Returns the
/// guarded fields that Lucca hides.
pub(crate) fn keep_silent_fields<M: Model>(
    records: &mut [RecordUpsert],
    stored: &HashMap<RemoteId, String>,
    refused: &BTreeSet<&'static str>,
) -> BTreeSet<&'static str> {
    let parse = |body: &str| serde_json::from_str::<Map<String, Value>>(body).unwrap_or_default();
    let page: Vec<Map<String, Value>> = records.iter().map(|record| parse(&record.body)).collect();
    let stored: HashMap<&RemoteId, Map<String, Value>> =
        stored.iter().map(|(id, body)| (id, parse(body))).collect();
    let has =
        |model: &Map<String, Value>, field: &str| model.get(field).is_some_and(|value| !value.is_null());
    let is_hidden = |field: &&str| {
        !page.iter().any(|model| has(model, field))
            && stored.values().filter(|model| has(model, field)).count() >= MIN_STORED_WITH_FIELD
    };
    let guarded = Employee::MEMBERS.iter().filter(|member| member.is_guarded()).map(|member| member.name);
    let hidden: BTreeSet<&str> = guarded.filter(|field| !refused.contains(field)).filter(is_hidden).collect();
    let silent: BTreeSet<&str> = refused.union(&hidden).copied().collect();
    if silent.is_empty() {
        return hidden;
    }
    for (record, mut model) in records.iter_mut().zip(page) {
        let Some(stored) = stored.get(&record.id) else { continue };
        for field in &silent {
            restore_field(&mut model, stored, field);
        }
        // Through the model, so that fields have their usual order and the hash is comparable.
        let Ok(merged) = serde_json::from_value::<M>(Value::Object(model)) else { continue };
        if let Ok(body) = serde_json::to_string(&merged) {
            *record = RecordUpsert::of(&merged, body, record.raw.take());
        }
    }
    hidden
}

fn restore_field(new: &mut Map<String, Value>, stored: &Map<String, Value>, field: &str) {
    let Some(old) = stored.get(field).filter(|old| !old.is_null()) else { return };
    // A field group is an object of its fields: only these can be lost.
    if !people::catalog::member(Employee::KIND, field).is_some_and(Member::is_group) {
        if new.get(field).is_none_or(Value::is_null) {
            new.insert(field.to_owned(), old.clone());
        }
    } else if let (Some(Value::Object(new)), Value::Object(old)) = (new.get_mut(field), old) {
        // A group that is absent is no longer requested, and must not be restored.
        for (name, value) in old {
            if new.get(name).is_none_or(Value::is_null) {
                new.insert(name.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dropped(names: &[&str]) -> Vec<Note> {
        vec![Note::FieldsDropped { names: names.iter().map(ToString::to_string).collect() }]
    }

    #[test]
    fn a_field_is_refused_when_every_name_of_it_is() {
        let fields = |names: &[&str]| refused_fields(&dropped(names)).into_iter().collect::<Vec<_>>();
        assert_eq!(fields(&["modifiedAt", "department.name"]), ["modified_at"]);
        assert_eq!(fields(&["managerId"]), [""; 0]);
        assert_eq!(fields(&["managerid", "manager"]), ["manager_id"]);
        assert_eq!(fields(&["iban"]), ["bank"]);
    }

    #[test]
    fn only_silent_fields_are_restored() {
        let stored =
            serde_json::json!({"job_title": "Chef", "manager_id": "1", "bank": {"iban": "x", "bic": "y"}});
        let mut new = serde_json::json!({"job_title": null, "manager_id": null}).as_object().unwrap().clone();
        for field in ["job_title", "bank"] {
            restore_field(&mut new, stored.as_object().unwrap(), field);
        }
        assert_eq!(Value::Object(new), serde_json::json!({"job_title": "Chef", "manager_id": null}));
    }
}
