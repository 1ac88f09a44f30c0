//! The API key: a secret GUID. Parses pasted texts, and keeps the key out of every output.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// A Lucca API key. It can't be printed or serialised; only [`ApiKey::expose`] returns its text.
#[derive(Clone)]
pub struct ApiKey(SecretString);

impl ApiKey {
    /// Parses a key: a GUID with or without dashes, braces, quotes, the `lucca application=` of its header,
    /// in any case. Source: directory.md §3.
    ///
    /// # Errors
    ///
    /// The kind of text found instead of a key. The error never holds the text.
    pub fn parse(text: &str) -> Result<Self, ApiKeyError> {
        let text: String = text.chars().filter(|c| !is_invisible(*c)).collect();
        let text = strip_wrapping(strip_header(strip_wrapping(&text)));
        let (text, braces_match) = strip_braces(text);
        let digits: String = text.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
        let all_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !(all_hex && digits.len() == 32 && has_guid_dashes(text)) {
            return Err(other_text_error(text, &digits, all_hex));
        }
        if digits.bytes().all(|byte| byte == b'0') {
            return Err(ApiKeyError::Placeholder);
        }
        if !braces_match {
            return Err(ApiKeyError::UnmatchedBraces);
        }
        let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
        Ok(Self(parts.join("-").into()))
    }

    /// The key in Lucca's notation: lower case, with dashes. For the request's header and the vault only.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// `text` without the key in it, in either of its forms and any case.
    pub(crate) fn scrub(&self, text: &str) -> String {
        let plain: String = self.expose().chars().filter(|c| *c != '-').collect();
        [self.expose(), &plain].into_iter().fold(text.to_owned(), |text, secret| {
            // Lower-casing only ASCII keeps every byte at its index.
            let lower = text.to_ascii_lowercase();
            let mut clean = String::with_capacity(text.len());
            let mut from = 0;
            for (at, found) in lower.match_indices(secret) {
                clean.push_str(&text[from..at]);
                clean.push('…');
                from = at + found.len();
            }
            clean + &text[from..]
        })
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// The reason why a text is not an API key. No variant holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApiKeyError {
    /// Nothing, or only spaces.
    #[error("the API key is empty; {EXPECTED}")]
    Empty,
    /// An e-mail address.
    #[error("this is an e-mail address, not an API key; {EXPECTED}")]
    Email,
    /// A URL or a host name.
    #[error("this is a web address, not an API key; {EXPECTED}")]
    Url,
    /// Beginning and end of a key, with a masked or missing middle.
    #[error("the API key is masked: copy it with the copy button in Lucca; {EXPECTED}")]
    Masked,
    /// A piece of a key.
    #[error("the API key is cut off: it has {digits} of its 32 hexadecimal digits; {EXPECTED}")]
    Truncated {
        /// Number of hexadecimal digits.
        digits: usize,
    },
    /// More than a key.
    #[error("the API key is too long: it has {digits} hexadecimal digits instead of 32; {EXPECTED}")]
    TooLong {
        /// Number of hexadecimal digits.
        digits: usize,
    },
    /// 32 digits, dashes elsewhere than in a GUID.
    #[error("the API key's dashes are in the wrong places; {EXPECTED}")]
    MisplacedDashes,
    /// One brace without the other, or more than a pair.
    #[error("the API key's braces do not match, so part of it may be missing; {EXPECTED}")]
    UnmatchedBraces,
    /// A letter beyond F, or another character that is not a hexadecimal digit.
    #[error("the API key has characters that are not hexadecimal digits; {EXPECTED}")]
    NotHexadecimal,
    /// A JSON web token: an OAuth access token.
    #[error("this is an access token, not an API key; {EXPECTED}")]
    Token,
    /// The header of another kind of authentication.
    #[error("this belongs to another kind of authentication (Bearer, Basic, OAuth); {EXPECTED}")]
    OtherScheme,
    /// `lucca user=…` or `lucca webservice=…`.
    #[error("this is a user's or a web service's token, not an application's API key; {EXPECTED}")]
    OtherLuccaToken,
    /// A long text of letters and digits: a client secret of the OAuth API or of another product.
    #[error("this looks like a secret of another kind, such as an OAuth client secret; {EXPECTED}")]
    OtherSecret,
    /// An unreplaced example: only zeros, `{API_KEY}`, `xxxxxxxx-…`.
    #[error("this is a placeholder, not an API key; {EXPECTED}")]
    Placeholder,
    /// Several words or lines.
    #[error("the text contains spaces or line breaks; an API key has none; {EXPECTED}")]
    SeveralWords,
    /// Shorter than any kind of secret.
    #[error("this is too short for an API key; {EXPECTED}")]
    TooShort,
}

const EXPECTED: &str = "an API key is 32 hexadecimal digits in groups of 8-4-4-4-12, as Lucca shows it under \
                        Settings > Authentication, SSO and API > API keys";

impl ApiKeyError {
    /// A stable code for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "api_key.empty",
            Self::Email => "api_key.email",
            Self::Url => "api_key.url",
            Self::Masked => "api_key.masked",
            Self::Truncated { .. } => "api_key.truncated",
            Self::TooLong { .. } => "api_key.too_long",
            Self::MisplacedDashes => "api_key.misplaced_dashes",
            Self::UnmatchedBraces => "api_key.unmatched_braces",
            Self::NotHexadecimal => "api_key.not_hexadecimal",
            Self::Token => "api_key.token",
            Self::OtherScheme => "api_key.other_scheme",
            Self::OtherLuccaToken => "api_key.other_lucca_token",
            Self::OtherSecret => "api_key.other_secret",
            Self::Placeholder => "api_key.placeholder",
            Self::SeveralWords => "api_key.several_words",
            Self::TooShort => "api_key.too_short",
        }
    }
}

