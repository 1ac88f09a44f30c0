//! The part of a tenant that the connector reads and stores: the linked account's field groups, less declined
//! features and excluded custom fields. Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use lucca::Stream;
use people::catalog::{Described, MemberPart};
use people::{
    Employee, Feature, FieldGroup, FieldGroups, Kind, NotDeclinable, PositionField, UnknownName, WorkPart,
};

/// The part of a tenant that the connector reads and stores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The field groups of employees.
    pub groups: FieldGroups,
    leaves: bool,
    requests: bool,
    /// Keys of excluded custom fields, in lower case. The tenant chose them, and there are few.
    excluded: Arc<BTreeSet<String>>,
}

/// An optional part of a scope. Its name is stored with the scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Members(MemberPart),
    Leaves,
    Requests,
}

impl Part {
    fn all() -> impl Iterator<Item = Self> {
        let groups = FieldGroup::ALL.into_iter().map(MemberPart::Group);
        let parts = groups.chain(WorkPart::ALL.into_iter().map(MemberPart::Work));
        parts.map(Self::Members).chain([Self::Leaves, Self::Requests])
    }

    fn name(self) -> &'static str {
        match self {
            Self::Members(MemberPart::Always) => "always",
            Self::Members(MemberPart::Group(group)) => group.name(),
            Self::Members(part) => part.feature().map_or("work", Feature::name),
            Self::Leaves => Feature::Leaves.name(),
            Self::Requests => Feature::AbsenceRequests.name(),
        }
    }
}

/// The account's settings contain a name that this version does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// A field group.
    #[error(transparent)]
    FieldGroup(#[from] UnknownName),
    /// A declined feature.
    #[error(transparent)]
    Feature(#[from] NotDeclinable),
}

impl Scope {
    /// The scope of these field groups, declined features and excluded custom fields.
    ///
    /// # Errors
    ///
    /// Names that this version does not know: the sync must not read declined data.
    pub fn new(
        field_groups: &[String],
        declined_features: &[String],
        excluded_custom_fields: &[String],
    ) -> Result<Self, ScopeError> {
        let groups = field_groups.iter().map(|name| name.parse());
        let groups = groups.collect::<Result<FieldGroups, _>>()?;
        let excluded = excluded_custom_fields.iter().map(|key| key.to_ascii_lowercase()).collect();
        let mut scope = Self { groups, leaves: true, requests: true, excluded: Arc::new(excluded) };
        for name in declined_features {
            match name.parse() {
                Ok(Feature::Leaves) => scope.leaves = false,
                Ok(Feature::AbsenceRequests) => scope.requests = false,
                Ok(Feature::Jobs) => scope.groups = scope.groups.leaving_out(WorkPart::JobTitle),
                Ok(Feature::Managers) => scope.groups = scope.groups.leaving_out(WorkPart::Manager),
                Ok(Feature::Qualifications) => {
                    scope.groups = scope.groups.leaving_out(WorkPart::Qualification);
                }
                Ok(Feature::CustomFields) => scope.groups = scope.groups.without(FieldGroup::CustomFields),
                Ok(Feature::Employees) | Err(_) => {
                    return Err(NotDeclinable(name.clone()).into());
                }
            }
        }
        // An absence request, too, reveals when an employee is absent.
        scope.requests &= scope.leaves;
        Ok(scope)
    }

    fn contains(&self, part: Part) -> bool {
        match part {
            Part::Members(part) => part.is_in(self.groups),
            Part::Leaves => self.leaves,
            Part::Requests => self.requests,
        }
    }

    /// The names of the scope's parts, for storage.
    pub fn names(&self) -> BTreeSet<String> {
        Part::all().filter(|part| self.contains(*part)).map(|part| part.name().to_owned()).collect()
    }

    /// The names of all possible parts.
    pub fn all_names() -> BTreeSet<String> {
        Part::all().map(|part| part.name().to_owned()).collect()
    }

    /// The excluded custom fields, in lower case, for storage.
    pub fn excluded(&self) -> &BTreeSet<String> {
        &self.excluded
    }

    /// Whether a custom field is stored, by its key in any case.
    pub fn keeps_field(&self, key: &str) -> bool {
        !self.excluded.contains(&key.to_ascii_lowercase())
    }

    /// Whether records of a kind are stored.
    pub fn keeps(&self, kind: Kind) -> bool {
        match kind.feature() {
            Some(feature) => self.keeps_feature(feature),
            None => kind != Kind::UserLogEntry || self.groups.contains(FieldGroup::Work),
        }
    }

    fn keeps_feature(&self, feature: Feature) -> bool {
        match feature {
            Feature::Employees => true,
            Feature::Leaves => self.leaves,
            Feature::AbsenceRequests => self.requests,
            Feature::Jobs => self.groups.contains_part(WorkPart::JobTitle),
            Feature::Managers => self.groups.contains_part(WorkPart::Manager),
            Feature::Qualifications => self.groups.contains_part(WorkPart::Qualification),
            Feature::CustomFields => self.groups.contains(FieldGroup::CustomFields),
        }
    }

    /// Whether a user log entry is stored, by its property.
    pub fn keeps_property(&self, property: &str) -> bool {
        match PositionField::of_log(property) {
            Some(PositionField::ManagerId) => self.keeps_feature(Feature::Managers),
            Some(PositionField::JobTitle) => self.keeps_feature(Feature::Jobs),
            Some(PositionField::JobQualification) => self.keeps_feature(Feature::Qualifications),
            Some(_) => self.groups.contains(FieldGroup::Work),
            // Never requested, so not stored.
            None => false,
        }
    }

    /// The streams to read for this scope.
    pub fn streams(&self) -> impl Iterator<Item = Stream> + '_ {
        Kind::ALL.iter().copied().filter(|kind| self.keeps(*kind)).map(Stream::of)
    }

    /// The members of an employee's model outside the scope.
    pub fn unwanted_members(&self) -> Vec<&'static str> {
        let unwanted = Employee::MEMBERS.iter().filter(|member| !member.part().is_in(self.groups));
        unwanted.map(|member| member.name).collect()
    }
}
