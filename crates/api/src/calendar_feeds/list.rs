//! `GET /v1/linked-accounts/{account_id}/calendar-feeds`: lists the feeds of a linked account.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::CalendarFeedView;
use crate::answers::{Forbidden, NotFound, Unauthorized};
use crate::linked_accounts::find;

/// Calendar feeds.
#[derive(Serialize, ToSchema)]
pub(crate) struct CalendarFeedList {
    /// The feeds, oldest first.
    items: Vec<CalendarFeedView>,
}

/// Lists the feeds of a linked account, without their addresses.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{account_id}/calendar-feeds", tag = "calendars", security(("key" = [])),
    params(("account_id" = String, Path, description = "the linked account's id")),
    responses(
        (status = 200, body = CalendarFeedList),
        Unauthorized,
        Forbidden,
        NotFound,
    )
)]
pub(crate) async fn calendar_feeds(
    State(app): State<App>,
    _: Vendor,
    Path(account_id): Path<String>,
) -> Result<Json<CalendarFeedList>, Problem> {
    let account = find(&app, &account_id).await?;
    let feeds = app.services.store.calendar_feeds(account.no).await?;
    Ok(Json(CalendarFeedList { items: feeds.into_iter().map(CalendarFeedView::from).collect() }))
}
