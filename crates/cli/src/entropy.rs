//! Randomness from the operating system; no other module of the product reads it.

use jobs::{Entropy, EntropyError};

use crate::failure::{Exit, Failure};

/// `N` random bytes, fit for keys.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], Failure> {
    Ok(source().bytes()?)
}

/// The source of randomness, to pass to other crates.
#[expect(clippy::disallowed_methods, reason = "the binary's edge, from which randomness is handed on")]
pub(crate) fn source() -> Entropy {
    Entropy::new(|bytes| getrandom::fill(bytes).map_err(|error| EntropyError(Box::new(error))))
}

impl From<EntropyError> for Failure {
    fn from(error: EntropyError) -> Self {
        Self::from_error(Exit::Internal, "cli.entropy", &error)
    }
}
