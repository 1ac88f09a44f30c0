//! Outbound SCIM 2.0: provisions a linked account's employees as users of other services, and departments as
//! groups. Source: RFC 7643 (resources) and RFC 7644 (protocol).
//!
//! `settings` configures a service, `people` computes the target state of users and groups, `resource`
//! compares it with the service's, `client` sends requests, `push` runs a push, by `users` and `groups`, and
//! `drift` reports differences. Resources that the connector neither created nor adopted are never changed.

mod client;
mod drift;
mod groups;
mod people;
mod push;
mod report;
mod resource;
mod settings;
mod users;

pub use client::Failure;
pub use drift::{Difference, Drift};
pub use push::{Mode, Pusher};
pub use report::{Action, Change, ISSUES, Report, Step};
pub use settings::{Settings, SettingsError};
