//! The duties of this crate: syncs, notified records, absence requests, upkeep, retention. Not here:
//! deliveries, which the binary adds.

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
