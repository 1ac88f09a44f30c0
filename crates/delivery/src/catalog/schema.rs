//! JSON Schemas (draft 7) of each stream's records. Everything but the id and the connector's columns may be
//! absent or null: excluded and erased records keep nothing else.

use people::Kind;
use serde_json::{Map, Value, json};

use super::{DELETED_AT, KEY, RowState, SEQ, STATE};
use crate::mapping::Mapping;

/// The JSON Schema of a stream's records. A kind that is no stream has only the common properties.
///
/// Dates have the format `date`. Times of Lucca's have the format `date-time` and, for Airbyte, the type
/// `timestamp_without_timezone`: Lucca writes most of them without a zone, and they are passed on unchanged;
/// one that ends in `Z` is UTC.
pub fn schema(kind: Kind) -> Value {
    let mut properties = object(members(kind));
    properties.insert(KEY.to_owned(), json!({ "type": "string", "description": "The id in Lucca." }));
    let states: Vec<&str> = RowState::ALL.iter().map(|state| state.name()).collect();
    let seq = "Grows with each change of the record: the number of the change log's that was reached when it was read.";
    properties.insert(SEQ.to_owned(), json!({ "type": "integer", "description": seq }));
    let state = "How the record stands: present; hidden, if the API key seems to have lost the permission to see it; \
                 gone from Lucca; excluded, if it is no longer wanted; erased, if everything of the person is to be \
                 erased.";
    properties.insert(STATE.to_owned(), json!({ "type": "string", "enum": states, "description": state }));
    let deleted_at = "Since when the record is gone, excluded or erased; null while it is to be kept.";
    properties.insert(
        DELETED_AT.to_owned(),
        json!({
            "type": ["null", "string"],
            "format": "date-time",
            "airbyte_type": "timestamp_with_timezone",
            "description": deleted_at,
        }),
    );
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "required": [KEY, SEQ, STATE],
        "properties": properties,
        "additionalProperties": true,
    })
}

/// The names of a stream's members.
pub(crate) fn member_names(kind: Kind) -> Vec<&'static str> {
    members(kind).iter().map(|(name, _)| *name).collect()
}

/// Whether a stream's records have a member of this name.
pub(crate) fn has_member(kind: Kind, name: &str) -> bool {
    members(kind).iter().any(|(member, _)| *member == name)
}

/// The names of a stream's members and of their inner members: `member.inner`.
pub(crate) fn field_names(kind: Kind) -> Vec<String> {
    let mut names = Vec::new();
    for (name, type_) in members(kind) {
        names.push((*name).to_owned());
        let inner: &[Member] = match type_ {
            Object(inner) | List(inner) => inner,
            Named | ListOfNamed => NAMED,
            _ => &[],
        };
        names.extend(inner.iter().map(|(inner, _)| format!("{name}.{inner}")));
    }
    names
}

/// The names of a stream's members, each with its JSON Schema type.
pub(crate) fn member_types(kind: Kind) -> Vec<(&'static str, String)> {
    let type_name = |type_: Type| {
        let schema = type_.schema();
        let name = schema["format"].as_str().or_else(|| schema["type"][1].as_str()).unwrap_or("any");
        name.to_owned()
    };
    members(kind).iter().map(|(name, type_)| (*name, type_name(*type_))).collect()
}

/// The JSON Schema of a stream's records as a mapping delivers them.
pub fn schema_as(kind: Kind, mapping: &Mapping) -> Value {
    let mut schema = schema(kind);
    if let Some(properties) = schema["properties"].as_object_mut() {
        let members = std::mem::take(properties);
        *properties = mapping.schema(kind, members);
    }
    schema
}

/// A stream's table columns in order: the model's, then the connector's.
pub fn columns(kind: Kind, mapping: &Mapping) -> Vec<String> {
    let own = members(kind).iter().filter_map(|(name, _)| mapping.name(kind, name));
    own.chain([SEQ, STATE, DELETED_AT]).map(str::to_owned).collect()
}

