//! Settings of a SCIM service: the provisioned resources, and each attribute's source.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A service's settings. Each has a default; unknown names are an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How many days before their first day employees become users, in days.
    pub hire_lead_days: u16,
    /// Whether these users are active before the first day.
    pub active_before_first_day: bool,
    /// Whether departments are not provisioned as groups.
    pub without_groups: bool,
    /// Whether to delete the users of employees who are gone from Lucca, excluded or erased, and the groups
    /// of removed departments. Otherwise users are deactivated and groups emptied. Users of former employees
    /// are never deleted.
    pub delete: bool,
    /// Sources by attribute name; null omits the attribute. For the others see [`Settings::sources`].
    pub attributes: BTreeMap<String, Option<String>>,
}

/// Errors of settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// They don't have the expected form.
    #[error("could not parse the SCIM settings: {0}")]
    Malformed(String),
    /// The attribute does not exist.
    #[error("unknown attribute {0:?}; known attributes are {all}", all = names())]
    UnknownAttribute(String),
    /// The source does not exist.
    #[error("unknown source {source_name:?} of the attribute {attribute}; known sources are \
             {all}", all = SOURCES.join(", "))]
    UnknownSource {
        /// The attribute.
        attribute: String,
        /// The unknown source.
        source_name: String,
    },
    /// A push finds users by these attributes.
    #[error("the attributes externalId and userName can't be omitted: the connector finds users by them")]
    NotWithout,
}

impl SettingsError {
    /// The stable code that API, CLI and docs share.
    pub fn code(&self) -> &'static str {
        "scim.invalid_settings"
    }
}

/// Every attribute that can be mapped, with its default sources; the first non-empty one is used.
pub(super) const ATTRIBUTES: [(&str, &str); 23] = [
    ("userName", "work_email|login"),
    ("externalId", "id"),
    ("name.formatted", "name"),
    ("name.givenName", "first_name"),
    ("name.familyName", "last_name"),
    ("name.honorificPrefix", ""),
    ("displayName", "name"),
    ("nickName", ""),
    ("profileUrl", ""),
    ("title", "job_title"),
    ("userType", ""),
    ("preferredLanguage", ""),
    ("locale", ""),
    ("timezone", ""),
    ("emails.work", "work_email"),
    ("phoneNumbers.work", ""),
    ("phoneNumbers.mobile", ""),
    ("enterprise.employeeNumber", "employee_number"),
    ("enterprise.costCenter", ""),
    ("enterprise.organization", "legal_unit.name"),
    ("enterprise.division", "establishment.name"),
    ("enterprise.department", "department.name"),
    ("enterprise.manager", "manager"),
];

/// Possible sources: members of employees, and names of what they refer to. `custom_fields.NAME` too.
pub(super) const SOURCES: [&str; 24] = [
    "id",
    "name",
    "first_name",
    "last_name",
    "civil_title",
    "work_email",
    "login",
    "employee_number",
    "external_id",
    "job_title",
    "job_qualification.name",
    "direct_line",
    "professional_mobile",
    "culture.name",
    "department.id",
    "department.name",
    "department.code",
    "establishment.id",
    "establishment.name",
    "establishment.code",
    "legal_unit.id",
    "legal_unit.name",
    "legal_unit.code",
    "manager",
];

fn names() -> String {
    let names: Vec<&str> = ATTRIBUTES.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

impl Settings {
    /// Parses settings.
    ///
    /// # Errors
    ///
    /// The first problem, by name.
    pub fn parse(value: &Value) -> Result<Self, SettingsError> {
        let settings =
            Self::deserialize(value).map_err(|error| SettingsError::Malformed(error.to_string()))?;
        for (name, source) in &settings.attributes {
            if !ATTRIBUTES.iter().any(|(known, _)| known == name) {
                return Err(SettingsError::UnknownAttribute(name.clone()));
            }
            let Some(source) = source else {
                if matches!(name.as_str(), "externalId" | "userName") {
                    return Err(SettingsError::NotWithout);
                }
                continue;
            };
            let is_manager = name == "enterprise.manager";
            let is_known = |one: &str| {
                (SOURCES.contains(&one) && is_manager == (one == "manager"))
                    || (!is_manager
                        && one.strip_prefix("custom_fields.").is_some_and(|field| !field.is_empty()))
            };
            if let Some(unknown) = source.split('|').find(|one| !is_known(one.trim())) {
                let (attribute, source_name) = (name.clone(), unknown.to_owned());
                return Err(SettingsError::UnknownSource { attribute, source_name });
            }
        }
        Ok(settings)
    }

    /// Each provisioned attribute with its source.
    pub fn sources(&self) -> impl Iterator<Item = (&'static str, &str)> {
        ATTRIBUTES.iter().filter_map(|(name, usual)| {
            let source = match self.attributes.get(*name) {
                Some(own) => own.as_deref()?,
                None => usual,
            };
            (!source.is_empty()).then_some((*name, source))
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn unknown_settings_are_refused_by_name() {
        let error = |settings| Settings::parse(&settings).unwrap_err().to_string();
        assert!(error(json!({ "hire_days": 1 })).contains("hire_days"));
        assert!(error(json!({ "attributes": { "titel": "job_title" } })).contains("titel"));
        assert!(error(json!({ "attributes": { "title": "job" } })).contains("\"job\""));
        assert!(error(json!({ "attributes": { "password": "id" } })).contains("password"));
        assert!(error(json!({ "attributes": { "title": "manager" } })).contains("manager"));
        assert!(error(json!({ "attributes": { "userName": null } })).contains("can't be omitted"));
    }

    #[test]
    fn mapping_changes_only_named_attributes() {
        let settings =
            json!({ "attributes": { "title": null, "nickName": "custom_fields.e_nick|first_name" } });
        let settings = Settings::parse(&settings).unwrap();
        let sources: BTreeMap<&str, &str> = settings.sources().collect();
        assert_eq!(sources.get("title"), None);
        assert_eq!(sources["nickName"], "custom_fields.e_nick|first_name");
        assert_eq!(sources["userName"], "work_email|login");
    }
}
