//! Employees: identity, position in the organisation, and the optional groups of personal data.
//!
//! Types only. The status is not stored, because it changes with the date: see `status`.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalog::{Described, model};
use crate::{FieldGroups, Gender, NamedRef, Period, RemoteId, SourceTime, WorkingDay};

model! {
    /// An employee, employed now, in the future or in the past: one Lucca user.
    ///
    /// One person can have two of these in Lucca; they are reported, never merged. Groups of personal data
    /// ([`contact`](Self::contact) to [`pay_and_reviews`](Self::pay_and_reviews)) are absent unless the
    /// linked account requests them.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Employee {
        /// Lucca's id; `0` is real.
        id: RemoteId = lucca(&[wire("id")]);
        /// The name as Lucca shows it, first name first.
        name: Option<String> = lucca(&[wire("name"), wire("displayName")])
            .of(IDENTITY).note("name, or else firstName and lastName").searched();
        /// First name.
        first_name: Option<String> = lucca(&[wire("firstName")]).of(IDENTITY).searched();
        /// Last name, in the case in which it was typed.
        last_name: Option<String> = lucca(&[wire("lastName")]).of(IDENTITY).searched();
        /// Professional e-mail address.
        work_email: Option<String> = lucca(&[wire("mail")])
            .of(IDENTITY).guarded().column(Column::WorkEmail).searched();
        /// Login, unique in the tenant.
        login: Option<String> = lucca(&[wire("login")]).of(IDENTITY).searched();
        /// Employee number, with its leading zeros; unique within the establishment only.
        employee_number: Option<String> = lucca(&[wire("employeeNumber")])
            .of(IDENTITY).column(Column::EmployeeNumber).searched();
        /// The id in another system.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        external_id: Option<String> = lucca(&[wire("externalId")]).of(IDENTITY);
        /// Civil title, such as `Mme`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        civil_title: Option<String> = lucca(&[wire("civilTitle")]).of(IDENTITY);
        /// Job title, free text.
        job_title: Option<String> = lucca(&[wire("jobTitle")]).of(JOB_TITLE).guarded().searched();
        /// The manager. Absent for employees without one, and if the API key can't see the manager.
        manager_id: Option<RemoteId> = lucca(&[wire("managerId"), wire("manager").below(&["id"])])
            .of(MANAGER).guarded().column(Column::ManagerId);
        /// The department.
        department_id: Option<RemoteId> = lucca(&[wire("departmentId"), relation("department")])
            .of(WORK).guarded().column(Column::DepartmentId);
        /// The establishment (Lucca v3: legal entity). It leads to the legal unit.
        establishment_id: Option<RemoteId> = lucca(&[wire("legalEntityId"), relation("legalEntity")])
            .of(WORK).guarded().column(Column::EstablishmentId);
        /// Socio-professional category.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        occupation_category_id: Option<RemoteId> = lucca(&[relation("csp"), alias("cspId")]).of(WORK);
        /// Job qualification.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job_qualification: Option<NamedRef> =
            lucca(&[relation("jobQualification"), alias("jobQualificationId")])
            .of(QUALIFICATION).guarded();
        /// First day of the applicable contract.
        contract_start: Option<Date> = lucca(&[wire("dtContractStart")])
            .of(CONTRACT).guarded().column(Column::StartsOn);
        /// Last day of the applicable contract, inclusive; absent while open.
        contract_end: Option<Date> = lucca(&[wire("dtContractEnd")]).of(CONTRACT).column(Column::EndsOn);
        /// The date from which seniority counts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seniority_date: Option<Date> = lucca(&[wire("seniorityDate")]).of(CONTRACT);
        /// Professional landline.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        direct_line: Option<String> = lucca(&[wire("directLine")]).of(WORK);
        /// Professional mobile.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        professional_mobile: Option<String> = lucca(&[wire("professionalMobile")]).of(WORK);
        /// The employee's own text about themselves.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quote: Option<String> = lucca(&[wire("quote")]).of(WORK);
        /// Public-holiday calendar.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        calendar: Option<NamedRef> = lucca(&[relation("calendar"), alias("calendarId")]).of(WORK);
        /// Culture, by Windows locale id (1036 is French of France).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        culture: Option<NamedRef> = lucca(&[relation("culture"), alias("cultureId")]).of(WORK);
        /// Profile picture.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        picture: Option<Picture> =
            lucca(&[wire("picture").below(&["id", "name", "href"]), alias("pictureId")])
            .of(IDENTITY).note("picture: id, href");
        /// The one primary role in Lucca.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        primary_role: Option<NamedRef> = lucca(&[relation("rolePrincipal"), alias("rolePrincipalId")])
            .of(WORK);
        /// Further roles in Lucca.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        secondary_roles: Vec<NamedRef> = lucca(&[relation("habilitedRoles")]).of(WORK);
        /// Working patterns over time.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        work_cycles: Vec<WorkCycle> =
            lucca(&[wire("userWorkCycles").below(&["id", "workCycleID", "startsOn", "endsOn"])])
            .of(WORK);
        /// Values on the tenant's analytical axes (cost centres and the like), by axis id.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        axes: BTreeMap<String, Vec<NamedRef>> = lucca(&[wire("userAxisValues")])
            .of(CUSTOM).note("userAxisValues…");
        /// The tenant's own fields by key, `e_…`: a plain value, a list of them, or an object of further
        /// fields. The custom field definitions describe the keys.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        custom_fields: BTreeMap<String, Value> = lucca(&[wire("extendedData")]).of(CUSTOM).guarded();
        /// Profiles that Lucca's applications assign to the employee (`profile_figgo` is the leave profile)
        /// and the second manager's id (`manager2Id`, `manager2`), by Lucca's own key. Other members of
        /// Lucca's `applicationData` are never stored.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        application_data: BTreeMap<String, Value> = lucca(&[alias("applicationData")])
            .of(CUSTOM).note("applicationData: profile_…, manager2Id, manager2");
        /// Further attributes, in Lucca's form.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attributes: Option<Value> = lucca(&[wire("attributes")]).of(CUSTOM);
        /// Private contact details.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        contact: Option<Contact> = group(FieldGroup::Contact);
        /// Birth and civil status.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        birth: Option<Birth> = group(FieldGroup::Birth);
        /// Home address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<Address> = group(FieldGroup::Address);
        /// Official identifiers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        identifiers: Option<Identifiers> = group(FieldGroup::Identifiers);
        /// Bank account.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bank: Option<Bank> = group(FieldGroup::Bank);
        /// Pay, full-time equivalent and reviews.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pay_and_reviews: Option<PayAndReviews> = group(FieldGroup::PayAndReviews);
        /// Time of the last change according to Lucca. The changes that move it are undocumented: a hint, not a
        /// proof.
        modified_at: Option<SourceTime> = lucca(&[wire("modifiedAt"), alias("modifiedOn")]).of(IDENTITY);
        /// Fields that Lucca sent in an unreadable form; they are absent above.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unread_fields: Vec<String> = UNREAD;
    }
}

