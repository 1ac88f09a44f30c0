//! `GET /v1/linking-flows/{flow_id}`: the progress of a linking flow.

use axum::Json;
use axum::extract::{Path, State};
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::{find, linking_flow};
use crate::answers::{NotFound, Unauthorized};

/// Shows the progress of a linking flow.
#[utoipa::path(
    get, path = "/v1/linking-flows/{flow_id}", tag = "Linking", security(("key" = [])),
    params(("flow_id" = String, Path, description = "The flow's id.")),
    responses(
        (status = 200, body = api_types::LinkingFlow),
        Unauthorized,
        NotFound,
    )
)]
pub(crate) async fn get_linking_flow(
    State(app): State<App>,
    _: Vendor,
    Path(flow_id): Path<String>,
) -> Result<Json<api_types::LinkingFlow>, Problem> {
    Ok(Json(linking_flow(&find(&app, &flow_id).await?)))
}
