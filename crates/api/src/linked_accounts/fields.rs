//! `GET /v1/linked-accounts/{account_id}/fields`: the fields of each stream, with their delivered names and
//! sources.

use axum::Json;
use axum::extract::State;
use delivery::mapping::{Field, fields};
use serde::Serialize;
use utoipa::ToSchema;
use web::app::App;
use web::auth::Reader;
use web::problem::Problem;

use crate::answers::{NotFound, Unauthorized};

/// A field of a stream, as the account delivers it.
#[derive(Serialize, ToSchema)]
pub(crate) struct FieldView {
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
    /// How far the value may travel in a company: `internal` (known to everyone who works with the data), `personal` (who a
    /// person is at work) or `confidential` (private life, pay, bank; read only where its field group is requested).
    #[schema(example = "personal")]
    sensitivity: &'static str,
    /// What it is, in a sentence or two.
    #[schema(example = "First day of the applicable contract.")]
    description: &'static str,
}

impl From<Field> for FieldView {
    fn from(field: Field) -> Self {
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

/// Fields.
#[derive(Serialize, ToSchema)]
pub(crate) struct FieldList {
    /// The fields, stream by stream.
    items: Vec<FieldView>,
}

/// Lists all fields of all streams: the name under which each is delivered, or why it is not, and its source
/// in Lucca.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{account_id}/fields", tag = "linked accounts", security(("key" = [])),
    params(("account_id" = String, Path, description = "the linked account's id")),
    responses(
        (status = 200, body = FieldList),
        Unauthorized,
        NotFound,
    )
)]
pub(crate) async fn account_fields(
    State(_): State<App>,
    Reader { account, .. }: Reader,
) -> Result<Json<FieldList>, Problem> {
    Ok(Json(FieldList { items: fields(&account).into_iter().map(FieldView::from).collect() }))
}
