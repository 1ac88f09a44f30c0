//! All known members of a user, with their field groups: one table, from which requests are built and
//! received members are kept or dropped. The syntax of requests is in `query::v3`.
//!
//! A member that is not in the table, or that belongs to no group, is never requested and never kept.

use crate::field_group::{FieldGroup, FieldGroups, WorkPart};
use crate::query::v3::Fields;

/// The group of a user's member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MemberGroup {
    /// In every request.
    Always,
    To(FieldGroup),
    /// In this part of [`FieldGroup::Work`].
    Part(WorkPart),
    /// In no group: it is known, and not read.
    NotRead,
}

/// A member of a user, by Lucca's name in one of its casings.
struct Member {
    name: &'static str,
    belongs: MemberGroup,
    /// The members below it that are requested and kept; empty means all of them.
    below: &'static [&'static str],
    /// Whether it is requested. Other members may still be kept: servers send a relation's id under a second
    /// name.
    is_requested: bool,
}

const fn requested(name: &'static str, belongs: MemberGroup, below: &'static [&'static str]) -> Member {
    Member { name, belongs, below, is_requested: true }
}

const fn not_requested(name: &'static str, belongs: MemberGroup) -> Member {
    Member { name, belongs, below: &[], is_requested: false }
}

const ID_NAME: &[&str] = &["id", "name"];
const IDENTITY: MemberGroup = MemberGroup::To(FieldGroup::Identity);
const WORK: MemberGroup = MemberGroup::To(FieldGroup::Work);
const CONTRACT: MemberGroup = MemberGroup::To(FieldGroup::Contract);
const CUSTOM: MemberGroup = MemberGroup::To(FieldGroup::CustomFields);
const CONTACT: MemberGroup = MemberGroup::To(FieldGroup::Contact);
const BIRTH: MemberGroup = MemberGroup::To(FieldGroup::Birth);
const BANK: MemberGroup = MemberGroup::To(FieldGroup::Bank);
const JOB_TITLE: MemberGroup = MemberGroup::Part(WorkPart::JobTitle);
const MANAGER: MemberGroup = MemberGroup::Part(WorkPart::Manager);
const QUALIFICATION: MemberGroup = MemberGroup::Part(WorkPart::Qualification);

/// Lucca's name for the member that holds data of its other applications; see [`ApplicationMember`].
const APPLICATION_DATA: &str = "applicationData";
const EXTENDED_DATA: &str = "extendedData";
const AXES: &str = "userAxisValues";

/// Sources: directory.md §6.3, recorded.md ("What they prove"). For a relation both the id and the object are
/// requested if the id's name is documented: without a permission on the other record the object may be null.
// unverified: which of the two remains without the permission (directory.md §4.2).
const MEMBERS: &[Member] = &[
    requested("id", MemberGroup::Always, &[]),
    requested("name", IDENTITY, &[]),
    requested("displayName", IDENTITY, &[]),
    requested("firstName", IDENTITY, &[]),
    requested("lastName", IDENTITY, &[]),
    requested("login", IDENTITY, &[]),
    requested("mail", IDENTITY, &[]),
    requested("employeeNumber", IDENTITY, &[]),
    requested("externalId", IDENTITY, &[]),
    requested("civilTitle", IDENTITY, &[]),
    requested("modifiedAt", IDENTITY, &[]),
    not_requested("modifiedOn", IDENTITY),
    requested("picture", IDENTITY, &["id", "name", "href"]),
    not_requested("pictureId", IDENTITY),
    requested("jobTitle", JOB_TITLE, &[]),
    requested("directLine", WORK, &[]),
    requested("professionalMobile", WORK, &[]),
    requested("quote", WORK, &[]),
    requested("legalEntityId", WORK, &[]),
    requested("departmentId", WORK, &[]),
    requested("managerId", MANAGER, &[]),
    requested("legalEntity", WORK, ID_NAME),
    requested("department", WORK, ID_NAME),
    // The name is the manager's own: their record has it.
    requested("manager", MANAGER, &["id"]),
    requested("calendar", WORK, ID_NAME),
    not_requested("calendarId", WORK),
    requested("culture", WORK, ID_NAME),
    not_requested("cultureId", WORK),
    requested("rolePrincipal", WORK, ID_NAME),
    not_requested("rolePrincipalId", WORK),
    requested("habilitedRoles", WORK, ID_NAME),
    requested("csp", WORK, ID_NAME),
    not_requested("cspId", WORK),
    requested("jobQualification", QUALIFICATION, ID_NAME),
    not_requested("jobQualificationId", QUALIFICATION),
    requested("userWorkCycles", WORK, &["id", "workCycleID", "startsOn", "endsOn"]),
    requested("dtContractStart", CONTRACT, &[]),
    requested("dtContractEnd", CONTRACT, &[]),
    requested("seniorityDate", CONTRACT, &[]),
    requested(EXTENDED_DATA, CUSTOM, &[]),
    requested(AXES, CUSTOM, &[]),
    requested("attributes", CUSTOM, &[]),
    requested("personalEmail", CONTACT, &[]),
    requested("personalMobile", CONTACT, &[]),
    requested("birthDate", BIRTH, &[]),
    requested("gender", BIRTH, &[]),
    requested("nationality", BIRTH, ID_NAME),
    not_requested("nationalityId", BIRTH),
    requested("address", MemberGroup::To(FieldGroup::Address), &[]),
    requested("insuranceNumber", MemberGroup::To(FieldGroup::Identifiers), &[]),
    requested("bankName", BANK, &[]),
    requested("rib", BANK, &[]),
    requested("iban", BANK, &[]),
    requested("bic", BANK, &[]),
    requested("corporateCard", BANK, &[]),
    requested("allowsElectronicPayslip", BANK, &[]),
    requested("frenchCarTaxHorsePower", BANK, &[]),
    requested("frenchMotocyclesTaxHorsePower", BANK, &[]),
    not_requested("site", MemberGroup::NotRead),
    not_requested("siteId", MemberGroup::NotRead),
    not_requested("unitSellPrice", MemberGroup::NotRead),
    not_requested("personalAccount", MemberGroup::NotRead),
    not_requested("personalCard", MemberGroup::NotRead),
    not_requested("currentDelegatee", MemberGroup::NotRead),
    not_requested("currentDelegateeId", MemberGroup::NotRead),
    not_requested("createdAt", MemberGroup::NotRead),
    not_requested("createdOn", MemberGroup::NotRead),
    not_requested("authorizedOperations", MemberGroup::NotRead),
    not_requested("url", MemberGroup::NotRead),
];

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
    /// An unlisted member. It may hold anything, and is never kept.
    Unknown,
}

