//! Webhooks by the Standard Webhooks specification: what happened to a linked account is told to addresses that asked for
//! it, at least once, in the order in which it was written, one event at a time an endpoint.
//!
//! `event` says what an entry of the logs is as events; it is pure. `seen` looks up what it has to know, `body` writes what is
//! said. `signature` signs, `sender` sends once, `courier` decides what is sent and when again.

mod body;
mod courier;
mod event;
mod seen;
mod sender;
mod signature;

pub use courier::{Courier, DISABLED, Delivered, TestResult};
pub use event::{DEDICATED, Event, Seen, events_of, is_type, types, wants};
pub use signature::{Secret, signatures};
