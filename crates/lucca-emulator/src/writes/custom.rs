//! Writing custom fields, at the root of a user. Source: directory.md §7.

use serde_json::Value as Json;

use super::field::BodyField;
use crate::{
    company::{
        custom_fields::{Definition, Entry, EntryValue, Format},
        model::Company,
    },
    errors::Refusal,
};

/// Creates, changes or deletes entries: `{"value":…}`, `{"id":…,"value":…}`, `{"id":…,"value":null}`; of a
/// multi-value a list of these.
pub(super) fn write(
    company: &Company,
    entries: &mut Vec<Entry>,
    field: &BodyField<'_>,
) -> Result<(), Refusal> {
    let ids = company.people.iter().flat_map(|person| &person.custom).chain(entries.iter()).flat_map(ids);
    let mut next = ids.max().unwrap_or(4000);
    write_in(&company.definitions, entries, &mut next, field)
}

/// The ids of an entry and its parts.
fn ids(entry: &Entry) -> impl Iterator<Item = i64> {
    let parts: &[Entry] = if let EntryValue::Parts(parts) = &entry.value { parts } else { &[] };
    std::iter::once(entry.id).chain(parts.iter().map(|part| part.id))
}

fn write_in(
    definitions: &[Definition],
    entries: &mut Vec<Entry>,
    next: &mut i64,
    field: &BodyField<'_>,
) -> Result<(), Refusal> {
    let definition = definitions.iter().find(|known| known.id.eq_ignore_ascii_case(field.key));
    let Some(definition) = definition else {
        return Err(Refusal::bad_request(format!("Custom field {} does not exist", field.key)));
    };
    let items = match field.value {
        Json::Array(items) if definition.multiple => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    for item in items {
        let (id, value) = match item {
            Json::Object(entry) => {
                let value = entry.get("value").ok_or_else(|| field.invalid())?;
                (entry.get("id").and_then(Json::as_i64).filter(|id| *id != 0), value)
            }
            // The update's own example has `"e_bloodType":"AB"`. unverified: that it is accepted.
            bare => (None, bare),
        };
        let place = match id {
            Some(id) => {
                let mut known = entries.iter();
                let place = known.position(|entry| entry.id == id && entry.definition == definition.id);
                Some(place.ok_or_else(|| field.invalid())?)
            }
            None if definition.multiple => None,
            // unverified: that a second value without an id replaces the first.
            None => entries.iter().position(|entry| entry.definition == definition.id),
        };
        if value.is_null() {
            match place {
                Some(place) => drop(entries.remove(place)),
                None if definition.multiple => return Err(field.invalid()),
                None => {}
            }
            continue;
        }
        let before = place.and_then(|place| entries.get(place)).map(|entry| &entry.value);
        let value = read(definitions, definition, before, next, &BodyField { key: field.key, value })?;
        match place.and_then(|place| entries.get_mut(place)) {
            Some(entry) => entry.value = value,
            None => {
                *next += 1;
                entries.push(Entry { id: *next, definition: definition.id, value });
            }
        }
    }
    Ok(())
}

fn read(
    definitions: &[Definition],
    definition: &Definition,
    before: Option<&EntryValue>,
    next: &mut i64,
    field: &BodyField<'_>,
) -> Result<EntryValue, Refusal> {
    let value = match definition.format {
        Format::Text => Some(EntryValue::Text(field.text()?)),
        Format::Number => field.value.as_f64().map(EntryValue::Number),
        Format::Bool => field.value.as_bool().map(EntryValue::Bool),
        Format::Date => Some(EntryValue::Date(field.date()?)),
        Format::Select => {
            let choice = field.value.as_i64();
            let known = choice.filter(|id| definition.choices.iter().any(|(known, _)| known == id));
            known.map(EntryValue::Choice)
        }
        Format::Composite => {
            let mut parts =
                if let Some(EntryValue::Parts(parts)) = before { parts.clone() } else { Vec::new() };
            for (key, value) in field.value.as_object().ok_or_else(|| field.invalid())? {
                write_in(definitions, &mut parts, next, &BodyField { key, value })?;
            }
            Some(EntryValue::Parts(parts))
        }
    };
    value.ok_or_else(|| field.invalid())
}
