//! A member of a record, as the catalog describes it.

use super::ValueType;
use super::source::Source;
use crate::{Feature, FieldGroup, FieldGroups, WorkPart, search_key};

/// One member of a model.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Its name in JSON, in files and in the API.
    pub name: &'static str,
    /// The type of its value.
    pub value_type: ValueType,
    /// Its description, as the documentation has it.
    doc: &'static str,
    source: Source,
}

impl Member {
    pub(crate) const fn new(
        name: &'static str,
        value_type: ValueType,
        doc: &'static str,
        source: Source,
    ) -> Self {
        Self { name, value_type, doc, source }
    }

    /// Its description, in a sentence or two.
    pub fn description(&self) -> &'static str {
        self.doc.trim()
    }

    /// The part of the linked account's settings that it requires.
    pub const fn part(&self) -> MemberPart {
        self.source.part
    }

    /// Lucca's names of it. Empty for a member that the connector computes, and for an object whose members
    /// have names of their own.
    pub const fn wire_names(&self) -> &'static [WireName] {
        self.source.wire_names
    }

    /// The names under which it is requested: its own, or those of its members. For a member that is never
    /// requested by name, all its names.
    pub fn requested_names(&self) -> Vec<&'static WireName> {
        let own = self.wire_names();
        let requested: Vec<_> = own.iter().filter(|wire| wire.is_requested).collect();
        match self.value_type {
            _ if !requested.is_empty() => requested,
            _ if !own.is_empty() => own.iter().collect(),
            ValueType::Object(members) => members.iter().flat_map(Self::requested_names).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether it is an object whose members each have a name of their own in Lucca: a field group of the
    /// model.
    pub fn is_group(&self) -> bool {
        self.wire_names().is_empty() && matches!(self.value_type, ValueType::Object(_))
    }

    /// Whether a permission in Lucca guards it, or may guard it.
    // unverified: which permission guards which field; Lucca publishes no such list (source: directory.md §4.2).
    pub const fn is_guarded(&self) -> bool {
        self.source.is_guarded
    }

    /// The column of the `records` table that repeats it, so that records are found by it.
    pub const fn column(&self) -> Option<Column> {
        self.source.column
    }

    /// Whether the text search includes it.
    pub const fn is_searched(&self) -> bool {
        self.source.is_searched
    }

    /// Its origin, for display: Lucca's names, or how the connector computes it.
    pub fn origin(&self) -> String {
        if let Some(note) = self.source.note {
            return note.to_owned();
        }
        let names = |members: &[Self]| {
            let of = |member: &Self| member.wire_names().first().map(|wire| wire.name);
            members.iter().filter_map(of).collect::<Vec<_>>().join(", ")
        };
        let own: Vec<_> = self.wire_names().iter().map(|wire| wire.name).collect();
        match self.value_type {
            ValueType::Object(members) if own.is_empty() => names(members),
            ValueType::Object(members) | ValueType::List(members) => {
                format!("{}: {}", own.join(", or "), names(members))
            }
            _ => own.join(", or "),
        }
    }

    /// Its sensitivity.
    pub const fn sensitivity(&self) -> Sensitivity {
        match self.source.part {
            MemberPart::Always => Sensitivity::Internal,
            MemberPart::Work(_) => Sensitivity::Personal,
            MemberPart::Group(group) => match group {
                FieldGroup::Identity | FieldGroup::Work | FieldGroup::Contract => Sensitivity::Personal,
                FieldGroup::CustomFields
                | FieldGroup::Contact
                | FieldGroup::Birth
                | FieldGroup::Address
                | FieldGroup::Identifiers
                | FieldGroup::Bank
                | FieldGroup::PayAndReviews
                | FieldGroup::LeaveReason => Sensitivity::Confidential,
            },
        }
    }
}

/// The sensitivity of a value within a company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sensitivity {
    /// Ids, dates and the organisation: known to all users of the data.
    Internal,
    /// The employee's identity at work.
    Personal,
    /// Private life, pay, health insurance, bank: read only if it was requested by name.
    Confidential,
}

crate::names! {
    Sensitivity: "sensitivity" {
        Internal = "internal",
        Personal = "personal",
        Confidential = "confidential",
    }
}

/// The part of a linked account's settings that a member requires to be read and stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MemberPart {
    /// None: it belongs to every record.
    Always,
    /// This field group.
    Group(FieldGroup),
    /// This part of the field group `work`, which a customer can decline on its own.
    Work(WorkPart),
}

impl MemberPart {
    /// Whether `groups` contain it.
    pub const fn is_in(self, groups: FieldGroups) -> bool {
        match self {
            Self::Always => true,
            Self::Group(group) => groups.contains(group),
            Self::Work(part) => groups.contains_part(part),
        }
    }

    /// The field group to request.
    pub const fn group(self) -> Option<FieldGroup> {
        match self {
            Self::Always => None,
            Self::Group(group) => Some(group),
            Self::Work(_) => Some(FieldGroup::Work),
        }
    }

    /// The feature without which it is not read, if it has one of its own.
    pub const fn feature(self) -> Option<Feature> {
        match self {
            Self::Work(WorkPart::JobTitle) => Some(Feature::Jobs),
            Self::Work(WorkPart::Manager) => Some(Feature::Managers),
            Self::Work(WorkPart::Qualification) => Some(Feature::Qualifications),
            Self::Group(FieldGroup::CustomFields) => Some(Feature::CustomFields),
            Self::Always | Self::Group(_) => None,
        }
    }
}

/// A name under which Lucca sends a member, in one of its casings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireName {
    /// The name.
    pub name: &'static str,
    /// The members below it that are requested and stored; empty means all of them.
    pub below: &'static [&'static str],
    /// The object that contains it, if that is not the record.
    pub within: Option<&'static str>,
    /// Whether it is requested by name. A name that is not may still be stored: servers send a relation's id
    /// under a second name.
    pub is_requested: bool,
}

/// A column of the `records` table that repeats a member, so that records are found without reading their
/// JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The employee a record belongs to.
    EmployeeId,
    /// The department of an employee.
    DepartmentId,
    /// The establishment of an employee or an employment.
    EstablishmentId,
    /// The manager of an employee; the head of a department.
    ManagerId,
    /// The absence of a request.
    AbsenceId,
    /// The status of an absence request.
    Status,
    /// The first day of a contract or an absence, `YYYY-MM-DD`.
    StartsOn,
    /// Their last day, inclusive.
    EndsOn,
    /// The employee number, folded by [`search_key`](crate::search_key) and without spaces around.
    EmployeeNumber,
    /// The work e-mail address, folded like the employee number.
    WorkEmail,
}

// The name of a column, in the table and in the API's filters.
crate::names! {
    Column: "column" {
        EmployeeId = "employee_id",
        DepartmentId = "department_id",
        EstablishmentId = "establishment_id",
        ManagerId = "manager_id",
        AbsenceId = "absence_id",
        Status = "status",
        StartsOn = "starts_on",
        EndsOn = "ends_on",
        EmployeeNumber = "employee_number",
        WorkEmail = "work_email",
    }
}

impl Column {
    /// A value as the column stores it.
    pub fn fold(self, value: String) -> String {
        match self {
            Self::EmployeeNumber | Self::WorkEmail => search_key(value.trim()),
            _ => value,
        }
    }
}