/// Profiles with the same name in every tenant; the name of an expense profile includes the instance's
/// number.
const PROFILES: [&str; 2] = ["profile_figgo", "profile_utime"];
const PAY_AND_REVIEWS: [&str; 5] = [
    "theoreticalRemuneration",
    "fullTimeEquivalent",
    "lastAnnualReviewDate",
    "lastProfessionalReviewDate",
    "lastFixedWorkingDaysReviewDate",
];

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
        } else if PAY_AND_REVIEWS.iter().any(|name| key.eq_ignore_ascii_case(name)) {
            Self::PayOrReview
        } else {
            Self::Unknown
        }
    }

    /// Whether it is requested and kept with these groups.
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

/// The part of a user's member that may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Nothing.
    Nothing,
    /// All of it.
    Whole,
    /// Of an object, or of each object of a list, these members, in any case; any other value whole.
    Members(&'static [&'static str]),
    /// It is `applicationData`: [`ApplicationMember`] decides about each of its members.
    ApplicationData,
    /// It is `extendedData`: everything except the fields that the linked account excludes.
    ExtendedData,
}

impl FieldGroups {
    /// The part of a user's member that may be kept with these groups, by its key at the first level, in any
    /// case. Servers may send more than was requested.
    pub fn keep(self, key: &str) -> Keep {
        if key.eq_ignore_ascii_case(APPLICATION_DATA) {
            return if self.application_members().is_empty() { Keep::Nothing } else { Keep::ApplicationData };
        }
        // The axes of `userAxisValues` arrive as one key each (source: directory.md §6.3).
        let axis =
            key.split_once('_').map(|(prefix, _)| prefix).filter(|prefix| prefix.eq_ignore_ascii_case(AXES));
        let name = axis.unwrap_or(key);
        let member = MEMBERS.iter().find(|member| member.name.eq_ignore_ascii_case(name));
        match member.filter(|member| self.holds(member.belongs)) {
            None => Keep::Nothing,
            Some(_) if axis.is_some() => Keep::Members(ID_NAME),
            Some(member) if member.name == EXTENDED_DATA => Keep::ExtendedData,
            Some(member) if member.below.is_empty() => Keep::Whole,
            Some(member) => Keep::Members(member.below),
        }
    }

    fn holds(self, belongs: MemberGroup) -> bool {
        match belongs {
            MemberGroup::Always => true,
            MemberGroup::To(group) => self.contains(group),
            MemberGroup::Part(part) => self.contains_part(part),
            MemberGroup::NotRead => false,
        }
    }

    /// The members of `applicationData` to request by name.
    fn application_members(self) -> Vec<&'static str> {
        let known = PROFILES.into_iter().chain(["manager2Id"]).chain(PAY_AND_REVIEWS);
        known.filter(|name| ApplicationMember::of(name).is_in(self)).collect()
    }
}

/// The fields of users to request for `groups`. Fields that no source documents for `/api/v3/users` are left
/// out, because an unknown field can fail the whole request.
///
/// The members of `applicationData` are requested by name, so that a server that supports it leaves out the
/// rest. An unknown name in a dictionary answers null (source: wire-grammar.md §1.2).
// unverified: that production behaves like the open framework here. Unrequested members are dropped on
// arrival.
pub(crate) fn user_fields(groups: FieldGroups) -> Fields {
    let wanted = MEMBERS.iter().filter(|member| member.is_requested && groups.holds(member.belongs));
    let fields = wanted.fold(Fields::new(), |fields, member| fields.nested(member.name, member.below));
    match groups.application_members() {
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
        let keep = |key| FieldGroups::all().keep(key);
        assert_eq!(keep("CSPID"), Keep::Whole);
        assert_eq!(keep("useraxisvalues_4"), Keep::Members(ID_NAME));
        assert_eq!(keep("manager"), Keep::Members(&["id"]));
        assert_eq!(keep("extendeddata"), Keep::ExtendedData);
        assert_eq!(keep("authorizedOperations"), Keep::Nothing);
        assert_eq!(keep("profile_figgo"), Keep::Nothing);
        assert_eq!(FieldGroups::default().keep("applicationdata"), Keep::Nothing);
    }
}
