//! Delivery settings of a linked account.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

/// The delivery rules of a linked account, and their effect. See docs/mapping.md.
#[derive(Serialize, ToSchema)]
pub struct DeliverySettings {
    /// The rules. Without any, everything is delivered under the model's names.
    #[schema(value_type = DeliveryRules)]
    pub rules: store::DeliveryRules,
    /// The number of employees that these rules deliver, add and remove. The next sync applies them.
    pub people: DeliveryEffect,
}

/// The effect of delivery rules.
#[derive(Serialize, ToSchema)]
pub struct DeliveryEffect {
    /// Number of employees that are delivered with these rules.
    #[schema(example = 120)]
    pub delivered: u64,
    /// Number of employees that are not delivered now, and will be.
    #[schema(example = 0)]
    pub enter: u64,
    /// Number of employees that are delivered now, and will not be.
    #[schema(example = 14)]
    pub leave: u64,
}

/// Delivery rules. Absent members have no rule.
#[derive(ToSchema)]
#[schema(example = json!({
    "people": { "statuses": ["active", "future"] },
    "fields": { "employees": { "except": ["login"] } },
    "renames": { "employees": { "job_title": "title" } },
}))]
#[expect(dead_code, reason = "describes `store::DeliveryRules`")]
pub struct DeliveryRules {
    /// The employees to deliver; all if absent or null.
    #[schema(required = false)]
    people: Option<EmployeeFilter>,
    /// The fields to deliver, by stream; all if absent.
    #[schema(required = false)]
    fields: BTreeMap<String, FieldRule>,
    /// Renamed fields, by stream: the delivered name by the model's name.
    #[schema(required = false)]
    renames: BTreeMap<String, BTreeMap<String, String>>,
}

/// The fields of a stream that are delivered. A field is a member, or `member.inner`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes `store::FieldRule`")]
pub struct FieldRule {
    /// Only these fields and the id; all if absent.
    #[schema(required = false)]
    only: Vec<String>,
    /// All fields except these.
    #[schema(required = false)]
    except: Vec<String>,
}

/// The employees that are delivered: those that match every condition. A condition without values holds for all.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes `people::PeopleFilter`")]
pub struct EmployeeFilter {
    /// Ids of establishments that employ the employee.
    #[schema(required = false)]
    establishments: Vec<String>,
    /// Ids of departments that the employee is in, or in one below.
    #[schema(required = false)]
    departments: Vec<String>,
    /// Whether departments below the named ones count; true by default.
    #[schema(required = false)]
    with_subdepartments: bool,
    /// Contract types, by id or by name in any case.
    #[schema(required = false)]
    contract_types: Vec<String>,
    /// Statuses on the present day: `active`, `future`, `former`.
    #[schema(required = false)]
    statuses: Vec<String>,
    /// The contract begins on this day or later.
    #[schema(required = false, format = Date)]
    hired_from: Option<String>,
    /// The contract begins on this day or earlier.
    #[schema(required = false, format = Date)]
    hired_until: Option<String>,
}
