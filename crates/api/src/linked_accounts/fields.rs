//! `GET /v1/linked-accounts/{linked_account_id}/fields`: the fields of each stream, with their delivered names and
//! sources.

use api_types::List;
use axum::Json;
use axum::extract::State;
use delivery::mapping::fields;
use web::app::App;
use web::auth::Reader;
use web::problem::Problem;

use crate::answers::{NotFound, Unauthorized};

/// Lists all fields of all streams: the name under which each is delivered, or why it is not, and its source
/// in Lucca.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{linked_account_id}/fields", tag = "Linked accounts", security(("key" = [])),
    params(("linked_account_id" = String, Path, description = "The linked account's id.")),
    responses(
        (status = 200, body = List<api_types::Field>),
        Unauthorized,
        NotFound,
    )
)]
pub(crate) async fn list_linked_account_fields(
    State(_): State<App>,
    Reader { account, .. }: Reader,
) -> Result<Json<List<api_types::Field>>, Problem> {
    Ok(Json(List::complete(fields(&account).into_iter().map(api_types::Field::from).collect())))
}
