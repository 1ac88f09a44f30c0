//! Delivers synced data to other tools: Airbyte, Singer, webhooks, SCIM and calendar feeds.
//!
//! Not here: the HTTP API (`server`); reading from Lucca and its schedule (`sync`, `jobs`); files (`files`).

pub mod airbyte;
mod attempts;
pub mod calendar;
pub mod catalog;
mod issue_id;
pub mod mapping;
pub mod scim;
pub mod singer;
mod target;
pub mod webhooks;

pub use target::{Target, TargetRefused};

/// The `User-Agent` header of webhooks and SCIM requests.
const USER_AGENT: &str = concat!("lucca-connector/", env!("CARGO_PKG_VERSION"));
