//! Randomness from the operating system: the one place that asks for it.

use crate::failure::{Exit, Failure};

/// `N` random bytes, fit for keys.
#[expect(clippy::disallowed_methods, reason = "the binary's edge, from which randomness is handed on")]
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) => Err(Failure::from_error(Exit::Internal, "cli.entropy", &error)),
    }
}
