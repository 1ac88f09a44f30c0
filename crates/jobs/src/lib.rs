//! Scheduling: duties list their due subjects, a scheduler enqueues jobs, and one or many workers run them.
//! The duties here are syncs (followed by a diagnosis), notified records, absence requests, upkeep and
//! retention.
//!
//! Not here: syncs (`sync`), absence requests (`absences`), the permission doctor's rules (`linking`); and
//! nothing here reads the environment, a file or the machine's clock, which are passed in.

mod aftermath;
mod duties;
mod duty;
mod entropy;
mod issues;
mod machinery;
mod notified;
pub mod queue;
mod requests;
mod retention;
mod tenants;
mod throttling;
mod worker;

pub use duties::{NotifiedDuty, RequestsDuty, RetentionDuty, SyncDuty, UpkeepDuty};
pub use duty::{Due, Duties, Duty, Subject};
pub use entropy::{Entropy, EntropyError};
pub use issues::{Told, tell};
pub use machinery::{Holder, Machinery};
pub use notified::{NotRead, accounts_notified, sync_notified};
pub use retention::{Retention, RetentionPlan, RetentionRound, plan_retention, run_retention};
pub use tenants::{Error, REQUESTS_A_MINUTE, Tenants};
pub use worker::{Worker, beat};
