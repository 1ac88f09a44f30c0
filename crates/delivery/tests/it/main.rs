//! Deliveries on both database engines: streams read from a store that is written to as by a sync; webhooks
//! to a loopback receiver that is killed and restarted, under a test clock; SCIM to a service with faults.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod fields_page;
mod reading;
mod scim;
mod scim_groups;
mod support;
mod webhooks;
mod week;
