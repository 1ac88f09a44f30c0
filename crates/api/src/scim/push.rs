//! `POST /v1/scim-targets/{target_id}/push`: schedules a full comparison and push.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use store::DestinationKind;
use utoipa::ToSchema;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::find;
use crate::Body;
use crate::answers::{Forbidden, NotFound, Unauthorized, Unprocessable};
use crate::destinations::missing;

/// Options of a push.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScimPushCreate {
    /// Whether to confirm deactivations that exceed the limit above which a push requires confirmation; false
    /// by default.
    #[serde(default)]
    confirm: bool,
}

/// Schedules a full comparison of a service's users and groups. If the service is enabled, differences are
/// pushed within seconds. `last_push` has the result.
#[utoipa::path(
    post, path = "/v1/scim-targets/{target_id}/push", tag = "SCIM targets", security(("key" = [])),
    params(("target_id" = String, Path, description = "The SCIM target's id.")), request_body = ScimPushCreate,
    responses(
        (status = 202, body = api_types::ScimTarget),
        Unauthorized,
        Forbidden,
        NotFound,
        Unprocessable,
    )
)]
pub(crate) async fn push_scim_target(
    State(app): State<App>,
    vendor: Vendor,
    Path(target_id): Path<String>,
    Body(wanted): Body<ScimPushCreate>,
) -> Result<(StatusCode, Json<api_types::ScimTarget>), Problem> {
    let target = find(&app, &target_id).await?;
    let (services, actor) = (&app.services, vendor.actor());
    if !services.store.request_push(&target, wanted.confirm, (actor, services.clock.now())).await? {
        return Err(missing(DestinationKind::Scim));
    }
    Ok((StatusCode::ACCEPTED, Json(find(&app, &target_id).await?.into())))
}
