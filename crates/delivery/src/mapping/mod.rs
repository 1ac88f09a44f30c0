//! Delivery rules of a linked account: which fields of each record every output delivers, and under which
//! names. `sources` lists each field's origin.
//!
//! Not here: which employees are delivered. The store withholds the others.

mod sources;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use people::Kind;
use people::catalog::members;
use serde_json::{Map, Value};
use store::DeliveryRules;

use crate::catalog::{self, KEY, STREAMS};

pub use sources::{Field, fields};

/// Errors of delivery rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// The stream does not exist.
    #[error("unknown stream {0:?}; known streams are {all}", all = STREAMS.map(Kind::name).join(", "))]
    UnknownStream(String),
    /// The stream has no such field.
    #[error("{stream} has no field {field:?}{}", .nearest.as_ref().map(|near| format!("; did you mean \
         {near:?}?")).unwrap_or_default())]
    UnknownField {
        /// The stream.
        stream: &'static str,
        /// The unknown name.
        field: String,
        /// The most similar field name.
        nearest: Option<String>,
    },
    /// The id can be neither omitted nor renamed: receivers match records by it.
    #[error("the field id of {0} can be neither omitted nor renamed")]
    Id(&'static str),
    /// A new name that is taken or malformed.
    #[error("{name:?} can't be the name of a field of {stream}: {why}")]
    Name {
        /// The stream.
        stream: &'static str,
        /// The refused name.
        name: String,
        /// The reason.
        why: &'static str,
    },
}

impl RulesError {
    /// The stable code that API, CLI and docs share.
    pub fn code(&self) -> &'static str {
        "delivery.rules"
    }
}

/// Names of columns that outputs add to the model's.
const OURS: [&str; 16] = [
    "state",
    "status",
    "updated_at",
    "raw",
    "as_of",
    "position",
    "kind",
    "starts_on",
    "ends_on",
    "manager",
    "department",
    "establishment",
    "legal_unit",
    "employments",
    "employee",
    "leave_types",
];

/// The delivery rules of one stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Rule {
    only: Option<BTreeSet<String>>,
    except: BTreeSet<String>,
    renames: BTreeMap<String, String>,
}

/// The delivery rules by stream: delivered fields and their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping(BTreeMap<Kind, Rule>);

