//! `GET /v1/linking-flows/{flow_id}`: the progress of a linking flow.

use axum::Json;
use axum::extract::{Path, State};

use super::{LinkingFlowView, find};
use crate::api::answers::{NotFound, Unauthorized};
use crate::app::App;
use crate::auth::Vendor;
use crate::problem::Problem;

/// Shows the progress of a linking flow.
#[utoipa::path(
    get, path = "/v1/linking-flows/{flow_id}", tag = "linking", security(("key" = [])),
    params(("flow_id" = String, Path, description = "the flow's id")),
    responses(
        (status = 200, body = LinkingFlowView),
        Unauthorized,
        NotFound,
    )
)]
pub(crate) async fn linking_flow(
    State(app): State<App>,
    _: Vendor,
    Path(flow_id): Path<String>,
) -> Result<Json<LinkingFlowView>, Problem> {
    Ok(Json(LinkingFlowView::of(&find(&app, &flow_id).await?)))
}
