//! Legal units, establishments, departments and the smaller lists.

use lucca::resources as wire;
use people::{
    CustomFieldDefinition, CustomFieldEntry, Department, Establishment, JobQualification, LeaveType,
    LeaveUnit, LegalUnit, OccupationCategory, ParentClue, RemoteId,
};

use crate::{id, named, text};

/// Normalises a legal unit.
pub fn legal_unit(unit: wire::LegalUnit) -> LegalUnit {
    let (country, country_code) = match unit.country {
        Some(country) => (text(country.name), text(country.code)),
        None => (None, None),
    };
    LegalUnit {
        id: unit.id,
        name: text(unit.name),
        code: text(unit.code),
        country,
        country_code,
        legal_identification_number: text(unit.legal_identification_number),
        activity_code: text(unit.activity_code),
        headquarters_id: id(unit.headquarters),
        is_archived: unit.is_archived.unwrap_or(false),
        created_at: unit.created_at,
    }
}

/// Normalises an establishment.
pub fn establishment(establishment: wire::Establishment) -> Establishment {
    Establishment {
        id: establishment.id,
        name: text(establishment.name),
        code: text(establishment.code),
        legal_unit_id: id(establishment.legal_unit),
        legal_identification_number: text(establishment.legal_identification_number),
        activity_code: text(establishment.activity_code),
        street: text(establishment.street),
        zip_code: text(establishment.zip_code),
        city: text(establishment.city),
        time_zone: text(establishment.time_zone),
        is_archived: establishment.is_archived.unwrap_or(false),
        created_at: establishment.created_at,
        is_partial: false,
    }
}

/// An establishment known only by the id and name in employees.
pub fn partial_establishment(id: RemoteId, name: Option<String>) -> Establishment {
    Establishment {
        id,
        name,
        code: None,
        legal_unit_id: None,
        legal_identification_number: None,
        activity_code: None,
        street: None,
        zip_code: None,
        city: None,
        time_zone: None,
        is_archived: false,
        created_at: None,
        is_partial: true,
    }
}

/// Normalises a department without its parent; returns also the clues from which `people::department_tree`
/// derives the parent.
pub fn department(department: wire::Department) -> (Department, ParentClue) {
    let clue = ParentClue {
        path: department.path,
        parent_path: department.parent_path,
        parent_id: department.parent_id,
    };
    let department = Department {
        id: department.id,
        name: text(department.name),
        code: text(department.code),
        description: text(department.description),
        parent_id: None,
        head_id: id(department.head),
        is_active: department.is_active.unwrap_or(true),
        sort_order: department.sort_order,
        created_at: department.created_at,
        modified_at: department.last_modified_at,
        is_partial: false,
    };
    (department, clue)
}

/// A department known only by the id and name in employees.
pub fn partial_department(id: RemoteId, name: Option<String>) -> Department {
    Department {
        id,
        name,
        code: None,
        description: None,
        parent_id: None,
        head_id: None,
        is_active: true,
        sort_order: None,
        created_at: None,
        modified_at: None,
        is_partial: true,
    }
}

/// Normalises a job qualification.
pub fn job_qualification(qualification: wire::JobQualification) -> JobQualification {
    JobQualification {
        id: qualification.id,
        name: text(qualification.name),
        job: named(qualification.job),
        level: named(qualification.level),
        level_position: qualification.level_position,
        is_active: qualification.is_active.unwrap_or(true),
    }
}

/// Normalises an occupation category.
pub fn occupation_category(category: wire::OccupationCategory) -> OccupationCategory {
    OccupationCategory { id: category.id, name: text(category.name) }
}

/// Normalises a leave account to a leave type.
pub fn leave_type(account: wire::LeaveAccount) -> LeaveType {
    LeaveType {
        id: account.id,
        name: text(account.name),
        is_remote_work: account.is_remote_work,
        category: named(account.category),
        unit: account.unit.as_deref().map(LeaveUnit::of_code),
        unit_native: text(account.unit),
    }
}

/// Normalises the definition of a custom field.
pub fn custom_field_definition(definition: wire::CustomFieldDefinition) -> CustomFieldDefinition {
    let entries = definition
        .entries
        .into_iter()
        .map(|entry| CustomFieldEntry { id: entry.id, name: text(entry.name) })
        .collect();
    CustomFieldDefinition {
        id: definition.id,
        name: text(definition.name),
        format: text(definition.format_key),
        entries,
    }
}
