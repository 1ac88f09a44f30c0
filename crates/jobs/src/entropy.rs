//! Randomness that the binary provides.

use std::fmt;
use std::sync::Arc;

/// The source of randomness failed.
#[derive(Debug, thiserror::Error)]
#[error("could not read randomness from the operating system")]
pub struct EntropyError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

type Fill = dyn Fn(&mut [u8]) -> Result<(), EntropyError> + Send + Sync;

/// A source of cryptographic randomness. Cheap to clone.
#[derive(Clone)]
pub struct Entropy(Arc<Fill>);

impl Entropy {
    /// Creates a source from a function that fills a buffer.
    pub fn new(fill: impl Fn(&mut [u8]) -> Result<(), EntropyError> + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    /// `N` random bytes.
    ///
    /// # Errors
    ///
    /// If the source fails. Abort everything that needs secrecy then.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], EntropyError> {
        let mut bytes = [0; N];
        (self.0)(&mut bytes)?;
        Ok(bytes)
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy(…)")
    }
}
