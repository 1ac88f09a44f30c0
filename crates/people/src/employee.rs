//! Employees: identity, place in the organisation, and the optional groups of personal data.
//!
//! Types only. Status is not stored, because it changes with the date: see `status`.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{NamedRef, Period, RemoteId, SourceTime, WorkingDay};

/// A person employed now, in the future or in the past: one Lucca user.
///
/// One human can have two of these at the source; they are reported, never merged. Groups of personal data
/// ([`contact`](Self::contact) to [`pay_and_reviews`](Self::pay_and_reviews)) are absent unless the linked
/// account requests them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Employee {
    /// Lucca's id; `0` is real.
    pub id: RemoteId,
    /// The name as Lucca shows it, first name first.
    pub name: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name, in the case in which it was typed.
    pub last_name: Option<String>,
    /// Professional e-mail address.
    pub work_email: Option<String>,
    /// Login, unique in the tenant.
    pub login: Option<String>,
    /// Employee number, with its leading zeros; unique within the establishment only.
    pub employee_number: Option<String>,
    /// The id in another system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Civil title, such as `Mme`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub civil_title: Option<String>,
    /// Job title, free text.
    pub job_title: Option<String>,
    /// The manager. Absent for people without one, and if the API key may not see the manager.
    pub manager_id: Option<RemoteId>,
    /// The department.
    pub department_id: Option<RemoteId>,
    /// The establishment (Lucca v3: legal entity). It leads to the legal unit.
    pub establishment_id: Option<RemoteId>,
    /// Socio-professional category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occupation_category_id: Option<RemoteId>,
    /// Job qualification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_qualification: Option<NamedRef>,
    /// First day of the applicable contract.
    pub contract_start: Option<Date>,
    /// Last day of the applicable contract, inclusive; absent while open.
    pub contract_end: Option<Date>,
    /// The date from which seniority counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seniority_date: Option<Date>,
    /// Professional landline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct_line: Option<String>,
    /// Professional mobile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub professional_mobile: Option<String>,
    /// The person's own text about themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    /// Public-holiday calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<NamedRef>,
    /// Culture, by Windows locale id (1036 is French of France).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub culture: Option<NamedRef>,
    /// Profile picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
    /// The one primary role in Lucca.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_role: Option<NamedRef>,
    /// Further roles in Lucca.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secondary_roles: Vec<NamedRef>,
    /// Working patterns over time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub work_cycles: Vec<WorkCycle>,
    /// Values on the tenant's analytical axes (cost centres and the like), by axis id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub axes: BTreeMap<String, Vec<NamedRef>>,
    /// The tenant's own fields by key, `e_…`: a plain value, a list of them, or an object of further fields.
    /// [`CustomFieldDefinition`](crate::CustomFieldDefinition) holds the meaning of a key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub custom_fields: BTreeMap<String, Value>,
    /// Profiles that Lucca's applications assign to the person (`profile_figgo` is the leave profile) and the
    /// second manager's id (`manager2Id`, `manager2`), by Lucca's own key. No other member of Lucca's
    /// `applicationData` is kept here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub application_data: BTreeMap<String, Value>,
    /// Further attributes, in Lucca's form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Value>,
    /// Private contact details.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// Birth and civil status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth: Option<Birth>,
    /// Home address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// Official identifiers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifiers: Option<Identifiers>,
    /// Bank account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<Bank>,
    /// Pay, full-time equivalent and reviews.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay_and_reviews: Option<PayAndReviews>,
    /// Time of the last change according to Lucca. The changes that move it are undocumented: a hint, not a
    /// proof.
    pub modified_at: Option<SourceTime>,
    /// Fields that Lucca sent in an unreadable form; they are absent above.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread_fields: Vec<String>,
}

impl Employee {
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

/// A profile picture, kept at Lucca.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// Lucca's file id, a GUID.
    pub id: RemoteId,
    /// Lucca's URL of the picture, absolute or relative to the tenant.
    // unverified: whether an API key may fetch this URL.
    pub href: Option<String>,
}

/// A working pattern that applies from one day to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkCycle {
    /// The pattern.
    pub work_cycle: Option<NamedRef>,
    /// First day; absent if it has always applied.
    pub starts_on: Option<Date>,
    /// Last day; absent if it applies without end.
    pub ends_on: Option<Date>,
}

/// Private contact details (field group `contact`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// Private e-mail address.
    pub personal_email: Option<String>,
    /// Private mobile.
    pub personal_mobile: Option<String>,
}

/// Birth and civil status (field group `birth`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Birth {
    /// Date of birth.
    pub date: Option<Date>,
    /// Gender in Lucca's wording.
    pub gender: Option<String>,
    /// Nationality in Lucca's wording.
    pub nationality: Option<NamedRef>,
}

/// Home address (field group `address`), one line as Lucca keeps it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Address {
    /// The whole address.
    pub text: Option<String>,
}

/// Official identifiers (field group `identifiers`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Identifiers {
    /// Social security number.
    pub social_security_number: Option<String>,
}

/// Bank account and payroll data (field group `bank`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bank {
    /// The bank's name.
    pub name: Option<String>,
    /// IBAN.
    pub iban: Option<String>,
    /// BIC.
    pub bic: Option<String>,
    /// The French RIB.
    pub rib: Option<String>,
    /// Corporate card.
    #[serde(default)]
    pub corporate_card: Option<String>,
    /// Whether the person agreed to electronic payslips.
    #[serde(default)]
    pub allows_electronic_payslip: Option<bool>,
    /// Fiscal horsepower of the person's car, for French mileage allowances.
    #[serde(default)]
    pub french_car_tax_horse_power: Option<i64>,
    /// Fiscal horsepower of the person's motorcycle.
    #[serde(default)]
    pub french_motorcycle_tax_horse_power: Option<i64>,
}

/// Pay, full-time equivalent and reviews (field group `pay_and_reviews`), from Lucca's `applicationData`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PayAndReviews {
    /// Theoretical remuneration in Lucca's form: a text with its currency, such as `€40,000`.
    // unverified: the period it covers (a year is likely).
    pub theoretical_remuneration: Option<String>,
    /// Full-time equivalent in Lucca's form: a number as text. Recorded values are monthly hours (`151.67`).
    // unverified: that every tenant counts monthly hours.
    pub full_time_equivalent: Option<String>,
    /// Time of the last annual review.
    pub last_annual_review_at: Option<SourceTime>,
    /// Time of the last professional review.
    pub last_professional_review_at: Option<SourceTime>,
    /// Time of the last review of a fixed number of working days (*forfait jours*).
    pub last_fixed_working_days_review_at: Option<SourceTime>,
}
