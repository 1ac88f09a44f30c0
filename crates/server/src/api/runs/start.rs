//! `POST /v1/linked-accounts/{account_id}/runs`: asks for a sync.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use store::AccountStatus;
use utoipa::ToSchema;

use crate::api::OptionalBody;
use crate::api::answers::{Forbidden, NotFound, NotNow, Unauthorized, Unprocessable};
use crate::api::linked_accounts::find;
use crate::app::App;
use crate::auth::Vendor;
use crate::problem::Problem;

/// A sync that was asked for.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunStarted {
    /// The run's id.
    #[schema(example = "run_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
}

/// How a run is to be done.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunOptions {
    /// `true`: everything is read again. `false`, the default: what changed.
    #[serde(default)]
    full: bool,
}

/// Asks for a sync of what changed, or with `{"full": true}` of everything, due or not. A worker begins the run as soon as
/// it is free; until then the run is `queued`, and further calls return the same one, which reads everything if one of them
/// asked for that. Follow it at its Location.
#[utoipa::path(
    post, path = "/v1/linked-accounts/{account_id}/runs", tag = "runs", security(("key" = [])),
    params(("account_id" = String, Path, description = "the linked account's id")),
    request_body(content = Option<RunOptions>, description = "how it is to be done; may be left out"),
    responses(
        (status = 202, body = RunStarted, headers(("Location" = String, description = "where it is followed"))),
        Unauthorized,
        Forbidden,
        NotFound,
        NotNow,
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
    let machinery = &app.machinery;
    if machinery.is_busy(&account).await? {
        return Err(conflict("sync.busy", "A sync of this account runs already: look at its runs."));
    }
    let id = machinery.ask_for_run(&account, options.full).await?;
    let place = format!("/v1/linked-accounts/{account_id}/runs/{id}");
    let started = Json(RunStarted { id: id.to_string() });
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], started).into_response())
}
