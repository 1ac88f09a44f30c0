//! What runs when: a sync of a linked account with the doctor behind it, at the pace of its tenant, again and again.
//!
//! What a sync is, is in `sync`; what the doctor may conclude, in `linking`. Nothing here reads the environment, a
//! file or the machine's clock: they are handed in.

mod aftermath;
mod entropy;
mod machinery;
mod round;
mod tenants;

pub use entropy::{Entropy, EntropyError};
pub use machinery::{Holder, Machinery};
pub use round::keep_in_sync;
pub use tenants::{Error, REQUESTS_A_MINUTE, Tenants};
