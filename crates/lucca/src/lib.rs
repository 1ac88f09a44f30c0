//! Lucca's HTTP API as Rust types.
//!
//! A [`TenantUrl`] and an [`ApiKey`] make a [`Client`]; the client returns one [`Enumeration`] for each
//! [`Stream`] of records, which pages safely over a set that moves, stays within the tenant's
//! [`RequestBudget`], retries if a retry can help, and ends with a [`Proof`] of completeness.
//!
//! Included: addresses, keys, the query grammar, paging, budget, retries, error shapes, resources as they
//! arrive on the wire, and requests that change absences. Not included: a database, a normalised people
//! model, any decision about the meaning of a missing record.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use lucca::{ApiKey, Client, TenantUrl, UserQuery};
//! use net::NetworkPolicy;
//!
//! let tenant = TenantUrl::parse("acme", NetworkPolicy::PublicOnly)?;
//! let key = ApiKey::parse("f3a1c0de-0000-4000-8000-000000000001")?;
//! let client = Client::builder(tenant, key).build()?;
//! let mut users = client.users(UserQuery::default());
//! while let Some(page) = users.next_page().await? {
//!     for item in &page.items {
//!         match &item.outcome {
//!             Ok(read) => drop(read.value.name.as_deref()),
//!             Err(unreadable) => drop(unreadable.to_string()),
//!         }
//!     }
//! }
//! let everything = users.proof().is_complete();
//! # let _ = everything;
//! # Ok(())
//! # }
//! ```
//!
//! Sources in the documentation of items (`directory.md §8`, `wire-grammar.md §1.2`) are the project's
//! collected notes on Lucca's public documentation and code. A comment `unverified:` marks a point that those
//! notes could not settle; such values are read in every variant.

mod absence_query;
mod api_key;
mod asked;
mod budget;
mod checkpoint;
mod client;
mod enumeration;
mod envelope;
mod error;
mod form;
mod item;
mod learned;
mod observer;
mod passthrough;
mod proof;
pub mod query;
mod reader;
mod request_tally;
pub mod resources;
mod retry;
mod route;
mod seen;
mod shared_scope;
mod stats;
mod stream;
mod tenant_url;
mod transport;
mod tree;
mod user_members;
mod user_query;
mod writes;

pub use absence_query::{LeaveQuery, LeaveRequestQuery, Owners, UserLogQuery, UserProperty};
pub use api_key::{ApiKey, ApiKeyError};
pub use budget::{Ledger, LedgerUnavailable, RequestBudget, TallyChange};
pub use checkpoint::Checkpoint;
pub use client::{Client, ClientBuilder};
pub use enumeration::Enumeration;
pub use error::{Action, Error};
pub use item::{FieldProblem, Item, Page, Raw, Read, Unreadable};
pub use learned::Learned;
pub use observer::Observer;
pub use passthrough::{ApiPath, ApiPathError, Body, Method, PassthroughResponse};
pub use proof::{Note, Proof, Unproven};
pub use request_tally::{RequestTally, Throttling};
pub use resources::Resource;
pub use shared_scope::{NotShared, SharedScope, Target};
pub use stats::{Stats, StreamStats};
pub use stream::Stream;
pub use tenant_url::{Environment, Region, TenantUrl, TenantUrlError};
pub use transport::reach;
pub use user_members::{ApplicationMember, Keep, keep};
pub use user_query::{DateFilter, UserField, UserQuery};
pub use writes::{
    AbsencePeriod, Constraint, Created, FactoryGeneration, ImportProgress, ImportSummary, LeaveImport,
    LeaveImportRow, LeaveRequestDraft, LeaveRequestOffer, OfferedAccount, RequestWarning, WarningLevel,
};
