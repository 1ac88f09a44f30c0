//! The origin of each delivered field: Lucca's resource and field, or how the connector computes it. For the
//! meaning of Lucca's fields, see the notes that `lucca`'s resources name.

use people::Kind;
use serde::Serialize;
use store::LinkedAccount;

use super::Mapping;
use crate::catalog::{self, STREAMS};

/// A field of a stream, as a linked account delivers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// The stream.
    pub stream: &'static str,
    /// The model's member.
    pub field: &'static str,
    /// The delivered name; null if the field is not delivered.
    pub delivered_as: Option<String>,
    /// Why it is not delivered: `excluded` by the rules, or `not_read` because its field group or feature is
    /// not requested.
    pub reason: Option<&'static str>,
    /// The JSON Schema type.
    #[serde(rename = "type")]
    pub type_: String,
    /// The field group that reads it; employees only.
    pub field_group: Option<&'static str>,
    /// Lucca's resource.
    pub resource: &'static str,
    /// The resource's field, or how the connector computes it.
    pub source: &'static str,
}

/// Every field of every stream, as a linked account delivers it.
pub fn fields(account: &LinkedAccount) -> Vec<Field> {
    let mapping = Mapping::of(&account.settings.delivery);
    let mut all = Vec::new();
    for kind in STREAMS {
        for (member, type_) in catalog::member_types(kind) {
            let (source, field_group) = source(kind, member).unwrap_or(("unknown", None));
            let is_in = |list: &[String], name: &str| list.iter().any(|one| one == name);
            let settings = &account.settings;
            let is_read = field_group.is_none_or(|group| is_in(&settings.field_groups, group))
                && feature(kind, member).is_none_or(|feature| !is_in(&settings.declined_features, feature));
            let name = mapping.name(kind, member).filter(|_| is_read);
            let reason = match (is_read, name) {
                (false, _) => Some("not_read"),
                (true, None) => Some("excluded"),
                (true, Some(_)) => None,
            };
            all.push(Field {
                stream: kind.name(),
                field: member,
                delivered_as: name.map(str::to_owned),
                reason,
                type_,
                field_group,
                resource: resource(kind),
                source,
            });
        }
    }
    all
}

/// The feature that has to be accepted for a member to be read.
fn feature(kind: Kind, member: &str) -> Option<&'static str> {
    match (kind, member) {
        (Kind::Employee, "job_title") => Some("jobs"),
        (Kind::Employee, "manager_id") => Some("managers"),
        (Kind::Employee, "job_qualification") => Some("qualifications"),
        (Kind::Absence | Kind::AbsenceRequest | Kind::LeaveType, _) => Some("leaves"),
        _ => None,
    }
}

/// The resource that a stream is read from.
const fn resource(kind: Kind) -> &'static str {
    match kind {
        Kind::Employee => "/api/v3/users",
        Kind::Employment => "/directory/api/4.0/work-contracts",
        Kind::Department => "/organization/structure/api/departments, or else /api/v3/departments",
        Kind::Establishment => "/organization/structure/api/establishments",
        Kind::LegalUnit => "/organization/structure/api/legal-units",
        Kind::JobQualification => "/organization/structure/api/job-qualifications",
        Kind::OccupationCategory => "/organization/structure/api/occupation-categories",
        Kind::LeaveType => "/api/v3/leaveAccounts",
        Kind::CustomFieldDefinition => "/api/v3/extensionuserdefinitions",
        Kind::Absence => "/api/v3/leaves",
        Kind::AbsenceRequest => "/api/v3/leaveRequests",
        Kind::WorkingDay => "/api/v3/userdates",
        Kind::UserLogEntry => "/api/v3/userlogs",
    }
}

/// A member's source field and, for employees, its field group.
fn source(kind: Kind, member: &str) -> Option<(&'static str, Option<&'static str>)> {
    if kind == Kind::Employee {
        let (source, group) = of_employees(member)?;
        return Some((source, group));
    }
    let table: &[(&str, &str)] = match kind {
        Kind::Employment => EMPLOYMENT,
        Kind::Department => DEPARTMENT,
        Kind::Establishment => ESTABLISHMENT,
        Kind::LegalUnit => LEGAL_UNIT,
        Kind::JobQualification => JOB_QUALIFICATION,
        Kind::OccupationCategory => &[("name", "name")],
        Kind::LeaveType => LEAVE_TYPE,
        Kind::CustomFieldDefinition => CUSTOM_FIELD_DEFINITION,
        Kind::Absence => ABSENCE,
        Kind::AbsenceRequest => ABSENCE_REQUEST,
        Kind::Employee | Kind::WorkingDay | Kind::UserLogEntry => &[],
    };
    let own = table.iter().chain(COMMON).find(|(name, _)| *name == member);
    own.map(|(_, source)| (*source, None))
}

