//! The members of a user: the requested ones, and the stored ones, by the catalog of fields. The request's
//! syntax is in `query::v3`.
//!
//! A member outside the catalog is never requested and never stored.

use people::catalog::{Described, Member, WireName};
use people::{Employee, FieldGroup, FieldGroups, PayAndReviews, WorkPart};

use crate::query::v3::Fields;

/// Lucca's names of the objects with members of the tenant or of Lucca's other applications; the latter are
/// in [`ApplicationMember`].
const APPLICATION_DATA: &str = "applicationData";
const EXTENDED_DATA: &str = "extendedData";
const AXES: &str = "userAxisValues";

/// Every name of a user's members at the first level, with the member of the model that it belongs to.
///
/// Sources: directory.md §6.3, recorded.md ("What they prove"). A relation is requested by its id and as an
/// object, if the id's name is documented: without a permission on the other record the object may be null.
// unverified: which of the two remains when a permission is missing (directory.md §4.2).
fn wire_names() -> impl Iterator<Item = (&'static WireName, &'static Member)> {
    let own = |member: &'static Member| {
        let inner = if member.is_group() { member.value_type.members() } else { &[] };
        let names = member.wire_names().iter().chain(inner.iter().flat_map(Member::wire_names));
        names.filter(|wire| wire.within.is_none()).map(move |wire| (wire, member))
    };
    Employee::MEMBERS.iter().flat_map(own)
}

/// The kind of a member of a user's `applicationData`: Lucca's applications store profiles there, and pay and
/// reviews too. Source: recorded.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationMember {
    /// The profile that an application assigns: `profile_figgo`, `profile_utime`,
    /// `profile_cleemy_{instance}`.
    Profile,
    /// The second manager's id: `manager2Id`.
    SecondManagerId,
    /// The second manager: `manager2`.
    SecondManager,
    /// Pay, full-time equivalent or a review's date.
    PayOrReview,
    /// An unlisted member. It may contain any data, and is never stored.
    Unknown,
}

/// Profiles with the same name in every tenant; the name of an expense profile includes the instance's
/// number.
const PROFILES: [&str; 2] = ["profile_figgo", "profile_utime"];

/// The members with pay and reviews.
fn pay_and_reviews() -> impl Iterator<Item = &'static str> {
    PayAndReviews::MEMBERS.iter().flat_map(Member::wire_names).map(|wire| wire.name)
}

impl ApplicationMember {
    /// The kind of a member, by its key in any case.
    pub fn of(key: &str) -> Self {
        let is_profile =
            key.split_once('_').is_some_and(|(prefix, _)| prefix.eq_ignore_ascii_case("profile"));
        if is_profile {
            Self::Profile
        } else if key.eq_ignore_ascii_case("manager2Id") {
            Self::SecondManagerId
        } else if key.eq_ignore_ascii_case("manager2") {
            Self::SecondManager
        } else if pay_and_reviews().any(|name| key.eq_ignore_ascii_case(name)) {
            Self::PayOrReview
        } else {
            Self::Unknown
        }
    }

    /// Whether it is requested and stored with these groups.
    pub fn is_in(self, groups: FieldGroups) -> bool {
        let custom = groups.contains(FieldGroup::CustomFields);
        match self {
            Self::Profile => custom,
            Self::SecondManagerId | Self::SecondManager => custom && groups.contains_part(WorkPart::Manager),
            Self::PayOrReview => groups.contains(FieldGroup::PayAndReviews),
            Self::Unknown => false,
        }
    }
}

/// The part of a user's member that may be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Nothing.
    Nothing,
    /// All of it.
    Whole,
    /// These members of an object, or of each object of a list, in any case; any other value whole.
    Members(&'static [&'static str]),
    /// It is `applicationData`: [`ApplicationMember`] decides about each of its members.
    ApplicationData,
    /// It is `extendedData`: everything except the fields that the linked account excludes.
    ExtendedData,
}

