//! The organisation people work in: legal units, establishments, departments, and the lists that
//! employees and employments refer to. Shapes only; the department tree is built in `department_tree`.

use serde::{Deserialize, Serialize};

use crate::{RemoteId, SourceTime};

/// Another record, by id, with the name it was shown under where it is not kept as a record of its own.
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
    /// The country's name as Lucca shows it.
    pub country: Option<String>,
    /// The country's code as Lucca writes it.
    pub country_code: Option<String>,
    /// Registration number (France: SIREN).
    pub legal_identification_number: Option<String>,
    /// Line-of-business code (France: APE).
    pub activity_code: Option<String>,
    /// The establishment that is its head office.
    pub headquarters_id: Option<RemoteId>,
    /// Whether it is no longer used.
    pub is_archived: bool,
    /// When it was created in Lucca.
    pub created_at: Option<SourceTime>,
}

/// Where an employee is employed. Lucca's v3 API calls it `legalEntity`.
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
    /// Whether it is no longer used.
    pub is_archived: bool,
    /// When it was created in Lucca.
    pub created_at: Option<SourceTime>,
    /// True when the list of establishments could not be read and only the id and name that employees
    /// carry are known.
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
    /// Whether it is still used.
    pub is_active: bool,
    /// Its place among its siblings, from 0, where Lucca tells it.
    pub sort_order: Option<i64>,
    /// When it was created in Lucca.
    pub created_at: Option<SourceTime>,
    /// When it was last changed in Lucca.
    pub modified_at: Option<SourceTime>,
    /// True when the list of departments could not be read and only the id and name that employees carry
    /// are known.
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
    /// Whether it is still used.
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

/// What one of the tenant's own employee fields means.
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
    /// The value that an employee's custom field holds.
    pub id: RemoteId,
    /// What it means.
    pub name: Option<String>,
}
