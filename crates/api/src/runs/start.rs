//! `POST /v1/linked-accounts/{account_id}/runs`: starts a sync.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use store::AccountStatus;
use utoipa::ToSchema;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use crate::OptionalBody;
use crate::answers::{Conflict, Forbidden, NotFound, Unauthorized, Unprocessable};
use crate::linked_accounts::find;

/// A sync that was enqueued.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunStarted {
    /// The run's id.
    #[schema(example = "run_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
}

/// Options of a run.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunOptions {
    /// `true`: reads everything again. `false`, the default: reads only changes.
    #[serde(default)]
    full: bool,
}

/// Starts a sync of changes, or with `{"full": true}` of everything, independent of the schedule.
///
/// A worker begins the run as soon as it is free. Until then the run is `queued`, and further calls return
/// the same run, which reads everything if one of them requested that. Poll the run at the address in
/// `Location`.
#[utoipa::path(
    post, path = "/v1/linked-accounts/{account_id}/runs", tag = "runs", security(("key" = [])),
    params(("account_id" = String, Path, description = "the linked account's id")),
    request_body(content = Option<RunOptions>, description = "how it is to be done; may be left out"),
    responses(
        (status = 202, body = RunStarted, headers(("Location" = String, description = "where it is followed"))),
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
        Unprocessable,
    )
)]
pub(crate) async fn start_run(
    State(app): State<App>,
    _: Vendor,
    Path(account_id): Path<String>,
    OptionalBody(options): OptionalBody<RunOptions>,
) -> Result<Response, Problem> {
    let account = find(&app, &account_id).await?;
    let conflict = |code, detail: &str| Problem::new(StatusCode::CONFLICT, code, detail);
    match account.status {
        AccountStatus::Linked => {}
        AccountStatus::RelinkNeeded => {
            let detail = "Lucca refuses the API key of this account. Link the tenant again with another.";
            return Err(conflict("lucca.key_refused", detail));
        }
        AccountStatus::Unlinked => return Err(store::Error::Unlinked.into()),
    }
    let services = &app.services;
    if services.is_busy(&account).await? {
        return Err(conflict("sync.busy", "A sync of this account runs already: look at its runs."));
    }
    let id = services.ask_for_run(&account, options.full).await?;
    let place = format!("/v1/linked-accounts/{account_id}/runs/{id}");
    let started = Json(RunStarted { id: id.to_string() });
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], started).into_response())
}
