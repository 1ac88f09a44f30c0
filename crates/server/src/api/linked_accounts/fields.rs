//! `GET /v1/linked-accounts/{account_id}/fields`: what is delivered of each record, and where it comes from.

use axum::Json;
use axum::extract::State;
use delivery::mapping::{Field, fields};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::answers::{NotFound, Unauthorized};
use crate::app::App;
use crate::auth::Reader;
use crate::problem::Problem;

/// A field of a stream, as the linked account delivers it.
#[derive(Serialize, ToSchema)]
pub(crate) struct FieldView {
    /// The stream.
    #[schema(example = "employees")]
    stream: &'static str,
    /// The model's name of it.
    #[schema(example = "contract_start")]
    field: &'static str,
    /// Under which name it is delivered; null where it is not.
    #[schema(example = "contract_start")]
    delivered_as: Option<String>,
    /// Why it is not: `excluded` by the account's rules, or `not_read`, because its field group or feature is not asked for.
    #[schema(example = json!(null))]
    reason: Option<&'static str>,
    /// Its type, as JSON Schema has it, or its format.
    #[schema(example = "date")]
    r#type: String,
    /// The field group that it is read with; of employees.
    #[schema(example = "contract")]
    field_group: Option<&'static str>,
    /// The resource of Lucca's that it is read from.
    #[schema(example = "/api/v3/users")]
    resource: &'static str,
    /// Its field there, or how it is made of others.
    #[schema(example = "dtContractStart")]
    source: &'static str,
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
        }
    }
}

/// Fields.
#[derive(Serialize, ToSchema)]
pub(crate) struct FieldList {
    /// The fields, stream by stream.
    items: Vec<FieldView>,
}

/// Lists every field of every stream: under which name it is delivered, or why not, and where it comes from in Lucca.
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
