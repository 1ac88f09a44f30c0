//! `POST /v1/scim-targets`: adds a SCIM service.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use delivery::Target;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{AccountId, NewScimTarget, ScimTargetId};
use utoipa::ToSchema;

use super::{ScimTargetView, checked_settings, checked_token, missing};
use crate::Body;
use crate::answers::{Forbidden, Unauthorized, Unprocessable};
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

/// The service to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTarget {
    /// The linked account whose employees are provisioned.
    linked_account_id: String,
    /// The base address of the service's `/Users` and `/Groups`: `https:`, on the public internet.
    #[schema(example = "https://id.example/scim/v2")]
    base_url: String,
    /// The bearer token for the service. It is stored encrypted and never shown.
    #[schema(example = "EXAMPLE", min_length = 1, max_length = 16384)]
    token: String,
    /// See docs/scim.md; all defaults if absent.
    #[schema(value_type = Option<Object>, example = json!({ "hire_lead_days": 7 }))]
    settings: Option<Value>,
}

/// Adds a SCIM service. All of the account's employees are pushed soon. To preview the effect, use
/// `lucca-connector scim push --dry-run`.
#[utoipa::path(
    post, path = "/v1/scim-targets", tag = "SCIM", security(("key" = [])), request_body = NewTarget,
    responses(
        (status = 201, body = ScimTargetView),
        Unauthorized,
        Forbidden,
        Unprocessable,
    )
)]
pub(crate) async fn new_scim_target(
    State(app): State<App>,
    vendor: Vendor,
    Body(wanted): Body<NewTarget>,
) -> Result<(StatusCode, Json<ScimTargetView>), Problem> {
    let target = Target::parse(&wanted.base_url, app.hosts)
        .map_err(|refused| Problem::field("base_url", refused.code(), format!("Refused: {refused}.")))?;
    let unknown =
        || Problem::field("linked_account_id", "request.invalid", "There is no such linked account.");
    let account: AccountId = wanted.linked_account_id.parse().map_err(|_| unknown())?;
    let services = &app.services;
    let account = services.store.account(account).await?.ok_or_else(unknown)?;
    let settings = checked_settings(wanted.settings.unwrap_or_else(|| json!({})))?;
    let token = checked_token(wanted.token)?;
    let at = services.clock.now();
    let id = ScimTargetId::mint(at, services.entropy.bytes()?);
    let new = NewScimTarget {
        id,
        account: &account,
        base_url: target.as_str().trim_end_matches('/'),
        token: &token,
        settings: &settings,
        nonce: services.entropy.bytes()?,
        actor: vendor.actor(),
        at,
    };
    services.store.add_scim_target(&services.vault, new).await?;
    let target = services.store.scim_target(id).await?.ok_or_else(missing)?;
    Ok((StatusCode::CREATED, Json(target.into())))
}
