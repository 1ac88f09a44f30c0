//! `GET /v1/scim-targets`: lists the SCIM services.

use api_types::List;
use axum::Json;
use axum::extract::State;
use store::DestinationKind;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use crate::answers::{Forbidden, Unauthorized};

/// Lists the SCIM targets: services to which employees are provisioned.
#[utoipa::path(
    get, path = "/v1/scim-targets", tag = "SCIM targets", security(("key" = [])),
    responses(
        (status = 200, body = List<api_types::ScimTarget>),
        Unauthorized,
        Forbidden,
    )
)]
pub(crate) async fn list_scim_targets(
    State(app): State<App>,
    _: Vendor,
) -> Result<Json<List<api_types::ScimTarget>>, Problem> {
    let found = app.services.store.destinations(DestinationKind::Scim).await?;
    Ok(Json(List::complete(found.into_iter().map(api_types::ScimTarget::from).collect())))
}
