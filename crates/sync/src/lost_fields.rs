//! Fields that went silent: the server no longer takes them in a request, or no longer shows them to the key.
//! That they are absent means nothing, so what is stored stays. Pure.

use std::collections::{BTreeSet, HashMap};

use lucca::Note;
use people::{Model, RemoteId};
use serde_json::{Map, Value};
use store::{RecordUpsert, content_hash};

/// What an employee has under which names in the model and on the wire. A field with two names on the wire is
/// lost only with both.
const EMPLOYEE_FIELDS: &[(&str, &[&str])] = &[
    ("first_name", &["firstName"]),
    ("last_name", &["lastName"]),
    ("login", &["login"]),
    ("work_email", &["mail"]),
    ("employee_number", &["employeeNumber"]),
    ("external_id", &["externalId"]),
    ("civil_title", &["civilTitle"]),
    ("modified_at", &["modifiedAt"]),
    ("picture", &["picture"]),
    ("job_title", &["jobTitle"]),
    ("direct_line", &["directLine"]),
    ("professional_mobile", &["professionalMobile"]),
    ("establishment_id", &["legalEntityId", "legalEntity"]),
    ("department_id", &["departmentId", "department"]),
    ("manager_id", &["managerId", "manager"]),
    ("quote", &["quote"]),
    ("calendar", &["calendar"]),
    ("culture", &["culture"]),
    ("primary_role", &["rolePrincipal"]),
    ("secondary_roles", &["habilitedRoles"]),
    ("occupation_category_id", &["csp"]),
    ("job_qualification", &["jobQualification"]),
    ("work_cycles", &["userWorkCycles"]),
    ("contract_start", &["dtContractStart"]),
    ("contract_end", &["dtContractEnd"]),
    ("seniority_date", &["seniorityDate"]),
    ("custom_fields", &["extendedData"]),
    ("application_data", &["applicationData"]),
    ("axes", &["userAxisValues"]),
    ("attributes", &["attributes"]),
    ("contact", &["personalEmail", "personalMobile"]),
    ("birth", &["birthDate", "gender", "nationality"]),
    ("address", &["address"]),
    ("identifiers", &["insuranceNumber"]),
    (
        "bank",
        &[
            "bankName",
            "rib",
            "iban",
            "bic",
            "corporateCard",
            "allowsElectronicPayslip",
            "frenchCarTaxHorsePower",
            "frenchMotocyclesTaxHorsePower",
        ],
    ),
    (
        "pay_and_reviews",
        &[
            "applicationData",
            "applicationData.theoreticalRemuneration",
            "applicationData.fullTimeEquivalent",
            "applicationData.lastAnnualReviewDate",
            "applicationData.lastProfessionalReviewDate",
            "applicationData.lastFixedWorkingDaysReviewDate",
        ],
    ),
];

/// Field groups of the model: present as a whole when asked for, so only what is in them can be lost.
const GROUPS: [&str; 6] = ["contact", "birth", "address", "identifiers", "bank", "pay_and_reviews"];

/// Fields that a permission guards, or may guard. When a whole page of people has none of one that stored
/// people had, it was hidden and not emptied.
// unverified: which permission guards which field; Lucca publishes no such list (source: directory.md §4.2).
const GUARDED: [&str; 8] = [
    "job_title",
    "manager_id",
    "job_qualification",
    "department_id",
    "establishment_id",
    "contract_start",
    "work_email",
    "custom_fields",
];

/// How many stored people must have had a field for its absence from a page to be suspicious.
const SUSPICIOUS: usize = 2;

/// The model's fields that the server no longer takes in a request, by what an enumeration notes.
pub(crate) fn refused_fields(notes: &[Note]) -> BTreeSet<&'static str> {
    let mut refused = BTreeSet::new();
    let mut names = BTreeSet::new();
    for note in notes {
        match note {
            Note::FieldsDropped { names: dropped } => names.extend(dropped.iter().map(String::as_str)),
            Note::DefaultFields => refused.extend(EMPLOYEE_FIELDS.iter().map(|(field, _)| *field)),
            _ => {}
        }
    }
    let is_refused = |wire: &&str| names.iter().any(|name| name.eq_ignore_ascii_case(wire));
    for (field, wires) in EMPLOYEE_FIELDS {
        let lost =
            if GROUPS.contains(field) { wires.iter().any(is_refused) } else { wires.iter().all(is_refused) };
        if lost {
            refused.insert(*field);
        }
    }
    refused
}