/// The type of a member.
#[derive(Clone, Copy)]
enum Type {
    Text,
    Flag,
    Integer,
    Number,
    Date,
    Time,
    /// Any JSON that the tenant has.
    Any,
    /// An object whose keys the tenant chooses.
    Open,
    /// Lists of names with ids, under keys that the tenant chooses.
    OpenNamed,
    /// An id and a name.
    Named,
    ListOfText,
    ListOfNamed,
    Object(&'static [Member]),
    List(&'static [Member]),
}

type Member = (&'static str, Type);

use Type::{
    Any, Date, Flag, Integer, List, ListOfNamed, ListOfText, Named, Number, Object, Open, OpenNamed, Text,
    Time,
};

const NAMED: &[Member] = &[("id", Text), ("name", Text)];

impl Type {
    fn schema(self) -> Value {
        match self {
            Text => json!({ "type": ["null", "string"] }),
            Flag => json!({ "type": ["null", "boolean"] }),
            Integer => json!({ "type": ["null", "integer"] }),
            Number => json!({ "type": ["null", "number"] }),
            Date => json!({ "type": ["null", "string"], "format": "date" }),
            Time => json!({
                "type": ["null", "string"],
                "format": "date-time",
                "airbyte_type": "timestamp_without_timezone",
            }),
            Any => json!({}),
            Open => json!({ "type": ["null", "object"], "additionalProperties": true }),
            OpenNamed => json!({
                "type": ["null", "object"],
                "additionalProperties": ListOfNamed.schema(),
            }),
            Named => Object(NAMED).schema(),
            ListOfText => json!({ "type": ["null", "array"], "items": { "type": "string" } }),
            ListOfNamed => List(NAMED).schema(),
            Object(members) => json!({
                "type": ["null", "object"],
                "properties": object(members),
                "additionalProperties": true,
            }),
            List(members) => json!({
                "type": ["null", "array"],
                "items": { "type": "object", "properties": object(members), "additionalProperties": true },
            }),
        }
    }
}

fn object(members: &[Member]) -> Map<String, Value> {
    members.iter().map(|(name, type_)| ((*name).to_owned(), type_.schema())).collect()
}

/// The members of a stream's records, as the models of `people` serialise them.
fn members(kind: Kind) -> &'static [Member] {
    match kind {
        Kind::Employee => EMPLOYEE,
        Kind::Employment => EMPLOYMENT,
        Kind::Department => DEPARTMENT,
        Kind::Establishment => ESTABLISHMENT,
        Kind::LegalUnit => LEGAL_UNIT,
        Kind::JobQualification => JOB_QUALIFICATION,
        Kind::OccupationCategory => OCCUPATION_CATEGORY,
        Kind::LeaveType => LEAVE_TYPE,
        Kind::Absence => ABSENCE,
        Kind::AbsenceRequest => ABSENCE_REQUEST,
        Kind::CustomFieldDefinition => CUSTOM_FIELD_DEFINITION,
        Kind::WorkingDay | Kind::UserLogEntry => &[],
    }
}

const EMPLOYEE: &[Member] = &[
    ("id", Text),
    ("name", Text),
    ("first_name", Text),
    ("last_name", Text),
    ("work_email", Text),
    ("login", Text),
    ("employee_number", Text),
    ("external_id", Text),
    ("civil_title", Text),
    ("job_title", Text),
    ("manager_id", Text),
    ("department_id", Text),
    ("establishment_id", Text),
    ("occupation_category_id", Text),
    ("job_qualification", Named),
    ("contract_start", Date),
    ("contract_end", Date),
    ("seniority_date", Date),
    ("direct_line", Text),
    ("professional_mobile", Text),
    ("quote", Text),
    ("calendar", Named),
    ("culture", Named),
    ("picture", Object(&[("id", Text), ("href", Text)])),
    ("primary_role", Named),
    ("secondary_roles", ListOfNamed),
    ("work_cycles", List(&[("work_cycle", Named), ("starts_on", Date), ("ends_on", Date)])),
    ("axes", OpenNamed),
    ("custom_fields", Open),
    ("application_data", Open),
    ("attributes", Any),
    ("contact", Object(&[("personal_email", Text), ("personal_mobile", Text)])),
    ("birth", Object(&[("date", Date), ("gender", Text), ("nationality", Named)])),
    ("address", Object(&[("text", Text)])),
    ("identifiers", Object(&[("social_security_number", Text)])),
    (
        "bank",
        Object(&[
            ("name", Text),
            ("iban", Text),
            ("bic", Text),
            ("rib", Text),
            ("corporate_card", Text),
            ("allows_electronic_payslip", Flag),
            ("french_car_tax_horse_power", Integer),
            ("french_motorcycle_tax_horse_power", Integer),
        ]),
    ),
    (
        "pay_and_reviews",
        Object(&[
            ("theoretical_remuneration", Text),
            ("full_time_equivalent", Text),
            ("last_annual_review_at", Time),
            ("last_professional_review_at", Time),
            ("last_fixed_working_days_review_at", Time),
        ]),
    ),
    ("modified_at", Time),
    ("unread_fields", ListOfText),
];

const EMPLOYMENT: &[Member] = &[
    ("id", Text),
    ("employee_id", Text),
    ("external_id", Text),
    ("starts_on", Date),
    ("ends_on", Date),
    ("is_applicable", Flag),
    ("establishment_id", Text),
    ("contract_type", Named),
    ("occupation_category_id", Text),
    ("hiring_type", Named),
    ("termination_reason", Named),
    ("temporary_contract_ground", Named),
    ("internship_supervisor_id", Text),
    ("trial_period_days", Integer),
    ("renewed_trial_period_days", Integer),
    ("trial_period_ends_on", Date),
    ("renewed_trial_period_ends_on", Date),
    ("created_at", Time),
    ("modified_at", Time),
    ("unread_fields", ListOfText),
];

const DEPARTMENT: &[Member] = &[
    ("id", Text),
    ("name", Text),
    ("code", Text),
    ("description", Text),
    ("parent_id", Text),
    ("head_id", Text),
    ("is_active", Flag),
    ("sort_order", Integer),
    ("created_at", Time),
    ("modified_at", Time),
    ("is_partial", Flag),
];

const ESTABLISHMENT: &[Member] = &[
    ("id", Text),
    ("name", Text),
    ("code", Text),
    ("legal_unit_id", Text),
    ("legal_identification_number", Text),
    ("activity_code", Text),
    ("street", Text),
    ("zip_code", Text),
    ("city", Text),
    ("time_zone", Text),
    ("is_archived", Flag),
    ("created_at", Time),
    ("is_partial", Flag),
];

const LEGAL_UNIT: &[Member] = &[
    ("id", Text),
    ("name", Text),
    ("code", Text),
    ("country", Text),
    ("country_code", Text),
    ("legal_identification_number", Text),
    ("activity_code", Text),
    ("headquarters_id", Text),
    ("is_archived", Flag),
    ("created_at", Time),
];

const JOB_QUALIFICATION: &[Member] = &[
    ("id", Text),
    ("name", Text),
    ("job", Named),
    ("level", Named),
    ("level_position", Integer),
    ("is_active", Flag),
];

const OCCUPATION_CATEGORY: &[Member] = &[("id", Text), ("name", Text)];

const LEAVE_TYPE: &[Member] =
    &[("id", Text), ("name", Text), ("is_remote_work", Flag), ("category", Named), ("unit", Text)];

const CUSTOM_FIELD_DEFINITION: &[Member] =
    &[("id", Text), ("name", Text), ("format", Text), ("entries", ListOfNamed)];

const ABSENCE: &[Member] = &[
    ("id", Text),
    ("employee_id", Text),
    ("is_confirmed", Flag),
    ("confirmed_at", Time),
    ("first", Text),
    ("last", Text),
    ("leave_type_ids", ListOfText),
    ("half_days", Integer),
    ("minutes", Integer),
    ("is_active", Flag),
    (
        "leaves",
        List(&[
            ("id", Text),
            ("date", Date),
            ("half", Text),
            ("leave_type_id", Text),
            ("minutes", Integer),
            ("value", Number),
            ("is_active", Flag),
            ("created_at", Time),
            ("cancelled_at", Time),
            ("cancelled_by", Text),
            ("comment", Text),
        ]),
    ),
];

const ABSENCE_REQUEST: &[Member] = &[
    ("id", Text),
    ("absence_id", Text),
    ("employee_id", Text),
    ("status", Text),
    ("created_at", Time),
    ("next_approver_id", Text),
    ("cancelled_at", Time),
    ("cancelled_by", Text),
    (
        "approvals",
        List(&[
            ("id", Text),
            ("approver_id", Text),
            ("substituted_approver_id", Text),
            ("approved", Flag),
            ("at", Time),
            ("comment", Text),
        ]),
    ),
    (
        "cancellation_requests",
        List(&[
            ("id", Text),
            ("author_id", Text),
            ("rank", Integer),
            ("approved", Flag),
            ("created_at", Time),
            ("next_approver_id", Text),
            ("is_active", Flag),
            ("comment", Text),
        ]),
    ),
    ("is_active", Flag),
    ("comment", Text),
];

#[cfg(test)]
mod tests {
    use people::{
        Absence, AbsenceRequest, CustomFieldDefinition, Department, Employee, Employment, Establishment,
        JobQualification, LeaveType, LegalUnit, Model, OccupationCategory,
    };

    use super::*;

    /// A value that the schema allows, with every member.
    fn sample(schema: &Value, name: &str) -> Value {
        let type_ = match &schema["type"] {
            Value::Array(types) => &types[1],
            one => one,
        };
        match (type_.as_str(), schema["format"].as_str()) {
            (None, _) => json!({ "anything": 1 }),
            (Some("string"), Some("date")) => json!("2026-05-04"),
            (Some("string"), Some("date-time")) => json!("2026-05-04T08:30:00"),
            (Some("string"), _) => json!(match name {
                "first" | "last" => "2026-05-04 AM",
                "half" => "am",
                "unit" => "days",
                "status" => "pending",
                _ => "x",
            }),
            // Models omit some flags when they are true.
            (Some("boolean"), _) => json!(false),
            (Some("integer"), _) => json!(7),
            (Some("number"), _) => json!(7.5),
            (Some("array"), _) => json!([sample(&schema["items"], name)]),
            (Some("object"), _) => match schema["properties"].as_object() {
                Some(members) => members
                    .iter()
                    .filter(|(name, _)| !name.starts_with("_lucca"))
                    .map(|(name, member)| (name.clone(), sample(member, name)))
                    .collect(),
                None if schema["additionalProperties"].is_object() => {
                    json!({ "axis": sample(&schema["additionalProperties"], name) })
                }
                None => json!({ "field": "x" }),
            },
            other => panic!("{other:?}"),
        }
    }

    /// Every member of the schema is one of the model's, of the same type, at every level. The reverse, that
    /// the schema lacks none, is tested by reading a whole tenant.
    fn is_of<T: Model>() {
        let sample = sample(&schema(T::KIND), "");
        let model: T =
            serde_json::from_value(sample.clone()).unwrap_or_else(|error| panic!("{error} in {sample:#}"));
        assert_eq!(serde_json::to_value(&model).unwrap(), sample);
    }

    #[test]
    fn schemas_match_the_models() {
        is_of::<Employee>();
        is_of::<Employment>();
        is_of::<Department>();
        is_of::<Establishment>();
        is_of::<LegalUnit>();
        is_of::<JobQualification>();
        is_of::<OccupationCategory>();
        is_of::<LeaveType>();
        is_of::<Absence>();
        is_of::<AbsenceRequest>();
        is_of::<CustomFieldDefinition>();
    }
}
