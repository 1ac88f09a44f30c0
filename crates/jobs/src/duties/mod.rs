//! The duties of this crate: syncs, absence requests, upkeep, retention. Deliveries are the binary's to add.

mod requests;
mod retention;
mod syncs;
mod upkeep;

pub use requests::RequestsDuty;
pub use retention::RetentionDuty;
pub use syncs::SyncDuty;
pub use upkeep::UpkeepDuty;

use std::pin::Pin;

use crate::queue::Lane;

/// What [`crate::Duty::due`] gives.
type Due<'a> = Pin<Box<dyn Future<Output = Result<Vec<(String, Lane)>, store::Error>> + Send + 'a>>;
