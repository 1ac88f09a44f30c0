//! `POST /v1/api-keys`: creates an API key.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use store::{Actor, ApiKeyEntry, ApiKeyId, Role};
use utoipa::ToSchema;
use web::app::App;
use web::auth::Operator;
use web::problem::Problem;
use web::tokens;

use crate::Body;
use crate::answers::{Forbidden, Unauthorized, Unprocessable};
use crate::linked_accounts;

const LONGEST_NAME: usize = 200;

/// The API key to create.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "name": "people app, production", "role": "vendor" }))]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiKeyCreate {
    /// Its purpose, 1 to 200 characters.
    #[schema(example = "people app, production", min_length = 1, max_length = 200)]
    name: String,
    /// `operator`, `vendor` or `read_only`.
    #[schema(example = "vendor", pattern = "^(operator|vendor|read_only)$")]
    role: String,
    /// The linked account that a `read_only` key may read; required for that role, and only allowed for it.
    #[schema(example = "acct_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    linked_account_id: Option<String>,
}

/// A new API key.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApiKeyWithSecret {
    #[serde(flatten)]
    entry: api_types::ApiKey,
    /// The key, to be sent as `Authorization: Bearer KEY`. It is not shown again.
    #[schema(example = "lck_EXAMPLE")]
    key: String,
}

/// Creates an API key. The key is returned in this response only, and is stored as a hash.
#[utoipa::path(
    post, path = "/v1/api-keys", tag = "API keys", security(("key" = [])), request_body = ApiKeyCreate,
    responses(
        (status = 201, body = ApiKeyWithSecret),
        Unauthorized,
        Forbidden,
        Unprocessable,
    )
)]
pub(crate) async fn create_api_key(
    State(app): State<App>,
    _: Operator,
    Body(wanted): Body<ApiKeyCreate>,
) -> Result<(StatusCode, Json<ApiKeyWithSecret>), Problem> {
    let invalid = |field, detail: &str| Problem::field(field, "request.invalid", detail);
    let name = wanted.name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(invalid("name", "A name has 1 to 200 characters."));
    }
    let role = Role::ALL.into_iter().find(|role| role.name() == wanted.role);
    let role = role.ok_or_else(|| invalid("role", "A role is operator, vendor or read_only."))?;
    let account_id = match (role, wanted.linked_account_id) {
        (Role::ReadOnly, Some(id)) => {
            Some(linked_accounts::find_named(&app, "linked_account_id", &id).await?.id)
        }
        (Role::ReadOnly, None) => {
            return Err(invalid(
                "linked_account_id",
                "A read_only key reads one linked account: name it in `linked_account_id`.",
            ));
        }
        (Role::Operator | Role::Vendor, None) => None,
        (Role::Operator | Role::Vendor, Some(_)) => {
            return Err(invalid("linked_account_id", "Only a read_only key has a `linked_account_id`."));
        }
    };
    let now = app.services.clock.now();
    let key = tokens::new_api_key(&app.services.entropy)?;
    let id = ApiKeyId::mint(now, app.services.entropy.bytes()?);
    let entry =
        ApiKeyEntry { id, name: name.to_owned(), role, account_id, created_at: now, revoked_at: None };
    app.services.store.add_api_key(&entry, &key, Actor::Operator).await?;
    let made = ApiKeyWithSecret { entry: entry.into(), key: key.expose_secret().to_owned() };
    Ok((StatusCode::CREATED, Json(made)))
}
