//! `DELETE /v1/scim-targets/{target_id}`: forgets a service.

use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::{audit, find, missing};
use crate::api::answers::{Forbidden, NotFound, Unauthorized};
use crate::app::App;
use crate::auth::Vendor;
use crate::problem::Problem;

/// Forgets a service, its token and which of its users are whose. Nothing is done there.
#[utoipa::path(
    delete, path = "/v1/scim-targets/{target_id}", tag = "SCIM", security(("key" = [])),
    params(("target_id" = String, Path, description = "the service's id")),
    responses(
        (status = 204),
        Unauthorized,
        Forbidden,
        NotFound,
    )
)]
pub(crate) async fn remove_scim_target(
    State(app): State<App>,
    vendor: Vendor,
    Path(target_id): Path<String>,
) -> Result<StatusCode, Problem> {
    let target = find(&app, &target_id).await?;
    if !app.machinery.store.remove_scim_target(target.id).await? {
        return Err(missing());
    }
    audit(&app, vendor.actor(), "scim_target.removed", &target).await?;
    Ok(StatusCode::NO_CONTENT)
}
