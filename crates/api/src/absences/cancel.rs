//! `POST /v1/linked-accounts/{linked_account_id}/absence-submissions/{id}/cancel` and
//! `…/absences/{id}/cancel`: cancels an absence, or half-days of it.

use absences::ProblemCode;
use api_types::AbsenceDecision;
use axum::Json;
use axum::extract::{Path, State};
use people::HalfDay;
use serde::Deserialize;
use utoipa::ToSchema;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::{change, of_lucca, of_submission, wrong};
use crate::Body;
use crate::answers::{Conflict, Forbidden, LuccaErrors, NotFound, Unauthorized, Unprocessable};

/// The part of the absence to cancel.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AbsenceCancellationCreate {
    /// Only these half-days; by default the whole absence.
    #[schema(example = json!(["2026-05-04 PM"]))]
    half_days: Option<Vec<String>>,
}

/// Cancels an absence or half-days of it.
///
/// A pending absence is cancelled at once. For an approved one, Lucca may require an approval of the
/// cancellation. Repeating the call is safe.
#[utoipa::path(
    post, path = "/v1/linked-accounts/{linked_account_id}/absence-submissions/{id}/cancel", tag = "Absence submissions",
    security(("key" = [])), request_body = AbsenceCancellationCreate,
    params(
        ("linked_account_id" = String, Path, description = "The linked account's id."),
        ("id" = String, Path, description = "The submission's id, `abr_…`."),
    ),
    responses(
        (status = 200, body = AbsenceDecision),
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
        Unprocessable,
        LuccaErrors,
    )
)]
pub(crate) async fn cancel_absence_submission(
    State(app): State<App>,
    vendor: Vendor,
    Path(absence): Path<(String, String)>,
    Body(wanted): Body<AbsenceCancellationCreate>,
) -> Result<Json<AbsenceDecision>, Problem> {
    let half_days = wanted.half_days.map(|texts| read(&texts)).transpose()?;
    change(&app, vendor, of_submission(absence)?, move |absences, id| {
        Box::pin(async move { Ok(absences.cancel(&id, half_days.as_deref()).await?) })
    })
    .await
}

/// Cancels an absence or half-days of it, also one that was not made through the connector.
///
/// A pending absence is cancelled at once. For an approved one, Lucca may require an approval of the
/// cancellation. Repeating the call is safe.
#[utoipa::path(
    post, path = "/v1/linked-accounts/{linked_account_id}/absences/{id}/cancel", tag = "Absences",
    security(("key" = [])), request_body = AbsenceCancellationCreate,
    params(
        ("linked_account_id" = String, Path, description = "The linked account's id."),
        ("id" = String, Path, description = "The absence's id in Lucca."),
    ),
    responses(
        (status = 200, body = AbsenceDecision),
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
        Unprocessable,
        LuccaErrors,
    )
)]
pub(crate) async fn cancel_absence(
    State(app): State<App>,
    vendor: Vendor,
    Path(absence): Path<(String, String)>,
    Body(wanted): Body<AbsenceCancellationCreate>,
) -> Result<Json<AbsenceDecision>, Problem> {
    let half_days = wanted.half_days.map(|texts| read(&texts)).transpose()?;
    change(&app, vendor, of_lucca(absence)?, move |absences, id| {
        Box::pin(async move { Ok(absences.cancel(&id, half_days.as_deref()).await?) })
    })
    .await
}

fn read(texts: &[String]) -> Result<Vec<HalfDay>, Problem> {
    let read: Result<Vec<HalfDay>, _> = texts.iter().map(|text| text.parse()).collect();
    read.map_err(|_| {
        let message = "a half-day is written as 2026-05-04 AM or 2026-05-04 PM";
        absences::Error::Problems(vec![wrong(ProblemCode::InvalidPeriod, "half_days", message)]).into()
    })
}
