//! Declarations of a member's origin and part.

pub(crate) use super::member::Column;
use super::member::{MemberPart, WireName};
pub(crate) use crate::FieldGroup;
use crate::WorkPart;

/// The origin of a member, and its other properties in the catalog.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    pub(super) wire_names: &'static [WireName],
    pub(super) note: Option<&'static str>,
    pub(super) part: MemberPart,
    pub(super) is_guarded: bool,
    pub(super) column: Option<Column>,
    pub(super) is_searched: bool,
}

/// A member that Lucca sends under these names.
pub(crate) const fn lucca(wire_names: &'static [WireName]) -> Source {
    let part = MemberPart::Always;
    Source { wire_names, note: None, part, is_guarded: false, column: None, is_searched: false }
}

/// An object whose members each have a name of their own in Lucca.
pub(crate) const fn group(group: FieldGroup) -> Source {
    lucca(&[]).of(MemberPart::Group(group))
}

/// A member that the connector computes, and how.
pub(crate) const fn made(how: &'static str) -> Source {
    lucca(&[]).note(how)
}

impl Source {
    /// It is read with this part only.
    pub(crate) const fn of(self, part: MemberPart) -> Self {
        Self { part, ..self }
    }

    /// The description of its source, instead of its names.
    pub(crate) const fn note(self, note: &'static str) -> Self {
        Self { note: Some(note), ..self }
    }

    /// See [`Member::is_guarded`](super::Member::is_guarded).
    pub(crate) const fn guarded(self) -> Self {
        Self { is_guarded: true, ..self }
    }

    /// See [`Member::column`](super::Member::column).
    pub(crate) const fn column(self, column: Column) -> Self {
        Self { column: Some(column), ..self }
    }

    /// See [`Member::is_searched`](super::Member::is_searched).
    pub(crate) const fn searched(self) -> Self {
        Self { is_searched: true, ..self }
    }
}

/// A name that is requested.
pub(crate) const fn wire(name: &'static str) -> WireName {
    WireName { name, below: &[], within: None, is_requested: true }
}

/// A name that is stored if it arrives, and not requested.
pub(crate) const fn alias(name: &'static str) -> WireName {
    WireName { is_requested: false, ..wire(name) }
}

/// The id and the name of another record.
pub(crate) const fn relation(name: &'static str) -> WireName {
    wire(name).below(&["id", "name"])
}

impl WireName {
    /// Only these of its members.
    pub(crate) const fn below(self, below: &'static [&'static str]) -> Self {
        Self { below, ..self }
    }

    /// The object of the record that contains it.
    pub(crate) const fn within(self, object: &'static str) -> Self {
        Self { within: Some(object), ..self }
    }
}

pub(crate) const IDENTITY: MemberPart = MemberPart::Group(FieldGroup::Identity);
pub(crate) const WORK: MemberPart = MemberPart::Group(FieldGroup::Work);
pub(crate) const CONTRACT: MemberPart = MemberPart::Group(FieldGroup::Contract);
pub(crate) const CUSTOM: MemberPart = MemberPart::Group(FieldGroup::CustomFields);
pub(crate) const JOB_TITLE: MemberPart = MemberPart::Work(WorkPart::JobTitle);
pub(crate) const MANAGER: MemberPart = MemberPart::Work(WorkPart::Manager);
pub(crate) const QUALIFICATION: MemberPart = MemberPart::Work(WorkPart::Qualification);
pub(crate) const LEAVE_REASON: MemberPart = MemberPart::Group(FieldGroup::LeaveReason);
/// Fields whose values could not be read.
pub(crate) const UNREAD: Source = made("computed: fields whose values could not be read");
/// The record is known by its id and name alone.
pub(crate) const PARTIAL: Source = made("computed: only its id and name on employees are known");