impl Mapping {
    /// Compiles delivery rules.
    ///
    /// # Errors
    ///
    /// The first rule that can't be used, by name.
    pub fn new(rules: &DeliveryRules) -> Result<Self, RulesError> {
        let mut mapping = Self::default();
        let kind_of =
            |name: &String| catalog::stream(name).map_err(|_| RulesError::UnknownStream(name.clone()));
        for (stream, rule) in &rules.fields {
            let kind = kind_of(stream)?;
            for field in rule.only.iter().flatten().chain(&rule.except) {
                known(kind, field)?;
            }
            if rule.except.iter().any(|field| field == KEY) {
                return Err(RulesError::Id(kind.name()));
            }
            let of = mapping.0.entry(kind).or_default();
            of.only = rule.only.as_ref().map(|only| only.iter().cloned().collect());
            of.except = rule.except.iter().cloned().collect();
        }
        for (stream, renames) in &rules.renames {
            let kind = kind_of(stream)?;
            let mut taken: BTreeSet<&str> = members(kind)
                .iter()
                .map(|member| member.name)
                .filter(|name| !renames.contains_key(*name))
                .collect();
            for (field, name) in renames {
                if field == KEY {
                    return Err(RulesError::Id(kind.name()));
                }
                known(kind, field)?;
                let refused = |why| RulesError::Name { stream: kind.name(), name: name.clone(), why };
                if field.contains('.') {
                    return Err(refused("only whole fields can be renamed"));
                }
                let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase())
                    && name.len() <= 64
                    && name
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
                if !is_plain {
                    return Err(refused(
                        "a name must have 1 to 64 lowercase letters, digits and underscores",
                    ));
                }
                if OURS.contains(&name.as_str()) || !taken.insert(name) {
                    return Err(refused("the stream already has a field of that name"));
                }
            }
            mapping.0.entry(kind).or_default().renames = renames.clone();
        }
        mapping.0.retain(|_, rule| *rule != Rule::default());
        Ok(mapping)
    }

    /// Compiles rules that were valid when they were saved. Rules for fields that no longer exist are
    /// ignored.
    pub fn of(rules: &DeliveryRules) -> Self {
        Self::new(rules).unwrap_or_else(|_| {
            let mut plain = rules.clone();
            for (stream, rule) in &mut plain.fields {
                let kind = catalog::stream(stream);
                let is_known = |field: &String| kind.as_ref().is_ok_and(|kind| known(*kind, field).is_ok());
                rule.except.retain(is_known);
                // An `only` list stays in force even if it becomes empty: never deliver more fields than the
                // rules select.
                if let Some(only) = &mut rule.only {
                    only.retain(is_known);
                }
            }
            plain.fields.retain(|stream, _| catalog::stream(stream).is_ok());
            plain.renames.clear();
            Self::new(&plain).unwrap_or_default()
        })
    }

    /// Whether a stream's records are delivered unchanged.
    pub fn is_plain(&self, kind: Kind) -> bool {
        !self.0.contains_key(&kind)
    }

    /// The name under which a member of the model is delivered, in whole or in part; `None` if it is not.
    /// Names that are no member of the model pass unchanged.
    pub fn name<'a>(&'a self, kind: Kind, member: &'a str) -> Option<&'a str> {
        let Some(rule) = self.0.get(&kind) else { return Some(member) };
        rule.delivers(kind, member).then(|| rule.renames.get(member).map_or(member, String::as_str))
    }

    /// A record's JSON as it is delivered. Members that are not the model's pass unchanged.
    pub fn body<'a>(&self, kind: Kind, body: &'a str) -> Cow<'a, str> {
        if self.is_plain(kind) {
            return Cow::Borrowed(body);
        }
        match serde_json::from_str(body) {
            Ok(members) => Cow::Owned(Value::Object(self.members(kind, members)).to_string()),
            // A record that can't be parsed can't be filtered, so nothing of it is delivered.
            Err(_) => Cow::Borrowed("{}"),
        }
    }

    /// Whether a record has `text`, given as its [`search_key`](people::search_key), in a searched member
    /// that is delivered. A search must not reveal the value of a field that the reader does not receive.
    pub fn finds(&self, kind: Kind, body: &str, text: &str) -> bool {
        if self.is_plain(kind) {
            return true;
        }
        let record: Map<String, Value> = serde_json::from_str(body).unwrap_or_default();
        let searched = members(kind).iter().filter(|member| member.is_searched());
        let delivered = searched.filter(|member| self.name(kind, member.name).is_some());
        delivered
            .filter_map(|member| record.get(member.name)?.as_str())
            .any(|value| people::contains_text(value, text))
    }

    /// A record's members as they are delivered; also accepts a change's `{member: {before, after}}`.
    pub fn members(&self, kind: Kind, members: Map<String, Value>) -> Map<String, Value> {
        let Some(rule) = self.0.get(&kind) else { return members };
        let mut delivered = Map::new();
        for (member, mut value) in members {
            if !rule.delivers(kind, &member) {
                continue;
            }
            rule.trim(&member, &mut value);
            let name = rule.renames.get(&member).cloned().unwrap_or(member);
            delivered.insert(name, value);
        }
        delivered
    }

    /// A stream's schema properties as they are delivered.
    pub(crate) fn schema(&self, kind: Kind, properties: Map<String, Value>) -> Map<String, Value> {
        let Some(rule) = self.0.get(&kind) else { return properties };
        let mut delivered = Map::new();
        for (member, mut schema) in properties {
            if !rule.delivers(kind, &member) {
                continue;
            }
            for inner in ["/properties", "/items/properties"] {
                if let Some(inner) = schema.pointer_mut(inner) {
                    rule.trim(&member, inner);
                }
            }
            let name = rule.renames.get(&member).cloned().unwrap_or(member);
            delivered.insert(name, schema);
        }
        delivered
    }

    /// Removes undelivered members from an employee's position. The members keep the model's names.
    pub fn position(&self, position: &mut Value) {
        if let (Some(rule), Some(members)) = (self.0.get(&Kind::Employee), position.as_object_mut()) {
            members.retain(|member, _| rule.delivers(Kind::Employee, member));
        }
    }
}

impl Rule {
    fn delivers(&self, kind: Kind, member: &str) -> bool {
        if member == KEY || people::catalog::member(kind, member).is_none() {
            return true;
        }
        let is_of = |field: &String| field.split('.').next() == Some(member);
        !self.except.contains(member) && self.only.as_ref().is_none_or(|only| only.iter().any(is_of))
    }

