//! The API's description, generated from the handlers, and its router. The submodules add the parts that all
//! operations share, and the schemas of records.

mod conventions;
mod operations;
mod record_schemas;
mod shapes;
mod webhook_events;

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
        description = "lucca-connector links customers' Lucca tenants and delivers their employee data.\n\n\
            Send an API key as `Authorization: Bearer KEY`: the operator key, or a key created with it. Errors are \
            `application/problem+json` with a stable `code`. Unknown parameters are refused. Each list returns `items` and \
            `next_cursor`: pass it as `cursor` for the next page; it is null at the end. Responses with an `ETag` return 304 \
            to `If-None-Match`. A POST with an `Idempotency-Key` is executed once.\n\n\
            Within `/v1`, members, parameters and enumeration values are only added. Ignore members that you don't know.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact()
    ),
    servers((url = "http://127.0.0.1:8080", description = "The default address of `lucca-connector serve`")),
    modifiers(&Keys),
    tags(
        (name = "Linking", description = "Link tokens, linking flows and public tokens."),
        (name = "Linked accounts", description = "Customers' tenants, connected through an API key."),
        (name = "Employees", description = "Employees and their positions over time."),
        (name = "Employments", description = "Contracts with their dates."),
        (name = "Organisation", description = "Departments, establishments, legal units, job qualifications, occupation categories \
            and the tenant's custom fields."),
        (name = "Absences", description = "Absences, absence requests and leave types as they are in Lucca."),
        (name = "Absence submissions", description = "Absence requests made through the connector."),
        (name = "Changes", description = "The change log of a linked account's records."),
        (name = "Runs", description = "Syncs of a linked account."),
        (name = "Issues", description = "Problems of linked accounts that a person has to solve."),
        (name = "API keys", description = "Keys of this API."),
        (name = "Calendar feeds", description = "Absences of a team, for calendar apps. See docs/calendar.md."),
        (name = "Webhook endpoints", description = "Addresses that receive events. See docs/webhooks.md."),
        (name = "Webhook events", description = "The events that webhook endpoints receive. See docs/webhooks.md."),
        (name = "Inbound webhooks", description = "Webhooks from a customer's Lucca, which announce changes. See \
            docs/inbound-webhooks.md."),
        (name = "SCIM targets", description = "Services to which employees are provisioned. See docs/scim.md."),
        (name = "Health", description = "Health probes."),
    )
)]
struct Description;

struct Keys;

impl Modify for Keys {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "An API key: the operator key, from the file operator-token in the data directory, or a key created with it.",
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
        .routes(routes!(
            linked_accounts::list::list_linked_accounts,
            linked_accounts::create::create_linked_account
        ))
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
        .routes(routes!(absences::actions::cancel_absence_submission))
        .routes(routes!(absences::actions::cancel_absence))
        .routes(routes!(absences::actions::approve_absence_submission))
        .routes(routes!(absences::actions::approve_absence))
        .routes(routes!(absences::actions::deny_absence_submission))
        .routes(routes!(absences::actions::deny_absence))
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
        .routes(routes!(webhooks::test::send_test_event))
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
    webhook_events::complete(&mut description);
    conventions::complete(&mut description);
    (router, description)
}

/// The description as it is served and checked in.
pub(crate) fn to_json(description: &Value) -> String {
    // Serialising a JSON value can't fail.
    serde_json::to_string_pretty(description).unwrap_or_default()
}
