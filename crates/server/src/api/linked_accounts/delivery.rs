//! `GET`, `PUT /v1/linked-accounts/{account_id}/delivery`: which people are delivered, which fields, under which names.

use axum::Json;
use axum::extract::{Path, State};
use delivery::mapping::Mapping;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{AccountSettings, DeliveryRules, LinkedAccount, SettingsChange};
use utoipa::{IntoParams, ToSchema};

use super::find;
use crate::api::answers::{Forbidden, NotFound, NotNow, Unauthorized, Unprocessable};
use crate::api::{Body, Params};
use crate::app::App;
use crate::auth::{Reader, Vendor};
use crate::problem::Problem;

/// Whether it is only tried.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trying {
    /// Whether nothing is changed, and only said what would be; false by default.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    dry_run: bool,
}

/// The rules of what is delivered of a linked account. See docs/mapping.md.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryView {
    /// `people`, a filter; `fields`, by stream `only` or `except`; `renames`, by stream. `{}` is everything, as the model
    /// has it.
    #[schema(value_type = Object, example = json!({
        "people": { "statuses": ["active", "future"] },
        "fields": { "employees": { "except": ["login"] } },
        "renames": { "employees": { "job_title": "title" } },
    }))]
    rules: Value,
    /// How many people would be delivered with these rules, come in and go out. The number as it is comes true with the
    /// next sync.
    #[schema(value_type = Object, example = json!({ "delivered": 120, "enter": 0, "leave": 14 }))]
    people: Value,
}

impl DeliveryView {
    async fn of(app: &App, account: &LinkedAccount, rules: &DeliveryRules) -> Result<Self, Problem> {
        let machinery = &app.machinery;
        let store::AudienceChange { before, enter, leave } =
            sync::preview_audience(&machinery.store, account, rules.people.as_ref(), machinery.today())
                .await?;
        Ok(Self {
            rules: json!(rules),
            people: json!({ "delivered": before + enter - leave, "enter": enter, "leave": leave }),
        })
    }
}

/// Shows the rules of what is delivered of a linked account.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{account_id}/delivery", tag = "linked accounts", security(("key" = [])),
    params(("account_id" = String, Path, description = "the linked account's id")),
    responses(
        (status = 200, body = DeliveryView),
        Unauthorized,
        NotFound,
    )
)]
pub(crate) async fn account_delivery(
    State(app): State<App>,
    Reader { account, .. }: Reader,
) -> Result<Json<DeliveryView>, Problem> {
    Ok(Json(DeliveryView::of(&app, &account, &account.settings.delivery).await?))
}

/// Sets the rules of what is delivered of a linked account, in place of those that were. Which fields holds at once, which
/// people with the next sync: who goes out is told as `excluded` then, who comes in as `created` or `restored`. The same
/// rules again say that they are right: what a sync has held because of them (`delivery.held`) is done by the next one.
#[utoipa::path(
    put, path = "/v1/linked-accounts/{account_id}/delivery", tag = "linked accounts", security(("key" = [])),
    params(("account_id" = String, Path, description = "the linked account's id"), Trying),
    request_body(content = Object, description = "The rules: see docs/mapping.md.", example = json!({
        "people": { "statuses": ["active", "future"] },
        "fields": { "employees": { "except": ["login"] } },
    })),
    responses(
        (status = 200, body = DeliveryView),
        Unauthorized,
        Forbidden,
        NotFound,
        NotNow,
        Unprocessable,
    )
)]
pub(crate) async fn set_account_delivery(
    State(app): State<App>,
    vendor: Vendor,
    Path(account_id): Path<String>,
    Params(Trying { dry_run }): Params<Trying>,
    Body(rules): Body<DeliveryRules>,
) -> Result<Json<DeliveryView>, Problem> {
    let account = find(&app, &account_id).await?;
    let rules = rules.plain();
    Mapping::new(&rules)
        .map_err(|error| Problem::field("fields", error.code(), format!("Refused: {error}.")))?;
    let view = DeliveryView::of(&app, &account, &rules).await?;
    if dry_run {
        return Ok(Json(view));
    }
    let (store, by) = (&app.machinery.store, (vendor.actor(), app.machinery.clock.now()));
    let settings = AccountSettings { delivery: rules, ..account.settings.clone() };
    let change = SettingsChange { settings: &settings, gives_delivery: true };
    store.set_account_settings(&account, change, by).await?;
    Ok(Json(view))
}
