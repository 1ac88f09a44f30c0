//! `GET /v1/linked-accounts/{account_id}/absence-requests`: requests made through the connector.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use store::SubmissionFilter;
use utoipa::IntoParams;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::id_of;
use super::views::AbsenceRequestList;
use crate::answers::{NotFound, Unauthorized, Unprocessable};
use crate::linked_accounts::find;
use crate::{Params, page_size};

const DEFAULT_LIMIT: u64 = 50;
const MAX_LIMIT: u64 = 500;

/// Filters of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AbsenceRequestsQuery {
    /// Only requests of this employee: Lucca's id, with or without `id:` before it.
    #[param(example = "12")]
    employee_id: Option<String>,
    /// Maximum number of requests, latest first; 50 by default.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u64>,
}

/// Lists absence requests made through the connector, latest first, in their last known state, without a
/// request to Lucca.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{account_id}/absence-requests", tag = "absence requests",
    security(("key" = [])),
    params(("account_id" = String, Path, description = "the linked account's id"), AbsenceRequestsQuery),
    responses(
        (status = 200, body = AbsenceRequestList),
        Unauthorized,
        NotFound,
        Unprocessable,
    )
)]
pub(crate) async fn absence_requests(
    State(app): State<App>,
    _: Vendor,
    Path(account_id): Path<String>,
    Params(which): Params<AbsenceRequestsQuery>,
) -> Result<Json<AbsenceRequestList>, Problem> {
    let account = find(&app, &account_id).await?;
    let limit = page_size(which.limit, DEFAULT_LIMIT, MAX_LIMIT)?;
    let id = which.employee_id.as_deref().map(|text| text.strip_prefix("id:").unwrap_or(text));
    let employee_id = match id.map(id_of) {
        // The text can't be an id of Lucca's, so no request matches.
        Some(None) => return Ok(Json(AbsenceRequestList { items: Vec::new() })),
        other => other.flatten(),
    };
    let filter = SubmissionFilter { account_no: Some(account.no), employee_id, due_by: None };
    let found = app.services.store.submissions(&filter, limit).await?;
    Ok(Json(AbsenceRequestList::of(&found)?))
}
