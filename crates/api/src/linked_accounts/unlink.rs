//! `DELETE /v1/linked-accounts/{linked_account_id}`: erases the API key, and the data if requested.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use store::DataPolicy;
use utoipa::{IntoParams, ToSchema};
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::find;
use crate::Params;
use crate::answers::{NotFound, Unauthorized, Unprocessable};

/// What happens to the data of an unlinked account.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UnlinkQuery {
    /// `keep` (the default): synced data stays, and no new data is read. `erase`: synced data is erased too.
    #[param(pattern = "^(keep|erase)$", example = "keep")]
    #[serde(default)]
    data: Option<String>,
}

/// The result of unlinking.
#[derive(Serialize, ToSchema)]
pub(crate) struct UnlinkResult {
    /// The linked account, now `unlinked`.
    linked_account: api_types::LinkedAccount,
    /// Number of erased records by kind; empty if the data was kept.
    erased: BTreeMap<String, u64>,
}

/// Unlinks an account: erases its API key at once, and its data if requested.
#[utoipa::path(
    delete, path = "/v1/linked-accounts/{linked_account_id}", tag = "Linked accounts", security(("key" = [])),
    params(("linked_account_id" = String, Path, description = "The linked account's id."), UnlinkQuery),
    responses(
        (status = 200, body = UnlinkResult),
        Unauthorized,
        NotFound,
        Unprocessable,
    )
)]
pub(crate) async fn unlink_linked_account(
    State(app): State<App>,
    vendor: Vendor,
    Path(linked_account_id): Path<String>,
    Params(how): Params<UnlinkQuery>,
) -> Result<Json<UnlinkResult>, Problem> {
    let policy = match how.data.as_deref() {
        None | Some("keep") => DataPolicy::Keep,
        Some("erase") => DataPolicy::Erase,
        Some(_) => return Err(Problem::field("data", "request.invalid", "`data` must be keep or erase.")),
    };
    let account = find(&app, &linked_account_id).await?;
    let store = &app.services.store;
    let receipt = store.unlink(&account, policy, vendor.actor(), app.services.clock.now()).await?;
    let account = find(&app, &linked_account_id).await?;
    Ok(Json(UnlinkResult {
        linked_account: api_types::LinkedAccount::of(&app.services.store, &account).await?,
        erased: receipt.records,
    }))
}