const COMMON: &[(&str, &str)] = &[
    ("id", "id"),
    ("unread_fields", "made here: fields whose values could not be read"),
    ("is_partial", "made here: only what employees carry of it is known"),
];

fn of_employees(member: &str) -> Option<(&'static str, Option<&'static str>)> {
    const IDENTITY: Option<&str> = Some("identity");
    const WORK: Option<&str> = Some("work");
    const CONTRACT: Option<&str> = Some("contract");
    const CUSTOM: Option<&str> = Some("custom_fields");
    Some(match member {
        "id" => ("id", None),
        "name" => ("name, or else firstName and lastName", IDENTITY),
        "first_name" => ("firstName", IDENTITY),
        "last_name" => ("lastName", IDENTITY),
        "work_email" => ("mail", IDENTITY),
        "login" => ("login", IDENTITY),
        "employee_number" => ("employeeNumber", IDENTITY),
        "external_id" => ("externalId", IDENTITY),
        "civil_title" => ("civilTitle", IDENTITY),
        "picture" => ("picture: id, href", IDENTITY),
        "job_title" => ("jobTitle", WORK),
        "manager_id" => ("manager, or managerId", WORK),
        "department_id" => ("department, or departmentId", WORK),
        "establishment_id" => ("legalEntity, or legalEntityId", WORK),
        "occupation_category_id" => ("csp, or cspId", WORK),
        "job_qualification" => ("jobQualification, or jobQualificationId", WORK),
        "direct_line" => ("directLine", WORK),
        "professional_mobile" => ("professionalMobile", WORK),
        "quote" => ("quote", WORK),
        "calendar" => ("calendar, or calendarId", WORK),
        "culture" => ("culture, or cultureId", WORK),
        "primary_role" => ("rolePrincipal, or rolePrincipalId", WORK),
        "secondary_roles" => ("habilitedRoles", WORK),
        "work_cycles" => ("userWorkCycles: workCycle, startsOn, endsOn", WORK),
        "contract_start" => ("dtContractStart", CONTRACT),
        "contract_end" => ("dtContractEnd", CONTRACT),
        "seniority_date" => ("seniorityDate", CONTRACT),
        "axes" => ("userAxisValues…", CUSTOM),
        "custom_fields" => ("extendedData", CUSTOM),
        "application_data" => ("applicationData: profile_…, manager2Id, manager2", CUSTOM),
        "attributes" => ("attributes", CUSTOM),
        "contact" => ("personalEmail, personalMobile", Some("contact")),
        "birth" => ("birthDate, gender, nationality", Some("birth")),
        "address" => ("address", Some("address")),
        "identifiers" => ("insuranceNumber", Some("identifiers")),
        "bank" => (
            "bankName, iban, bic, rib, corporateCard, allowsElectronicPayslip, frenchCarTaxHorsePower, \
             frenchMotocyclesTaxHorsePower",
            Some("bank"),
        ),
        "pay_and_reviews" => (
            "applicationData: theoreticalRemuneration, fullTimeEquivalent, lastAnnualReviewDate, \
             lastProfessionalReviewDate, lastFixedWorkingDaysReviewDate",
            Some("pay_and_reviews"),
        ),
        "modified_at" => ("modifiedAt, or modifiedOn", IDENTITY),
        "unread_fields" => ("made here: fields whose values could not be read", None),
        _ => return None,
    })
}

