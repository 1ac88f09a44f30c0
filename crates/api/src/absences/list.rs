//! `GET /v1/linked-accounts/{linked_account_id}/absence-submissions`: requests made through the connector.

use api_types::{AbsenceSubmission, List};
use axum::extract::{Path, State};
use serde::Deserialize;
use store::SubmissionFilter;
use utoipa::IntoParams;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::id_of;
use crate::Params;
use crate::answers::{NotFound, Unauthorized, Unprocessable};
use crate::linked_accounts::find;
use crate::paging::{Page, cut, page_size, unknown_cursor};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 500;

/// Filters of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AbsenceSubmissionsQuery {
    /// Only submissions of this employee: Lucca's id, with or without `id:` before it.
    #[param(example = "12")]
    employee_id: Option<String>,
    /// Maximum number of submissions, latest first; 50 by default.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// Lists absence submissions, latest first, in their last known state. Sends no request to Lucca.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{linked_account_id}/absence-submissions", tag = "Absence submissions",
    security(("key" = [])),
    params(("linked_account_id" = String, Path, description = "The linked account's id."), AbsenceSubmissionsQuery),
    responses(
        (status = 200, body = List<AbsenceSubmission>),
        Unauthorized,
        NotFound,
        Unprocessable,
    )
)]
pub(crate) async fn list_absence_submissions(
    State(app): State<App>,
    _: Vendor,
    Path(linked_account_id): Path<String>,
    Params(query): Params<AbsenceSubmissionsQuery>,
) -> Result<Page<AbsenceSubmission>, Problem> {
    let account = find(&app, &linked_account_id).await?;
    let limit = page_size(query.limit, DEFAULT_LIMIT, MAX_LIMIT)?;
    let id = query.employee_id.as_deref().map(|text| text.strip_prefix("id:").unwrap_or(text));
    let employee_id = match id.map(id_of) {
        // The text can't be an id of Lucca's, so no submission matches.
        Some(None) => return Ok(Page(List::complete(Vec::new()))),
        other => other.flatten(),
    };
    let before = query.cursor.map(|cursor| cursor.parse()).transpose().map_err(|_| unknown_cursor())?;
    let filter = SubmissionFilter { account_no: Some(account.no), employee_id, due_by: None, before };
    let mut found = app.services.store.submissions(&filter, u64::from(limit) + 1).await?;
    let next_cursor = cut(&mut found, limit).map(|last| last.id.to_string());
    let items = found.iter().map(AbsenceSubmission::of).collect::<Result<_, _>>()?;
    Ok(Page(List { items, next_cursor }))
}
