//! `DELETE /v1/linked-accounts/{linked_account_id}/calendar-feeds/{feed_id}`: removes a feed.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use crate::answers::{Forbidden, NotFound, Unauthorized};
use crate::linked_accounts::find;

/// Removes a feed: its address stops working at once. Calendar apps keep their copy until they refresh.
#[utoipa::path(
    delete, path = "/v1/linked-accounts/{linked_account_id}/calendar-feeds/{feed_id}", tag = "Calendar feeds",
    security(("key" = [])),
    params(
        ("linked_account_id" = String, Path, description = "The linked account's id."),
        ("feed_id" = String, Path, description = "The feed's id."),
    ),
    responses(
        (status = 204),
        Unauthorized,
        Forbidden,
        NotFound,
    )
)]
pub(crate) async fn delete_calendar_feed(
    State(app): State<App>,
    vendor: Vendor,
    Path((linked_account_id, feed_id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let account = find(&app, &linked_account_id).await?;
    let missing = || Problem::not_found("calendar feed");
    let id = feed_id.parse().map_err(|_| missing())?;
    let (store, at) = (&app.services.store, app.services.clock.now());
    if store.remove_calendar_feed(&account, id, vendor.actor(), at).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(missing())
    }
}
