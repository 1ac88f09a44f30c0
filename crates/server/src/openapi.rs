//! The API's description, made from the handlers themselves, and its router.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::api::{
    absences, api_keys, exchange_public_token, health, linked_accounts, linking_flows, new_link_token,
    records, runs, webhooks,
};
use crate::app::App;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "lucca-connector",
        description = "Links customers' Lucca tenants and gives their people data.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact()
    ),
    servers((url = "/")),
    modifiers(&Keys),
    tags(
        (name = "linking", description = "Link tokens, linking flows and public tokens."),
        (name = "linked accounts", description = "Customers' tenants, connected through an API key."),
        (name = "records", description = "What was synced: people, employments, the organisation, absences; what changed."),
        (name = "runs", description = "Syncs of a linked account."),
        (name = "API keys", description = "Who may use this API."),
        (name = "absence requests", description = "Absences, asked for in an app and decided in Lucca."),
        (name = "webhooks", description = "What happens, told to addresses that asked for it: docs/webhooks.md."),
        (name = "health", description = "Whether the service runs."),
    )
)]
struct Description;

struct Keys;

impl Modify for Keys {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "An API key: the operator's, from the file operator-token in the data directory, or one made with it.",
            ))
            .build();
        description
            .components
            .get_or_insert_default()
            .add_security_scheme("key", SecurityScheme::Http(bearer));
    }
}

/// The description as JSON, and the routes it describes.
pub(crate) fn api() -> (Router<App>, String) {
    let (router, description) = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(new_link_token::new_link_token))
        .routes(routes!(linking_flows::linking_flow, linking_flows::cancel_linking_flow))
        .routes(routes!(exchange_public_token::exchange_public_token))
        .routes(routes!(linked_accounts::list::linked_accounts))
        .routes(routes!(linked_accounts::show::linked_account, linked_accounts::unlink::unlink_account))
        .routes(routes!(linked_accounts::issues::account_issues))
        .routes(routes!(linked_accounts::passthrough::passthrough))
        .routes(routes!(linked_accounts::audit::account_audit))
        .routes(routes!(api_keys::list::api_keys, api_keys::create::new_api_key))
        .routes(routes!(api_keys::revoke::revoke_api_key))
        .routes(routes!(records::list::employees))
        .routes(routes!(records::list::employments))
        .routes(routes!(records::list::departments))
        .routes(routes!(records::list::establishments))
        .routes(routes!(records::list::legal_units))
        .routes(routes!(records::list::qualifications))
        .routes(routes!(records::list::occupation_categories))
        .routes(routes!(records::list::absences))
        .routes(routes!(records::list::custom_field_definitions))
        .routes(routes!(records::show::employee))
        .routes(routes!(records::show::employment))
        .routes(routes!(records::tree::department_tree))
        .routes(routes!(records::show::department))
        .routes(routes!(records::show::establishment))
        .routes(routes!(records::show::legal_unit))
        .routes(routes!(records::show::qualification))
        .routes(routes!(records::show::occupation_category))
        .routes(routes!(records::show::absence))
        .routes(routes!(records::show::custom_field_definition))
        .routes(routes!(records::positions::positions))
        .routes(routes!(records::positions::employee_positions))
        .routes(routes!(records::changes::changes))
        .routes(routes!(runs::list::runs, runs::start::start_run))
        .routes(routes!(runs::show::run))
        .routes(routes!(runs::cancel::cancel_run))
        .routes(routes!(absences::leave_types::leave_types))
        .routes(routes!(absences::preview::preview_absence))
        .routes(routes!(absences::list::absence_requests, absences::request::request_absence))
        .routes(routes!(absences::show::absence_request))
        .routes(routes!(absences::cancel::cancel_absence))
        .routes(routes!(absences::approve::approve_absence))
        .routes(routes!(absences::deny::deny_absence))
        .routes(
            routes!(absences::import::import_absences)
                .layer(DefaultBodyLimit::max(absences::import::LARGEST_FILE)),
        )
        .routes(routes!(webhooks::list::webhook_endpoints, webhooks::create::new_webhook_endpoint))
        .routes(routes!(
            webhooks::show::webhook_endpoint,
            webhooks::update::change_webhook_endpoint,
            webhooks::remove::remove_webhook_endpoint
        ))
        .routes(routes!(webhooks::rotate_secret::rotate_webhook_secret))
        .routes(routes!(webhooks::test::test_webhook_endpoint))
        .routes(routes!(webhooks::deliveries::webhook_deliveries))
        .routes(routes!(webhooks::replay::replay_webhooks))
        .split_for_parts();
    let json = description.to_pretty_json().unwrap_or_default();
    let answer = json.clone();
    let router = router.route(
        "/openapi.json",
        get(move || async move { ([(axum::http::header::CONTENT_TYPE, "application/json")], answer) }),
    );
    (router, json)
}
