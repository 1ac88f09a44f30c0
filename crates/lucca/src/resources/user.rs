//! Users. Source: directory.md §6 and §7.

use std::collections::BTreeMap;

use jiff::civil::Date;
use people::{RemoteId, SourceTime};
use serde_json::Value;

use super::private::FromRecord;
use super::{Ref, Resource};
use crate::item::Unreadable;
use crate::reader::Record;

/// A user (`/api/v3/users`). The fields in a response depend on the requested
/// [`FieldGroups`](people::FieldGroups), on the tenant's applications, and on the key's permissions.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// The user's id. `0` is real: "Lucca Admin".
    pub id: RemoteId,
    /// First name, last name.
    pub name: Option<String>,
    /// First and last name, in either order: recorded with the first name first.
    pub display_name: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name, in the case in which it was typed.
    pub last_name: Option<String>,
    /// Login, unique in the tenant.
    pub login: Option<String>,
    /// Work e-mail, in the case in which it was typed.
    pub mail: Option<String>,
    /// Employee number: a text with leading zeros, unique within an establishment only.
    pub employee_number: Option<String>,
    /// Civil title.
    pub civil_title: Option<String>,
    /// `Undefined`, `Male`, `Female` or another word.
    pub gender: Option<String>,
    /// Job title, free text.
    pub job_title: Option<String>,
    /// Personal address.
    pub address: Option<String>,
    /// Professional landline.
    pub direct_line: Option<String>,
    /// Professional mobile phone.
    pub professional_mobile: Option<String>,
    /// Personal mobile phone.
    pub personal_mobile: Option<String>,
    /// Personal e-mail.
    pub personal_email: Option<String>,
    /// The employee's quote.
    pub quote: Option<String>,
    /// Social security number.
    pub insurance_number: Option<String>,
    /// Bank.
    pub bank_name: Option<String>,
    /// French bank details.
    pub rib: Option<String>,
    /// International bank account number.
    pub iban: Option<String>,
    /// Bank identifier code.
    pub bic: Option<String>,
    /// Corporate card.
    pub corporate_card: Option<String>,
    /// An id from another system.
    pub external_id: Option<String>,
    /// Whether payslips may be electronic.
    pub allows_electronic_payslip: Option<bool>,
    /// Tax horse power of the employee's car.
    pub french_car_tax_horse_power: Option<i64>,
    /// Tax horse power of the employee's motorcycle.
    pub french_motocycles_tax_horse_power: Option<i64>,
    /// First day of the applicable contract.
    pub contract_start: Option<Date>,
    /// Last day of the applicable contract, included; `None` while it is open.
    pub contract_end: Option<Date>,
    /// First day of seniority; `None` means the contract's start.
    pub seniority_date: Option<Date>,
    /// Birth date.
    pub birth_date: Option<Date>,
    /// Time of the last change; without a zone. The changes that move it are undocumented.
    pub modified_at: Option<SourceTime>,
    /// Creation time; without a zone.
    pub created_at: Option<SourceTime>,
    /// The employing establishment: v3's legal entity.
    pub legal_entity: Option<Ref>,
    /// Department.
    pub department: Option<Ref>,
    /// Manager; employees without one are their own manager in all recorded answers.
    pub manager: Option<Ref>,
    /// Calendar of public holidays.
    pub calendar: Option<Ref>,
    /// Language and region; the id is a Windows LCID, 1036 for French in France.
    pub culture: Option<Ref>,
    /// Primary role.
    pub role_principal: Option<Ref>,
    /// Socio-professional category; `0` is a real one.
    pub csp: Option<Ref>,
    /// Nationality; the id is an ISO 3166-1 alpha-2 code.
    pub nationality: Option<Ref>,
    /// Job qualification: job and level in one name.
    pub job_qualification: Option<Ref>,
    /// Picture.
    pub picture: Option<Picture>,
    /// Secondary roles.
    pub habilited_roles: Vec<Ref>,
    /// Work cycles, with sentinels for "always" (`1900-01-01`, `9999-12-31`).
    pub user_work_cycles: Vec<WorkCycle>,
    /// Data of other Lucca applications, by key (`profile_figgo`).
    pub application_data: BTreeMap<String, Value>,
    /// The tenant's own fields, by key (`e_…`), as `{id, value}` or a list of these.
    pub extended_data: BTreeMap<String, Value>,
    /// Sections of analytical axes (cost centres and the like), by the axis's id.
    pub axis_values: BTreeMap<String, Vec<Ref>>,
    /// Custom attributes, as sent.
    pub attributes: Option<Value>,
}

