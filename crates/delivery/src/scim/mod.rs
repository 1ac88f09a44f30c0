//! SCIM 2.0 outbound: people of a linked account are users of other services, departments their groups. Source: RFC 7643
//! (resources) and RFC 7644 (protocol).
//!
//! `settings` says what is wanted, `people` what each user and group should be, `resource` compares that with what a service
//! has, `client` speaks with it, `push` brings it about, by `users` and `groups`, `drift` tells where the two differ.
//! Resources that were neither made nor adopted here are never touched.

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
