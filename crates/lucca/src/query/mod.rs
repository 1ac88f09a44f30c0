//! Lucca's two query grammars, as types that can't express anything malformed.
//!
//! [`v3`] is the grammar of `/api/v3/…`, [`v4`] that of everything else. All percent-encoding is in this
//! module.

pub mod v3;
pub mod v4;

use std::fmt::Write as _;

/// Appends `text` to a query, percent-encoded.
///
/// `,` and `:` stay unencoded (both are legal in a query, and Lucca's own documentation writes them so), `[`
/// and `]` don't (RFC 3986 does not allow them in a query, and strict servers refuse them); public clients
/// send either form. Source: wire-grammar.md §1.3 and §1.4.
fn push_encoded(query: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b',' | b':' => {
                query.push(char::from(byte));
            }
            // Writing to a string can't fail.
            _ => drop(write!(query, "%{byte:02X}")),
        }
    }
}

/// Appends `key=value` to a query.
fn push_pair(query: &mut String, key: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    push_encoded(query, key);
    query.push('=');
    push_encoded(query, value);
}

/// The names and values of a query, decoded.
pub(crate) fn decode_pairs(query: &str) -> Vec<(String, String)> {
    let mut url = reqwest::Url::parse("https://tenant.invalid/").ok();
    if let Some(url) = &mut url {
        url.set_query(Some(query));
    }
    url.iter().flat_map(|url| url.query_pairs().into_owned()).collect()
}
