//! What can go wrong while files are written.

/// Why an export ended. There is no manifest then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The streams could not be read.
    #[error(transparent)]
    Read(#[from] delivery::catalog::Error),
    /// A file could not be written.
    #[error("{target} could not be written to")]
    Folder {
        /// The folder.
        target: String,
        /// Why.
        source: std::io::Error,
    },
    /// An object store refused, or did not answer.
    #[error("the object store at {target} could not be written to")]
    ObjectStore {
        /// The address, without what may be secret in it.
        target: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The address names no place that files can be written to.
    #[error("files cannot be written to this address: {0}")]
    Address(&'static str),
    /// This program was built without a feature that the export needs.
    #[error("this program was built without {what}")]
    NotBuilt {
        /// What it lacks, in words.
        what: &'static str,
        /// The cargo feature that has it.
        feature: &'static str,
    },
    /// A record does not have the types that its stream's table has.
    #[error("a record of {table} does not fit its table")]
    Misfit {
        /// The table.
        table: String,
        /// Why.
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

    /// What to do next.
    pub fn advice(&self) -> String {
        match self {
            Self::Read(delivery::catalog::Error::AheadOfStore(_)) => {
                "Export in full: leave --since out. The store was perhaps restored from a backup.".to_owned()
            }
            Self::Read(error) => error.advice(),
            Self::Folder { .. } => {
                "Check that the folder exists or can be made, that you may write to it, and that the disk is not full. \
                 There is no manifest: export again."
                    .to_owned()
            }
            Self::ObjectStore { .. } => {
                "Check the bucket's name and region and the credentials in the environment (AWS_…, GOOGLE_…, AZURE_…: see \
                 docs/files.md). There is no manifest: export again."
                    .to_owned()
            }
            Self::Address(_) => {
                "Name a folder, or s3://BUCKET/PATH, gs://BUCKET/PATH, az://CONTAINER/PATH or file:///PATH.".to_owned()
            }
            Self::NotBuilt { feature, .. } => format!(
                "Use a released package, or build it with `cargo build --release --features {feature}`."
            ),
            Self::Misfit { .. } => "Export it as jsonl, which takes every record as it is.".to_owned(),
        }
    }

    /// Whether it is what was given that is at fault.
    pub fn is_of_usage(&self) -> bool {
        match self {
            Self::Read(error) => error.is_of_configuration(),
            Self::Folder { .. } | Self::ObjectStore { .. } | Self::Address(_) | Self::NotBuilt { .. } => true,
            Self::Misfit { .. } => false,
        }
    }
}
