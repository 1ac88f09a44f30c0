//! Errors of the store.

use std::str::FromStr;

use people::{Kind, UnknownName};

use crate::vault::VaultError;

/// A failure of the store. The message names the action that failed; the cause is in `source()`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused the statement or is unreachable.
    #[error("the database failed while {doing}")]
    Database {
        /// The action that failed, as a phrase.
        doing: &'static str,
        /// The database's own error.
        #[source]
        source: sqlx::Error,
    },
    /// The database's tables could not be brought up to this version.
    #[error("could not migrate the database")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// A secret could not be sealed or opened.
    #[error("could not seal or open a secret")]
    Vault(#[from] VaultError),
    /// The lease is lost: another process has claimed the linked account, it was unlinked, or one of its
    /// employees was erased. No row of the current page was written.
    #[error(
        "this process lost the lease of the linked account: another process claimed it, the account was \
         unlinked, or one of its employees was erased; the next run continues"
    )]
    LeaseLost,
    /// An operator cancelled the run. No row of the current page was written.
    #[error("the run was cancelled; its records so far are stored")]
    Cancelled,
    /// The linked account was unlinked: it has no API key, and no process may write to it.
    #[error(
        "this account was unlinked: its API key was deleted, and the connector reads it no more; link its \
         tenant again to use it"
    )]
    Unlinked,
    /// A run that reads other streams is queued already.
    #[error(
        "a requested run of this account is queued already, and reads other streams: wait until it has ended, or cancel it"
    )]
    OtherRunQueued,
    /// The requested position is not in the change log, or no longer.
    #[error(
        "the change log has no entries from that number: it was pruned since, or the database was restored \
         to an older state"
    )]
    PlaceGone {
        /// The number after which the log has changes.
        first: i64,
        /// The number of the last change.
        last: i64,
    },
    /// Stored data can't be parsed.
    #[error("could not parse stored data: {what}")]
    Corrupt {
        /// The kind of data.
        what: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A stored value is unknown to this version: a newer one wrote it.
    #[error(
        "the table {table} contains a value that this version does not know; a newer version may have \
         written it"
    )]
    UnknownValue {
        /// The table.
        table: &'static str,
        /// The value, and the known ones.
        #[source]
        source: UnknownName,
    },
    /// A stored record of the normalised model can't be parsed.
    #[error("could not parse a stored record of {kind}")]
    CorruptRecord {
        /// The record's kind.
        kind: Kind,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

impl Error {
    /// Whether the database's disk, or its share of it, is full.
    pub fn is_disk_full(&self) -> bool {
        // SQLITE_FULL, and PostgreSQL's disk_full.
        let is_full_code = |code: &str| matches!(code, "13" | "53100");
        let Self::Database { source, .. } = self else { return false };
        match source {
            sqlx::Error::Database(error) => error.code().is_some_and(|code| is_full_code(&code)),
            sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::StorageFull,
            _ => false,
        }
    }

    /// The stable code that API, CLI and docs share.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Database { .. } => "store.database",
            Self::Migration(_) => "store.migration",
            Self::Vault(error) => error.code(),
            Self::LeaseLost => "store.lease_lost",
            Self::Cancelled => "sync.cancelled",
            Self::Unlinked => "account.unlinked",
            Self::OtherRunQueued => "sync.busy",
            Self::PlaceGone { .. } => "changes.truncated",
            Self::UnknownValue { .. } => "store.unknown_value",
            Self::Corrupt { .. } | Self::CorruptRecord { .. } => "store.corrupt",
        }
    }
}

/// Parses a name from a table.
pub(crate) fn stored<T: FromStr<Err = UnknownName>>(table: &'static str, name: &str) -> Result<T, Error> {
    name.parse().map_err(|source| Error::UnknownValue { table, source })
}

/// Lets a value that can't be parsed end a transaction like a failure of the database; [`while_doing`] turns
/// it back.
impl From<Error> for sqlx::Error {
    fn from(error: Error) -> Self {
        Self::Decode(Box::new(error))
    }
}

/// Converts a database error to the store's, with the action that failed.
pub(crate) fn while_doing(doing: &'static str) -> impl FnOnce(sqlx::Error) -> Error {
    move |source| match source {
        sqlx::Error::Decode(source) => match source.downcast::<Error>() {
            Ok(error) => *error,
            Err(source) => Error::Database { doing, source: sqlx::Error::Decode(source) },
        },
        source => Error::Database { doing, source },
    }
}
