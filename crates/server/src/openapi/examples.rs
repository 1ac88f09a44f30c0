//! Examples of all request and response bodies, composed from the schemas. The people in them are invented.

use serde_json::{Map, Value, json};

/// Maximum depth of an example. No schema nests deeper unless it contains itself.
const DEEPEST: usize = 16;

/// Examples by member name, for members whose schema has none.
const BY_NAME: &[(&str, &str)] = &[
    ("department.name", "Design"),
    ("establishment.name", "Nantes"),
    ("legalunit.name", "Acme SAS"),
    ("jobqualification.name", "Product designer, level 2"),
    ("job_qualification.name", "Product designer, level 2"),
    ("job.name", "Product designer"),
    ("level.name", "Level 2"),
    ("occupationcategory.name", "Executive"),
    ("leavetype.name", "RTT 2026"),
    ("leavetypeview.name", "RTT 2026"),
    ("category.name", "RTT"),
    ("customfielddefinition.name", "T-shirt size"),
    ("entrie.name", "M"),
    ("calendar.name", "France"),
    ("culture.name", "Français"),
    ("work_cycle.name", "35 hours"),
    ("primary_role.name", "Employee"),
    ("secondary_role.name", "Manager"),
    ("contract_type.name", "Permanent"),
    ("hiring_type.name", "Recruitment"),
    ("termination_reason.name", "Resignation"),
    ("temporary_contract_ground.name", "Replacement"),
    ("departmentnode.name", "Design"),
    ("name", "Anne Roux"),
    ("first_name", "Anne"),
    ("last_name", "Roux"),
    ("work_email", "anne.roux@acme.example"),
    ("login", "aroux"),
    ("email", "it@acme.example"),
    ("employee_number", "00042"),
    ("job_title", "Product designer"),
    ("civil_title", "Ms"),
    ("direct_line", "+33 1 99 00 12 34"),
    ("professional_mobile", "+33 6 39 98 12 34"),
    ("organization", "Acme SAS"),
    ("customer_id", "cust_42"),
    ("city", "Nantes"),
    ("zip_code", "44000"),
    ("street", "1 rue de l’Exemple"),
    ("time_zone", "Europe/Paris"),
    ("country", "France"),
    ("country_code", "FR"),
    ("code", "DES"),
    ("first", "2026-05-04 PM"),
    ("last", "2026-05-06 PM"),
    ("half", "pm"),
    ("unit", "days"),
    ("language", "fr"),
    ("description", "The people app"),
    ("comment", "Back on Thursday."),
    ("message", "The balance would be below zero."),
    ("account_id", "acct_0193a5b0c2d47b3e9f1a2b3c4d5e6f70"),
    ("linked_account_id", "acct_0193a5b0c2d47b3e9f1a2b3c4d5e6f70"),
    ("flow_id", "flow_0193a5b0c2d47b3e9f1a2b3c4d5e6f70"),
    ("run_id", "run_0193a5b0c2d47b3e9f1a2b3c4d5e6f70"),
    ("key_id", "key_0193a5b0c2d47b3e9f1a2b3c4d5e6f70"),
    ("endpoint_id", "whe_0193a5b0c2d47b3e9f1a2b3c4d5e6f70"),
    ("next_cursor", "eyJ2IjoxLCJraW5kIjoiZW1wbG95ZWVzIiwiYWZ0ZXIiOiIxMiJ9"),
    ("cursor", "eyJ2IjoxLCJraW5kIjoiZW1wbG95ZWVzIiwiYWZ0ZXIiOiIxMiJ9"),
    ("url", "https://app.example/hooks/lucca"),
    ("allowed_origin", "https://app.example.com"),
    ("return_url", "https://app.example.com/linked"),
    ("tenant", "https://acme.ilucca.net"),
    ("half_day", "2026-05-04 PM"),
    ("leave_type_name", "RTT 2026"),
    ("lucca", "Le solde est insuffisant."),
    ("warning.text", "The team is thin on these days."),
    ("absencewarning.text", "The team is thin on these days."),
    ("passedon.text", "<html>…</html>"),
    ("activity_code", "6201Z"),
    ("legal_identification_number", "000 000 000 00000"),
    ("version", env!("CARGO_PKG_VERSION")),
    ("feature", "employees"),
    ("declined_feature", "leaves"),
    ("shares_tenant_with", "acct_0193a5b0c2d47b3e9f1a2b3c4d5e6f71"),
    ("event_type", "employee.hired"),
    ("error", "webhook.timeout"),
    ("subject", "see_former_employees"),
    ("issueview.text", "The API key may not see former employees."),
    ("remedy", "In Lucca, tick the box See former employees in the key's role."),
    ("cancelled_by", "12"),
    ("format", "list"),
    ("absencerequest.status", "pending"),
    ("problem.field", "limit"),
    ("title", "Unprocessable Entity"),
    ("detail", "It is between 1 and 500."),
];

