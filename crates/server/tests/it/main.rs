//! The service from outside: real HTTP over loopback, a real database, an emulated tenant.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on panics")]

mod absences;
mod api;
mod calendar_feeds;
mod consent;
mod conventions;
mod delivery;
mod diagnosis;
mod every_operation;
mod exactness;
mod filters;
mod flow;
mod hostile;
mod idempotency;
mod inbound_webhooks;
mod link_by_api;
mod linked;
mod operations;
mod over_time;
mod passthrough;
mod records;
mod runs;
mod support;
mod webhooks;