/// A user's picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The file's id, a GUID.
    pub id: Option<RemoteId>,
    /// URL of the picture, absolute or relative to the tenant.
    pub href: Option<String>,
    /// The file's name.
    pub name: Option<String>,
}

/// A period in which a work cycle applies to a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkCycle {
    /// The assignment's id.
    pub id: Option<RemoteId>,
    /// The work cycle.
    pub work_cycle: Option<Ref>,
    /// First day.
    pub starts_on: Option<Date>,
    /// Last day.
    pub ends_on: Option<Date>,
}

impl Resource for User {}

impl FromRecord for User {
    fn read(id: RemoteId, record: &mut Record<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            id,
            contract_start: record.vital_date("dtContractStart")?,
            contract_end: record.vital_date("dtContractEnd")?,
            name: record.text("name"),
            display_name: record.text("displayName"),
            first_name: record.text("firstName"),
            last_name: record.text("lastName"),
            login: record.text("login"),
            mail: record.text("mail"),
            employee_number: record.text("employeeNumber"),
            civil_title: record.text("civilTitle"),
            gender: record.text("gender"),
            job_title: record.text("jobTitle"),
            address: record.text("address"),
            direct_line: record.text("directLine"),
            professional_mobile: record.text("professionalMobile"),
            personal_mobile: record.text("personalMobile"),
            personal_email: record.text("personalEmail"),
            quote: record.text("quote"),
            insurance_number: record.text("insuranceNumber"),
            bank_name: record.text("bankName"),
            rib: record.text("rib"),
            iban: record.text("iban"),
            bic: record.text("bic"),
            corporate_card: record.text("corporateCard"),
            external_id: record.text("externalId"),
            allows_electronic_payslip: record.flag("allowsElectronicPayslip"),
            french_car_tax_horse_power: record.integer("frenchCarTaxHorsePower"),
            french_motocycles_tax_horse_power: record.integer("frenchMotocyclesTaxHorsePower"),
            seniority_date: record.date("seniorityDate"),
            birth_date: record.date("birthDate"),
            modified_at: record.time(&["modifiedAt", "modifiedOn"]),
            created_at: record.time(&["createdAt", "createdOn"]),
            legal_entity: record.reference("legalEntity", "legalEntityId"),
            department: record.reference("department", "departmentId"),
            manager: record.reference("manager", "managerId"),
            calendar: record.reference("calendar", "calendarId"),
            culture: record.reference("culture", "cultureId"),
            role_principal: record.reference("rolePrincipal", "rolePrincipalId"),
            csp: record.reference("csp", "cspId"),
            nationality: record.reference("nationality", "nationalityId"),
            job_qualification: record.reference("jobQualification", "jobQualificationId"),
            picture: record.nested("picture", |picture| {
                Some(Picture {
                    id: picture.id_field("id"),
                    href: picture.text_of(&["href", "url"]),
                    name: picture.text("name"),
                })
            }),
            habilited_roles: record.references("habilitedRoles"),
            user_work_cycles: record.list("userWorkCycles", |cycle| {
                Some(WorkCycle {
                    id: cycle.id_field("id"),
                    work_cycle: cycle.reference("workCycle", "workCycleId"),
                    starts_on: cycle.date("startsOn"),
                    ends_on: cycle.date("endsOn"),
                })
            }),
            application_data: record.map("applicationData"),
            extended_data: record.map("extendedData"),
            axis_values: record.suffixed_references("userAxisValues"),
            attributes: record.value("attributes"),
        })
    }
}
