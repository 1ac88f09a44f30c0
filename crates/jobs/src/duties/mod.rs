//! The duties of a worker: syncs, records named by Lucca's webhooks, absence requests, deliveries, upkeep, retention.

mod deliver;
mod notified;
mod requests;
mod retention;
mod syncs;
mod upkeep;

pub(crate) use deliver::{Carrier, DeliverDuty};
pub use notified::{NotRead, NotifiedDuty, accounts_notified, sync_notified};
pub use requests::RequestsDuty;
pub use retention::{Retention, RetentionDuty, RetentionPlan, RetentionRound, plan_retention, run_retention};
pub use syncs::SyncDuty;
pub use upkeep::UpkeepDuty;
