//! Generates secrets: link tokens, public tokens and API keys, 256 random bits each.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jobs::{Entropy, EntropyError};
use secrecy::SecretString;
use sha2::Sha256;
use store::{FlowId, Vault};
use subtle::ConstantTimeEq;

/// A new link token: `lnk_…`.
///
/// # Errors
///
/// If the system has no randomness.
pub fn new_link_token(entropy: &Entropy) -> Result<SecretString, EntropyError> {
    token("lnk_", entropy)
}

/// The public token of a finished flow: `pub_…`. It is derived from the master key, so that every page of the
/// flow shows the same token on every device, and a reload does not invalidate a token that is being
/// exchanged.
pub fn public_token(vault: &Vault, flow: FlowId) -> SecretString {
    let secret = vault.derive("public token", &flow.to_string());
    SecretString::from(format!("pub_{}", URL_SAFE_NO_PAD.encode(secret)))
}

/// The prefix of all API keys.
pub(crate) const API_KEY_PREFIX: &str = "lck_";

/// A new API key: `lck_…`.
///
/// # Errors
///
/// If the system has no randomness.
pub fn new_api_key(entropy: &Entropy) -> Result<SecretString, EntropyError> {
    token(API_KEY_PREFIX, entropy)
}

/// How long a replaced key or secret of inbound webhooks stays valid: an administrator of the customer must
/// enter the new one in Lucca.
pub const INBOUND_KEY_OVERLAP: Duration = Duration::from_hours(7 * 24);

/// A new key with which a customer's Lucca authenticates its webhooks: `inb_…`.
///
/// # Errors
///
/// If the system has no randomness.
pub fn new_inbound_key(entropy: &Entropy) -> Result<SecretString, EntropyError> {
    token("inb_", entropy)
}

fn token(prefix: &str, entropy: &Entropy) -> Result<SecretString, EntropyError> {
    Ok(SecretString::from(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(entropy.bytes::<32>()?))))
}

/// The token in a flow's forms which proves that a page of the flow rendered them (CSRF protection). It is
/// derived from the link token, which appears only in the page's address, so the service keeps no state
/// between requests.
pub fn form_proof(link_token: &str) -> String {
    // HMAC accepts keys of any length.
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(link_token.as_bytes()) else {
        return String::new();
    };
    mac.update(b"lucca-connector form");
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// Whether a form carries its flow's proof.
pub fn is_form_proof(link_token: &str, shown: &str) -> bool {
    let proof = form_proof(link_token);
    !proof.is_empty() && bool::from(proof.as_bytes().ct_eq(shown.as_bytes()))
}
