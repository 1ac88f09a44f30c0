//! The organisation: legal units, establishments, departments, and the lists that employees and employments
//! refer to. Types only; `department_tree` builds the department tree.

use serde::{Deserialize, Serialize};

use crate::{RemoteId, SourceTime};

/// A reference to another record by id, with its displayed name if it is not stored as a record of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedRef {
    /// The other record's id.
    pub id: RemoteId,
    /// Its name at the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A company in the legal sense.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LegalUnit {
    /// Lucca's id.
    pub id: RemoteId,
    /// Its name.
    pub name: Option<String>,
    /// Its code, chosen by the tenant.
    pub code: Option<String>,
    /// The country's name as Lucca displays it.
    pub country: Option<String>,
    /// The country's code in Lucca's form.
    pub country_code: Option<String>,
    /// Registration number (France: SIREN).
    pub legal_identification_number: Option<String>,
    /// Line-of-business code (France: APE).
    pub activity_code: Option<String>,
    /// The establishment that is its head office.
    pub headquarters_id: Option<RemoteId>,
    /// Whether it is archived.
    pub is_archived: bool,
    /// Creation time in Lucca.
    pub created_at: Option<SourceTime>,
}

/// A place of employment. Lucca's v3 API calls it `legalEntity`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Establishment {
    /// Lucca's id.
    pub id: RemoteId,
    /// Its name.
    pub name: Option<String>,
    /// Its code, chosen by the tenant.
    pub code: Option<String>,
    /// The legal unit it belongs to.
    pub legal_unit_id: Option<RemoteId>,
    /// Registration number (France: SIRET).
    pub legal_identification_number: Option<String>,
    /// Line-of-business code (France: APE).
    pub activity_code: Option<String>,
    /// Street and number.
    pub street: Option<String>,
    /// Postal code.
    pub zip_code: Option<String>,
    /// City.
    pub city: Option<String>,
    /// IANA time zone, such as `Europe/Paris`.
    pub time_zone: Option<String>,
    /// Whether it is archived.
    pub is_archived: bool,
    /// Creation time in Lucca.
    pub created_at: Option<SourceTime>,
    /// True if the list of establishments is unreadable, so that only the id and name on employees are known.
    #[serde(default)]
    pub is_partial: bool,
}

/// A node of the department tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Department {
    /// Lucca's id.
    pub id: RemoteId,
    /// Its name.
    pub name: Option<String>,
    /// Its code, unique in the tenant.
    pub code: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// The department above; absent at the root.
    pub parent_id: Option<RemoteId>,
    /// The employee who heads it.
    pub head_id: Option<RemoteId>,
    /// Whether it is in use.
    pub is_active: bool,
    /// Its position among its siblings, from 0; absent if Lucca does not say.
    pub sort_order: Option<i64>,
    /// Creation time in Lucca.
    pub created_at: Option<SourceTime>,
    /// Time of the last change in Lucca.
    pub modified_at: Option<SourceTime>,
    /// True if the list of departments is unreadable, so that only the id and name on employees are known.
    #[serde(default)]
    pub is_partial: bool,
}

/// A job at a level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobQualification {
    /// Lucca's id.
    pub id: RemoteId,
    /// Its name.
    pub name: Option<String>,
    /// The job.
    pub job: Option<NamedRef>,
    /// The level.
    pub level: Option<NamedRef>,
    /// The level's rank, lowest first.
    pub level_position: Option<i64>,
    /// Whether it is in use.
    pub is_active: bool,
}

/// A socio-professional category.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OccupationCategory {
    /// Lucca's id; `0` is real.
    pub id: RemoteId,
    /// Its name.
    pub name: Option<String>,
}

/// The meaning of one of the tenant's own employee fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomFieldDefinition {
    /// The field's key in [`Employee::custom_fields`](crate::Employee::custom_fields).
    pub id: RemoteId,
    /// Its label.
    pub name: Option<String>,
    /// Lucca's format key, such as `select`.
    pub format: Option<String>,
    /// The choices of a field that has a list of them.
    pub entries: Vec<CustomFieldEntry>,
}

/// One choice of a list-type custom field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomFieldEntry {
    /// The value in an employee's custom field.
    pub id: RemoteId,
    /// Its label.
    pub name: Option<String>,
}
