//! `DELETE /v1/linking-flows/{flow_id}`: withdraws an invitation.

use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::find;
use crate::api::answers::{NotFound, Unauthorized};
use crate::app::App;
use crate::auth::Vendor;
use crate::problem::Problem;

/// Withdraws an invitation: its links open no more, and the key it may hold is erased. What is linked stays linked.
#[utoipa::path(
    delete, path = "/v1/linking-flows/{flow_id}", tag = "linking", security(("key" = [])),
    params(("flow_id" = String, Path, description = "the flow's id")),
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
    app.machinery.store.cancel_link_flow(flow.id, vendor.actor(), app.machinery.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
