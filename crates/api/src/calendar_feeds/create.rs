//! `POST /v1/linked-accounts/{linked_account_id}/calendar-feeds`: creates a calendar feed of a team's absences.

use api_types::CalendarTeam;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use delivery::calendar::{DAYS_AHEAD, secret};
use people::Language;
use people::RemoteId;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use store::{CalendarFeed, CalendarFeedId, Team};
use utoipa::ToSchema;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use crate::Body;
use crate::answers::{Conflict, Forbidden, NotFound, Unauthorized, Unprocessable};
use crate::linked_accounts::find;

const LONGEST_NAME: usize = 200;
const MOST_EMPLOYEES: usize = 1_000;

/// The feed to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CalendarFeedCreate {
    /// The calendar's name in calendar apps: at most 200 characters.
    #[schema(example = "Absences, Sales")]
    name: String,
    /// The employees whose absences it shows.
    team: CalendarTeam,
    /// Whether it shows the leave type, such as sick leave; false by default.
    #[serde(default)]
    show_type: bool,
    /// Whether it also shows absences that are not approved yet; false by default.
    #[serde(default)]
    with_pending: bool,
    /// The ISO 639-1 code of the language of its texts, such as `en` (the default) or `fr`.
    #[schema(example = "fr")]
    language: Option<String>,
    /// How many days ahead it shows: 1 to 730, 365 by default.
    #[schema(minimum = 1, maximum = 730)]
    days_ahead: Option<u16>,
}

/// A feed with its address.
#[derive(Serialize, ToSchema)]
pub(crate) struct CalendarFeedWithUrl {
    #[serde(flatten)]
    feed: api_types::CalendarFeed,
    /// The feed's address for calendar apps. It is the only credential, and is not shown again.
    #[schema(example = "https://lucca.example.com/calendar-feeds/cal_EXAMPLE/calendar.ics")]
    url: String,
}

/// Creates a feed of a team's absences, to which calendar apps subscribe.
///
/// It shows names and days, no comments, and leave types only if requested. Its address is the only
/// credential; it is in this response and never shown again.
#[utoipa::path(
    post, path = "/v1/linked-accounts/{linked_account_id}/calendar-feeds", tag = "Calendar feeds", security(("key" = [])),
    params(("linked_account_id" = String, Path, description = "The linked account's id.")), request_body = CalendarFeedCreate,
    responses(
        (status = 201, body = CalendarFeedWithUrl),
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
        Unprocessable,
    )
)]
pub(crate) async fn create_calendar_feed(
    State(app): State<App>,
    vendor: Vendor,
    Path(linked_account_id): Path<String>,
    Body(wanted): Body<CalendarFeedCreate>,
) -> Result<(StatusCode, Json<CalendarFeedWithUrl>), Problem> {
    let account = find(&app, &linked_account_id).await?;
    if account.status == store::AccountStatus::Unlinked {
        return Err(store::Error::Unlinked.into());
    }
    let name = wanted.name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        let detail = "A name has 1 to 200 characters, on one line.";
        return Err(Problem::field("name", "request.invalid", detail));
    }
    let language: Language = wanted.language.as_deref().unwrap_or("en").parse().map_err(|_| {
        let detail = format!("Use one of these language codes: {}.", Language::CODES.join(", "));
        Problem::field("language", "request.invalid", detail)
    })?;
    let days_ahead = wanted.days_ahead.unwrap_or(DAYS_AHEAD.0);
    if !(1..=DAYS_AHEAD.1).contains(&days_ahead) {
        return Err(Problem::field("days_ahead", "request.invalid", "A feed looks 1 to 730 days ahead."));
    }
    let services = &app.services;
    let created_at = services.clock.now();
    let feed = CalendarFeed {
        id: CalendarFeedId::mint(created_at, services.entropy.bytes()?),
        account_id: account.id,
        name: name.to_owned(),
        team: team(wanted.team)?,
        show_type: wanted.show_type,
        with_pending: wanted.with_pending,
        language: language.code().to_owned(),
        days_ahead,
        created_at,
    };
    let secret = secret(services.entropy.bytes()?);
    services.store.add_calendar_feed(&account, &feed, &secret, vendor.actor()).await?;
    let url = format!("{}/calendar-feeds/{}/calendar.ics", app.public_url, secret.expose_secret());
    Ok((StatusCode::CREATED, Json(CalendarFeedWithUrl { feed: feed.into(), url })))
}

fn team(team: CalendarTeam) -> Result<Team, Problem> {
    let refused = || {
        let detail = "Name exactly one of department_id, manager_id and employee_ids (1 to 1,000).";
        Problem::field("team", "request.invalid", detail)
    };
    match team {
        CalendarTeam { department_id: Some(id), manager_id: None, employee_ids: None } => {
            Ok(Team::Department(RemoteId::from(id)))
        }
        CalendarTeam { department_id: None, manager_id: Some(id), employee_ids: None } => {
            Ok(Team::Manager(RemoteId::from(id)))
        }
        CalendarTeam { department_id: None, manager_id: None, employee_ids: Some(ids) }
            if (1..=MOST_EMPLOYEES).contains(&ids.len()) =>
        {
            Ok(Team::Employees(ids.into_iter().map(RemoteId::from).collect()))
        }
        _ => Err(refused()),
    }
}
