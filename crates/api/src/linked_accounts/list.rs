//! `GET /v1/linked-accounts`: all linked accounts, or one customer's.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::LinkedAccountView;
use crate::Params;
use crate::answers::Unauthorized;

/// Filters of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LinkedAccountsQuery {
    /// Only linked accounts of this customer.
    customer_id: Option<String>,
}

/// Linked accounts.
#[derive(Serialize, ToSchema)]
pub(crate) struct LinkedAccountList {
    /// The linked accounts, oldest first.
    items: Vec<LinkedAccountView>,
}

/// Lists linked accounts.
#[utoipa::path(
    get, path = "/v1/linked-accounts", tag = "linked accounts", security(("key" = [])),
    params(LinkedAccountsQuery),
    responses(
        (status = 200, body = LinkedAccountList),
        Unauthorized,
    )
)]
pub(crate) async fn linked_accounts(
    State(app): State<App>,
    _: Vendor,
    Params(which): Params<LinkedAccountsQuery>,
) -> Result<Json<LinkedAccountList>, Problem> {
    let store = &app.services.store;
    let accounts = match &which.customer_id {
        Some(customer) => store.accounts_of_customer(customer).await?,
        None => store.accounts().await?,
    };
    let mut items = Vec::with_capacity(accounts.len());
    for account in &accounts {
        items.push(LinkedAccountView::of(&app, account).await?);
    }
    Ok(Json(LinkedAccountList { items }))
}
