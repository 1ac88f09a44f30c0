//! `GET /v1/linked-accounts/{linked_account_id}/absence-submissions/{id}`: the state of a request.

use api_types::AbsenceSubmission;
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::IntoParams;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::{AbsenceSession, submission};
use crate::Params;
use crate::answers::{Conflict, Forbidden, LuccaErrors, NotFound, Unauthorized};
use crate::linked_accounts::find;

/// Whether the state is refreshed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AbsenceRequestQuery {
    /// Whether to read the state from Lucca first. By default the last known state is returned, which is
    /// minutes old for a recent request.
    #[serde(default)]
    refresh: bool,
}

/// Shows the state of an absence request made through the connector.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{linked_account_id}/absence-submissions/{id}", tag = "Absence submissions",
    security(("key" = [])),
    params(
        ("linked_account_id" = String, Path, description = "The linked account's id."),
        ("id" = String, Path, description = "The submission's id, `abr_…`."),
        AbsenceRequestQuery,
    ),
    responses(
        (status = 200, body = AbsenceSubmission),
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
        LuccaErrors,
    )
)]
pub(crate) async fn get_absence_submission(
    State(app): State<App>,
    vendor: Vendor,
    Path((linked_account_id, id)): Path<(String, String)>,
    Params(how): Params<AbsenceRequestQuery>,
) -> Result<Json<AbsenceSubmission>, Problem> {
    let account = find(&app, &linked_account_id).await?;
    let mut found = submission(&app, &account, &id).await?;
    if how.refresh {
        let session = AbsenceSession::of(&app, vendor, &linked_account_id).await?;
        found =
            session.run(move |absences| Box::pin(async move { Ok(absences.advance(found).await?) })).await?;
    }
    Ok(Json(AbsenceSubmission::of(&found)?))
}
