//! `POST /v1/linked-accounts/{linked_account_id}/absence-submissions/{id}/deny` and
//! `…/absences/{id}/deny`: denies the request, with a reason.

use api_types::AbsenceDecision;
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::ToSchema;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::{change, of_lucca, of_submission};
use crate::Body;
use crate::answers::{Conflict, Forbidden, LuccaErrors, NotFound, Unauthorized, Unprocessable};

/// The reason of the denial.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AbsenceDenialCreate {
    /// The reason, which the employee sees. Required.
    #[schema(min_length = 1, example = "Two of the team are away already.")]
    comment: String,
}

/// Denies a pending absence request.
#[utoipa::path(
    post, path = "/v1/linked-accounts/{linked_account_id}/absence-submissions/{id}/deny", tag = "Absence submissions",
    security(("key" = [])), request_body = AbsenceDenialCreate,
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
pub(crate) async fn deny_absence_submission(
    State(app): State<App>,
    vendor: Vendor,
    Path(absence): Path<(String, String)>,
    Body(said): Body<AbsenceDenialCreate>,
) -> Result<Json<AbsenceDecision>, Problem> {
    change(&app, vendor, of_submission(absence)?, move |absences, id| {
        Box::pin(async move { Ok(absences.decide(&id, false, Some(&said.comment)).await?) })
    })
    .await
}

/// Denies a pending absence request, also one that was not made through the connector.
#[utoipa::path(
    post, path = "/v1/linked-accounts/{linked_account_id}/absences/{id}/deny", tag = "Absences",
    security(("key" = [])), request_body = AbsenceDenialCreate,
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
pub(crate) async fn deny_absence(
    State(app): State<App>,
    vendor: Vendor,
    Path(absence): Path<(String, String)>,
    Body(said): Body<AbsenceDenialCreate>,
) -> Result<Json<AbsenceDecision>, Problem> {
    change(&app, vendor, of_lucca(absence)?, move |absences, id| {
        Box::pin(async move { Ok(absences.decide(&id, false, Some(&said.comment)).await?) })
    })
    .await
}
