//! Reads records of unknown exact shape: keys in any case, values in several forms.
//!
//! [`Object`] splits a JSON object without reading its values; [`Record`] reads them one by one and collects
//! the unreadable ones. Scalars are in `scalar`, the fields of each resource in `resources`.
//!
//! A problem never quotes a value: it is personal data.

mod bounded;
mod scalar;
mod split;

use std::borrow::Cow;
use std::collections::BTreeMap;

use compact_str::CompactString;
use jiff::civil::Date;
use people::{RemoteId, SourceTime};
use serde_json::Value;
use serde_json::value::RawValue;

pub(crate) use bounded::Bounded;
pub(crate) use scalar::{Measure, Scalar, unsigned};

use crate::item::{FieldProblem, Unreadable};
use crate::resources::Ref;

/// Maximum number of members of a record, more than any record of Lucca has: a larger object is an attack or
/// an accident, and is not read.
const MOST_MEMBERS: usize = 10_000;

/// A JSON object's members, their values unread.
pub struct Object<'a> {
    members: Vec<(Cow<'a, str>, &'a str)>,
}

impl<'a> Object<'a> {
    /// Splits an object of valid JSON; `None` if the JSON is something else.
    pub(crate) fn parse(json: &'a str) -> Option<Self> {
        Some(Self { members: split::members(json, MOST_MEMBERS)? })
    }

    /// The value of a key in any case; the first non-null one if several keys differ only in case.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.members
            .iter()
            .find(|(key, value)| key.eq_ignore_ascii_case(name) && *value != "null")
            .map(|(_, value)| *value)
    }

    /// The id of the record in this object.
    pub(crate) fn id(&self) -> Option<RemoteId> {
        Scalar::of(self.get("id")?)?.id()
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.members.iter().map(|(key, value)| (&**key, *value))
    }
}

/// Reads the fields of one record and collects the problems.
pub struct Record<'a> {
    object: &'a Object<'a>,
    problems: Vec<FieldProblem>,
}

impl<'a> Record<'a> {
    pub(crate) fn new(object: &'a Object<'a>) -> Self {
        Self { object, problems: Vec::new() }
    }

    pub(crate) fn into_problems(self) -> Vec<FieldProblem> {
        self.problems
    }

    fn problem(&mut self, field: impl Into<Cow<'static, str>>, expected: &str) {
        self.problems.push(FieldProblem { field: field.into(), reason: format!("not {expected}") });
    }