/// The part of a user's member that may be stored with these groups, by its key at the first level, in any
/// case. Servers may send more than was requested.
pub fn keep(groups: FieldGroups, key: &str) -> Keep {
    if key.eq_ignore_ascii_case(APPLICATION_DATA) {
        return if application_members(groups).is_empty() { Keep::Nothing } else { Keep::ApplicationData };
    }
    // The axes of `userAxisValues` arrive as one key each (source: directory.md §6.3).
    let axis =
        key.split_once('_').map(|(prefix, _)| prefix).filter(|prefix| prefix.eq_ignore_ascii_case(AXES));
    let name = axis.unwrap_or(key);
    let found = wire_names().find(|(wire, _)| wire.name.eq_ignore_ascii_case(name));
    match found.filter(|(_, member)| member.part().is_in(groups)) {
        None => Keep::Nothing,
        Some(_) if axis.is_some() => Keep::Members(&["id", "name"]),
        Some((wire, _)) if wire.name == EXTENDED_DATA => Keep::ExtendedData,
        Some((wire, _)) if wire.below.is_empty() => Keep::Whole,
        Some((wire, _)) => Keep::Members(wire.below),
    }
}

/// The members of `applicationData` to request by name.
fn application_members(groups: FieldGroups) -> Vec<&'static str> {
    let known = PROFILES.into_iter().chain(["manager2Id"]).chain(pay_and_reviews());
    known.filter(|name| ApplicationMember::of(name).is_in(groups)).collect()
}

/// The fields of users to request for `groups`. Fields that no source documents for `/api/v3/users` are
/// omitted, because an unknown field can fail the whole request.
///
/// The members of `applicationData` are requested by name, so that a server that supports it omits the rest.
/// An unknown name in a dictionary returns null (source: wire-grammar.md §1.3).
// unverified: whether production behaves like the open framework here. Unrequested members are dropped on
// arrival.
pub(crate) fn user_fields(groups: FieldGroups) -> Fields {
    let requested = wire_names().filter(|(wire, member)| wire.is_requested && member.part().is_in(groups));
    let fields = requested.fold(Fields::new(), |fields, (wire, _)| fields.nested(wire.name, wire.below));
    match application_members(groups) {
        names if names.is_empty() => fields,
        names => fields.nested(APPLICATION_DATA, &names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn application_members_have_groups() {
        let custom = FieldGroups::default().with(FieldGroup::CustomFields);
        let pay = FieldGroups::NONE.with(FieldGroup::PayAndReviews);
        for (key, in_custom, in_pay) in [
            ("profile_figgo", true, false),
            ("Profile_Cleemy_6", true, false),
            ("manager2ID", true, false),
            ("manager2", true, false),
            ("theoreticalRemuneration", false, true),
            ("FullTimeEquivalent", false, true),
            ("lastAnnualReviewDate", false, true),
            ("lastProfessionalReviewDate", false, true),
            ("lastFixedWorkingDaysReviewDate", false, true),
            ("profile", false, false),
            ("bonus", false, false),
        ] {
            let member = ApplicationMember::of(key);
            assert!(!member.is_in(FieldGroups::default()), "{key}");
            assert_eq!((member.is_in(custom), member.is_in(pay)), (in_custom, in_pay), "{key}");
        }
        assert!(!ApplicationMember::SecondManager.is_in(custom.leaving_out(WorkPart::Manager)));
    }

    #[test]
    fn default_request_has_no_dictionary() {
        let names: Vec<_> = user_fields(FieldGroups::default()).names().collect();
        for name in [APPLICATION_DATA, EXTENDED_DATA, AXES, "attributes"] {
            assert!(!names.contains(&name), "{names:?}");
        }
    }

    #[test]
    fn ids_and_axes_are_kept_with_their_relation() {
        let keep = |key| keep(FieldGroups::all(), key);
        assert_eq!(keep("CSPID"), Keep::Whole);
        assert_eq!(keep("useraxisvalues_4"), Keep::Members(&["id", "name"]));
        assert_eq!(keep("manager"), Keep::Members(&["id"]));
        assert_eq!(keep("extendeddata"), Keep::ExtendedData);
        assert_eq!(keep("authorizedOperations"), Keep::Nothing);
        assert_eq!(keep("profile_figgo"), Keep::Nothing);
        assert_eq!(super::keep(FieldGroups::default(), "applicationdata"), Keep::Nothing);
    }
}
