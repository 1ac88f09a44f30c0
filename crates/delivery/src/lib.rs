//! What was synced, in the way other tools expect it.
//!
//! Not here: the HTTP API (`server`), what is read of Lucca and when (`sync`, `jobs`).

pub mod airbyte;
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
