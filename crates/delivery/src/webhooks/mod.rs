//! Webhooks by the Standard Webhooks specification: endpoints receive the changes and events of linked
//! accounts, at least once, and in order for each record.
//!
//! `event` maps log entries to event types; it is pure. `seen` looks up the facts it needs, `body` writes
//! bodies, `signature` signs, `sender` sends one request, `courier` delivers and retries; `settings` holds an
//! endpoint's settings.

mod body;
mod courier;
mod event;
mod seen;
mod sender;
mod settings;
mod signature;

pub use courier::{Courier, DISABLED, Delivered, TestResult};
pub use event::{ChangeFacts, DEDICATED, Event, events_of, is_type, types, wants};
pub use settings::{Payload, Settings};
pub use signature::{Secret, signatures};
