//! Errors of exports.

/// Errors of an export. A failed export has no manifest.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The streams could not be read.
    #[error(transparent)]
    Read(#[from] delivery::catalog::Error),
    /// A file could not be written.
    #[error("could not write to {target}")]
    Folder {
        /// The folder.
        target: String,
        /// The cause.
        source: std::io::Error,
    },
    /// An object store refused, or did not respond.
    #[error("could not write to the object store at {target}")]
    ObjectStore {
        /// The address, without secrets.
        target: String,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The address is neither a folder nor an object store.
    #[error("the target of the export is invalid: {0}")]
    Address(&'static str),
    /// This build lacks a feature that the export needs.
    #[error("this program was built without {what}")]
    NotBuilt {
        /// The missing feature, in words.
        what: &'static str,
        /// The cargo feature that adds it.
        feature: &'static str,
    },
    /// A record does not match the column types of its table.
    #[error("a record of {table} does not match its table's column types")]
    Misfit {
        /// The table.
        table: String,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// The stable code that CLI and docs share.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read(error) => error.code(),
            Self::Folder { .. } => "export.folder",
            Self::ObjectStore { .. } => "export.object_store",
            Self::Address(_) => "export.address",
            Self::NotBuilt { .. } => "export.not_built",
            Self::Misfit { .. } => "export.misfit",
        }
    }

    /// The next step for the operator.
    pub fn advice(&self) -> String {
        match self {
            Self::Read(delivery::catalog::Error::AheadOfStore(_)) => {
                "Export in full: omit --since. The store may have been restored from a backup.".to_owned()
            }
            Self::Read(error) => error.advice(),
            Self::Folder { .. } => {
                "Check that the folder exists or can be created, that you may write to it, and that the disk \
                 is not full. The export has no manifest: export again."
                    .to_owned()
            }
            Self::ObjectStore { .. } => {
                "Check the bucket's name and region and the credentials in the environment (AWS_…, GOOGLE_…, \
                 AZURE_…: see docs/files.md). The export has no manifest: export again."
                    .to_owned()
            }
            Self::Address(_) => {
                "Use a folder, or s3://BUCKET/PATH, gs://BUCKET/PATH, az://CONTAINER/PATH or file:///PATH."
                    .to_owned()
            }
            Self::NotBuilt { feature, .. } => format!(
                "Use a released package, or build it with `cargo build --release --features {feature}`."
            ),
            Self::Misfit { .. } => "Export it as jsonl, which accepts every record.".to_owned(),
        }
    }

    /// Whether the command's arguments caused the error.
    pub fn is_of_usage(&self) -> bool {
        match self {
            Self::Read(error) => error.is_of_configuration(),
            Self::Folder { .. } | Self::ObjectStore { .. } | Self::Address(_) | Self::NotBuilt { .. } => true,
            Self::Misfit { .. } => false,
        }
    }
}
