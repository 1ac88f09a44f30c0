//! Queries for users: their conditions and fields.
//!
//! `user_members` assigns fields to groups; the syntax is in `query::v3`.

use jiff::civil::{Date, DateTime};
use people::FieldGroups;
use people::RemoteId;

use crate::asked::FilterStyle;
use crate::query::v3::{Comparator, Fields, Filter};
use crate::user_members::user_fields;

/// A query for users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserQuery {
    /// The groups of fields to request.
    pub groups: FieldGroups,
    /// Ids and these fields instead of groups: enough to find a key's visible fields, without requesting
    /// names.
    pub only: Option<Vec<UserField>>,
    /// Whether former employees are requested too (`formerEmployees=true`); the key's permissions may still
    /// hide them. Ignored if `contract_end` is set, which replaces Lucca's default exclusion. Source:
    /// directory.md §6.1.
    pub former: bool,
    /// Only users modified at or after this wall-clock time. The changes that move a user's `modifiedAt`, and
    /// its zone, are undocumented: request some hours more, and de-duplicate. Source: directory.md §6.7.
    pub modified_since: Option<DateTime>,
    /// Only these users, at most [`UserQuery::MAX_IDS`]; empty means all.
    pub ids: Vec<RemoteId>,
    /// Condition on the start of the applicable contract.
    pub contract_start: Option<DateFilter>,
    /// Condition on the end of the applicable contract.
    pub contract_end: Option<DateFilter>,
}

impl UserQuery {
    /// Maximum number of ids in one query: servers refuse longer URLs.
    pub const MAX_IDS: usize = 500;

    pub(crate) fn filters(&self, filter_style: FilterStyle) -> Vec<Filter> {
        let mut filters = Vec::new();
        if !self.ids.is_empty() {
            filters.push(Filter::new("id", Comparator::Equals, self.ids.iter().map(RemoteId::as_str)));
        }
        if let Some(since) = self.modified_since {
            let since = since.strftime("%Y-%m-%dT%H:%M:%S").to_string();
            filters.push(Filter::new("modifiedAt", Comparator::Since, [since]));
        }
        if let Some(start) = self.contract_start {
            filters.push(start.on("dtContractStart"));
        }
        match (self.contract_end, self.former, filter_style) {
            (Some(end), _, _) => filters.push(end.on("dtContractEnd")),
            (None, true, FilterStyle::Usual) => {
                filters.push(Filter::new("formerEmployees", Comparator::Equals, ["true"]));
            }
            // The documented form for "all, terminated or not". Source: directory.md §6.1.
            (None, true, FilterStyle::Fallback) => {
                filters.push(DateFilter::UntilOrNull(FAR_AWAY).on("dtContractEnd"));
            }
            (None, false, _) => {}
        }
        filters
    }

    pub(crate) fn fields(&self) -> Fields {
        match &self.only {
            None => user_fields(self.groups),
            Some(only) => only.iter().fold(Fields::new().leaf("id"), |fields, field| field.add_to(fields)),
        }
    }

    /// Whether the query can select former employees in a second way.
    pub(crate) fn has_former_flag(&self) -> bool {
        self.former && self.contract_end.is_none()
    }
}

const FAR_AWAY: Date = Date::constant(2999, 12, 31);

impl Default for UserQuery {
    /// Every user, former ones included, with the default groups of fields.
    fn default() -> Self {
        Self {
            groups: FieldGroups::default(),
            only: None,
            former: true,
            modified_since: None,
            ids: Vec::new(),
            contract_start: None,
            contract_end: None,
        }
    }
}

/// Fields of users that can be requested on their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UserField {
    /// First and last day of the applicable contract.
    ContractDates,
    /// The establishment's id.
    Establishment,
    /// The job title.
    JobTitle,
    /// The manager's id.
    Manager,
    /// The job qualification's id.
    JobQualification,
    /// The tenant's own fields.
    CustomFields,
}

impl UserField {
    fn add_to(self, fields: Fields) -> Fields {
        match self {
            Self::ContractDates => fields.leaves(&["dtContractStart", "dtContractEnd"]),
            Self::Establishment => fields.leaf("legalEntityId"),
            Self::JobTitle => fields.leaf("jobTitle"),
            // As with groups, it is unknown which of the two remains without the permission.
            Self::Manager => fields.leaf("managerId").nested("manager", &["id"]),
            Self::JobQualification => fields.nested("jobQualification", &["id"]),
            Self::CustomFields => fields.leaf("extendedData"),
        }
    }
}

/// A condition on a date. Source: directory.md §5.3 and §6.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateFilter {
    /// On this day.
    On(Date),
    /// On this day or later.
    Since(Date),
    /// On this day or earlier.
    Until(Date),
    /// On this day or earlier, or not set.
    UntilOrNull(Date),
    /// From the first day to the second, both included.
    Between(Date, Date),
    /// Not set.
    IsNull,
    /// Set.
    NotNull,
}

impl DateFilter {
    pub(crate) fn on(self, property: &'static str) -> Filter {
        let null = || "null".to_owned();
        match self {
            Self::On(day) => Filter::new(property, Comparator::Equals, [day.to_string()]),
            Self::Since(day) => Filter::new(property, Comparator::Since, [day.to_string()]),
            Self::Until(day) => Filter::new(property, Comparator::Until, [day.to_string()]),
            Self::UntilOrNull(day) => Filter::new(property, Comparator::Until, [day.to_string(), null()]),
            Self::Between(first, last) => {
                Filter::new(property, Comparator::Between, [first.to_string(), last.to_string()])
            }
            Self::IsNull => Filter::new(property, Comparator::Equals, [null()]),
            Self::NotNull => Filter::new(property, Comparator::NotEqual, [null()]),
        }
    }
}

/// The fields that every public client reads, for servers that refuse the full list.
pub(crate) fn core_user_fields() -> Fields {
    Fields::new()
        .leaves(&["id", "name", "firstName", "lastName", "login", "mail", "employeeNumber", "jobTitle"])
        .leaves(&["dtContractStart", "dtContractEnd", "modifiedAt"])
        .nested("legalEntity", ID_NAME)
        .nested("department", ID_NAME)
        .nested("manager", &["id"])
}

const ID_NAME: &[&str] = &["id", "name"];
