//! Where everything is kept: linked accounts with their sealed secrets, records, and runs.
//!
//! One module per aggregate, each with its SQL. A caller gives the time and the randomness; nothing here
//! reads a clock, the environment or Lucca. Today the database is SQLite.

mod accounts;
mod db;
mod error;
mod ids;
mod quarantine;
mod records;
mod requests_sent;
mod runs;
mod vault;

pub use accounts::{AccountSettings, AccountStatus, LinkedAccount, NewAccount};
pub use db::Store;
pub use error::Error;
pub use ids::{AccountId, InvalidId, RunId};
pub use quarantine::Quarantined;
pub use records::{Commit, RecordState, RecordUpsert, Stored, StoredHash, content_hash};
pub use runs::{Outcome, Run};
pub use vault::{MasterKey, MasterKeyError, Vault, VaultError};