/// Puts back what went silent into those of a page's records that are stored (`stored`: their models as JSON).
/// Gives the guarded fields that were found hidden.
pub(crate) fn keep_silent_fields<M: Model>(
    records: &mut [RecordUpsert],
    stored: &HashMap<RemoteId, String>,
    refused: &BTreeSet<&'static str>,
) -> BTreeSet<&'static str> {
    let parse = |body: &str| serde_json::from_str::<Map<String, Value>>(body).unwrap_or_default();
    let page: Vec<Map<String, Value>> = records.iter().map(|record| parse(&record.body)).collect();
    let stored: HashMap<&RemoteId, Map<String, Value>> =
        stored.iter().map(|(id, body)| (id, parse(body))).collect();
    let has =
        |model: &Map<String, Value>, field: &str| model.get(field).is_some_and(|value| !value.is_null());
    let is_hidden = |field: &&str| {
        !page.iter().any(|model| has(model, field))
            && stored.values().filter(|model| has(model, field)).count() >= SUSPICIOUS
    };
    let hidden: BTreeSet<&str> =
        GUARDED.into_iter().filter(|field| !refused.contains(field)).filter(is_hidden).collect();
    let silent: BTreeSet<&str> = refused.union(&hidden).copied().collect();
    if silent.is_empty() {
        return hidden;
    }
    for (record, mut model) in records.iter_mut().zip(page) {
        let Some(stored) = stored.get(&record.id) else { continue };
        for field in &silent {
            put_back(&mut model, stored, field);
        }
        // By way of the model, so that the fields stand in their usual order and the hash can be compared.
        let merged =
            serde_json::from_value::<M>(Value::Object(model)).and_then(|m| serde_json::to_string(&m));
        if let Ok(merged) = merged {
            record.hash = content_hash(&merged);
            record.body = merged;
        }
    }
    hidden
}

fn put_back(new: &mut Map<String, Value>, stored: &Map<String, Value>, field: &str) {
    let Some(old) = stored.get(field).filter(|old| !old.is_null()) else { return };
    if !GROUPS.contains(&field) {
        if new.get(field).is_none_or(Value::is_null) {
            new.insert(field.to_owned(), old.clone());
        }
    } else if let (Some(Value::Object(new)), Value::Object(old)) = (new.get_mut(field), old) {
        // A group that is absent is no longer asked for, and must not come back.
        for (name, value) in old {
            if new.get(name).is_none_or(Value::is_null) {
                new.insert(name.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dropped(names: &[&str]) -> Vec<Note> {
        vec![Note::FieldsDropped { names: names.iter().map(ToString::to_string).collect() }]
    }

    #[test]
    fn a_field_is_refused_when_every_name_of_it_is() {
        let fields = |names: &[&str]| refused_fields(&dropped(names)).into_iter().collect::<Vec<_>>();
        assert_eq!(fields(&["modifiedAt", "department.name"]), ["modified_at"]);
        assert_eq!(fields(&["managerId"]), [""; 0]);
        assert_eq!(fields(&["managerid", "manager"]), ["manager_id"]);
        assert_eq!(fields(&["iban"]), ["bank"]);
    }

    #[test]
    fn only_what_went_silent_is_put_back() {
        let stored =
            serde_json::json!({"job_title": "Chef", "manager_id": "1", "bank": {"iban": "x", "bic": "y"}});
        let mut new = serde_json::json!({"job_title": null, "manager_id": null}).as_object().unwrap().clone();
        for field in ["job_title", "bank"] {
            put_back(&mut new, stored.as_object().unwrap(), field);
        }
        assert_eq!(Value::Object(new), serde_json::json!({"job_title": "Chef", "manager_id": null}));
    }
}
