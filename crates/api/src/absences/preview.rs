//! `POST /v1/linked-accounts/{account_id}/absence-requests/preview`: previews an absence, without creating a
//! request.

use axum::Json;
use axum::extract::{Path, State};
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::views::AbsencePreview;
use super::{AbsenceSession, WantedAbsence};
use crate::Body;
use crate::answers::{Conflict, Forbidden, LuccaErrors, NotFound, Unauthorized, Unprocessable};

/// Previews an absence and its obstacles: half-days, overlaps, balance, Lucca's warnings. Creates no request.
#[utoipa::path(
    post, path = "/v1/linked-accounts/{account_id}/absence-requests/preview", tag = "absence requests",
    security(("key" = [])), request_body = WantedAbsence,
    params(("account_id" = String, Path, description = "the linked account's id")),
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
pub(crate) async fn preview_absence(
    State(app): State<App>,
    vendor: Vendor,
    Path(account_id): Path<String>,
    Body(wanted): Body<WantedAbsence>,
) -> Result<Json<AbsencePreview>, Problem> {
    let session = AbsenceSession::of(&app, vendor, &account_id).await?;
    let (ask, _) = wanted.read(&session).await?;
    let preview =
        session.run(move |absences| Box::pin(async move { Ok(absences.preview(&ask).await?) })).await?;
    Ok(Json(preview.into()))
}
