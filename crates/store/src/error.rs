//! Errors of the store.

use std::str::FromStr;

use people::{Kind, UnknownName};

use crate::vault::VaultError;

/// A failure of the store. The message names the action that failed; the cause is in `source()`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused or could not be reached.
    #[error("the database failed while {doing}")]
    Database {
        /// The action that failed, as a phrase.
        doing: &'static str,
        /// The database's own error.
        #[source]
        source: sqlx::Error,
    },
    /// The database's tables could not be brought up to this version.
    #[error("the database could not be migrated")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// A secret could not be sealed or opened.
    #[error("a sealed secret could not be used")]
    Vault(#[from] VaultError),
    /// The lease is lost: another process has taken over the linked account, it was unlinked, or one of its
    /// people was erased. Nothing of the current page was written.
    #[error(
        "this process may write to the linked account no more: another has taken it over, unlinked it, or erased \
         somebody of it"
    )]
    LeaseLost,
    /// A person cancelled the run. Nothing of the current page was written.
    #[error("the run was cancelled; what it had read is stored")]
    Cancelled,
    /// The linked account was unlinked: it has no API key, and no process may write to it.
    #[error("this account was unlinked: its API key is gone, and nothing is read any more")]
    Unlinked,
    /// The requested position is not in the change log, or no longer.
    #[error(
        "the change log does not go on from that number: it was cut since, or the database was restored to an older state"
    )]
    PlaceGone {
        /// The number after which there are changes.
        first: i64,
        /// The number of the last change.
        last: i64,
    },
    /// Something stored cannot be read back.
    #[error("stored {what} cannot be read back")]
    Corrupt {
        /// The kind of data.
        what: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A stored value is none that this version knows: a newer one wrote it.
    #[error("the table {table} holds a value that this version does not know")]
    UnknownValue {
        /// The table.
        table: &'static str,
        /// The value, and those that are known.
        #[source]
        source: UnknownName,
    },
    /// A stored record of the normalised model cannot be read back.
    #[error("a stored record of {kind} cannot be read back")]
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
            Self::PlaceGone { .. } => "changes.place_gone",
            Self::UnknownValue { .. } => "store.unknown_value",
            Self::Corrupt { .. } | Self::CorruptRecord { .. } => "store.corrupt",
        }
    }
}

/// Reads a name that a table holds.
pub(crate) fn stored<T: FromStr<Err = UnknownName>>(table: &'static str, name: &str) -> Result<T, Error> {
    name.parse().map_err(|source| Error::UnknownValue { table, source })
}

/// Lets a value that can't be read end a transaction like a failure of the database; [`while_doing`] turns it back.
impl From<Error> for sqlx::Error {
    fn from(error: Error) -> Self {
        Self::Decode(Box::new(error))
    }
}

/// Turns a database error into ours, with the action that failed.
pub(crate) fn while_doing(doing: &'static str) -> impl FnOnce(sqlx::Error) -> Error {
    move |source| match source {
        sqlx::Error::Decode(source) => match source.downcast::<Error>() {
            Ok(error) => *error,
            Err(source) => Error::Database { doing, source: sqlx::Error::Decode(source) },
        },
        source => Error::Database { doing, source },
    }
}
