//! The part of a tenant that is read and kept: the linked account's field groups, less declined features and
//! excluded custom fields. Pure.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use lucca::{SharedScope, Stream};
use people::{FieldGroup, FieldGroups, WorkPart};
use people::{Feature, Kind, NotDeclinable, PositionField, RemoteId, UnknownFeature};
use store::AccountSettings;

use crate::run::Error;

/// What is read and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) groups: FieldGroups,
    leaves: bool,
    requests: bool,
    /// Keys of excluded custom fields, in lower case. They are the tenant's own words, and there are few.
    excluded: Arc<BTreeSet<String>>,
}

/// An optional part of a scope. Its name is stored with the scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Group(FieldGroup),
    Work(WorkPart),
    Leaves,
    Requests,
}

impl Part {
    fn all() -> impl Iterator<Item = Self> {
        let groups = FieldGroup::ALL.into_iter().map(Self::Group);
        groups.chain(WorkPart::ALL.into_iter().map(Self::Work)).chain([Self::Leaves, Self::Requests])
    }

    fn name(self) -> &'static str {
        match self {
            Self::Group(group) => group.name(),
            Self::Work(WorkPart::JobTitle) => Feature::Jobs.name(),
            Self::Work(WorkPart::Manager) => Feature::Managers.name(),
            Self::Work(WorkPart::Qualification) => Feature::Qualifications.name(),
            Self::Leaves => Feature::Leaves.name(),
            Self::Requests => Feature::AbsenceRequests.name(),
        }
    }

    /// The members of an employee's model that only this part provides.
    fn members(self) -> &'static [&'static str] {
        match self {
            Self::Group(FieldGroup::Identity) => &[
                "name",
                "first_name",
                "last_name",
                "work_email",
                "login",
                "employee_number",
                "external_id",
                "civil_title",
                "picture",
                "modified_at",
            ],
            Self::Group(FieldGroup::Work) => &[
                "department_id",
                "establishment_id",
                "occupation_category_id",
                "direct_line",
                "professional_mobile",
                "quote",
                "calendar",
                "culture",
                "primary_role",
                "secondary_roles",
                "work_cycles",
            ],
            Self::Group(FieldGroup::Contract) => &["contract_start", "contract_end", "seniority_date"],
            Self::Group(FieldGroup::CustomFields) => {
                &["axes", "custom_fields", "application_data", "attributes"]
            }
            Self::Group(FieldGroup::Contact) => &["contact"],
            Self::Group(FieldGroup::Birth) => &["birth"],
            Self::Group(FieldGroup::Address) => &["address"],
            Self::Group(FieldGroup::Identifiers) => &["identifiers"],
            Self::Group(FieldGroup::Bank) => &["bank"],
            Self::Group(FieldGroup::PayAndReviews) => &["pay_and_reviews"],
            Self::Work(WorkPart::JobTitle) => &["job_title"],
            Self::Work(WorkPart::Manager) => &["manager_id"],
            Self::Work(WorkPart::Qualification) => &["job_qualification"],
            Self::Group(FieldGroup::LeaveReason) | Self::Leaves | Self::Requests => &[],
        }
    }
}

impl Scope {
    /// The scope of a linked account's settings.
    ///
    /// # Errors
    ///
    /// Names that this version does not know: better no sync than one that reads declined data.
    pub(crate) fn of(settings: &AccountSettings) -> Result<Self, Error> {
        let groups = settings.field_groups.iter().map(|name| name.parse());
        let groups = groups.collect::<Result<FieldGroups, _>>()?;
        let excluded = settings.excluded_custom_fields.iter().map(|key| key.to_ascii_lowercase()).collect();
        let mut scope = Self { groups, leaves: true, requests: true, excluded: Arc::new(excluded) };
        for name in &settings.declined_features {
            match name.parse() {
                Ok(Feature::Leaves) => scope.leaves = false,
                Ok(Feature::AbsenceRequests) => scope.requests = false,
                Ok(Feature::Jobs) => scope.groups = scope.groups.leaving_out(WorkPart::JobTitle),
                Ok(Feature::Managers) => scope.groups = scope.groups.leaving_out(WorkPart::Manager),
                Ok(Feature::Qualifications) => {
                    scope.groups = scope.groups.leaving_out(WorkPart::Qualification);
                }
                Ok(Feature::CustomFields) => scope.groups = scope.groups.without(FieldGroup::CustomFields),
                Ok(Feature::Employees) | Err(UnknownFeature(_)) => {
                    return Err(NotDeclinable(name.clone()).into());
                }
            }
        }
        // A request, too, reveals when an employee is absent.
        scope.requests &= scope.leaves;
        Ok(scope)
    }

