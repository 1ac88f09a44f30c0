//! `DELETE /v1/scim-targets/{target_id}`: removes a SCIM service.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use store::DestinationKind;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use crate::answers::{Forbidden, NotFound, Unauthorized};
use crate::destinations;

/// Removes a service, its token, and the mapping to its users. Nothing changes in the service itself.
#[utoipa::path(
    delete, path = "/v1/scim-targets/{target_id}", tag = "SCIM targets", security(("key" = [])),
    params(("target_id" = String, Path, description = "The SCIM target's id.")),
    responses(
        (status = 204),
        Unauthorized,
        Forbidden,
        NotFound,
    )
)]
pub(crate) async fn delete_scim_target(
    State(app): State<App>,
    vendor: Vendor,
    Path(target_id): Path<String>,
) -> Result<StatusCode, Problem> {
    destinations::remove(&app, &vendor, DestinationKind::Scim, &target_id).await
}
