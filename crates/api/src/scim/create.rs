//! `POST /v1/scim-targets`: adds a SCIM service.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use store::DestinationKind;
use utoipa::ToSchema;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::{checked_settings, checked_token};
use crate::Body;
use crate::answers::{Forbidden, Unauthorized, Unprocessable};
use crate::destinations::{self, Creation};
use crate::linked_accounts;

/// The service to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScimTargetCreate {
    /// The linked account whose employees are provisioned.
    linked_account_id: String,
    /// The base address of the service's `/Users` and `/Groups`: `https:`, on the public internet.
    #[schema(example = "https://id.example/scim/v2")]
    base_url: String,
    /// The bearer token for the service. It is stored encrypted and never shown.
    #[schema(example = "EXAMPLE", min_length = 1, max_length = 16384)]
    token: String,
    /// See docs/scim.md; all defaults if absent.
    #[schema(value_type = Option<api_types::ScimSettings>)]
    settings: Option<Value>,
}

/// Adds a SCIM service. All of the account's employees are pushed soon. To preview the effect, use
/// `lucca-connector scim push --dry-run`.
#[utoipa::path(
    post, path = "/v1/scim-targets", tag = "SCIM targets", security(("key" = [])), request_body = ScimTargetCreate,
    responses(
        (status = 201, body = api_types::ScimTarget),
        Unauthorized,
        Forbidden,
        Unprocessable,
    )
)]
pub(crate) async fn create_scim_target(
    State(app): State<App>,
    vendor: Vendor,
    Body(wanted): Body<ScimTargetCreate>,
) -> Result<(StatusCode, Json<api_types::ScimTarget>), Problem> {
    let target = destinations::target(&app, "base_url", &wanted.base_url)?;
    let account = linked_accounts::find_named(&app, "linked_account_id", &wanted.linked_account_id).await?;
    let new = Creation {
        kind: DestinationKind::Scim,
        account: Some(&account),
        address: target.as_str().trim_end_matches('/'),
        settings: &checked_settings(wanted.settings.unwrap_or_else(|| json!({})))?,
        credential: &checked_token(wanted.token)?,
    };
    let target = destinations::create(&app, &vendor, new).await?;
    Ok((StatusCode::CREATED, Json(target.into())))
}
