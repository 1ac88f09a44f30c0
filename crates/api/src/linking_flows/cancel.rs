//! `DELETE /v1/linking-flows/{flow_id}`: cancels a linking flow.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::find;
use crate::answers::{NotFound, Unauthorized};

/// Cancels a linking flow: its links stop working, and its API key is erased. A linked account stays linked.
#[utoipa::path(
    delete, path = "/v1/linking-flows/{flow_id}", tag = "Linking", security(("key" = [])),
    params(("flow_id" = String, Path, description = "The flow's id.")),
    responses(
        (status = 204),
        Unauthorized,
        NotFound,
    )
)]
pub(crate) async fn cancel_linking_flow(
    State(app): State<App>,
    vendor: Vendor,
    Path(flow_id): Path<String>,
) -> Result<StatusCode, Problem> {
    let flow = find(&app, &flow_id).await?;
    app.services.store.cancel_link_flow(flow.id, vendor.actor(), app.services.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