    /// A field by any of its names, read by `read`; an unreadable value is a problem and `None`.
    fn field<T>(
        &mut self,
        names: &[&'static str],
        expected: &str,
        read: impl FnOnce(&'a str) -> Option<Option<T>>,
    ) -> Option<T> {
        let (name, raw) = names.iter().find_map(|name| Some((*name, self.object.get(name)?)))?;
        match read(raw) {
            Some(value) => value,
            None => {
                self.problem(name, expected);
                None
            }
        }
    }

    /// Text as it was sent, blank or not; a number or a truth value is returned as its JSON text.
    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        self.text_of(&[name])
    }

    /// Text under the first of these names that is present.
    pub(crate) fn text_of(&mut self, names: &[&'static str]) -> Option<String> {
        self.field(names, "a text", |raw| Scalar::of(raw).map(|scalar| Some(scalar.into_text())))
    }

    /// A whole number; an empty text is none.
    pub(crate) fn integer(&mut self, name: &'static str) -> Option<i64> {
        self.field(&[name], "a whole number", |raw| Scalar::of(raw)?.integer())
    }

    /// A whole number that may be larger than 64 bits hold. Source: directory.md §11.1 (`position`).
    pub(crate) fn large_integer(&mut self, names: &[&'static str]) -> Option<u128> {
        self.field(names, "a whole number", |raw| Scalar::of(raw)?.large_integer())
    }

    /// A truth value.
    pub(crate) fn flag(&mut self, name: &'static str) -> Option<bool> {
        self.field(&[name], "true or false", |raw| Scalar::of(raw)?.flag())
    }

    /// A date, with or without a time after it; the time and its zone are dropped, the day stays unchanged.
    /// An empty text is `None`.
    pub(crate) fn date(&mut self, name: &'static str) -> Option<Date> {
        self.field(&[name], "a date", |raw| Scalar::of(raw)?.date())
    }

    /// A point in time under the first of these names that is present.
    pub(crate) fn time(&mut self, names: &[&'static str]) -> Option<SourceTime> {
        self.field(names, "a date-time", |raw| Scalar::of(raw)?.time())
    }

    /// A required date: unreadable is an error, absent is not.
    pub(crate) fn vital_date(&self, name: &'static str) -> Result<Option<Date>, Unreadable> {
        let Some(raw) = self.object.get(name) else { return Ok(None) };
        Scalar::of(raw)
            .and_then(|scalar| scalar.date())
            .ok_or_else(|| Unreadable { field: name.into(), reason: "not a date".into() })
    }

    /// A relation by its nested object (`manager: {id, name}`) and its plain id (`managerId`, `managerID`),
    /// either of which may be missing.
    pub(crate) fn reference(&mut self, nested: &'static str, flat: &'static str) -> Option<Ref> {
        let from_nested = self.object.get(nested).map(reference_of);
        let flat_id = self.id_field(flat);
        match (from_nested, flat_id) {
            (Some(Some(reference)), Some(id)) if reference.id != id => {
                self.problem(flat, &format!("the id of {nested}"));
                Some(reference)
            }
            (Some(Some(reference)), _) => Some(reference),
            // The nested object may lack its id, if only other fields of it were requested.
            (Some(None), Some(id)) => {
                let name = self.object.get(nested).and_then(name_of);
                Some(Ref { id, name })
            }
            (Some(None), None) => {
                self.problem(nested, "an object with an id");
                None
            }
            (None, id) => id.map(|id| Ref { id, name: None }),
        }
    }

    /// Whether a field is an object.
    pub(crate) fn is_object(&self, name: &str) -> bool {
        self.object.get(name).is_some_and(|raw| raw.starts_with('{'))
    }

    /// The id of the object that a field holds, as text.
    pub(crate) fn id_in(&mut self, name: &'static str) -> Option<String> {
        self.field(&[name], "an object with an id", |raw| Some(Some(Object::parse(raw)?.id()?.to_string())))
    }

    /// A plain id.
    pub(crate) fn id_field(&mut self, name: &'static str) -> Option<RemoteId> {
        self.field(&[name], "an id", |raw| {
            let scalar = Scalar::of(raw)?;
            if scalar.is_blank() { Some(None) } else { scalar.id().map(Some) }
        })
    }

    /// A list of `{id, name}`; a single object counts as a list of one.
    pub(crate) fn references(&mut self, name: &'static str) -> Vec<Ref> {
        let Some(raw) = self.object.get(name) else { return Vec::new() };
        references_of(raw).unwrap_or_else(|| {
            self.problem(name, "a list of objects with an id");
            Vec::new()
        })
    }

    /// A list of objects, each read by `read`; an unreadable one is a problem and left out.
    pub(crate) fn list<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&mut Record<'_>) -> Option<T>,
    ) -> Vec<T> {
        let Some(raw) = self.object.get(name) else { return Vec::new() };
        let Some(items) = array_of(raw) else {
            self.problem(name, "a list");
            return Vec::new();
        };
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            let read = Object::parse(item).and_then(|object| {
                let mut record = Record::new(&object);
                let value = read(&mut record)?;
                self.take_over(name, record.problems);
                Some(value)
            });
            match read {
                Some(value) => values.push(value),
                None => self.problem(name, "a list of objects with an id"),
            }
        }
        values
    }

    /// A nested object, read by `read`.
    pub(crate) fn nested<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Record<'_>) -> Option<T>,
    ) -> Option<T> {
        let raw = self.object.get(name)?;
        let value = Object::parse(raw).and_then(|object| read(&mut Record::new(&object)));
        if value.is_none() {
            self.problem(name, "the documented object");
        }
        value
    }

    /// A nested object, read by `read` with its own problems kept; any other value is a problem.
    pub(crate) fn inner<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Record<'_>) -> T,
    ) -> Option<T> {
        let raw = self.object.get(name)?;
        let Some(object) = Object::parse(raw) else {
            self.problem(name, "an object");
            return None;
        };
        let mut record = Record::new(&object);
        let value = read(&mut record);
        self.take_over(name, record.problems);
        Some(value)
    }

