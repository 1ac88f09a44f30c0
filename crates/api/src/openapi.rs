//! The API's description, generated from the handlers, and its router. The submodules add the parts that all
//! operations share, and the schemas of records.

mod conventions;
mod operations;
mod record_schemas;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use serde_json::Value;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;
use web::app::App;

use crate::{
    absences, api_keys, calendar_feeds, exchange_public_token, health, inbound_webhooks, issues,
    linked_accounts, linking_flows, new_link_token, records, runs, scim, webhooks,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "lucca-connector",
        description = "Links customers' Lucca tenants and gives their people data.\n\n\
            Show an API key as `Authorization: Bearer KEY`: the operator's, or one made with it. \
            Refusals are `application/problem+json` with a stable `code`; parameters that are not known are refused. \
            Lists end with `next_cursor`, which begins the next page; what has an `ETag` is sent again only if it has \
            changed. Every POST may be named with `Idempotency-Key`, and is then done once.\n\n\
            What stays and what may change: members and parameters are only added within `/v1`; read what you know and \
            pass over the rest.",
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
        (name = "calendars", description = "Absences of a team, for calendars that subscribe to them: docs/calendar.md."),
        (name = "webhooks", description = "What happens, told to addresses that asked for it: docs/webhooks.md."),
        (name = "inbound webhooks", description = "What a customer's Lucca tells by itself, so that it is read at once: docs/inbound-webhooks.md."),
        (name = "SCIM", description = "Services that people are provisioned to: docs/scim.md."),
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

pub(crate) use conventions::{IDEMPOTENCY_KEY, REPLAYED};
pub(crate) use operations::is_keyed;

/// The routes under `/v1`, the health probes, and their description.
pub(crate) fn api() -> (Router<App>, Value) {
    let (router, description) = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(new_link_token::new_link_token))
        .routes(routes!(linking_flows::list::linking_flows))
        .routes(routes!(linking_flows::show::linking_flow, linking_flows::cancel::cancel_linking_flow))
        .routes(routes!(exchange_public_token::exchange_public_token))
        .routes(routes!(linked_accounts::list::linked_accounts))
        .routes(routes!(linked_accounts::show::linked_account, linked_accounts::unlink::unlink_account))
        .routes(routes!(linked_accounts::issues::account_issues))
        .routes(routes!(linked_accounts::fields::account_fields))
        .routes(routes!(
            linked_accounts::delivery::account_delivery,
            linked_accounts::delivery::set_account_delivery
        ))
        .routes(routes!(
            linked_accounts::passthrough::passthrough,
            linked_accounts::passthrough::allow_passthrough
        ))
        .routes(routes!(issues::list::issues))
        .routes(routes!(issues::show::issue))
        .routes(routes!(linked_accounts::audit::account_audit))
        .routes(routes!(api_keys::list::api_keys, api_keys::create::new_api_key))
        .routes(routes!(api_keys::revoke::revoke_api_key))
        .merge(records::routes::router())
        .routes(routes!(records::tree::department_tree))
        .routes(routes!(records::positions::positions))
        .routes(routes!(records::positions::employee_positions))
        .routes(routes!(records::changes::changes))
        .routes(routes!(runs::list::runs, runs::start::start_run))
        .routes(routes!(runs::show::run))
        .routes(routes!(runs::cancel::cancel_run))
        .routes(routes!(absences::leave_types::leave_types_of_employee))
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
        .routes(routes!(scim::list::scim_targets, scim::create::new_scim_target))
        .routes(routes!(
            scim::show::scim_target,
            scim::update::change_scim_target,
            scim::remove::remove_scim_target
        ))
        .routes(routes!(scim::push::push_scim_target))
        .routes(routes!(calendar_feeds::list::calendar_feeds, calendar_feeds::create::new_calendar_feed))
        .routes(routes!(calendar_feeds::remove::remove_calendar_feed))
        .routes(routes!(calendar_feeds::open::calendar_feed))
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
        .routes(routes!(
            inbound_webhooks::show::inbound_webhooks,
            inbound_webhooks::set::set_inbound_webhooks,
            inbound_webhooks::remove::remove_inbound_webhooks
        ))
        .routes(
            routes!(inbound_webhooks::receive::inbound, inbound_webhooks::challenge::inbound_challenge)
                .layer(DefaultBodyLimit::max(inbound_webhooks::receive::LARGEST)),
        )
        .split_for_parts();
    // Serialising utoipa's description to JSON can't fail.
    let mut description = serde_json::to_value(description).unwrap_or_default();
    record_schemas::complete(&mut description);
    conventions::complete(&mut description);
    (router, description)
}

/// The description as it is served and checked in.
pub(crate) fn to_json(description: &Value) -> String {
    // Serialising a JSON value can't fail.
    serde_json::to_string_pretty(description).unwrap_or_default()
}
