//! Changes to user records: their fields, and how each is applied.
//!
//! Not included: locks and logs (`tenant`).

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize};

use crate::company::model::{Contract, Person, Status};

/// A summary of a user record, for the control surface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonSummary {
    /// Id of the user.
    pub id: i64,
    /// First name, space, last name.
    pub name: String,
    /// Professional e-mail.
    pub mail: Option<String>,
    /// Status on the tenant's date.
    pub status: Status,
    /// Id of the department.
    pub department_id: i64,
    /// Id of the manager.
    pub manager_id: Option<i64>,
    /// Id of the establishment of the applicable contract.
    pub establishment_id: i64,
    /// First day of the applicable contract.
    pub starts_on: Option<Date>,
    /// Last day of the applicable contract.
    pub ends_on: Option<Date>,
}

/// Changes to a user record: absent fields stay, `null` empties those that may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct PersonPatch {
    /// First name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// Professional e-mail.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub mail: Option<Option<String>>,
    /// Employee number.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub employee_number: Option<Option<String>>,
    /// Job title.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub job_title: Option<Option<String>>,
    /// Id of the manager; any id is accepted, of no user too.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub manager_id: Option<Option<i64>>,
    /// Id of the department.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department_id: Option<i64>,
    /// Id of the establishment: moves the applicable contract to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub establishment_id: Option<i64>,
    /// Date of birth.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<Option<Date>>,
    /// Personal address.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub address: Option<Option<String>>,
    /// Yearly pay in the tenant's notation, such as `€41,250`.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub remuneration: Option<Option<String>>,
    /// First day of the applicable contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_on: Option<Date>,
    /// Last day of the applicable contract.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub ends_on: Option<Option<Date>>,
    /// Whether `modifiedAt` moves; it does unless this is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub touch: Option<bool>,
}

/// Distinguishes `null` from an absent field.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(from).map(Some)
}

/// A user to hire.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hire {
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// First day; the tenant's date if absent.
    pub starts_on: Option<Date>,
    /// Last day.
    pub ends_on: Option<Date>,
    /// Professional e-mail.
    pub mail: Option<String>,
    /// Job title.
    pub job_title: Option<String>,
    /// Id of the department; the first one if absent.
    pub department_id: Option<i64>,
    /// Id of the manager.
    pub manager_id: Option<i64>,
    /// Id of the establishment; the first one if absent.
    pub establishment_id: Option<i64>,
    /// Employee number; the id in five digits if absent.
    #[serde(default)]
    pub employee_number: Option<String>,
    /// Id of the user, such as that of a deleted user; a new one if absent or taken.
    #[serde(default)]
    pub id: Option<i64>,
}

pub(crate) fn apply(person: &mut Person, patch: PersonPatch, today: Date) {
    fn set<T>(field: &mut T, value: Option<T>) {
        if let Some(value) = value {
            *field = value;
        }
    }
    set(&mut person.first_name, patch.first_name);
    set(&mut person.last_name, patch.last_name);
    set(&mut person.login, patch.login);
    set(&mut person.mail, patch.mail);
    set(&mut person.employee_number, patch.employee_number);
    set(&mut person.job_title, patch.job_title);
    set(&mut person.manager, patch.manager_id);
    set(&mut person.department, patch.department_id);
    set(&mut person.birth, patch.birth_date);
    set(&mut person.private.address, patch.address);
    set(&mut person.applications.remuneration, patch.remuneration);
    let modified = person.modified;
    let applicable = person.applicable(today).map(|contract| contract.id);
    match person.contracts.iter_mut().find(|contract| Some(contract.id) == applicable) {
        Some(Contract { starts, ends, establishment, modified: touched, .. }) => {
            if patch.starts_on.is_some() || patch.ends_on.is_some() || patch.establishment_id.is_some() {
                *touched = modified;
            }
            set(starts, patch.starts_on);
            set(ends, patch.ends_on);
            set(establishment, patch.establishment_id);
        }
        None => {
            set(&mut person.starts, patch.starts_on.map(Some));
            set(&mut person.ends, patch.ends_on);
            set(&mut person.establishment, patch.establishment_id);
        }
    }
}

pub(crate) fn summary(person: &Person, today: Date) -> PersonSummary {
    let (starts_on, ends_on) = person.dates(today);
    PersonSummary {
        id: person.id,
        name: person.name(),
        mail: person.mail.clone(),
        status: person.status(today),
        department_id: person.department,
        manager_id: person.manager,
        establishment_id: person.current_establishment(today),
        starts_on,
        ends_on,
    }
}
