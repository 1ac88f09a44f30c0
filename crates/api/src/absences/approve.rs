//! `POST /v1/linked-accounts/{linked_account_id}/absence-submissions/{id}/approve` and
//! `…/absences/{id}/approve`: approves the pending step.

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

/// A comment on the approval.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AbsenceApprovalCreate {
    /// The comment, which the employee sees.
    comment: Option<String>,
}

/// Approves the pending step of an absence request.
#[utoipa::path(
    post, path = "/v1/linked-accounts/{linked_account_id}/absence-submissions/{id}/approve", tag = "Absence submissions",
    security(("key" = [])), request_body = AbsenceApprovalCreate,
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
pub(crate) async fn approve_absence_submission(
    State(app): State<App>,
    vendor: Vendor,
    Path(absence): Path<(String, String)>,
    Body(said): Body<AbsenceApprovalCreate>,
) -> Result<Json<AbsenceDecision>, Problem> {
    change(&app, vendor, of_submission(absence)?, move |absences, id| {
        Box::pin(async move { Ok(absences.decide(&id, true, said.comment.as_deref()).await?) })
    })
    .await
}

/// Approves the pending step of an absence request, also one that was not made through the connector.
#[utoipa::path(
    post, path = "/v1/linked-accounts/{linked_account_id}/absences/{id}/approve", tag = "Absences",
    security(("key" = [])), request_body = AbsenceApprovalCreate,
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
pub(crate) async fn approve_absence(
    State(app): State<App>,
    vendor: Vendor,
    Path(absence): Path<(String, String)>,
    Body(said): Body<AbsenceApprovalCreate>,
) -> Result<Json<AbsenceDecision>, Problem> {
    change(&app, vendor, of_lucca(absence)?, move |absences, id| {
        Box::pin(async move { Ok(absences.decide(&id, true, said.comment.as_deref()).await?) })
    })
    .await
}
