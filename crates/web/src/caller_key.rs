//! The identity of a request's API key. Rate limits, stored responses and recorded views are kept by it.
//! `auth` resolves it.

use store::ApiKeyId;

/// Identifies the API key of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallerKey {
    /// The operator's key in the data directory.
    Operator,
    /// A key issued through the API or the CLI.
    Issued(ApiKeyId),
}

impl std::fmt::Display for CallerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Operator => f.write_str("operator"),
            Self::Issued(id) => id.fmt(f),
        }
    }
}