const EMPLOYMENT: &[(&str, &str)] = &[
    ("employee_id", "owner, or ownerId"),
    ("external_id", "externalId"),
    ("starts_on", "startsOn"),
    ("ends_on", "endsOn; none in the year 9999"),
    ("is_applicable", "isApplicable"),
    ("establishment_id", "establishment, or establishmentId"),
    ("contract_type", "type, or typeId"),
    ("occupation_category_id", "spc, or spcId"),
    ("hiring_type", "hiringType, its name from /directory/api/work-contract-hiring-types"),
    (
        "termination_reason",
        "terminationReason, its name from /directory/api/work-contract-termination-reasons",
    ),
    (
        "temporary_contract_ground",
        "temporaryContractGround, its name from /directory/api/work-contract-temporary-contract-grounds",
    ),
    ("internship_supervisor_id", "internshipSupervisor, or internshipSupervisorId"),
    ("trial_period_days", "trialPeriodDays"),
    ("renewed_trial_period_days", "renewedTrialPeriodDays"),
    ("trial_period_ends_on", "trialPeriodEndDate"),
    ("renewed_trial_period_ends_on", "trialPeriodEndDate2"),
    ("created_at", "createdAt"),
    ("modified_at", "lastModifiedAt"),
];

const DEPARTMENT: &[(&str, &str)] = &[
    ("name", "name"),
    ("code", "code"),
    ("description", "description"),
    ("parent_id", "made of hierarchy, parentId and parentLuccaId, which hold paths and ids"),
    ("head_id", "head, or headId"),
    ("is_active", "isActive"),
    ("sort_order", "sortOrder, or sortOrderInSiblings"),
    ("created_at", "createdAt"),
    ("modified_at", "lastModifiedAt"),
];

const ESTABLISHMENT: &[(&str, &str)] = &[
    ("name", "name"),
    ("code", "code"),
    ("legal_unit_id", "legalUnit, or legalUnitId"),
    ("legal_identification_number", "legalIdentificationNumber"),
    ("activity_code", "activityCode"),
    ("street", "address: street"),
    ("zip_code", "address: zipCode"),
    ("city", "address: city"),
    ("time_zone", "timeZoneId"),
    ("is_archived", "isArchived"),
    ("created_at", "createdAt"),
];

const LEGAL_UNIT: &[(&str, &str)] = &[
    ("name", "name"),
    ("code", "code"),
    ("country", "country: name"),
    ("country_code", "country: code"),
    ("legal_identification_number", "legalIdentificationNumber"),
    ("activity_code", "activityCode"),
    ("headquarters_id", "headquarters, or headquartersId"),
    ("is_archived", "isArchived"),
    ("created_at", "createdAt"),
];

const JOB_QUALIFICATION: &[(&str, &str)] = &[
    ("name", "name"),
    ("job", "job, or jobId"),
    ("level", "level, or levelId"),
    ("level_position", "level: position"),
    ("is_active", "isActive"),
];

// unverified: the whole resource is undocumented (source: absences.md §8).
const LEAVE_TYPE: &[(&str, &str)] = &[
    ("name", "name"),
    ("is_remote_work", "isRemoteWork"),
    ("category", "category, categoryId or categoryName"),
    ("unit", "unit"),
];

const CUSTOM_FIELD_DEFINITION: &[(&str, &str)] =
    &[("name", "name"), ("format", "formatKey"), ("entries", "extensionUserPropertyListEntries")];

const ABSENCE: &[(&str, &str)] = &[
    ("employee_id", "owner, or ownerId"),
    ("is_confirmed", "made here of the half-days: leavePeriod's isConfirmed"),
    ("confirmed_at", "leavePeriod: confirmationDate"),
    ("first", "made here: the first of its half-days"),
    ("last", "made here: the last of its half-days"),
    ("leave_type_ids", "made here of leaveAccount, or leaveAccountId, of its half-days"),
    ("half_days", "made here: how many there are"),
    ("minutes", "made here of its half-days"),
    ("is_active", "made here of isActive of its half-days"),
    (
        "leaves",
        "each half-day: id, date, isAM, leaveAccount, value, isActive, creationDate, cancellationDate, cancellationUser, comment",
    ),
];

const ABSENCE_REQUEST: &[(&str, &str)] = &[
    ("absence_id", "leavePeriodId"),
    ("employee_id", "leavePeriod: ownerId"),
    ("status", "status"),
    ("created_at", "creationDate"),
    ("next_approver_id", "nextApprover, or nextApproverId"),
    ("cancelled_at", "cancellationDate"),
    ("cancelled_by", "cancellationUser, or cancellationUserId"),
    ("approvals", "approvals"),
    ("cancellation_requests", "cancellationRequests"),
    ("is_active", "isActive"),
    ("comment", "comment"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_a_source() {
        for kind in STREAMS {
            for (member, _) in catalog::member_types(kind) {
                assert!(source(kind, member).is_some(), "{kind} {member}");
            }
        }
    }
}
