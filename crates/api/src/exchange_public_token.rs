//! `POST /v1/public-tokens/exchange`: exchanges the token that a finished flow gave to the browser.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::Body;
use super::answers::Unauthorized;

/// The public token that the widget or the return address received.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublicTokenExchange {
    /// The token. It can be exchanged once, within 30 minutes.
    #[schema(example = "pub_2Zk1m0c9b8a7s6d5f4g3h2j1k0l9p8o7i6u5y4t3r2e")]
    public_token: String,
}

/// Exchanges a public token for the linked account, once.
#[utoipa::path(
    post, path = "/v1/public-tokens/exchange", tag = "Linking", security(("key" = [])),
    request_body = PublicTokenExchange,
    responses(
        (status = 200, body = api_types::LinkedAccount),
        Unauthorized,
        (status = 404, description = "The token is unknown, expired or already exchanged.", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn exchange_public_token(
    State(app): State<App>,
    _: Vendor,
    Body(shown): Body<PublicTokenExchange>,
) -> Result<Json<api_types::LinkedAccount>, Problem> {
    let store = &app.services.store;
    let token = SecretString::from(shown.public_token);
    let Some((_, account_id)) = store.exchange_public_token(&token, app.services.clock.now()).await? else {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "public_token.unknown",
            "This public token is unknown, older than 30 minutes, or was exchanged before. Let the customer finish the \
             flow again, or find the account by its customer_id.",
        ));
    };
    let account = store.account(account_id).await?.ok_or_else(|| Problem::not_found("linked account"))?;
    Ok(Json(api_types::LinkedAccount::of(&app.services.store, &account).await?))
}
