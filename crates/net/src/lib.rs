//! Shared parts of the clients of other servers: a clock that tests can set, waits between attempts, a guard
//! against disallowed addresses, the trusted root certificates, and the HTTP client built from these.
//!
//! Not here: Lucca's API (`lucca`), webhooks and SCIM (`delivery`), and the product that uses it: the caller
//! passes the user agent.

mod address;
mod backoff;
mod client;
pub mod clock;
mod tls;

pub use address::{NetworkPolicy, Reach};
pub use backoff::{Backoff, Jitter, retry_after};
pub use client::{Failure, SetupError, guarded_client, header_text};
