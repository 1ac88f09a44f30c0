//! `GET /v1/linked-accounts/{account_id}/absence-requests`: those made through the connector.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use store::SubmissionFilter;
use utoipa::IntoParams;

use super::id_of;
use super::views::AbsenceRequestList;
use crate::api::answers::{NotFound, Unauthorized, Unprocessable};
use crate::api::linked_accounts::find;
use crate::api::{Params, page_size};
use crate::app::App;
use crate::auth::Vendor;
use crate::problem::Problem;

const USUAL: u64 = 50;
const MOST: u64 = 500;

/// Which absence requests.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Only this person's: Lucca's id, with or without `id:` before it.
    #[param(example = "12")]
    employee_id: Option<String>,
    /// So many at most, the latest of them; 50 by default.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u64>,
}

/// Lists absence requests made through the connector, the latest first, as they were last heard of. Lucca is not asked.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{account_id}/absence-requests", tag = "absence requests",
    security(("key" = [])),
    params(("account_id" = String, Path, description = "the linked account's id"), Which),
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
    Params(which): Params<Which>,
) -> Result<Json<AbsenceRequestList>, Problem> {
    let account = find(&app, &account_id).await?;
    let limit = page_size(which.limit, USUAL, MOST)?;
    let id = which.employee_id.as_deref().map(|text| text.strip_prefix("id:").unwrap_or(text));
    let employee_id = match id.map(id_of) {
        // Nobody has such an id, so nobody with it has asked for anything.
        Some(None) => return Ok(Json(AbsenceRequestList { items: Vec::new() })),
        other => other.flatten(),
    };
    let filter = SubmissionFilter { account_no: Some(account.no), employee_id, due_by: None };
    let found = app.machinery.store.submissions(&filter, limit).await?;
    Ok(Json(AbsenceRequestList::of(&found)?))
}
