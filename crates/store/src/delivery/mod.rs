//! Outputs: webhook endpoints and their deliveries, SCIM targets, calendar feeds, delivery rules.

pub(crate) mod calendar_feeds;
pub(crate) mod delivery_rules;
pub(crate) mod scim_targets;
pub(crate) mod webhook_deliveries;
pub(crate) mod webhook_endpoints;
