//! `GET /v1/linked-accounts/{account_id}`: one linked account. The audit log records who viewed it.

use axum::Json;
use axum::extract::State;
use web::app::App;
use web::auth::Reader;
use web::problem::Problem;

use super::LinkedAccountView;
use crate::answers::{NotFound, Unauthorized};

/// Shows a linked account.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{account_id}", tag = "linked accounts", security(("key" = [])),
    params(("account_id" = String, Path, description = "the linked account's id")),
    responses(
        (status = 200, body = LinkedAccountView),
        Unauthorized,
        NotFound,
    )
)]
pub(crate) async fn linked_account(
    State(app): State<App>,
    reader: Reader,
) -> Result<Json<LinkedAccountView>, Problem> {
    reader.note_view(&app, None).await?;
    Ok(Json(LinkedAccountView::of(&app, &reader.account).await?))
}
