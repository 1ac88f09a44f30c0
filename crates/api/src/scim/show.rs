//! `GET /v1/scim-targets/{target_id}`: a SCIM service and the result of the last push.

use axum::Json;
use axum::extract::{Path, State};
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::find;
use crate::answers::{Forbidden, NotFound, Unauthorized};

/// Shows a service and the result of the last push to it.
#[utoipa::path(
    get, path = "/v1/scim-targets/{target_id}", tag = "SCIM targets", security(("key" = [])),
    params(("target_id" = String, Path, description = "The SCIM target's id.")),
    responses(
        (status = 200, body = api_types::ScimTarget),
        Unauthorized,
        Forbidden,
        NotFound,
    )
)]
pub(crate) async fn get_scim_target(
    State(app): State<App>,
    _: Vendor,
    Path(target_id): Path<String>,
) -> Result<Json<api_types::ScimTarget>, Problem> {
    Ok(Json(find(&app, &target_id).await?.into()))
}
