//! `POST /v1/linked-accounts/{linked_account_id}/runs`: starts a sync.

use api_types::Run;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use delivery::catalog::STREAMS;
use people::Kind;
use serde::Deserialize;
use store::{AccountStatus, RunRequest};
use utoipa::ToSchema;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use crate::OptionalBody;
use crate::answers::{Conflict, Forbidden, NotFound, Unauthorized, Unprocessable};
use crate::linked_accounts::find;

/// Options of a run.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunCreate {
    /// `true`: reads everything again. `false`, the default: reads only changes.
    #[serde(default)]
    full: bool,
    /// Reads only these streams, in full: names of lists, such as `departments`. By default all that are due.
    #[schema(example = json!(["departments"]))]
    streams: Option<Vec<String>>,
}

impl RunCreate {
    fn request(self) -> Result<RunRequest, Problem> {
        let Some(names) = self.streams else {
            return Ok(if self.full { RunRequest::Full } else { RunRequest::Changes });
        };
        let known = |name: &String| STREAMS.into_iter().find(|kind| kind.name() == name);
        let kinds: Option<Vec<Kind>> = names.iter().map(known).collect();
        match kinds {
            Some(kinds) if !kinds.is_empty() => Ok(RunRequest::Streams(kinds.into_iter().collect())),
            _ => {
                let known = STREAMS.map(Kind::name).join(", ");
                Err(Problem::field(
                    "streams",
                    "request.invalid",
                    format!("`streams` must be a list of: {known}."),
                ))
            }
        }
    }
}

/// Starts a sync: of changes, with `{"full": true}` of everything, or with `{"streams": ["departments"]}` of some
/// streams in full.
///
/// The run does not wait for the schedule: a worker begins it as soon as it is free. Until then the run is `queued`, and
/// further calls return the same run, which reads what all of them requested. A run of some streams and a run of all are
/// not combined: the second is refused with `sync.busy`. Poll the run at the address in `Location`.
#[utoipa::path(
    post, path = "/v1/linked-accounts/{linked_account_id}/runs", tag = "Runs", security(("key" = [])),
    params(("linked_account_id" = String, Path, description = "The linked account's id.")),
    request_body(content = Option<RunCreate>, description = "What the run reads; changes by default."),
    responses(
        (status = 202, body = Run, headers(("Location" = String, description = "The address of the run."))),
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
        Unprocessable,
    )
)]
pub(crate) async fn create_run(
    State(app): State<App>,
    _: Vendor,
    Path(linked_account_id): Path<String>,
    OptionalBody(options): OptionalBody<RunCreate>,
) -> Result<Response, Problem> {
    let request = options.request()?;
    let account = find(&app, &linked_account_id).await?;
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
    let id = services.request_run(&account, request).await?;
    let place = format!("/v1/linked-accounts/{linked_account_id}/runs/{id}");
    let run = services.store.run(id).await?.ok_or_else(|| Problem::not_found("run"))?;
    let started = Json(Run::new(run, account.id));
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], started).into_response())
}
