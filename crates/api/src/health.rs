//! `GET /healthz`: liveness of the process. `GET /readyz`: readiness, including the database.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use web::app::App;
use web::problem::Problem;
use web::readiness::is_ready;

/// The health of the service.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`.
    status: &'static str,
    /// The running version.
    version: &'static str,
}

const OK: Health = Health { status: "ok", version: env!("CARGO_PKG_VERSION") };

/// Reports that the process runs.
#[utoipa::path(get, path = "/healthz", tag = "Health", responses((status = 200, body = Health)))]
pub(crate) async fn get_health() -> Json<Health> {
    Json(OK)
}

/// Reports whether the process runs and its database answers.
#[utoipa::path(
    get, path = "/readyz", tag = "Health",
    responses((status = 200, body = Health), (status = 503, body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn get_readiness(State(app): State<App>) -> Result<Json<Health>, Problem> {
    if is_ready(&app.services).await {
        return Ok(Json(OK));
    }
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", "The database does not respond."))
}
