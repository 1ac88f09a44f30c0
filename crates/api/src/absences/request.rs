//! `POST /v1/linked-accounts/{linked_account_id}/absence-submissions`: creates an absence request in Lucca, once.

use api_types::AbsenceSubmission;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::{AbsenceSession, AbsenceSubmissionCreate};
use crate::Body;
use crate::answers::{BadRequest, Conflict, Forbidden, LuccaErrors, NotFound, Unauthorized, Unprocessable};
use crate::detached::still_running;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Creates an absence request in Lucca, once for each idempotency key.
///
/// The request is stored before it is sent. If Lucca's response is lost, the connector looks for the absence
/// and never sends it twice. Invalid requests are answered with 422, requests with unconfirmed warnings with
/// 409; the idempotency key can then be used again. A request that Lucca itself refuses is created here with
/// the status `refused`.
#[utoipa::path(
    post, path = "/v1/linked-accounts/{linked_account_id}/absence-submissions", tag = "Absence submissions",
    security(("key" = [])), request_body = AbsenceSubmissionCreate,
    params(
        ("linked_account_id" = String, Path, description = "The linked account's id."),
        ("Idempotency-Key" = String, Header, description = "A key that the caller creates for this submission, \
         such as a UUID: 1 to 200 visible ASCII characters.", example = "6f1c0f6e-3f0a-4c6b-9a52-0d8f1f5c7a11"),
    ),
    responses(
        (status = 201, description = "Lucca created or refused the request: see `status`.", body = AbsenceSubmission,
         headers(("Location" = String, description = "The address of the submission."))),
        (status = 202, description = "The request is being sent: poll the address in `Location`.", body = AbsenceSubmission,
         headers(("Location" = String, description = "The address of the submission."))),
        (status = 200, description = "The same idempotency key created the submission before.", body = AbsenceSubmission,
         headers(("Location" = String, description = "The address of the submission."))),
        BadRequest,
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
        Unprocessable,
        LuccaErrors,
    )
)]
pub(crate) async fn create_absence_submission(
    State(app): State<App>,
    vendor: Vendor,
    Path(linked_account_id): Path<String>,
    headers: HeaderMap,
    Body(wanted): Body<AbsenceSubmissionCreate>,
) -> Result<Response, Problem> {
    let session = AbsenceSession::of(&app, vendor, &linked_account_id).await?;
    let key = idempotency_key(&headers)?;
    let (ask, acknowledged) = wanted.read(&session).await?;
    let id = app.services.new_submission()?;
    let (account_no, name) = (session.account.no, key.clone());
    let done = session
        .run_with_timeout(move |absences| {
            Box::pin(async move { Ok(absences.request(id, &key, &ask, &acknowledged).await?) })
        })
        .await?;
    let submission = match done {
        Some(submission) => submission,
        // Still running; if it is stored already, the caller can follow it.
        None => app.services.store.submission_by_key(account_no, &name).await?.ok_or_else(still_running)?,
    };
    let view = AbsenceSubmission::of(&submission)?;
    let status = if view.is_on_its_way() {
        StatusCode::ACCEPTED
    } else if submission.id == id {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let location = format!("/v1/linked-accounts/{linked_account_id}/absence-submissions/{}", submission.id);
    Ok((status, [(header::LOCATION, location)], Json(view)).into_response())
}

fn idempotency_key(headers: &HeaderMap) -> Result<String, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "request.no_idempotency_key",
            "Send the header Idempotency-Key with a UUID that you make for this request, and keep it to repeat it.",
        ));
    };
    Ok(value.to_str().map_err(|_| absences::Error::InvalidKey)?.to_owned())
}
