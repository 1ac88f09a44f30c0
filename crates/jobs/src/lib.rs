//! What runs when: a sync of a linked account with the doctor behind it, at the pace of its tenant, again and again; and
//! absence requests, until they are decided.
//!
//! What a sync is, is in `sync`; what a request is, in `absences`; what the doctor may conclude, in `linking`. Nothing here reads the environment, a
//! file or the machine's clock: they are handed in.

mod aftermath;
mod entropy;
mod issues;
mod machinery;
mod notified;
mod requests;
mod round;
mod tenants;

pub use entropy::{Entropy, EntropyError};
pub use issues::{Told, tell};
pub use machinery::{Holder, Machinery, NotBegun};
pub use notified::{accounts_notified, keep_reading_notified, sync_notified};
pub use requests::{advance_due, keep_requests_going};
pub use round::keep_in_sync;
pub use tenants::{Error, REQUESTS_A_MINUTE, Tenants};
