//! Scheduling: duties list their due subjects, a scheduler enqueues jobs, and one or many workers run them.
//! The duties are syncs (followed by a diagnosis), notified records, absence submissions, webhooks, SCIM,
//! upkeep and retention.
//!
//! Not here: syncs (`sync`), absence requests (`absences`), deliveries (`delivery`), the permission doctor's
//! rules (`linking`). This crate reads neither the environment, a file nor the machine's clock: callers pass
//! them in.

mod duties;
mod duty;
mod entropy;
mod issues;
mod post_sync;
pub mod queue;
mod services;
mod tenants;
mod throttling;
mod worker;

pub use duties::{
    NotRead, NotifiedDuty, RequestsDuty, Retention, RetentionDuty, RetentionPlan, RetentionRound, SyncDuty,
    UpkeepDuty, accounts_notified, plan_retention, run_retention, sync_notified,
};
pub use duty::{Due, Duties, Duty, Subject};
pub use entropy::{Entropy, EntropyError};
pub use issues::{IssueTexts, issue_texts};
pub use services::{Holder, Services};
pub use tenants::{Error, REQUESTS_A_MINUTE, Tenants};
pub use worker::{Worker, beat};
