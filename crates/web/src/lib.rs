//! Shared parts of the API and the linking flow: the service's state and settings, authentication, rate
//! limits, errors, and the layers of every request and response (`connections`, `security`). The routes are
//! in the crates `api` and `linking-flow`; `server` combines them.

mod absence_refusals;
pub mod app;
pub mod auth;
pub mod caller_key;
pub mod config;
pub mod connections;
pub mod flow_progress;
pub mod limits;
pub mod link_target;
mod noted_views;
pub mod page_cache;
pub mod problem;
pub mod readiness;
pub mod running_checks;
pub mod security;
pub mod sender;
pub mod tokens;
