//! Whom clients trust: the root certificates of this machine, read once a process. There is a client for every sync of every
//! tenant, and reading some 140 files for each takes two milliseconds, of some fifty that a sync takes in which nothing changed.

use std::sync::{Arc, OnceLock};

use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls_platform_verifier::BuilderVerifierExt as _;

/// How connections are secured. A root certificate that the machine trusts from now on is trusted when the process starts anew.
///
/// # Errors
///
/// When the machine's root certificates can't be used; it is tried again the next time.
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
