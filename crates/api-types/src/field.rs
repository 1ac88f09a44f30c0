//! Fields of the delivered streams.

use serde::Serialize;
use utoipa::ToSchema;

use crate::Sensitivity;

/// A field of a stream, as the account delivers it.
#[derive(Serialize, ToSchema)]
pub struct Field {
    /// The stream.
    #[schema(example = "employees")]
    stream: &'static str,
    /// The field's name in the model.
    #[schema(example = "contract_start")]
    field: &'static str,
    /// The name under which it is delivered; null if it is not delivered.
    #[schema(example = "contract_start")]
    delivered_as: Option<String>,
    /// Why it is not delivered: `excluded` by the account's rules, or `not_read`, because its field group or
    /// feature is not requested.
    #[schema(example = json!(null))]
    reason: Option<&'static str>,
    /// Its JSON Schema type or format.
    #[schema(example = "date")]
    r#type: String,
    /// The field group with which it is read; for employees.
    #[schema(example = "contract")]
    field_group: Option<&'static str>,
    /// The resource of Lucca's from which it is read.
    #[schema(example = "/api/v3/users")]
    resource: &'static str,
    /// Its field in that resource, or how it is derived.
    #[schema(example = "dtContractStart")]
    source: String,
    /// How far the value may travel.
    #[schema(value_type = Sensitivity)]
    sensitivity: &'static str,
    /// What it is, in a sentence or two.
    #[schema(example = "First day of the applicable contract.")]
    description: &'static str,
}

impl From<delivery::mapping::Field> for Field {
    fn from(field: delivery::mapping::Field) -> Self {
        Self {
            stream: field.stream,
            field: field.field,
            delivered_as: field.delivered_as,
            reason: field.reason,
            r#type: field.type_,
            field_group: field.field_group,
            resource: field.resource,
            source: field.source,
            sensitivity: field.sensitivity,
            description: field.description,
        }
    }
}
