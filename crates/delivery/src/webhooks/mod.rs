//! Webhooks by the Standard Webhooks specification: what happened to a linked account is told to addresses that asked for
//! it, at least once, in the order in which it was written, one event at a time an endpoint.
//!
//! `event` says what an entry of the logs is as events; it is pure. `signature` signs, `target` says where to send,
//! `sender` sends once, `courier` decides what is sent and when again.

mod courier;
mod event;
mod sender;
mod signature;
mod target;

pub use courier::{Courier, DISABLED, Delivered, TestResult, keep_delivering};
pub use event::{DEDICATED, Event, Seen, events_of, is_type, types, wants};
pub use signature::{Secret, signatures};
pub use target::{Target, TargetRefused};