    fn take_over(&mut self, name: &str, problems: Vec<FieldProblem>) {
        self.problems.extend(problems.into_iter().map(|problem| FieldProblem {
            field: format!("{name}.{}", problem.field).into(),
            reason: problem.reason,
        }));
    }

    /// A duration in either notation, or a plain number; an empty text is none.
    pub(crate) fn measure(&mut self, name: &'static str) -> Option<Measure> {
        self.field(&[name], "a duration", |raw| Scalar::of(raw)?.measure())
    }

    /// A duration in whole minutes.
    pub(crate) fn minutes(&mut self, name: &'static str) -> Option<i64> {
        match self.measure(name)? {
            Measure::Minutes(minutes) => Some(minutes),
            Measure::Number(_) => {
                self.problem(name, "a duration");
                None
            }
        }
    }

    /// JSON of any shape.
    pub(crate) fn value(&mut self, name: &'static str) -> Option<Value> {
        self.field(&[name], "readable JSON", |raw| serde_json::from_str(raw).ok().map(Some))
    }

    /// A dictionary with values of any shape. Keys keep their case: the tenant defines them.
    pub(crate) fn map(&mut self, name: &'static str) -> BTreeMap<String, Value> {
        let read = self.field(&[name], "a dictionary", |raw| match serde_json::from_str(raw) {
            Ok(map) => Some(Some(map)),
            // An empty list counts as an empty dictionary. unverified: whether Lucca ever sends one here.
            Err(_) => array_of(raw).is_some_and(|items| items.is_empty()).then_some(None),
        });
        read.unwrap_or_default()
    }

    /// The members of `name`, if it is a dictionary, and every root key `name_…`, with the rest of the key.
    /// Source: wire-grammar.md §1.3 (`userAxisValues` arrives as `userAxisValues_4`).
    pub(crate) fn suffixed_references(&mut self, name: &'static str) -> BTreeMap<String, Vec<Ref>> {
        let mut values = BTreeMap::new();
        let nested = self.object.get(name).and_then(Object::parse);
        let nested = nested.iter().flat_map(Object::members).map(|(key, raw)| (key.to_owned(), raw));
        let rooted = self.object.members().filter_map(|(key, raw)| {
            let (head, tail) = key.split_at_checked(name.len())?;
            let suffix = tail.strip_prefix('_')?;
            (head.eq_ignore_ascii_case(name) && !suffix.is_empty()).then(|| (suffix.to_owned(), raw))
        });
        let mut unreadable = Vec::new();
        for (suffix, raw) in nested.chain(rooted).filter(|(_, raw)| *raw != "null") {
            match references_of(raw) {
                Some(references) => drop(values.insert(suffix, references)),
                None => unreadable.push(suffix),
            }
        }
        for suffix in unreadable {
            self.problem(format!("{name}_{suffix}"), "an object with an id");
        }
        values
    }
}

fn array_of(raw: &str) -> Option<Vec<&str>> {
    let list: Bounded<'_, MOST_MEMBERS> = serde_json::from_str(raw).ok()?;
    (!list.is_cut).then(|| list.members.into_iter().map(RawValue::get).collect())
}

/// `{id, name}`, or the id alone.
fn reference_of(raw: &str) -> Option<Ref> {
    match Object::parse(raw) {
        Some(object) => Some(Ref { id: object.id()?, name: name_in(&object) }),
        None => Some(Ref { id: Scalar::of(raw)?.id()?, name: None }),
    }
}

fn references_of(raw: &str) -> Option<Vec<Ref>> {
    match array_of(raw) {
        Some(items) => items.into_iter().filter(|item| *item != "null").map(reference_of).collect(),
        None => reference_of(raw).map(|reference| vec![reference]),
    }
}

fn name_of(raw: &str) -> Option<CompactString> {
    name_in(&Object::parse(raw)?)
}

fn name_in(object: &Object<'_>) -> Option<CompactString> {
    let name = object.get("name").or_else(|| object.get("fullName"))?;
    Some(Scalar::of(name)?.into_compact())
}