/// Members without an example: those that are fetched only if the account requests them, and those that Lucca
/// writes.
const LEFT_OUT: &[&str] = &[
    "contact",
    "birth",
    "address",
    "identifiers",
    "bank",
    "pay_and_reviews",
    "custom_fields",
    "axes",
    "picture",
    "quote",
    "raw",
    "unread_fields",
    "application_data",
    "attributes",
];

/// An example for a schema.
pub(super) fn of(description: &Value, schema: &Value, name: &str) -> Value {
    Maker { description }.make(schema, name, 0)
}

/// The example for a parameter's name, if there is one.
pub(super) fn by_name(name: &str) -> Option<&'static str> {
    BY_NAME.iter().find(|(known, _)| *known == name).map(|(_, example)| *example)
}

struct Maker<'a> {
    description: &'a Value,
}

impl Maker<'_> {
    fn make(&self, schema: &Value, name: &str, depth: usize) -> Value {
        if depth > DEEPEST {
            return Value::Null;
        }
        if let Some(example) = schema["examples"].get(0).or_else(|| schema.get("example")) {
            return example.clone();
        }
        if let Some(pointer) = schema["$ref"].as_str().and_then(|to| to.strip_prefix('#')) {
            let schema = self.description.pointer(pointer).unwrap_or(&Value::Null);
            let name = pointer.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
            return self.make(schema, &name, depth + 1);
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let mut whole = Map::new();
            for part in parts {
                if let Value::Object(members) = self.make(part, name, depth + 1) {
                    whole.extend(members);
                }
            }
            return Value::Object(whole);
        }
        let choices = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
        if let Some(choice) = choices.and_then(|all| all.iter().find(|one| one["type"] != "null")) {
            return self.make(choice, name, depth + 1);
        }
        if let Some(value) = schema.get("const").or_else(|| schema["enum"].get(0)) {
            return value.clone();
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null"),
            kind => Some(kind),
        };
        match kind.and_then(Value::as_str).unwrap_or_default() {
            "string" => json!(text(schema, name)),
            "integer" | "number" => {
                schema.get("minimum").filter(|least| **least != json!(0)).cloned().unwrap_or(json!(1))
            }
            "boolean" => json!(!matches!(name, "is_archived" | "is_partial")),
            "array" => {
                json!([self.make(&schema["items"], name.strip_suffix('s').unwrap_or(name), depth + 1)])
            }
            "object" => self.object(schema, name, depth),
            _ => Value::Null,
        }
    }

    fn object(&self, schema: &Value, owner: &str, depth: usize) -> Value {
        let mut made = Map::new();
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let is_recursive = member["items"]["$ref"].is_string() && name == "children";
            if is_recursive {
                made.insert(name.clone(), json!([]));
            } else if !LEFT_OUT.contains(&name.as_str()) {
                let own = format!("{owner}.{name}");
                let name_or_own = if by_name(&own).is_some() { &own } else { name };
                made.insert(name.clone(), self.make(member, name_or_own, depth + 1));
            }
        }
        Value::Object(made)
    }
}

fn text(schema: &Value, name: &str) -> String {
    if let Some(text) = by_name(name) {
        return text.to_owned();
    }
    let described = schema["description"].as_str().unwrap_or_default();
    let format = schema["format"].as_str().unwrap_or_default();
    let text = match name {
        _ if format == "date" => "2026-05-04",
        _ if format == "date-time"
            || described.contains("UTC")
            || name.ends_with("_at")
            || name.ends_with("_since") =>
        {
            "2026-11-25T10:00:00Z"
        }
        _ if name.ends_with("_id") || name.ends_with("_ids") || name == "id" => "7",
        _ if name.ends_with("date") || name == "starts_on" || name == "ends_on" => "2026-05-04",
        // The first value that the description lists: `active`, `future` or `former`.
        _ => described
            .split('`')
            .nth(1)
            .filter(|word| !word.contains(' ') && !word.contains('='))
            .unwrap_or("text"),
    };
    text.to_owned()
}