impl Employee {
    /// Empties the members that `groups` do not contain.
    pub fn keep_only(&mut self, groups: FieldGroups) {
        self.empty_unless(|member| member.part().is_in(groups));
    }

    /// The days of the applicable contract.
    pub fn contract(&self) -> Period {
        Period::new(self.contract_start, self.contract_end)
    }

    /// The id of the [`WorkingDay`] of a date for this employee, from their public-holiday calendar and the
    /// work cycle that applies then.
    pub fn working_day_id(&self, date: Date) -> RemoteId {
        let runs = |cycle: &&WorkCycle| {
            cycle.starts_on.is_none_or(|start| start <= date) && cycle.ends_on.is_none_or(|end| date <= end)
        };
        let cycle = self.work_cycles.iter().find(runs).and_then(|cycle| cycle.work_cycle.as_ref());
        let calendar = self.calendar.as_ref().map(|calendar| &calendar.id);
        WorkingDay::id_of(calendar, cycle.map(|cycle| &cycle.id), date)
    }

    /// Display name: Lucca's, else first and last name, else the id.
    pub fn shown_name(&self) -> String {
        if let Some(name) = self.name.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
            return name.to_owned();
        }
        let parts: Vec<&str> =
            [self.first_name.as_deref(), self.last_name.as_deref()].into_iter().flatten().collect();
        if parts.is_empty() { format!("#{}", self.id) } else { parts.join(" ") }
    }
}

model! {
    /// A profile picture, stored in Lucca.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Picture {
        /// Lucca's file id, a GUID.
        id: RemoteId = lucca(&[wire("id")]);
        /// Lucca's URL of the picture, absolute or relative to the tenant.
        // unverified: whether an API key may fetch this URL.
        href: Option<String> = lucca(&[wire("href")]);
    }
}

