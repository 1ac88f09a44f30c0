//! What every client of a foreign server needs: a clock that tests can set, waits between attempts, a guard against
//! addresses that requests may not go to, the trusted root certificates, and the HTTP client made of these.
//!
//! Not here: Lucca's API (`lucca`), webhooks and SCIM (`delivery`), and any knowledge of the product that uses it: the
//! caller names the user agent.

mod address;
mod backoff;
mod client;
pub mod clock;
mod tls;

pub use address::{NetworkPolicy, Reach};
pub use backoff::{Backoff, Jitter, retry_after};
pub use client::{Failure, SetupError, guarded_client, header_text};
