//! `GET`, `PUT /v1/linked-accounts/{linked_account_id}/delivery`: delivery filters, field selection and renames.

use api_types::{DeliveryEffect, DeliverySettings};
use axum::Json;
use axum::extract::{Path, State};
use delivery::mapping::Mapping;
use serde::Deserialize;
use store::{AccountSettings, DeliveryRules, LinkedAccount, SettingsChange};
use utoipa::IntoParams;
use web::app::App;
use web::auth::{Reader, Vendor};
use web::problem::Problem;

use super::find;
use crate::answers::{Conflict, Forbidden, NotFound, Unauthorized, Unprocessable};
use crate::{Body, Params};

/// Options of a change.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct DryRunQuery {
    /// Whether to only preview the effect, without a change; false by default.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    dry_run: bool,
}

/// The rules and their effect.
async fn settings(
    app: &App,
    account: &LinkedAccount,
    rules: &DeliveryRules,
) -> Result<DeliverySettings, Problem> {
    let services = &app.services;
    let store::AudienceChange { before, enter, leave } =
        sync::preview_audience(&services.store, account, rules.people.as_ref(), services.today()).await?;
    let people = DeliveryEffect { delivered: before + enter - leave, enter, leave };
    Ok(DeliverySettings { rules: rules.clone(), people })
}

/// Shows the delivery rules of a linked account.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{linked_account_id}/delivery", tag = "Linked accounts", security(("key" = [])),
    params(("linked_account_id" = String, Path, description = "The linked account's id.")),
    responses(
        (status = 200, body = DeliverySettings),
        Unauthorized,
        NotFound,
    )
)]
pub(crate) async fn get_delivery_settings(
    State(app): State<App>,
    Reader { account, .. }: Reader,
) -> Result<Json<DeliverySettings>, Problem> {
    Ok(Json(settings(&app, &account, &account.settings.delivery).await?))
}

/// Replaces the delivery rules of a linked account.
///
/// The selection of fields applies at once, the filter of people with the next sync, which then emits
/// `excluded` for removed people and `created` or `restored` for added ones. Sending the same rules again
/// confirms them: the next sync then applies the changes that it has held because of them (`delivery.held`).
#[utoipa::path(
    put, path = "/v1/linked-accounts/{linked_account_id}/delivery", tag = "Linked accounts", security(("key" = [])),
    params(("linked_account_id" = String, Path, description = "The linked account's id."), DryRunQuery),
    request_body(content = api_types::DeliveryRules, description = "The new rules. See docs/mapping.md."),
    responses(
        (status = 200, body = DeliverySettings),
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
        Unprocessable,
    )
)]
pub(crate) async fn update_delivery_settings(
    State(app): State<App>,
    vendor: Vendor,
    Path(linked_account_id): Path<String>,
    Params(DryRunQuery { dry_run }): Params<DryRunQuery>,
    Body(rules): Body<DeliveryRules>,
) -> Result<Json<DeliverySettings>, Problem> {
    let account = find(&app, &linked_account_id).await?;
    let rules = rules.plain();
    Mapping::new(&rules)
        .map_err(|error| Problem::field("fields", error.code(), format!("Refused: {error}.")))?;
    let view = settings(&app, &account, &rules).await?;
    if dry_run {
        return Ok(Json(view));
    }
    let (store, by) = (&app.services.store, (vendor.actor(), app.services.clock.now()));
    let settings = AccountSettings { delivery: rules, ..account.settings.clone() };
    let change = SettingsChange { settings: &settings, gives_delivery: true };
    store.set_account_settings(&account, change, by).await?;
    Ok(Json(view))
}
