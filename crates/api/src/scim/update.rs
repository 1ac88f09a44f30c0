//! `PATCH /v1/scim-targets/{target_id}`: changes, disables or enables a SCIM service.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::Value;
use store::DestinationChange;
use utoipa::ToSchema;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::{checked_settings, checked_token, find};
use crate::Body;
use crate::answers::{Forbidden, NotFound, Unauthorized, Unprocessable};
use crate::destinations;

/// Changes to a service; absent members stay unchanged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScimTargetUpdate {
    /// Settings, which replace the current ones.
    #[schema(value_type = Option<api_types::ScimSettings>)]
    settings: Option<Value>,
    /// A new bearer token.
    #[schema(example = "EXAMPLE", min_length = 1, max_length = 16384)]
    token: Option<String>,
    /// Whether changes are pushed.
    enabled: Option<bool>,
}

/// Changes, disables or enables a service. A full comparison follows soon.
#[utoipa::path(
    patch, path = "/v1/scim-targets/{target_id}", tag = "SCIM targets", security(("key" = [])),
    params(("target_id" = String, Path, description = "The SCIM target's id.")), request_body = ScimTargetUpdate,
    responses(
        (status = 200, body = api_types::ScimTarget),
        Unauthorized,
        Forbidden,
        NotFound,
        Unprocessable,
    )
)]
pub(crate) async fn update_scim_target(
    State(app): State<App>,
    vendor: Vendor,
    Path(target_id): Path<String>,
    Body(wanted): Body<ScimTargetUpdate>,
) -> Result<Json<api_types::ScimTarget>, Problem> {
    let target = find(&app, &target_id).await?;
    let token = wanted.token.map(checked_token).transpose()?;
    let nonce = app.services.entropy.bytes()?;
    let change = DestinationChange {
        address: None,
        settings: wanted.settings.map(checked_settings).transpose()?,
        enabled: wanted.enabled,
        credential: token.as_ref().map(|token| (token, nonce)),
    };
    Ok(Json(destinations::change(&app, &vendor, &target, change).await?.into()))
}
