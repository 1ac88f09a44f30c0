//! The organisation: legal units, establishments, departments, and the lists that employees and employments
//! refer to. Types only; `department_tree` builds the department tree.

use serde::{Deserialize, Serialize};

use crate::catalog::model;
use crate::{RemoteId, SourceTime};

/// A reference to another record by id, with its displayed name if it is not stored as a record of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedRef {
    /// The other record's id.
    pub id: RemoteId,
    /// Its name in Lucca.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

model! {
    /// A company in the legal sense.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct LegalUnit {
        /// Lucca's id.
        id: RemoteId = lucca(&[wire("id")]);
        /// Its name.
        name: Option<String> = lucca(&[wire("name")]);
        /// Its code, chosen by the tenant.
        code: Option<String> = lucca(&[wire("code")]);
        /// The country's name as Lucca displays it.
        country: Option<String> = lucca(&[wire("name").within("country")]);
        /// The country's code in Lucca's form.
        country_code: Option<String> = lucca(&[wire("code").within("country")]);
        /// Registration number (France: SIREN).
        legal_identification_number: Option<String> = lucca(&[wire("legalIdentificationNumber")]);
        /// Line-of-business code (France: APE).
        activity_code: Option<String> = lucca(&[wire("activityCode")]);
        /// The establishment that is its head office.
        headquarters_id: Option<RemoteId> = lucca(&[wire("headquarters"), wire("headquartersId")]);
        /// Whether it is archived.
        is_archived: bool = lucca(&[wire("isArchived")]);
        /// Creation time in Lucca.
        created_at: Option<SourceTime> = lucca(&[wire("createdAt")]);
    }
}

model! {
    /// A place of employment. Lucca's v3 API calls it `legalEntity`.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Establishment {
        /// Lucca's id.
        id: RemoteId = lucca(&[wire("id")]);
        /// Its name.
        name: Option<String> = lucca(&[wire("name")]);
        /// Its code, chosen by the tenant.
        code: Option<String> = lucca(&[wire("code")]);
        /// The legal unit it belongs to.
        legal_unit_id: Option<RemoteId> = lucca(&[wire("legalUnit"), wire("legalUnitId")]);
        /// Registration number (France: SIRET).
        legal_identification_number: Option<String> = lucca(&[wire("legalIdentificationNumber")]);
        /// Line-of-business code (France: APE).
        activity_code: Option<String> = lucca(&[wire("activityCode")]);
        /// Street and number.
        street: Option<String> = lucca(&[wire("street").within("address")]);
        /// Postal code.
        zip_code: Option<String> = lucca(&[wire("zipCode").within("address")]);
        /// City.
        city: Option<String> = lucca(&[wire("city").within("address")]);
        /// IANA time zone, such as `Europe/Paris`.
        time_zone: Option<String> = lucca(&[wire("timeZoneId")]);
        /// Whether it is archived.
        is_archived: bool = lucca(&[wire("isArchived")]);
        /// Creation time in Lucca.
        created_at: Option<SourceTime> = lucca(&[wire("createdAt")]);
        /// True if the list of establishments is unreadable, so that only the id and name on employees are known.
        #[serde(default)]
        is_partial: bool = PARTIAL;
    }
}

model! {
    /// A node of the department tree.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Department {
        /// Lucca's id.
        id: RemoteId = lucca(&[wire("id")]);
        /// Its name.
        name: Option<String> = lucca(&[wire("name")]);
        /// Its code, unique in the tenant.
        code: Option<String> = lucca(&[wire("code")]);
        /// Free text.
        description: Option<String> = lucca(&[wire("description")]);
        /// The department above; absent at the root.
        parent_id: Option<RemoteId> =
            made("computed from hierarchy, parentId and parentLuccaId, which contain paths and ids");
        /// The employee who heads it.
        head_id: Option<RemoteId> = lucca(&[wire("head"), wire("headId")]).column(Column::ManagerId);
        /// Whether it is in use.
        is_active: bool = lucca(&[wire("isActive")]);
        /// Its position among its siblings, from 0; absent if Lucca does not send it.
        sort_order: Option<i64> = lucca(&[wire("sortOrder"), wire("sortOrderInSiblings")]);
        /// Creation time in Lucca.
        created_at: Option<SourceTime> = lucca(&[wire("createdAt")]);
        /// Time of the last change in Lucca.
        modified_at: Option<SourceTime> = lucca(&[wire("lastModifiedAt")]);
        /// True if the list of departments is unreadable, so that only the id and name on employees are known.
        #[serde(default)]
        is_partial: bool = PARTIAL;
    }
}

model! {
    /// A job at a level.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct JobQualification {
        /// Lucca's id.
        id: RemoteId = lucca(&[wire("id")]);
        /// Its name.
        name: Option<String> = lucca(&[wire("name")]);
        /// The job.
        job: Option<NamedRef> = lucca(&[wire("job"), wire("jobId")]);
        /// The level.
        level: Option<NamedRef> = lucca(&[wire("level"), wire("levelId")]);
        /// The level's rank, lowest first.
        level_position: Option<i64> = lucca(&[wire("position").within("level")]);
        /// Whether it is in use.
        is_active: bool = lucca(&[wire("isActive")]);
    }
}

model! {
    /// A socio-professional category.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct OccupationCategory {
        /// Lucca's id; `0` is real.
        id: RemoteId = lucca(&[wire("id")]);
        /// Its name.
        name: Option<String> = lucca(&[wire("name")]);
    }
}

model! {
    /// The meaning of one of the tenant's own employee fields.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct CustomFieldDefinition {
        /// The field's key in the `custom_fields` of employees.
        id: RemoteId = lucca(&[wire("id")]);
        /// Its label.
        name: Option<String> = lucca(&[wire("name")]);
        /// Lucca's format key, such as `select`.
        format: Option<String> = lucca(&[wire("formatKey")]);
        /// The choices of a field with a list of choices.
        entries: Vec<CustomFieldEntry> = lucca(&[wire("extensionUserPropertyListEntries")])
            .note("extensionUserPropertyListEntries");
    }
}

model! {
    /// One choice of a list-type custom field.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct CustomFieldEntry {
        /// The value in an employee's custom field.
        id: RemoteId = lucca(&[wire("id")]);
        /// Its label.
        name: Option<String> = lucca(&[wire("name")]);
    }
}
