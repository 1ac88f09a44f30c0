//! `POST /v1/linked-accounts/{account_id}/absence-requests`: asks Lucca for an absence, once.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::views::AbsenceRequestView;
use super::{Desk, WantedAbsence, goes_on};
use crate::api::Body;
use crate::api::answers::{BadRequest, Forbidden, LuccaFails, NotFound, NotNow, Unauthorized, Unprocessable};
use crate::app::App;
use crate::auth::Vendor;
use crate::problem::Problem;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Asks Lucca for an absence, once, however often it is sent under the same idempotency key.
///
/// Before anything is sent it is written down; an answer of Lucca that is lost is looked for, and nothing is asked for
/// twice. What can't be asked for is answered with 422, what has to be confirmed first with 409: the key is free then.
/// What Lucca itself refuses is made here with the status `refused`.
#[utoipa::path(
    post, path = "/v1/linked-accounts/{account_id}/absence-requests", tag = "absence requests",
    security(("key" = [])), request_body = WantedAbsence,
    params(
        ("account_id" = String, Path, description = "the linked account's id"),
        ("Idempotency-Key" = String, Header, description = "the caller's name for this request, such as a UUID: 1 to \
         200 visible ASCII characters", example = "6f1c0f6e-3f0a-4c6b-9a52-0d8f1f5c7a11"),
    ),
    responses(
        (status = 201, description = "Made, or refused by Lucca: see its status.", body = AbsenceRequestView,
         headers(("Location" = String, description = "where it is followed"))),
        (status = 202, description = "On its way: look again at its Location.", body = AbsenceRequestView,
         headers(("Location" = String, description = "where it is followed"))),
        (status = 200, description = "It was asked for before, under the same key.", body = AbsenceRequestView,
         headers(("Location" = String, description = "where it is followed"))),
        BadRequest,
        Unauthorized,
        Forbidden,
        NotFound,
        NotNow,
        Unprocessable,
        LuccaFails,
    )
)]
pub(crate) async fn request_absence(
    State(app): State<App>,
    vendor: Vendor,
    Path(account_id): Path<String>,
    headers: HeaderMap,
    Body(wanted): Body<WantedAbsence>,
) -> Result<Response, Problem> {
    let desk = Desk::of(&app, vendor, &account_id).await?;
    let key = idempotency_key(&headers)?;
    let (ask, acknowledged) = wanted.read(&desk).await?;
    let id = app.machinery.new_submission()?;
    let (account_no, name) = (desk.account.no, key.clone());
    let done = desk
        .act_within_patience(move |absences| {
            Box::pin(async move { Ok(absences.request(id, &key, &ask, &acknowledged).await?) })
        })
        .await?;
    let submission = match done {
        Some(submission) => submission,
        // It goes on; where it is written down already, it can be followed.
        None => app.machinery.store.submission_by_key(account_no, &name).await?.ok_or_else(goes_on)?,
    };
    let view = AbsenceRequestView::of(&submission)?;
    let status = if view.is_on_its_way() {
        StatusCode::ACCEPTED
    } else if submission.id == id {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let location = format!("/v1/linked-accounts/{account_id}/absence-requests/{}", submission.id);
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
