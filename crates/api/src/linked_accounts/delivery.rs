//! `GET`, `PUT /v1/linked-accounts/{linked_account_id}/delivery`: delivery filters, field selection and renames.

use axum::Json;
use axum::extract::{Path, State};
use delivery::mapping::Mapping;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{AccountSettings, DeliveryRules, LinkedAccount, SettingsChange};
use utoipa::{IntoParams, ToSchema};
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

/// The delivery rules of a linked account. See docs/mapping.md.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliverySettings {
    /// `people`, a filter; `fields`, by stream `only` or `except`; `renames`, by stream. `{}` delivers
    /// everything, under the model's names.
    #[schema(value_type = Object, example = json!({
        "people": { "statuses": ["active", "future"] },
        "fields": { "employees": { "except": ["login"] } },
        "renames": { "employees": { "job_title": "title" } },
    }))]
    rules: Value,
    /// How many employees these rules would deliver, add and remove. The next sync applies them.
    #[schema(value_type = Object, example = json!({ "delivered": 120, "enter": 0, "leave": 14 }))]
    people: Value,
}

impl DeliverySettings {
    async fn of(app: &App, account: &LinkedAccount, rules: &DeliveryRules) -> Result<Self, Problem> {
        let services = &app.services;
        let store::AudienceChange { before, enter, leave } =
            sync::preview_audience(&services.store, account, rules.people.as_ref(), services.today()).await?;
        Ok(Self {
            rules: json!(rules),
            people: json!({ "delivered": before + enter - leave, "enter": enter, "leave": leave }),
        })
    }
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
    Ok(Json(DeliverySettings::of(&app, &account, &account.settings.delivery).await?))
}

/// Replaces the delivery rules of a linked account.
///
/// The selection of fields applies at once, the filter of people with the next sync, which then emits
/// `excluded` for removed people and `created` or `restored` for added ones. Sending the same rules again
/// confirms them: the next sync then applies the changes that it has held because of them (`delivery.held`).
#[utoipa::path(
    put, path = "/v1/linked-accounts/{linked_account_id}/delivery", tag = "Linked accounts", security(("key" = [])),
    params(("linked_account_id" = String, Path, description = "The linked account's id."), DryRunQuery),
    request_body(content = Object, description = "The rules: see docs/mapping.md.", example = json!({
        "people": { "statuses": ["active", "future"] },
        "fields": { "employees": { "except": ["login"] } },
    })),
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
    let view = DeliverySettings::of(&app, &account, &rules).await?;
    if dry_run {
        return Ok(Json(view));
    }
    let (store, by) = (&app.services.store, (vendor.actor(), app.services.clock.now()));
    let settings = AccountSettings { delivery: rules, ..account.settings.clone() };
    let change = SettingsChange { settings: &settings, gives_delivery: true };
    store.set_account_settings(&account, change, by).await?;
    Ok(Json(view))
}
