//! `GET /v1/api-keys`: lists the API keys.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use web::app::App;
use web::auth::Operator;
use web::problem::Problem;

use super::ApiKeyView;
use crate::answers::{Forbidden, Unauthorized};

/// API keys.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApiKeyList {
    /// The keys, oldest first, including revoked ones.
    items: Vec<ApiKeyView>,
}

/// Lists the API keys, without their secrets. The operator's own key in the data directory is not among them.
#[utoipa::path(
    get, path = "/v1/api-keys", tag = "API keys", security(("key" = [])),
    responses(
        (status = 200, body = ApiKeyList),
        Unauthorized,
        Forbidden,
    )
)]
pub(crate) async fn api_keys(State(app): State<App>, _: Operator) -> Result<Json<ApiKeyList>, Problem> {
    let keys = app.services.store.api_keys().await?;
    Ok(Json(ApiKeyList { items: keys.into_iter().map(ApiKeyView::from).collect() }))
}
