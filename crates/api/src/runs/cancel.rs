//! `POST /v1/linked-accounts/{linked_account_id}/runs/{run_id}/cancel`: cancels a sync.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use store::{Cancelling, Outcome};
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use crate::answers::{Conflict, Forbidden, NotFound, Unauthorized};
use crate::linked_accounts::find;

/// Cancels a sync.
///
/// A queued sync ends at once. A running one ends at its next commit, which is not written; the next sync
/// continues from there. Repeating the call has no further effect. Scheduled syncs of the account continue.
#[utoipa::path(
    post, path = "/v1/linked-accounts/{linked_account_id}/runs/{run_id}/cancel", tag = "Runs", security(("key" = [])),
    params(
        ("linked_account_id" = String, Path, description = "The linked account's id."),
        ("run_id" = String, Path, description = "The run's id."),
    ),
    responses(
        (status = 202, description = "The run as it is; its `outcome` is `cancelled` once it has ended.", body = api_types::Run),
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
    )
)]
pub(crate) async fn cancel_run(
    State(app): State<App>,
    vendor: Vendor,
    Path((linked_account_id, run_id)): Path<(String, String)>,
) -> Result<(StatusCode, Json<api_types::Run>), Problem> {
    let missing = || Problem::not_found("run");
    let account = find(&app, &linked_account_id).await?;
    let id = run_id.parse().map_err(|_| missing())?;
    let services = &app.services;
    let store = &services.store;
    match store.cancel_run(&account, id, vendor.actor(), services.clock.now()).await?.ok_or_else(missing)? {
        Cancelling::Asked | Cancelling::Ended(Outcome::Cancelled) => {}
        Cancelling::Ended(outcome) => {
            let detail = format!("This run has ended already: {}.", outcome.name());
            return Err(Problem::new(StatusCode::CONFLICT, "run.ended", detail));
        }
    }
    let run = store.run(id).await?.ok_or_else(missing)?;
    Ok((StatusCode::ACCEPTED, Json(api_types::Run::new(run, account.id))))
}