    fn contains(&self, part: Part) -> bool {
        match part {
            Part::Group(group) => self.groups.contains(group),
            Part::Work(part) => self.groups.contains_part(part),
            Part::Leaves => self.leaves,
            Part::Requests => self.requests,
        }
    }

    /// The names of the scope's parts, for storage.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        Part::all().filter(|part| self.contains(*part)).map(|part| part.name().to_owned()).collect()
    }

    /// The names of all possible parts.
    pub(crate) fn all_names() -> BTreeSet<String> {
        Part::all().map(|part| part.name().to_owned()).collect()
    }

    /// The excluded custom fields, in lower case, for storage.
    pub(crate) fn excluded(&self) -> &BTreeSet<String> {
        &self.excluded
    }

    /// Whether a custom field is kept, by its key in any case.
    pub(crate) fn keeps_field(&self, key: &str) -> bool {
        !self.excluded.contains(&key.to_ascii_lowercase())
    }

    /// Whether records of a kind are kept.
    pub(crate) fn keeps(&self, kind: Kind) -> bool {
        match kind {
            // A working day may reveal an employee's own absence, and only absences need working days.
            // unverified: that `isOff` is never of a leave (source: absences.md §8).
            Kind::Absence | Kind::LeaveType | Kind::WorkingDay => self.leaves,
            Kind::AbsenceRequest => self.requests,
            Kind::JobQualification => self.groups.contains_part(WorkPart::Qualification),
            Kind::CustomFieldDefinition => self.groups.contains(FieldGroup::CustomFields),
            Kind::UserLogEntry => self.groups.contains(FieldGroup::Work),
            Kind::Employee
            | Kind::Employment
            | Kind::LegalUnit
            | Kind::Establishment
            | Kind::Department
            | Kind::OccupationCategory => true,
        }
    }

    /// Whether a user log entry is kept, by its property.
    pub(crate) fn keeps_property(&self, property: &str) -> bool {
        match PositionField::of_log(property) {
            Some(PositionField::ManagerId) => self.groups.contains_part(WorkPart::Manager),
            Some(PositionField::JobTitle) => self.groups.contains_part(WorkPart::JobTitle),
            Some(PositionField::JobQualification) => self.groups.contains_part(WorkPart::Qualification),
            Some(_) => self.groups.contains(FieldGroup::Work),
            // Never requested, so not kept.
            None => false,
        }
    }

    /// The streams to read for this scope.
    pub(crate) fn streams(&self) -> impl Iterator<Item = Stream> + '_ {
        Kind::ALL.iter().copied().filter(|kind| self.keeps(*kind)).map(stream_of)
    }

    /// The members of an employee's model outside the scope.
    pub(crate) fn unwanted_members(&self) -> Vec<&'static str> {
        let unwanted = Part::all().filter(|part| !self.contains(*part));
        unwanted.flat_map(|part| part.members().iter().copied()).collect()
    }
}

/// The part of a tenant's API that its customer shared, by the linked account's settings, for passthrough
/// requests.
///
/// # Errors
///
/// Names in the settings that this version does not know.
pub fn shared_scope(settings: &AccountSettings, erased: HashSet<RemoteId>) -> Result<SharedScope, Error> {
    let scope = Scope::of(settings)?;
    Ok(SharedScope {
        streams: scope.streams().collect(),
        groups: scope.groups,
        excluded_custom_fields: scope.excluded().clone(),
        erased,
    })
}

/// The stream from which a kind of record is read.
pub(crate) fn stream_of(kind: Kind) -> Stream {
    match kind {
        Kind::LegalUnit => Stream::LegalUnits,
        Kind::Establishment => Stream::Establishments,
        Kind::Department => Stream::Departments,
        Kind::OccupationCategory => Stream::OccupationCategories,
        Kind::JobQualification => Stream::JobQualifications,
        Kind::LeaveType => Stream::LeaveAccounts,
        Kind::CustomFieldDefinition => Stream::CustomFieldDefinitions,
        Kind::Employment => Stream::WorkContracts,
        Kind::Employee => Stream::Users,
        Kind::WorkingDay => Stream::UserDates,
        Kind::UserLogEntry => Stream::UserLogs,
        Kind::Absence => Stream::Leaves,
        Kind::AbsenceRequest => Stream::LeaveRequests,
    }
}