model! {
    /// A working pattern that applies from one day to another.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct WorkCycle {
        /// The pattern.
        work_cycle: Option<NamedRef> = lucca(&[wire("workCycle")]);
        /// First day; absent if it has always applied.
        starts_on: Option<Date> = lucca(&[wire("startsOn")]);
        /// Last day; absent if it applies without end.
        ends_on: Option<Date> = lucca(&[wire("endsOn")]);
    }
}

model! {
    /// Private contact details (field group `contact`).
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    pub struct Contact {
        /// Private e-mail address.
        personal_email: Option<String> = lucca(&[wire("personalEmail")]);
        /// Private mobile.
        personal_mobile: Option<String> = lucca(&[wire("personalMobile")]);
    }
}

model! {
    /// Birth and civil status (field group `birth`).
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    pub struct Birth {
        /// Date of birth.
        date: Option<Date> = lucca(&[wire("birthDate")]);
        /// Gender. Absent if it is not entered in Lucca.
        #[serde(default, deserialize_with = "Gender::read_stored")]
        gender: Option<Gender> = made("computed from gender");
        /// Gender in Lucca's wording.
        #[serde(default)]
        gender_native: Option<String> = lucca(&[wire("gender")]);
        /// Nationality in Lucca's wording.
        nationality: Option<NamedRef> = lucca(&[relation("nationality"), alias("nationalityId")]);
    }
}

model! {
    /// Home address (field group `address`), one line as in Lucca.
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    pub struct Address {
        /// The whole address.
        text: Option<String> = lucca(&[wire("address")]);
    }
}

model! {
    /// Official identifiers (field group `identifiers`).
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    pub struct Identifiers {
        /// Social security number.
        social_security_number: Option<String> = lucca(&[wire("insuranceNumber")]);
    }
}

model! {
    /// Bank account and payroll data (field group `bank`).
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    pub struct Bank {
        /// The bank's name.
        name: Option<String> = lucca(&[wire("bankName")]);
        /// IBAN.
        iban: Option<String> = lucca(&[wire("iban")]);
        /// BIC.
        bic: Option<String> = lucca(&[wire("bic")]);
        /// The French RIB.
        rib: Option<String> = lucca(&[wire("rib")]);
        /// Corporate card.
        #[serde(default)]
        corporate_card: Option<String> = lucca(&[wire("corporateCard")]);
        /// Whether the employee agreed to electronic payslips.
        #[serde(default)]
        allows_electronic_payslip: Option<bool> = lucca(&[wire("allowsElectronicPayslip")]);
        /// Fiscal horsepower of the employee's car, for French mileage allowances.
        #[serde(default)]
        french_car_tax_horse_power: Option<i64> = lucca(&[wire("frenchCarTaxHorsePower")]);
        /// Fiscal horsepower of the employee's motorcycle.
        #[serde(default)]
        french_motorcycle_tax_horse_power: Option<i64> = lucca(&[wire("frenchMotocyclesTaxHorsePower")]);
    }
}

model! {
    /// Pay, full-time equivalent and reviews (field group `pay_and_reviews`), from Lucca's `applicationData`.
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    pub struct PayAndReviews {
        /// Theoretical remuneration in Lucca's form: a text with its currency, such as `€40,000`.
        // unverified: the period it covers (a year is likely).
        theoretical_remuneration: Option<String> =
            lucca(&[wire("theoreticalRemuneration").within("applicationData")]);
        /// Full-time equivalent in Lucca's form: a number as text. Recorded values are monthly hours (`151.67`).
        // unverified: whether every tenant counts monthly hours.
        full_time_equivalent: Option<String> = lucca(&[wire("fullTimeEquivalent").within("applicationData")]);
        /// Time of the last annual review.
        last_annual_review_at: Option<SourceTime> =
            lucca(&[wire("lastAnnualReviewDate").within("applicationData")]);
        /// Time of the last professional review.
        last_professional_review_at: Option<SourceTime> =
            lucca(&[wire("lastProfessionalReviewDate").within("applicationData")]);
        /// Time of the last review of a fixed number of working days (*forfait jours*).
        last_fixed_working_days_review_at: Option<SourceTime> =
            lucca(&[wire("lastFixedWorkingDaysReviewDate").within("applicationData")]);
    }
}
