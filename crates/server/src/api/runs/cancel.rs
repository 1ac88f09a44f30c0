//! `POST /v1/linked-accounts/{account_id}/runs/{run_id}/cancel`: ends a sync.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use store::{Cancelling, Outcome};

use super::RunView;
use crate::api::answers::{Forbidden, NotFound, NotNow, Unauthorized};
use crate::api::linked_accounts::find;
use crate::app::App;
use crate::auth::Vendor;
use crate::problem::Problem;

/// Asks a sync to end. One that is queued has ended then; one that runs does at its next commit, of which nothing is
/// written; the next sync goes on where it was. Asking again is answered the same. The rhythm of the account goes on: what
/// is due is read by the next round.
#[utoipa::path(
    post, path = "/v1/linked-accounts/{account_id}/runs/{run_id}/cancel", tag = "runs", security(("key" = [])),
    params(
        ("account_id" = String, Path, description = "the linked account's id"),
        ("run_id" = String, Path, description = "the run's id"),
    ),
    responses(
        (status = 202, description = "The run as it is; its `outcome` is `cancelled` once it has ended.", body = RunView),
        Unauthorized,
        Forbidden,
        NotFound,
        NotNow,
    )
)]
pub(crate) async fn cancel_run(
    State(app): State<App>,
    vendor: Vendor,
    Path((account_id, run_id)): Path<(String, String)>,
) -> Result<(StatusCode, Json<RunView>), Problem> {
    let missing = || Problem::not_found("run");
    let account = find(&app, &account_id).await?;
    let id = run_id.parse().map_err(|_| missing())?;
    let machinery = &app.machinery;
    let store = &machinery.store;
    match store.cancel_run(&account, id, vendor.actor(), machinery.clock.now()).await?.ok_or_else(missing)? {
        Cancelling::Asked | Cancelling::Ended(Outcome::Cancelled) => {}
        Cancelling::Ended(outcome) => {
            let detail = format!("This run has ended already: {}.", outcome.name());
            return Err(Problem::new(StatusCode::CONFLICT, "run.ended", detail));
        }
    }
    let run = store.run(id).await?.ok_or_else(missing)?;
    Ok((StatusCode::ACCEPTED, Json(run.into())))
}
