//! The organisation: legal units, establishments, departments, and the lists that employees refer to.
//!
//! Source: directory.md §7 and §11, absences.md §8.

use people::{RemoteId, SourceTime};

use super::private::FromRecord;
use super::{Ref, Resource};
use crate::item::Unreadable;
use crate::reader::Record;

/// A department, from v4 (`/organization/structure/api/departments`) or from v3 (`/api/v3/departments`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Department {
    /// Its id.
    pub id: RemoteId,
    /// Its name.
    pub name: Option<String>,
    /// Its code, unique.
    pub code: Option<String>,
    /// Its purpose; v4 only.
    pub description: Option<String>,
    /// Its path in the tree (`hierarchy`, such as `/1/2/2/`): opaque, to be compared only.
    pub path: Option<String>,
    /// Its parent's path: another department's `path`. Lucca calls it `parentId`.
    pub parent_path: Option<String>,
    /// Its parent's id; v4 only (`parentLuccaId`).
    // unverified: whether `parentLuccaId` is the parent's numeric id (directory.md §11.2).
    pub parent_id: Option<RemoteId>,
    /// Whether it is still in use.
    pub is_active: Option<bool>,
    /// The user at its head.
    pub head: Option<Ref>,
    /// Its position, 1e19 to 1e20: beyond 64 bits; v3 only.
    pub position: Option<u128>,
    /// Its depth; v3 only.
    pub level: Option<i64>,
    /// Its rank among its siblings.
    pub sort_order: Option<i64>,
    /// Creation time; v4 only.
    pub created_at: Option<SourceTime>,
    /// Time of the last change; v4 only.
    pub last_modified_at: Option<SourceTime>,
}

impl Resource for Department {}

impl FromRecord for Department {
    fn read(id: RemoteId, record: &mut Record<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            id,
            name: record.text("name"),
            code: record.text("code"),
            description: record.text("description"),
            path: record.text("hierarchy"),
            parent_path: record.text("parentId"),
            parent_id: record.id_field("parentLuccaId"),
            is_active: record.flag("isActive"),
            head: record.reference("head", "headId"),
            position: record.large_integer(&["position"]),
            level: record.integer("level"),
            sort_order: record.integer("sortOrder").or_else(|| record.integer("sortOrderInSiblings")),
            created_at: record.time(&["createdAt"]),
            last_modified_at: record.time(&["lastModifiedAt"]),
        })
    }
}

/// An establishment (`/organization/structure/api/establishments`). Users of v3 refer to its id as
/// `legalEntityId`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Establishment {
    /// Its id.
    pub id: RemoteId,
    /// Its name.
    pub name: Option<String>,
    /// Its code.
    pub code: Option<String>,
    /// The company it belongs to.
    pub legal_unit: Option<Ref>,
    /// Its number in the country's register.
    pub legal_identification_number: Option<String>,
    /// Its activity code.
    pub activity_code: Option<String>,
    /// Its calendar of public holidays.
    pub calendar: Option<Ref>,
    /// Street.
    pub street: Option<String>,
    /// Postal code.
    pub zip_code: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Time zone (`Europe/Paris`).
    pub time_zone: Option<String>,
    /// Whether it is archived.
    pub is_archived: Option<bool>,
    /// Number of employees.
    pub users_count: Option<i64>,
    /// Creation time.
    pub created_at: Option<SourceTime>,
    /// Time of the last change.
    pub last_modified_at: Option<SourceTime>,
}

impl Resource for Establishment {}

impl FromRecord for Establishment {
    fn read(id: RemoteId, record: &mut Record<'_>) -> Result<Self, Unreadable> {
        let address = record.nested("address", |address| {
            Some((address.text("street"), address.text("zipCode"), address.text("city")))
        });
        let (street, zip_code, city) = address.unwrap_or_default();
        Ok(Self {
            id,
            name: record.text("name"),
            code: record.text("code"),
            legal_unit: record.reference("legalUnit", "legalUnitId"),
            legal_identification_number: record.text("legalIdentificationNumber"),
            activity_code: record.text("activityCode"),
            calendar: record.reference("calendar", "calendarId"),
            street,
            zip_code,
            city,
            time_zone: record.text("timeZoneId"),
            is_archived: record.flag("isArchived"),
            users_count: record.integer("usersCount"),
            created_at: record.time(&["createdAt"]),
            last_modified_at: record.time(&["lastModifiedAt"]),
        })
    }
}

/// A company (`/organization/structure/api/legal-units`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegalUnit {
    /// Its id.
    pub id: RemoteId,
    /// Its name.
    pub name: Option<String>,
    /// Its code.
    pub code: Option<String>,
    /// Its country.
    pub country: Option<Country>,
    /// Its number in the country's register.
    pub legal_identification_number: Option<String>,
    /// Its activity code.
    pub activity_code: Option<String>,
    /// The establishment that is its headquarters.
    pub headquarters: Option<Ref>,
    /// Whether it is archived.
    pub is_archived: Option<bool>,
    /// Creation time.
    pub created_at: Option<SourceTime>,
}

/// A legal unit's country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Country {
    /// Its id, a number or a text.
    pub id: Option<RemoteId>,
    /// Its name.
    pub name: Option<String>,
    /// Its code.
    pub code: Option<String>,
    /// Its currency's code.
    pub currency_code: Option<String>,
}

impl Resource for LegalUnit {}

