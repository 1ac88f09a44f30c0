//! What is delivered, on both engines: reading from a store that is written to as a sync does; webhooks, with a receiver over
//! loopback that is killed and revived, and a clock that the test moves; SCIM, with a service that fails in many ways.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod reading;
mod scim;
mod support;
mod webhooks;
mod week;
