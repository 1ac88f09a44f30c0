//! `GET /v1/scim-targets`: lists the SCIM services.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use store::DestinationKind;
use utoipa::ToSchema;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::ScimTargetView;
use crate::answers::{Forbidden, Unauthorized};

/// SCIM services.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScimTargetList {
    /// The services, oldest first.
    items: Vec<ScimTargetView>,
}

/// Lists the SCIM services to which people are provisioned.
#[utoipa::path(
    get, path = "/v1/scim-targets", tag = "SCIM", security(("key" = [])),
    responses(
        (status = 200, body = ScimTargetList),
        Unauthorized,
        Forbidden,
    )
)]
pub(crate) async fn scim_targets(State(app): State<App>, _: Vendor) -> Result<Json<ScimTargetList>, Problem> {
    let found = app.services.store.destinations(DestinationKind::Scim).await?;
    Ok(Json(ScimTargetList { items: found.into_iter().map(ScimTargetView::from).collect() }))
}
