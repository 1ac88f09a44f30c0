//! `GET /calendar-feeds/{secret}/calendar.ics`: serves a feed. The secret in its address is the only
//! credential.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use secrecy::SecretString;
use store::AccountStatus;
use web::app::App;
use web::problem::Problem;
use web::sender::Sender;

use crate::answers::NotFound;
use crate::etag;

const EXAMPLE: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//lucca-connector//absences//EN\r\nBEGIN:VEVENT\r\n\
UID:32002.0@acct_0193a5b0c2d47b3e9f1a2b3c4d5e6f70\r\nDTSTAMP:20261125T100000Z\r\nDTSTART;VALUE=DATE:20261221\r\n\
DTEND;VALUE=DATE:20261224\r\nSUMMARY:Anne Roux: absent\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

/// Returns a team's absences as iCalendar (RFC 5545), from 30 days ago on.
///
/// The address is the credential. Cancelled absences are not included. The feed asks calendar apps to refresh
/// every hour; the `ETag` spares them unchanged data.
#[utoipa::path(
    get, path = "/calendar-feeds/{secret}/calendar.ics", tag = "Calendar feeds",
    params(("secret" = String, Path, description = "The secret of the feed's address: `cal_…`.")),
    responses(
        (status = 200, content_type = "text/calendar", body = String, example = json!(EXAMPLE)),
        (status = 304, description = "Nothing has changed since the ETag given."),
        NotFound,
    )
)]
pub(crate) async fn download_calendar_feed(
    State(app): State<App>,
    Sender(from): Sender,
    Path(secret): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let store = &app.services.store;
    let missing = || Problem::not_found("calendar");
    let Some(feed) = store.calendar_feed(&SecretString::from(secret)).await? else {
        app.limits.unknown_token(from)?;
        return Err(missing());
    };
    let account = store.account(feed.account_id).await?.ok_or_else(missing)?;
    // The stored data may be out of date, since the account is no longer synced.
    if account.status == AccountStatus::Unlinked {
        return Err(missing());
    }
    let text = delivery::calendar::calendar(store, &account, &feed, app.services.today()).await?;
    Ok(etag::answer(&headers, "text/calendar; charset=utf-8", text))
}
