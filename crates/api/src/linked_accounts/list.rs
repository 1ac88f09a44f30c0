//! `GET /v1/linked-accounts`: all linked accounts, or one customer's.

use api_types::List;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use crate::Params;
use crate::answers::Unauthorized;

/// Filters of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LinkedAccountsQuery {
    /// Only linked accounts of this customer.
    customer_id: Option<String>,
}

/// Lists linked accounts.
#[utoipa::path(
    get, path = "/v1/linked-accounts", tag = "Linked accounts", security(("key" = [])),
    params(LinkedAccountsQuery),
    responses(
        (status = 200, body = List<api_types::LinkedAccount>),
        Unauthorized,
    )
)]
pub(crate) async fn list_linked_accounts(
    State(app): State<App>,
    _: Vendor,
    Params(which): Params<LinkedAccountsQuery>,
) -> Result<Json<List<api_types::LinkedAccount>>, Problem> {
    let store = &app.services.store;
    let accounts = match &which.customer_id {
        Some(customer) => store.accounts_of_customer(customer).await?,
        None => store.accounts().await?,
    };
    let mut items = Vec::with_capacity(accounts.len());
    for account in &accounts {
        items.push(api_types::LinkedAccount::of(&app.services.store, account).await?);
    }
    Ok(Json(List::complete(items)))
}
