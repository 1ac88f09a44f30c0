//! `GET /v1/api-keys`: lists the API keys.

use api_types::List;
use axum::Json;
use axum::extract::State;
use web::app::App;
use web::auth::Operator;
use web::problem::Problem;

use crate::answers::{Forbidden, Unauthorized};

/// Lists the API keys, without their secrets. The operator's own key in the data directory is not among them.
#[utoipa::path(
    get, path = "/v1/api-keys", tag = "API keys", security(("key" = [])),
    responses(
        (status = 200, body = List<api_types::ApiKey>),
        Unauthorized,
        Forbidden,
    )
)]
pub(crate) async fn list_api_keys(
    State(app): State<App>,
    _: Operator,
) -> Result<Json<List<api_types::ApiKey>>, Problem> {
    let keys = app.services.store.api_keys().await?;
    Ok(Json(List::complete(keys.into_iter().map(api_types::ApiKey::from).collect())))
}
