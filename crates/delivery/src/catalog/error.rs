//! Errors of reading streams and of the catalogs and states that tools pass in.

use super::STREAMS;

/// Errors of reading or emitting a stream.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error("could not read the streams: the database failed")]
    Store(#[from] store::Error),
    /// A stored record is not a JSON object.
    #[error("a stored record of {stream} is not a JSON object")]
    CorruptRecord {
        /// The record's stream.
        stream: &'static str,
    },
    /// The output is closed or full.
    #[error("could not write the output")]
    Output(#[from] std::io::Error),
    /// A catalog or a state names an unknown stream.
    #[error("unknown stream {0:?}")]
    UnknownStream(String),
    /// A catalog selects a sync mode that the stream does not support.
    #[error(
        "the stream {0} does not support incremental reads from Lucca, because the connector stores nothing \
         between runs"
    )]
    NotIncremental(&'static str),
    /// A catalog names a cursor other than `_lucca_seq`.
    #[error("the stream {0} supports no cursor except _lucca_seq")]
    OtherCursor(&'static str),
    /// A catalog or a state that cannot be parsed.
    #[error("could not parse the {what}: {problem}")]
    Malformed {
        /// The input: `catalog` or `state`.
        what: &'static str,
        /// The problem, without the input's content.
        problem: String,
    },
    /// A state of another linked account than the one that is read.
    #[error("the state of {0} belongs to another linked account")]
    OtherAccount(&'static str),
    /// A state whose sequence number is beyond the store's change log.
    #[error("the state of {0} is ahead of the store; the store may have been restored from a backup")]
    AheadOfStore(&'static str),
}

impl Error {
    /// The stable code that CLI and docs share.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::CorruptRecord { .. } => "store.corrupt",
            Self::Output(_) => "delivery.output",
            Self::UnknownStream(_) => "delivery.unknown_stream",
            Self::NotIncremental(_) => "delivery.not_incremental",
            Self::OtherCursor(_) => "delivery.other_cursor",
            Self::Malformed { .. } => "delivery.malformed",
            Self::OtherAccount(_) => "delivery.other_account",
            Self::AheadOfStore(_) => "delivery.ahead_of_store",
        }
    }

    /// The next step for the operator.
    pub fn advice(&self) -> String {
        match self {
            Self::Store(_) | Self::CorruptRecord { .. } => {
                "Check the database. For SQLite, check the disk; for PostgreSQL, the address, the user and \
                 the network."
                    .to_owned()
            }
            Self::Output(_) => "Check why the program that reads the output has stopped.".to_owned(),
            Self::UnknownStream(_) => {
                let names: Vec<&str> = STREAMS.iter().map(|kind| kind.name()).collect();
                format!("Discover the catalog again. Known streams are: {}.", names.join(", "))
            }
            Self::NotIncremental(_) => {
                "Select a full refresh, or read from a store that `lucca-connector sync` maintains."
                    .to_owned()
            }
            Self::OtherCursor(_) => "Set the cursor to _lucca_seq, or remove it.".to_owned(),
            Self::Malformed { .. } => {
                "Discover the catalog again, and pass the last emitted state unchanged.".to_owned()
            }
            Self::OtherAccount(_) | Self::AheadOfStore(_) => {
                "Reset the stream: read it without a state, into an empty table.".to_owned()
            }
        }
    }

    /// Whether the input (catalog, state) caused the error, not the store or the output.
    pub fn is_of_configuration(&self) -> bool {
        !matches!(self, Self::Store(_) | Self::CorruptRecord { .. } | Self::Output(_))
    }

    /// An input that cannot be parsed. Serde's message may repeat content, so only the position is kept.
    pub(crate) fn malformed(what: &'static str, error: &serde_json::Error) -> Self {
        let problem = if error.line() == 0 {
            "a member is missing or has the wrong type".to_owned()
        } else {
            format!("line {}, column {}", error.line(), error.column())
        };
        Self::Malformed { what, problem }
    }
}
