//! Authenticates webhooks from Lucca: by the key that the customer entered there, or by Lucca's signature.
//! Responses never reveal what is wrong.

use std::net::IpAddr;

use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use store::InboundWebhook;
use subtle::{Choice, ConstantTimeEq};
use web::app::App;
use web::problem::Problem;

const SIGNATURE: &str = "lucca-signature";
const TIMESTAMP: &str = "lucca-timestamp";

/// Maximum age of a signed webhook, and maximum distance into the future. Source: absences.md §9.2.
const MAX_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// The same refusal for an unknown address and for an unauthenticated sender.
pub(super) fn refused(app: &App, from: IpAddr) -> Problem {
    if let Err(too_often) = app.limits.refused_key(from) {
        return too_often.into();
    }
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "The webhook carries no valid key or signature.")
}

/// Whether a webhook is of the signed kind.
pub(super) fn is_signed(headers: &HeaderMap) -> bool {
    headers.contains_key(SIGNATURE)
}

/// Whether a webhook carries one of the webhook's keys. Compares in constant time.
pub(super) fn shows_key(headers: &HeaderMap, webhook: Option<&InboundWebhook>, now: Timestamp) -> bool {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let hashes: Vec<&[u8]> = webhook.map_or_else(Vec::new, |webhook| webhook.key_hashes(now).collect());
    let none = [0; 32];
    let mut is_right = Choice::from(0);
    for way in ways(shown) {
        let hash = Sha256::digest(way.as_bytes());
        // An unknown address takes as long as a known one.
        is_right |= hash.as_slice().ct_eq(&none) & Choice::from(0);
        for known in &hashes {
            is_right |= hash.as_slice().ct_eq(known);
        }
    }
    is_right.into()
}

/// The forms in which a key may appear in the header.
// unverified: only the header is documented, and that it carries the supplied key, "such as `Basic …`"
// (source: absences.md §9.1). It was not observed whether Lucca adds a scheme, or splits the key into user
// and password.
fn ways(shown: &str) -> Vec<String> {
    let shown = shown.trim();
    let mut ways = vec![shown.to_owned()];
    if let Some((_, rest)) = shown.split_once(' ') {
        ways.push(rest.trim().to_owned());
    }
    let coded = shown.rsplit(' ').next().and_then(|coded| STANDARD.decode(coded).ok());
    if let Some(text) = coded.and_then(|bytes| String::from_utf8(bytes).ok()) {
        if let Some((user, password)) = text.split_once(':') {
            ways.extend([user.to_owned(), password.to_owned()]);
        }
        ways.push(text);
    }
    ways
}

/// Whether a webhook is signed with one of these secrets, and recently. Source: absences.md §9.2:
/// `base64(HMAC-SHA256(secret, "{Lucca-Timestamp}.{body}"))`.
pub(super) fn is_signed_with(
    secrets: &[SecretString],
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let (Some(signature), Some(sent_at)) = (text(SIGNATURE), text(TIMESTAMP)) else { return false };
    let Ok(at) = sent_at.parse::<Timestamp>() else { return false };
    let Ok(signature) = STANDARD.decode(signature) else { return false };
    let is_fresh = now.duration_since(at).abs() <= MAX_SKEW;
    let mut is_right = false;
    for secret in secrets {
        // HMAC accepts keys of any length.
        if let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.expose_secret().as_bytes()) {
            mac.update(sent_at.as_bytes());
            mac.update(b".");
            mac.update(body);
            is_right |= mac.verify_slice(&signature).is_ok();
        }
    }
    is_fresh && is_right
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn key_is_found_in_all_header_forms() {
        let coded = |text: &str| STANDARD.encode(text);
        for shown in [
            "inb_k".to_owned(),
            " inb_k ".to_owned(),
            "Basic inb_k".to_owned(),
            "Bearer inb_k".to_owned(),
            coded("inb_k"),
            format!("Basic {}", coded("inb_k")),
            format!("Basic {}", coded("lucca:inb_k")),
            format!("Basic {}", coded("inb_k:")),
        ] {
            assert!(ways(&shown).iter().any(|way| way == "inb_k"), "{shown}");
        }
        assert!(!ways("Basic inb_other").iter().any(|way| way == "inb_k"));
    }

    #[test]
    fn signature_covers_body_and_time() {
        let (secret, body) = (SecretString::from("s3cret"), br#"{"topic":"leave.updated"}"#);
        // Generated with `openssl dgst -sha256 -hmac s3cret -binary | base64`.
        let signature = "aJt3PptRq2btDCtP4+B44DjQCxux8ilZX4lvSZdA4Jw=";
        let headers = |signature: &str, at: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(SIGNATURE, HeaderValue::from_str(signature).unwrap());
            headers.insert(TIMESTAMP, HeaderValue::from_str(at).unwrap());
            headers
        };
        let at = "2025-01-01T08:34:23Z";
        let now: Timestamp = at.parse().unwrap();
        let secrets = [SecretString::from("older"), secret];
        let right = headers(signature, at);
        assert!(is_signed_with(&secrets, &right, body, now + MAX_SKEW));
        assert!(!is_signed_with(&secrets, &right, body, now + MAX_SKEW + SignedDuration::from_secs(1)));
        assert!(!is_signed_with(&secrets[..1], &right, body, now));
        assert!(!is_signed_with(&secrets, &right, b"{}", now));
        assert!(!is_signed_with(&secrets, &headers(signature, "2025-01-01T08:34:24Z"), body, now));
        assert!(!is_signed_with(&secrets, &headers("", at), body, now));
    }
}
