//! Normalises a Lucca user to an employee.

use jiff::civil::{Date, date};
use lucca::FieldProblem;
use lucca::resources::User;
use people::{Address, Bank, Birth, Contact, Employee, Gender, Identifiers, NamedRef, Picture, WorkCycle};

use serde_json::{Map, Value};

use super::application_data::{application_data, pay_and_reviews};
use super::custom_fields::custom_fields;
use crate::scope::Scope;
use crate::{id, named, text, unread};

/// Lucca's dates for "no start" and "no end" of working patterns (source: directory.md §6.1).
const SINCE_EVER: Date = date(1900, 1, 1);
const WITHOUT_END: Date = date(9999, 12, 31);

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty)
}

/// Normalises a user and keeps only the scope's fields.
pub fn employee(user: User, problems: Vec<FieldProblem>, scope: &Scope) -> Employee {
    let first_name = text(user.first_name);
    let last_name = text(user.last_name);
    // Lucca's own name is first name, then last name (source: directory.md §12).
    let name = text(user.name).or_else(|| match (&first_name, &last_name) {
        (Some(first), Some(last)) => Some(format!("{first} {last}")),
        (first, last) => first.clone().or_else(|| last.clone()),
    });
    // Lucca enters employees without a manager as their own (source: Lucca's help page 360021100132, and
    // recorded responses, which have no null manager).
    let manager_id = id(user.manager).filter(|manager| *manager != user.id);
    let mut employee = Employee {
        id: user.id,
        name,
        first_name,
        last_name,
        work_email: text(user.mail),
        login: text(user.login),
        employee_number: text(user.employee_number),
        external_id: text(user.external_id),
        civil_title: text(user.civil_title),
        picture: user.picture.and_then(|picture| Some(Picture { id: picture.id?, href: text(picture.href) })),
        job_title: text(user.job_title),
        manager_id,
        department_id: id(user.department),
        // Lucca's v3 `legalEntity` is the establishment (source: directory.md §6.3).
        establishment_id: id(user.legal_entity),
        occupation_category_id: id(user.csp),
        job_qualification: named(user.job_qualification),
        direct_line: text(user.direct_line),
        professional_mobile: text(user.professional_mobile),
        quote: text(user.quote),
        calendar: named(user.calendar),
        culture: named(user.culture),
        primary_role: named(user.role_principal),
        secondary_roles: user.habilited_roles.into_iter().filter_map(|role| named(Some(role))).collect(),
        work_cycles: user
            .user_work_cycles
            .into_iter()
            .map(|cycle| WorkCycle {
                work_cycle: named(cycle.work_cycle),
                starts_on: cycle.starts_on.filter(|&day| day > SINCE_EVER),
                ends_on: cycle.ends_on.filter(|&day| day < WITHOUT_END),
            })
            .collect(),
        contract_start: user.contract_start,
        contract_end: user.contract_end.filter(|&day| day < WITHOUT_END),
        seniority_date: user.seniority_date,
        axes: user
            .axis_values
            .into_iter()
            .map(|(axis, values)| {
                let values = values
                    .into_iter()
                    .map(|v| NamedRef { id: v.id, name: v.name.map(String::from) })
                    .collect();
                (axis, values)
            })
            .collect(),
        custom_fields: custom_fields(user.extended_data, scope),
        pay_and_reviews: pay_and_reviews(&user.application_data, scope.groups),
        application_data: application_data(user.application_data, scope.groups),
        attributes: user.attributes.filter(|attributes| !is_empty(attributes)),
        contact: Some(Contact {
            personal_email: text(user.personal_email),
            personal_mobile: text(user.personal_mobile),
        }),
        birth: Some(Birth {
            date: user.birth_date,
            gender: user.gender.as_deref().and_then(Gender::of_word),
            gender_native: text(user.gender),
            nationality: named(user.nationality),
        }),
        address: Some(Address { text: text(user.address) }),
        identifiers: Some(Identifiers { social_security_number: text(user.insurance_number) }),
        bank: Some(Bank {
            name: text(user.bank_name),
            iban: text(user.iban),
            bic: text(user.bic),
            rib: text(user.rib),
            corporate_card: text(user.corporate_card),
            allows_electronic_payslip: user.allows_electronic_payslip,
            french_car_tax_horse_power: user.french_car_tax_horse_power,
            french_motorcycle_tax_horse_power: user.french_motocycles_tax_horse_power,
        }),
        modified_at: user.modified_at,
        unread_fields: unread(problems),
    };
    employee.keep_only(scope.groups);
    employee
}
