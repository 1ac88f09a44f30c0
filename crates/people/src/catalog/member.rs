//! What the catalog knows of one member.

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
    /// What it is, as the documentation says it.
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

    /// What it is, in a sentence or two.
    pub fn description(&self) -> &'static str {
        self.doc.trim()
    }

    /// What the linked account's settings have to contain for it to be read.
    pub const fn part(&self) -> MemberPart {
        self.source.part
    }

    /// Lucca's names of it. Empty for what is made here, and for an object whose members have names of their own.
    pub const fn wire_names(&self) -> &'static [WireName] {
        self.source.wire_names
    }

    /// The names under which it is requested: its own, or those of its members. Of a member that is never requested by name, all
    /// names it has.
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

    /// Whether it is an object of members that each have a name of their own in Lucca: a field group of the model.
    pub fn is_group(&self) -> bool {
        self.wire_names().is_empty() && matches!(self.value_type, ValueType::Object(_))
    }

    /// Whether a permission in Lucca guards it, or may guard it.
    // unverified: which permission guards which field; Lucca publishes no such list (source: directory.md §4.2).
    pub const fn is_guarded(&self) -> bool {
        self.source.is_guarded
    }

    /// The column of the `records` table that holds it too, so that records are found by it.
    pub const fn column(&self) -> Option<Column> {
        self.source.column
    }

    /// Whether the text search looks into it.
    pub const fn is_searched(&self) -> bool {
        self.source.is_searched
    }

    /// Where it comes from, for people: Lucca's names, or how it is made.
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

    /// Who should see it at most.
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

/// How far a value may travel in a company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sensitivity {
    /// Ids, dates and the organisation: known to everyone who works with the data.
    Internal,
    /// Who a person is at work.
    Personal,
    /// Private life, pay, health insurance, bank: read only where it was asked for by name.
    Confidential,
}

crate::names! {
    Sensitivity: "sensitivity" {
        Internal = "internal",
        Personal = "personal",
        Confidential = "confidential",
    }
}

/// What a linked account's settings have to contain for a member to be read and kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MemberPart {
    /// Nothing: it belongs to every record.
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

    /// The field group to ask for.
    pub const fn group(self) -> Option<FieldGroup> {
        match self {
            Self::Always => None,
            Self::Group(group) => Some(group),
            Self::Work(_) => Some(FieldGroup::Work),
        }
    }

    /// The feature without which it is not read, where it has one of its own.
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
    /// The members below it that are requested and kept; empty means all of them.
    pub below: &'static [&'static str],
    /// The object that it stands in, where that is not the record.
    pub within: Option<&'static str>,
    /// Whether it is requested by name. One that is not may still be kept: servers send a relation's id under a second name.
    pub is_requested: bool,
}

/// A column of the `records` table that repeats a member, so that records are found without reading their JSON.
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
    /// The absence that a request asks for.
    AbsenceId,
    /// The status of an absence request.
    Status,
    /// The first day of a contract or an absence, `YYYY-MM-DD`.
    StartsOn,
    /// Their last day, inclusive.
    EndsOn,
    /// The employee number, folded by [`search_key`](crate::search_key) and without spaces around.
    EmployeeNumber,
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
    }
}

impl Column {
    /// A value as the column holds it.
    pub fn fold(self, value: String) -> String {
        match self {
            Self::EmployeeNumber => search_key(value.trim()),
            _ => value,
        }
    }
}
