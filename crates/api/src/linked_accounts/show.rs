//! `GET /v1/linked-accounts/{linked_account_id}`: one linked account. The audit log records who viewed it.

use axum::Json;
use axum::extract::State;
use web::app::App;
use web::auth::Reader;
use web::problem::Problem;

use crate::answers::{NotFound, Unauthorized};

/// Shows a linked account.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{linked_account_id}", tag = "Linked accounts", security(("key" = [])),
    params(("linked_account_id" = String, Path, description = "The linked account's id.")),
    responses(
        (status = 200, body = api_types::LinkedAccount),
        Unauthorized,
        NotFound,
    )
)]
pub(crate) async fn get_linked_account(
    State(app): State<App>,
    reader: Reader,
) -> Result<Json<api_types::LinkedAccount>, Problem> {
    reader.note_view(&app, None).await?;
    Ok(Json(api_types::LinkedAccount::of(&app.services.store, &reader.account).await?))
}
