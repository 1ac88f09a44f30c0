//! The duties of a worker: syncs, records named by Lucca's webhooks, absence requests, deliveries, pushes, upkeep, retention.

mod deliver;
mod notified;
mod push;
mod requests;
mod retention;
mod syncs;
mod upkeep;

pub(crate) use deliver::DeliverDuty;
pub use notified::{NotRead, NotifiedDuty, accounts_notified, sync_notified};
pub(crate) use push::PushDuty;
pub use requests::RequestsDuty;
pub use retention::{Retention, RetentionDuty, RetentionPlan, RetentionRound, plan_retention, run_retention};
pub use syncs::SyncDuty;
pub use upkeep::UpkeepDuty;