    /// Removes undelivered inner members from a member's value; in a change, from both values.
    fn trim(&self, member: &str, value: &mut Value) {
        let inner = |fields: &BTreeSet<String>| -> BTreeSet<String> {
            fields
                .iter()
                .filter_map(|field| Some(field.strip_prefix(member)?.strip_prefix('.')?.to_owned()))
                .collect()
        };
        let only = self.only.as_ref().filter(|only| !only.contains(member)).map(inner);
        let except = inner(&self.except);
        if only.is_none() && except.is_empty() {
            return;
        }
        let retain = |object: &mut Map<String, Value>| {
            object.retain(|name, _| {
                !except.contains(name) && only.as_ref().is_none_or(|only| only.contains(name))
            });
        };
        each_object(value, &retain);
    }
}

/// Applies `change` to an object, to each object of a list, and to both values of `{"before", "after"}`.
fn each_object(value: &mut Value, change: &impl Fn(&mut Map<String, Value>)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| each_object(item, change)),
        Value::Object(object)
            if object.len() == 2 && object.contains_key("before") && object.contains_key("after") =>
        {
            object.values_mut().for_each(|value| each_object(value, change));
        }
        Value::Object(object) => change(object),
        _ => {}
    }
}

/// Returns an error for a field that the stream does not have.
fn known(kind: Kind, field: &str) -> Result<(), RulesError> {
    let all = catalog::fields(kind);
    if all.iter().any(|one| one == field) {
        return Ok(());
    }
    let nearest = all.into_iter().map(|one| (strsim::levenshtein(&one, field), one)).min();
    let nearest = nearest.filter(|(distance, _)| *distance <= field.len().div_ceil(3)).map(|(_, one)| one);
    Err(RulesError::UnknownField { stream: kind.name(), field: field.to_owned(), nearest })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules(value: Value) -> DeliveryRules {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn unknown_names_are_refused_with_a_suggestion() {
        let error = |value| Mapping::new(&rules(value)).unwrap_err().to_string();
        assert!(error(json!({ "fields": { "people": {} } })).contains("employees, "));
        assert!(
            error(json!({ "fields": { "employees": { "except": ["jobtitle"] } } })).contains("\"job_title\"")
        );
        assert!(error(json!({ "fields": { "employees": { "except": ["id"] } } })).contains("id"));
        let renamed = |name: &str| error(json!({ "renames": { "employees": { "job_title": name } } }));
        assert!(renamed("name").contains("of that name"));
        assert!(renamed("status").contains("of that name"));
        assert!(renamed("Title").contains("lowercase letters"));
        assert!(renamed("_lucca_seq").contains("lowercase letters"));
        assert!(
            error(json!({ "renames": { "employees": { "job_title": "t", "name": "t" } } }))
                .contains("of that name")
        );
        // A name that a rename frees may be used.
        let swapped =
            rules(json!({ "renames": { "employees": { "name": "full_name", "job_title": "name" } } }));
        assert!(Mapping::new(&swapped).is_ok());
    }

    #[test]
    fn fields_are_left_out_trimmed_and_renamed() {
        let mapping = Mapping::new(&rules(json!({
            "fields": { "employees": { "except": ["login", "bank.iban"] }, "absences": { "only": ["employee_id", "leaves.date"] } },
            "renames": { "employees": { "job_title": "title" } },
        })));
        let mapping = mapping.unwrap();
        let body =
            r#"{"id":"1","login":"a","job_title":"x","bank":{"iban":"FR","bic":"B"},"as_of":"2026-01-01"}"#;
        let delivered: Value = serde_json::from_str(&mapping.body(Kind::Employee, body)).unwrap();
        assert_eq!(
            delivered,
            json!({ "id": "1", "title": "x", "bank": { "bic": "B" }, "as_of": "2026-01-01" })
        );
        let absence =
            r#"{"id":"9","employee_id":"1","first":"x","leaves":[{"date":"2026-01-01","comment":"c"}]}"#;
        let delivered: Value = serde_json::from_str(&mapping.body(Kind::Absence, absence)).unwrap();
        assert_eq!(delivered, json!({ "id": "9", "employee_id": "1", "leaves": [{ "date": "2026-01-01" }] }));
        let changed =
            json!({ "bank": { "before": { "iban": "A", "bic": "B" }, "after": null }, "login": null });
        let told = mapping.members(Kind::Employee, changed.as_object().unwrap().clone());
        assert_eq!(Value::Object(told), json!({ "bank": { "before": { "bic": "B" }, "after": null } }));
        assert_eq!(mapping.name(Kind::Employee, "job_title"), Some("title"));
        assert_eq!(mapping.name(Kind::Employee, "login"), None);
        assert!(mapping.is_plain(Kind::Department));
    }
}
