//! `GET /v1/linked-accounts/{linked_account_id}/changes`: the change log, in order.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use delivery::mapping::Mapping;
use people::Kind;
use serde::{Deserialize, Serialize};
use store::ChangeFilter;
use utoipa::{IntoParams, ToSchema};
use web::app::App;
use web::auth::Reader;
use web::problem::Problem;

use crate::Params;
use crate::answers::{Gone, NotFound, Unauthorized, Unprocessable};
use crate::paging::{page_size, with_next};

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 1000;

/// Filters of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangesQuery {
    /// Only changes after this sequence number; 0, before the first, by default.
    #[param(minimum = 0, example = 1370)]
    after: Option<i64>,
    /// Maximum number of changes; 100 by default.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// Only changes of this kind of record.
    #[param(example = "employees")]
    kind: Option<String>,
}

/// Changes, in order.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangeList {
    /// The changes.
    items: Vec<api_types::Change>,
    /// The number to pass as `after` in the next call, also at the end: later changes have higher numbers.
    #[schema(example = 1470)]
    next_after: i64,
    /// Whether more changes are available now.
    has_more: bool,
}

/// Lists changes of records, in order.
///
/// A reader who stores `next_after` gets every change exactly once. If the log was truncated after that
/// number, or the database was restored to an older state, the response is 410, and the reader has to read
/// the records anew.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{linked_account_id}/changes", tag = "Changes", security(("key" = [])),
    params(("linked_account_id" = String, Path, description = "The linked account's id."), ChangesQuery),
    responses(
        (status = 200, body = ChangeList),
        Unauthorized,
        NotFound,
        Gone,
        Unprocessable,
    )
)]
pub(crate) async fn list_changes(
    State(app): State<App>,
    reader: Reader,
    Params(query): Params<ChangesQuery>,
) -> Result<Response, Problem> {
    let invalid = |field, detail: String| Problem::field(field, "request.invalid", detail);
    let after = query.after.unwrap_or(0);
    if after < 0 {
        return Err(invalid("after", "`after` must be 0 or more.".to_owned()));
    }
    let limit = page_size(query.limit, DEFAULT_LIMIT, MAX_LIMIT)?;
    let kind = query.kind.map(|kind| kind.parse::<Kind>()).transpose();
    let kind =
        kind.map_err(|error| invalid("kind", format!("`kind` must be one of: {}.", error.known.join(", "))))?;
    let store = &app.services.store;
    // Read before the changes, so that concurrent changes get higher numbers.
    let last = store.last_change(reader.account.no).await?;
    let filter = ChangeFilter { after, kind, ..ChangeFilter::default() };
    let mut found = store.changes(reader.account.no, filter, limit + 1).await?;
    let has_more = found.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let shown_up_to = found.last().map_or(after, |change| change.seq);
    let next_after = if has_more { shown_up_to } else { last.max(shown_up_to) };
    let mapping = Mapping::of(&reader.account.settings.delivery);
    let page = ChangeList {
        items: found.into_iter().map(|change| api_types::Change::of(change, &mapping)).collect(),
        next_after,
        has_more,
    };
    Ok(with_next(Json(page).into_response(), has_more.then(|| ("after", next_after.to_string()))))
}
