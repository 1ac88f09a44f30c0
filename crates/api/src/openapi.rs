//! The API's description, generated from the handlers, and its router. The submodules add the parts that all
//! operations share, and the schemas of records.

mod conventions;
mod operations;
mod record_schemas;
mod shapes;

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
        .routes(routes!(health::get_health))
        .routes(routes!(health::get_readiness))
        .routes(routes!(new_link_token::create_link_token))
        .routes(routes!(linking_flows::list::list_linking_flows))
        .routes(routes!(linking_flows::show::get_linking_flow, linking_flows::cancel::cancel_linking_flow))
        .routes(routes!(exchange_public_token::exchange_public_token))
        .routes(routes!(linked_accounts::list::list_linked_accounts))
        .routes(routes!(
            linked_accounts::show::get_linked_account,
            linked_accounts::unlink::unlink_linked_account
        ))
        .routes(routes!(linked_accounts::issues::list_linked_account_issues))
        .routes(routes!(linked_accounts::fields::list_linked_account_fields))
        .routes(routes!(
            linked_accounts::delivery::get_delivery_settings,
            linked_accounts::delivery::update_delivery_settings
        ))
        .routes(routes!(
            linked_accounts::passthrough::send_passthrough_request,
            linked_accounts::passthrough::update_passthrough
        ))
        .routes(routes!(issues::list::list_issues))
        .routes(routes!(issues::show::get_issue))
        .routes(routes!(linked_accounts::audit::list_audit_entries))
        .routes(routes!(api_keys::list::list_api_keys, api_keys::create::create_api_key))
        .routes(routes!(api_keys::revoke::revoke_api_key))
        .merge(records::routes::router())
        .routes(routes!(records::tree::get_department_tree))
        .routes(routes!(records::positions::list_positions))
        .routes(routes!(records::positions::list_employee_positions))
        .routes(routes!(records::changes::list_changes))
        .routes(routes!(runs::list::list_runs, runs::start::create_run))
        .routes(routes!(runs::show::get_run))
        .routes(routes!(runs::cancel::cancel_run))
        .routes(routes!(absences::leave_types::list_employee_leave_types))
        .routes(routes!(absences::preview::preview_absence_submission))
        .routes(routes!(
            absences::list::list_absence_submissions,
            absences::request::create_absence_submission
        ))
        .routes(routes!(absences::show::get_absence_submission))
        .routes(routes!(absences::cancel::cancel_absence_submission))
        .routes(routes!(absences::approve::approve_absence_submission))
        .routes(routes!(absences::deny::deny_absence_submission))
        .routes(
            routes!(absences::import::import_absence_submissions)
                .layer(DefaultBodyLimit::max(absences::import::LARGEST_FILE)),
        )
        .routes(routes!(scim::list::list_scim_targets, scim::create::create_scim_target))
        .routes(routes!(
            scim::show::get_scim_target,
            scim::update::update_scim_target,
            scim::remove::delete_scim_target
        ))
        .routes(routes!(scim::push::push_scim_target))
        .routes(routes!(
            calendar_feeds::list::list_calendar_feeds,
            calendar_feeds::create::create_calendar_feed
        ))
        .routes(routes!(calendar_feeds::remove::delete_calendar_feed))
        .routes(routes!(calendar_feeds::open::download_calendar_feed))
        .routes(routes!(webhooks::list::list_webhook_endpoints, webhooks::create::create_webhook_endpoint))
        .routes(routes!(
            webhooks::show::get_webhook_endpoint,
            webhooks::update::update_webhook_endpoint,
            webhooks::remove::delete_webhook_endpoint
        ))
        .routes(routes!(webhooks::rotate_secret::rotate_webhook_endpoint_secret))
        .routes(routes!(webhooks::test::test_webhook_endpoint))
        .routes(routes!(webhooks::deliveries::list_webhook_deliveries))
        .routes(routes!(webhooks::replay::replay_webhook_events))
        .routes(routes!(
            inbound_webhooks::show::get_inbound_webhooks,
            inbound_webhooks::set::update_inbound_webhooks,
            inbound_webhooks::remove::delete_inbound_webhooks
        ))
        .routes(
            routes!(
                inbound_webhooks::receive::receive_inbound_webhook,
                inbound_webhooks::challenge::verify_inbound_webhook
            )
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
