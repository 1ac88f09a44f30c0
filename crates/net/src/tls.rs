//! The root certificates that clients trust: this machine's, read once per process. Every sync of every
//! tenant has a client of its own, and reading some 140 files for each takes two of the fifty milliseconds of
//! a sync without changes.

use std::sync::{Arc, OnceLock};

use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls_platform_verifier::BuilderVerifierExt as _;

/// The TLS configuration of all clients. A root certificate that is added to the machine is used after a
/// restart.
///
/// # Errors
///
/// When the machine's root certificates can't be used; the next call tries again.
pub(crate) fn config() -> Result<ClientConfig, rustls::Error> {
    static CONFIG: OnceLock<ClientConfig> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(config.clone());
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(CONFIG.get_or_init(|| config).clone())
}
