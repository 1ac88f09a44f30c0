//! `GET /v1/linked-accounts/{linked_account_id}/calendar-feeds`: lists the feeds of a linked account.

use api_types::List;
use axum::Json;
use axum::extract::{Path, State};
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use crate::answers::{Forbidden, NotFound, Unauthorized};
use crate::linked_accounts::find;

/// Lists the feeds of a linked account, without their addresses.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{linked_account_id}/calendar-feeds", tag = "Calendar feeds", security(("key" = [])),
    params(("linked_account_id" = String, Path, description = "The linked account's id.")),
    responses(
        (status = 200, body = List<api_types::CalendarFeed>),
        Unauthorized,
        Forbidden,
        NotFound,
    )
)]
pub(crate) async fn list_calendar_feeds(
    State(app): State<App>,
    _: Vendor,
    Path(linked_account_id): Path<String>,
) -> Result<Json<List<api_types::CalendarFeed>>, Problem> {
    let account = find(&app, &linked_account_id).await?;
    let feeds = app.services.store.calendar_feeds(account.no).await?;
    Ok(Json(List::complete(feeds.into_iter().map(api_types::CalendarFeed::from).collect())))
}
