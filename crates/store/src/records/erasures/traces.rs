//! Finds an employee's name in the raw records of others. Pure.

use people::{Employee, RemoteId};
use serde_json::{Map, Value};

/// The values that identify an employee in other employees' records.
pub(super) struct Traces<'a> {
    id: &'a RemoteId,
    /// Their names, addresses and login.
    names: Vec<String>,
}

impl<'a> Traces<'a> {
    pub(super) fn of(id: &'a RemoteId, employee: Option<&Employee>) -> Self {
        let mut names = Vec::new();
        if let Some(employee) = employee {
            let private = employee.contact.as_ref().and_then(|contact| contact.personal_email.clone());
            let single = [&employee.name, &employee.first_name, &employee.last_name];
            names.extend(single.into_iter().flatten().cloned());
            names.extend([&employee.work_email, &employee.login].into_iter().flatten().cloned());
            names.extend(private);
            if let (Some(first), Some(last)) = (&employee.first_name, &employee.last_name) {
                names.extend([format!("{first} {last}"), format!("{last} {first}")]);
            }
        }
        names.retain(|name| !name.trim().is_empty());
        Self { id, names }
    }

    pub(super) fn id(&self) -> &str {
        self.id.as_str()
    }

    fn is_id(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => text == self.id.as_str(),
            Value::Number(number) => number.to_string() == self.id.as_str(),
            _ => false,
        }
    }

    fn is_name(&self, value: &Value) -> bool {
        value
            .as_str()
            .is_some_and(|text| self.names.iter().any(|name| name.eq_ignore_ascii_case(text.trim())))
    }

    /// Whether a record contains their id or one of their names. True for a record that is not JSON, which
    /// may contain any data.
    pub(super) fn mentioned_in(&self, raw: &str) -> bool {
        let Ok(value) = serde_json::from_str::<Value>(raw) else { return true };
        let mut open = vec![&value];
        while let Some(value) = open.pop() {
            match value {
                Value::Array(items) => open.extend(items),
                Value::Object(members) => open.extend(members.values()),
                scalar if self.is_id(scalar) || self.is_name(scalar) => return true,
                _ => {}
            }
        }
        false
    }

    /// Returns a record that names them with their id, without the name; `None` if it does not.
    pub(super) fn without_name(&self, raw: &str) -> Option<String> {
        let mut value = serde_json::from_str(raw).ok()?;
        self.strip(&mut value).then(|| value.to_string())
    }

    fn strip(&self, value: &mut Value) -> bool {
        match value {
            Value::Array(items) => items.iter_mut().fold(false, |found, item| self.strip(item) | found),
            Value::Object(members) => {
                let is_id =
                    |(key, value): (&String, &Value)| key.eq_ignore_ascii_case("id") && self.is_id(value);
                // Ids of different kinds collide, so the name must match too.
                if members.iter().any(is_id) && members.values().any(|value| self.is_name(value)) {
                    let id =
                        std::mem::take(members).into_iter().filter(|(key, _)| key.eq_ignore_ascii_case("id"));
                    *members = Map::from_iter(id);
                    return true;
                }
                members.values_mut().fold(false, |found, member| self.strip(member) | found)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traces(id: &RemoteId) -> Traces<'_> {
        Traces { id, names: vec!["Canary Bird".to_owned(), "canary@example.org".to_owned()] }
    }

    #[test]
    fn only_the_person_loses_the_name() {
        let id = RemoteId::from("12");
        let raw = r#"{"department":{"id":12,"name":"IT"},"id":7,"manager":{"ID":"12","name":"canary bird","url":"x"},"name":"Canary Bird"}"#;
        let stripped = traces(&id).without_name(raw).unwrap();
        assert_eq!(
            stripped,
            r#"{"department":{"id":12,"name":"IT"},"id":7,"manager":{"ID":"12"},"name":"Canary Bird"}"#
        );
        assert_eq!(traces(&id).without_name(&stripped), None);
    }

    #[test]
    fn mentions_are_found_in_any_value() {
        let id = RemoteId::from("12");
        let is_found = |raw| traces(&id).mentioned_in(raw);
        assert!(
            is_found(r#"{"a":[{"ownerId":12}]}"#)
                && is_found(r#"["CANARY@example.org"]"#)
                && is_found("12 {")
        );
        assert!(!is_found(r#"{"ownerId":121,"name":"Bird"}"#));
    }
}
