//! Randomness from the operating system: the one place that asks for it.

use jobs::{Entropy, EntropyError};

use crate::failure::{Exit, Failure};

/// `N` random bytes, fit for keys.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], Failure> {
    Ok(source().bytes()?)
}

/// The source, to be handed on.
#[expect(clippy::disallowed_methods, reason = "the binary's edge, from which randomness is handed on")]
pub(crate) fn source() -> Entropy {
    Entropy::new(|bytes| getrandom::fill(bytes).map_err(|error| EntropyError(Box::new(error))))
}

impl From<EntropyError> for Failure {
    fn from(error: EntropyError) -> Self {
        Self::from_error(Exit::Internal, "cli.entropy", &error)
    }
}
