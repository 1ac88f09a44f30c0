//! Outputs: destinations (webhook endpoints and SCIM services) and their deliveries, calendar feeds, delivery
//! rules.

pub(crate) mod calendar_feeds;
pub(crate) mod delivery_rules;
pub(crate) mod destinations;
pub(crate) mod scim_links;
pub(crate) mod webhook_deliveries;