/// Invisible characters from web pages and chats.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

fn strip_wrapping(text: &str) -> &str {
    text.trim_matches(|c: char| {
        c.is_whitespace()
            || matches!(c, '(' | ')' | '<' | '>' | '"' | '\'' | '`' | '“' | '”' | '«' | '»' | ';' | ',')
    })
}

/// Removes the pair of braces that a GUID may have; false if they are unbalanced. Source: wire-grammar.md
/// §1.7.
fn strip_braces(text: &str) -> (&str, bool) {
    let bare = text.trim_matches(['{', '}']);
    let is_pair = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) == Some(bare);
    (bare, bare.len() == text.len() || is_pair)
}

/// Removes the `Authorization: lucca application=` that documentation shows before the key.
fn strip_header(text: &str) -> &str {
    let text = strip_prefix_ignoring_case(text, "authorization")
        .map_or(text, |rest| rest.trim_start_matches([':', '=', ' ', '"', '\'']));
    let text = strip_prefix_ignoring_case(text, "lucca").map_or(text, str::trim_start);
    match strip_prefix_ignoring_case(text, "application") {
        Some(rest) => rest.trim_start().strip_prefix('=').map_or(text, str::trim_start),
        None => text,
    }
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// No dash at all, or dashes after 8, 12, 16 and 20 digits.
fn has_guid_dashes(text: &str) -> bool {
    let dashes: Vec<usize> =
        text.bytes().enumerate().filter(|(_, byte)| *byte == b'-').map(|(at, _)| at).collect();
    dashes.is_empty() || dashes == [8, 13, 18, 23]
}

fn other_text_error(text: &str, digits: &str, all_hex: bool) -> ApiKeyError {
    let lower = text.to_lowercase();
    let starts = |words: &[&str]| words.iter().any(|word| lower.starts_with(word));
    let length = digits.chars().count();
    if text.is_empty() {
        ApiKeyError::Empty
    } else if starts(&["bearer", "basic ", "digest ", "oauth", "client_id", "client_secret"]) {
        ApiKeyError::OtherScheme
    } else if starts(&["user=", "webservice="]) {
        ApiKeyError::OtherLuccaToken
    } else if lower.contains("://") || starts(&["www."]) {
        ApiKeyError::Url
    } else if text.contains('@') && !text.contains(char::is_whitespace) {
        ApiKeyError::Email
    } else if starts(&["eyj"]) && text.contains('.') {
        ApiKeyError::Token
    } else if text.contains(['*', '•', '●', '…']) || text.contains("...") {
        ApiKeyError::Masked
    } else if text.contains(char::is_whitespace) {
        ApiKeyError::SeveralWords
    } else if is_placeholder(&lower) {
        ApiKeyError::Placeholder
    } else if lower.contains('.') && lower.split('.').all(is_label) {
        ApiKeyError::Url
    } else if all_hex && length == 32 {
        ApiKeyError::MisplacedDashes
    } else if all_hex && length > 32 {
        ApiKeyError::TooLong { digits: length }
    } else if all_hex && length >= 8 {
        ApiKeyError::Truncated { digits: length }
    } else if length < 16 {
        ApiKeyError::TooShort
    } else if length == 32 && has_guid_dashes(text) {
        ApiKeyError::NotHexadecimal
    } else {
        ApiKeyError::OtherSecret
    }
}

fn is_placeholder(lower: &str) -> bool {
    let letters: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    letters.bytes().all(|byte| byte == b'x')
        || [
            "apikey",
            "yourapikey",
            "yourkey",
            "key",
            "yourkeyhere",
            "guid",
            "token",
            "changeme",
            "none",
            "null",
        ]
        .contains(&letters.as_str())
}

fn is_label(label: &str) -> bool {
    !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
