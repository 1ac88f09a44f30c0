//! `DELETE /v1/api-keys/{key_id}`: revokes an API key.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use store::Actor;
use web::app::App;
use web::auth::Operator;
use web::problem::Problem;

use crate::answers::{Forbidden, NotFound, Unauthorized};

/// Revokes an API key, with immediate effect.
#[utoipa::path(
    delete, path = "/v1/api-keys/{key_id}", tag = "API keys", security(("key" = [])),
    params(("key_id" = String, Path, description = "The API key's id.")),
    responses(
        (status = 204),
        Unauthorized,
        Forbidden,
        NotFound,
    )
)]
pub(crate) async fn revoke_api_key(
    State(app): State<App>,
    _: Operator,
    Path(key_id): Path<String>,
) -> Result<StatusCode, Problem> {
    let missing = || Problem::not_found("valid API key");
    let id = key_id.parse().map_err(|_| missing())?;
    let now = app.services.clock.now();
    if app.services.store.revoke_api_key(id, Actor::Operator, now).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(missing())
    }
}
