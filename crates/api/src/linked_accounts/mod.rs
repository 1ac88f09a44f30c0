//! `/v1/linked-accounts`: linked accounts. One file per endpoint; this one has their view and how to find
//! them.

pub(crate) mod audit;
pub(crate) mod create;
pub(crate) mod delivery;
pub(crate) mod fields;
pub(crate) mod issues;
pub(crate) mod list;
pub(crate) mod passthrough;
pub(crate) mod show;
pub(crate) mod unlink;

use axum::http::StatusCode;
use lucca::Client;
use store::{AccountStatus, LinkedAccount};
use web::app::App;
use web::problem::Problem;

/// Finds a linked account by the id in the path.
pub(crate) async fn find(app: &App, id: &str) -> Result<LinkedAccount, Problem> {
    let missing = || Problem::not_found("linked account");
    let id = id.parse().map_err(|_| missing())?;
    app.services.store.account(id).await?.ok_or_else(missing)
}

/// Finds the linked account that member `field` of a body names.
pub(crate) async fn find_named(app: &App, field: &'static str, id: &str) -> Result<LinkedAccount, Problem> {
    let unknown = || Problem::field(field, "request.invalid", "No linked account has this id.");
    let id = id.parse().map_err(|_| unknown())?;
    app.services.store.account(id).await?.ok_or_else(unknown)
}

/// Creates a client for a linked account. Refused if it has no key, or if Lucca refuses the key.
pub(crate) async fn client(app: &App, account: &LinkedAccount) -> Result<Client, Problem> {
    if account.status == AccountStatus::RelinkNeeded {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "lucca.key_refused",
            "Lucca refuses the API key of this account. Link the tenant again with another.",
        ));
    }
    Ok(app.services.tenants.client_of(account, &app.services.vault, None).await?)
}
