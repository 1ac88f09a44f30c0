//! The duties of this crate: syncs, what Lucca told of, absence requests, upkeep, retention. Deliveries are the binary's to add.

mod notified;
mod requests;
mod retention;
mod syncs;
mod upkeep;

pub use notified::NotifiedDuty;
pub use requests::RequestsDuty;
pub use retention::RetentionDuty;
pub use syncs::SyncDuty;
pub use upkeep::UpkeepDuty;
