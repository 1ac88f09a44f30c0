//! What runs when: duties say what is due of them, a scheduler puts it into a queue, workers do it, one or many. The
//! duties here are syncs with the doctor behind them, absence requests until they are decided, upkeep, and retention.
//!
//! What a sync is, is in `sync`; what a request is, in `absences`; what the doctor may conclude, in `linking`. Nothing here reads the environment, a
//! file or the machine's clock: they are handed in.

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
