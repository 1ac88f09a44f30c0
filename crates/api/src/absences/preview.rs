//! `POST /v1/linked-accounts/{linked_account_id}/absence-submissions/preview`: previews an absence, without creating a
//! request.

use api_types::AbsencePreview;
use axum::Json;
use axum::extract::{Path, State};
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::{AbsenceSession, AbsenceSubmissionCreate};
use crate::Body;
use crate::answers::{Conflict, Forbidden, LuccaErrors, NotFound, Unauthorized, Unprocessable};

/// Previews an absence and its obstacles: half-days, overlaps, balance, Lucca's warnings. Creates no request.
#[utoipa::path(
    post, path = "/v1/linked-accounts/{linked_account_id}/absence-submissions/preview", tag = "Absence submissions",
    security(("key" = [])), request_body = AbsenceSubmissionCreate,
    params(("linked_account_id" = String, Path, description = "The linked account's id.")),
    responses(
        (status = 200, body = AbsencePreview),
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
        Unprocessable,
        LuccaErrors,
    )
)]
pub(crate) async fn preview_absence_submission(
    State(app): State<App>,
    vendor: Vendor,
    Path(linked_account_id): Path<String>,
    Body(wanted): Body<AbsenceSubmissionCreate>,
) -> Result<Json<AbsencePreview>, Problem> {
    let session = AbsenceSession::of(&app, vendor, &linked_account_id).await?;
    let (ask, _) = wanted.read(&session).await?;
    let preview =
        session.run(move |absences| Box::pin(async move { Ok(absences.preview(&ask).await?) })).await?;
    Ok(Json(preview.into()))
}
