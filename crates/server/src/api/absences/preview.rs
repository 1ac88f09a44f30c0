//! `POST /v1/linked-accounts/{account_id}/absence-requests/preview`: what an absence would take. Nothing is asked for.

use axum::Json;
use axum::extract::{Path, State};

use super::views::AbsencePreview;
use super::{Desk, WantedAbsence};
use crate::api::Body;
use crate::api::answers::{Forbidden, LuccaFails, NotFound, NotNow, Unauthorized, Unprocessable};
use crate::app::App;
use crate::auth::Vendor;
use crate::problem::Problem;

/// Says what an absence would take and what is in its way: half-days, overlaps, balance, Lucca's warnings. Nothing is
/// asked for.
#[utoipa::path(
    post, path = "/v1/linked-accounts/{account_id}/absence-requests/preview", tag = "absence requests",
    security(("key" = [])), request_body = WantedAbsence,
    params(("account_id" = String, Path, description = "the linked account's id")),
    responses(
        (status = 200, body = AbsencePreview),
        Unauthorized,
        Forbidden,
        NotFound,
        NotNow,
        Unprocessable,
        LuccaFails,
    )
)]
pub(crate) async fn preview_absence(
    State(app): State<App>,
    vendor: Vendor,
    Path(account_id): Path<String>,
    Body(wanted): Body<WantedAbsence>,
) -> Result<Json<AbsencePreview>, Problem> {
    let desk = Desk::of(&app, vendor, &account_id).await?;
    let (ask, _) = wanted.read(&desk).await?;
    let preview =
        desk.act(move |absences| Box::pin(async move { Ok(absences.preview(&ask).await?) })).await?;
    Ok(Json(preview.into()))
}
