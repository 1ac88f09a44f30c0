//! `POST /v1/scim-targets/{target_id}/push`: has all be compared and pushed soon.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{ScimTargetView, find, missing};
use crate::api::Body;
use crate::api::answers::{Forbidden, NotFound, Unauthorized, Unprocessable};
use crate::app::App;
use crate::auth::Vendor;
use crate::problem::Problem;

/// What is agreed to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedPush {
    /// Whether users are deactivated also where so many would be that a push asks first; false by default.
    #[serde(default)]
    confirm: bool,
}

/// Has a service's users and groups be compared and pushed within seconds, where it is enabled. `last_push` says how it went.
#[utoipa::path(
    post, path = "/v1/scim-targets/{target_id}/push", tag = "SCIM", security(("key" = [])),
    params(("target_id" = String, Path, description = "the service's id")), request_body = WantedPush,
    responses(
        (status = 202, body = ScimTargetView),
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
    Body(wanted): Body<WantedPush>,
) -> Result<(StatusCode, Json<ScimTargetView>), Problem> {
    let target = find(&app, &target_id).await?;
    let (machinery, actor) = (&app.machinery, vendor.actor());
    if !machinery.store.ask_for_scim_push(&target, wanted.confirm, (actor, machinery.clock.now())).await? {
        return Err(missing());
    }
    Ok((StatusCode::ACCEPTED, Json(find(&app, &target_id).await?.into())))
}
