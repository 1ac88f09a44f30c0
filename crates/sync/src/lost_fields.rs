//! Fields that went silent: the server refuses them in requests or no longer shows them to the key. Their
//! absence is no change, so stored values stay. Pure.

use std::collections::{BTreeSet, HashMap};

use lucca::Note;
use people::{Model, RemoteId};
use serde_json::{Map, Value};
use store::{RecordUpsert, content_hash};

/// Employee fields by name in the model, with their names on the wire. A field with two wire names is lost
/// only with both.
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

/// Field groups of the model: present as a whole when requested, so only their members can be lost.
const GROUPS: [&str; 6] = ["contact", "birth", "address", "identifiers", "bank", "pay_and_reviews"];

/// Fields that a permission guards, or may guard. If a whole page of employees lacks one that stored
/// employees had, it was hidden and not emptied.
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

/// The number of stored employees that must have had a field before its absence from a page is suspicious.
const MIN_STORED_WITH_FIELD: usize = 2;

/// The model's fields that the server refuses in requests, from an enumeration's notes.
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

/// Restores silent fields in a page's records from their stored models (`stored`, as JSON). Returns the
/// guarded fields that were found hidden.
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
            && stored.values().filter(|model| has(model, field)).count() >= MIN_STORED_WITH_FIELD
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
            restore_field(&mut model, stored, field);
        }
        // Through the model, so that fields have their usual order and the hash is comparable.
        let merged =
            serde_json::from_value::<M>(Value::Object(model)).and_then(|m| serde_json::to_string(&m));
        if let Ok(merged) = merged {
            record.hash = content_hash(&merged);
            record.body = merged;
        }
    }
    hidden
}

fn restore_field(new: &mut Map<String, Value>, stored: &Map<String, Value>, field: &str) {
    let Some(old) = stored.get(field).filter(|old| !old.is_null()) else { return };
    if !GROUPS.contains(&field) {
        if new.get(field).is_none_or(Value::is_null) {
            new.insert(field.to_owned(), old.clone());
        }
    } else if let (Some(Value::Object(new)), Value::Object(old)) = (new.get_mut(field), old) {
        // A group that is absent is no longer requested, and must not be restored.
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
    fn only_silent_fields_are_restored() {
        let stored =
            serde_json::json!({"job_title": "Chef", "manager_id": "1", "bank": {"iban": "x", "bic": "y"}});
        let mut new = serde_json::json!({"job_title": null, "manager_id": null}).as_object().unwrap().clone();
        for field in ["job_title", "bank"] {
            restore_field(&mut new, stored.as_object().unwrap(), field);
        }
        assert_eq!(Value::Object(new), serde_json::json!({"job_title": "Chef", "manager_id": null}));
    }
}