impl FromRecord for LegalUnit {
    fn read(id: RemoteId, record: &mut Record<'_>) -> Result<Self, Unreadable> {
        let country = record.nested("country", |country| {
            Some(Country {
                id: country.id_field("id"),
                name: country.text("name"),
                code: country.text("code"),
                currency_code: country.text("currencyCode"),
            })
        });
        let country_id = record.id_field("countryId");
        Ok(Self {
            id,
            name: record.text("name"),
            code: record.text("code"),
            country: country.or_else(|| {
                country_id.map(|id| Country { id: Some(id), name: None, code: None, currency_code: None })
            }),
            legal_identification_number: record.text("legalIdentificationNumber"),
            activity_code: record.text("activityCode"),
            headquarters: record.reference("headquarters", "headquartersId"),
            is_archived: record.flag("isArchived"),
            created_at: record.time(&["createdAt"]),
        })
    }
}

/// A job at a level (`/organization/structure/api/job-qualifications`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobQualification {
    /// Its id.
    pub id: RemoteId,
    /// Its name.
    pub name: Option<String>,
    /// The job.
    pub job: Option<Ref>,
    /// The level.
    pub level: Option<Ref>,
    /// The level's rank.
    pub level_position: Option<i64>,
    /// Whether it is in use.
    pub is_active: Option<bool>,
    /// Number of employees with it.
    pub users_count: Option<i64>,
}

impl Resource for JobQualification {}

impl FromRecord for JobQualification {
    fn read(id: RemoteId, record: &mut Record<'_>) -> Result<Self, Unreadable> {
        let level = record.reference("level", "levelId");
        let has_level_object = level.as_ref().is_some_and(|level| level.name.is_some());
        let level_position = if has_level_object {
            record.nested("level", |level| Some(level.integer("position")))
        } else {
            None
        };
        Ok(Self {
            id,
            name: record.text("name"),
            job: record.reference("job", "jobId"),
            level,
            level_position: level_position.flatten(),
            is_active: record.flag("isActive"),
            users_count: record.integer("usersCount"),
        })
    }
}

/// A socio-professional category (`/organization/structure/api/occupation-categories`); v3 users call it
/// `csp`, contracts `spc`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OccupationCategory {
    /// Its id; `0` is a real one.
    pub id: RemoteId,
    /// Its name.
    pub name: Option<String>,
    /// Creation time.
    pub created_at: Option<SourceTime>,
    /// Time of the last change.
    pub modified_at: Option<SourceTime>,
    /// The establishments that use it.
    pub usages: Vec<Ref>,
}

impl Resource for OccupationCategory {}

impl FromRecord for OccupationCategory {
    fn read(id: RemoteId, record: &mut Record<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            id,
            name: record.text("name"),
            created_at: record.time(&["createdAt"]),
            modified_at: record.time(&["modifiedAt"]),
            usages: record.references("usages"),
        })
    }
}

/// A kind of leave, often one for each year (`/api/v3/leaveAccounts`, undocumented).
// unverified: whether this endpoint lists all accounts, and every field but `id` and `name` (absences.md §8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaveAccount {
    /// Its id.
    pub id: RemoteId,
    /// Its name (`Congés payés 2023`).
    pub name: Option<String>,
    /// Whether it counts remote work rather than absences; not always set when it should be.
    pub is_remote_work: Option<bool>,
    /// The category that accounts of several years share (`Annual leave`).
    // unverified: whether it is independent of the year, and sent here; webhooks send it (absences.md §8).
    pub category: Option<Ref>,
    /// Its unit, in the server's notation: `0` days, `1` hours, `3` another unit.
    // unverified: the codes, and that it is sent here; creating a request shows it (absences.md §5.1).
    pub unit: Option<String>,
}

impl Resource for LeaveAccount {}

impl FromRecord for LeaveAccount {
    fn read(id: RemoteId, record: &mut Record<'_>) -> Result<Self, Unreadable> {
        let category_name = record.text("categoryName");
        let category = record.reference("category", "categoryId");
        Ok(Self {
            id,
            name: record.text("name"),
            is_remote_work: record.flag("isRemoteWork"),
            category: category
                .map(|Ref { id, name }| Ref { id, name: name.or(category_name.map(Into::into)) }),
            unit: record.text("unit"),
        })
    }
}

/// The definition of one of the tenant's own user fields (`/api/v3/extensionuserdefinitions`).
// unverified: every field but `id`, `formatKey` and the entries (directory.md §7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomFieldDefinition {
    /// Its id: a text, the key under which users carry the field.
    pub id: RemoteId,
    /// Its name, in the language of the key.
    pub name: Option<String>,
    /// Its format (`select`).
    pub format_key: Option<String>,
    /// The choices of a list field.
    pub entries: Vec<CustomFieldEntry>,
}

/// A choice of a custom field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomFieldEntry {
    /// The field's value on users.
    pub id: RemoteId,
    /// Its name, in the language of the key.
    pub name: Option<String>,
}

impl Resource for CustomFieldDefinition {}

impl FromRecord for CustomFieldDefinition {
    fn read(id: RemoteId, record: &mut Record<'_>) -> Result<Self, Unreadable> {
        let entries = record.references("extensionUserPropertyListEntries");
        Ok(Self {
            id,
            name: record.text("name"),
            format_key: record.text("formatKey"),
            entries: entries
                .into_iter()
                .map(|entry| CustomFieldEntry { id: entry.id, name: entry.name.map(String::from) })
                .collect(),
        })
    }
}
