//! The URL of a tenant.
//!
//! Reduces pasted text to one of Lucca's host shapes, or to an error that names the problem. Makes no look-up
//! and sends no request. `address` checks that the host's addresses are public.

mod host;

use std::fmt;

use host::HostShape;
use net::NetworkPolicy;

/// The origin of one Lucca tenant, such as `https://acme.ilucca.net`.
///
/// By construction its host has one of Lucca's shapes: `{account}.{ilucca|ilucca-test|ilucca-demo}.{net|ch}`,
/// `{account}.dauphine.fr` or `{account}-{sandbox}.sandbox.{eu1|eu2|ch1}.luccasoftware.com`; or it is this
/// machine, if [`NetworkPolicy::AllowLoopback`] allows that. Source: directory.md §2.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TenantUrl {
    origin: Box<str>,
    environment: Environment,
    region: Region,
}

/// The use of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Environment {
    /// `ilucca`: the customer's real data.
    Production,
    /// `ilucca-test`: the customer's test environment.
    Test,
    /// `ilucca-demo`: a prospect's demonstration.
    Demo,
    /// A replica of a production tenant.
    Sandbox,
    /// This machine.
    Loopback,
}

people::names! {
    Environment: "environment" {
        Production = "production",
        Test = "test",
        Demo = "demo",
        Sandbox = "sandbox",
        Loopback = "loopback",
    }
}

/// The hosting region of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Region {
    /// `.net`, `eu1`, `eu2`: all hosting outside Switzerland.
    // unverified: whether all of it is in Europe; Lucca only names the Swiss part.
    Europe,
    /// `.ch`, `ch1`.
    Switzerland,
    /// This machine.
    Local,
}

people::names! { Region: "region" { Europe = "europe", Switzerland = "switzerland", Local = "local" } }

impl TenantUrl {
    /// Parses a bare account name, a host, or the URL of any page of a tenant, in any case, with the remains
    /// of copying around it.
    ///
    /// # Errors
    ///
    /// The problem with the text. The error does not repeat it: it may be a key pasted in the wrong place.
    pub fn parse(text: &str, policy: NetworkPolicy) -> Result<Self, TenantUrlError> {
        let text: String = text.chars().filter(|c| !is_invisible(*c)).collect();
        let text = text.trim_matches(is_wrapping);
        if text.is_empty() {
            return Err(TenantUrlError::Empty);
        }
        if text.len() > LONGEST_TEXT {
            return Err(TenantUrlError::TooLong);
        }
        let (scheme, rest) = split_scheme(text)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let authority = &rest[..end];
        if authority.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(TenantUrlError::SeveralWords);
        }
        if authority.contains('@') {
            let is_mail = scheme.is_none() && authority.len() == rest.len() && !authority.contains(':');
            return Err(if is_mail { TenantUrlError::Email } else { TenantUrlError::UserInfo });
        }
        let (host, port) = split_port(authority)?;
        let is_bare = scheme.is_none() && port.is_none();
        // `https//acme…`, `htps//acme…`, `https/acme.ilucca.net`: the first word is a broken scheme, not an
        // account name, and the key would be sent to the owner of an account with that name.
        if is_bare && !host.trim_end_matches('.').contains('.') && host_follows(&rest[end..]) {
            return Err(TenantUrlError::Scheme);
        }
        if is_bare && rest[end..].split('/').any(|step| step == "..") {
            return Err(TenantUrlError::InvalidCharacter);
        }
        match host::shape(host, is_bare)? {
            HostShape::Tenant { host, environment, region } => {
                if port.is_some() {
                    return Err(TenantUrlError::Port);
                }
                Ok(Self { origin: format!("https://{host}").into(), environment, region })
            }
            HostShape::Loopback { host } => match policy {
                NetworkPolicy::PublicOnly => Err(TenantUrlError::LoopbackNotAllowed),
                NetworkPolicy::AllowLoopback => {
                    let scheme = scheme.unwrap_or(Scheme::Http).text();
                    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
                    let origin = format!("{scheme}://{host}{port}").into();
                    Ok(Self { origin, environment: Environment::Loopback, region: Region::Local })
                }
            },
        }
    }

    /// The origin, without a trailing slash: `https://acme.ilucca.net`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The host: `acme.ilucca.net`. On this machine, with the port.
    pub fn host(&self) -> &str {
        self.origin.split_once("://").map_or(&*self.origin, |(_, host)| host)
    }

    /// The tenant's use, according to its host.
    pub fn environment(&self) -> Environment {
        self.environment
    }

    /// The tenant's region, according to its host.
    pub fn region(&self) -> Region {
        self.region
    }

    pub(crate) fn is_loopback(&self) -> bool {
        self.environment == Environment::Loopback
    }
}

impl fmt::Display for TenantUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

impl fmt::Debug for TenantUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TenantUrl({})", self.origin)
    }
}

/// The reason why a text is not a tenant's URL. No variant holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TenantUrlError {
    /// Nothing, or only spaces.
    #[error("the tenant URL is empty; {EXPECTED}")]
    Empty,
    /// Longer than any URL of Lucca.
    #[error("the text is too long for a tenant URL; {EXPECTED}")]
    TooLong,
    /// Spaces or line breaks within.
    #[error("the text contains spaces; a tenant URL has none; {EXPECTED}")]
    SeveralWords,
    /// An e-mail address.
    #[error("this is an e-mail address, not a tenant URL; {EXPECTED}")]
    Email,
    /// An API key in the wrong place.
    #[error("this looks like an API key, not a tenant URL; {EXPECTED}")]
    ApiKey,
    /// A scheme other than http and https, or one that is mistyped.
    #[error("the URL must begin with https://; {EXPECTED}")]
    Scheme,
    /// A user name or password before the host.
    #[error("the URL must not contain a user name or password; {EXPECTED}")]
    UserInfo,
    /// A port.
    #[error("the URL must not contain a port: Lucca's URLs have none; {EXPECTED}")]
    Port,
    /// A port that is not a number up to 65535.
    #[error("the text after the colon is not a port; {EXPECTED}")]
    InvalidPort,
    /// A number instead of a name.
    #[error("this is an IP address, not the name of a tenant; {EXPECTED}")]
    IpAddress,
    /// This machine, without the development switch.
    #[error(
        "this is an address of this machine, which only the development switch for loopback tenants allows; \
         otherwise {EXPECTED}"
    )]
    LoopbackNotAllowed,
    /// A letter with an accent, or of another script.
    #[error(
        "the host contains letters with accents or of another script, which Lucca's hosts never do; \
         {EXPECTED}"
    )]
    NotAscii,
    /// The encoded form of such letters.
    #[error("the host is an internationalised name (xn--…), which Lucca's hosts never are; {EXPECTED}")]
    Punycode,
    /// A character that is illegal in hosts.
    #[error("the host contains a character that host names can't contain; {EXPECTED}")]
    InvalidCharacter,
    /// Two dots in a row, or one at the beginning.
    #[error("the host has an empty part: two consecutive dots, or a leading dot; {EXPECTED}")]
    EmptyLabel,
    /// A part that begins or ends with a hyphen.
    #[error("a part of the host begins or ends with a hyphen; {EXPECTED}")]
    Hyphen,
    /// A part of more than 63 characters.
    #[error("a part of the host is longer than 63 characters; {EXPECTED}")]
    LabelTooLong,
    /// `ilucca.net` or the like alone.
    #[error("the account name before Lucca's domain is missing; {EXPECTED}")]
    MissingAccount,
    /// `www` instead of an account name.
    #[error("www is not an account name; {EXPECTED}")]
    Www,
    /// A placeholder that programs write for a missing name, or a part of an address.
    #[error("this is a placeholder that a program wrote instead of an account name; {EXPECTED}")]
    NotAnAccount,
    /// More than one part before Lucca's domain.
    #[error("the host has more parts than the account name before Lucca's domain; {EXPECTED}")]
    NestedAccount,
    /// A sandbox's host without the sandbox's name.
    #[error(
        "the sandbox's name is missing: a sandbox's host begins with the account name, a hyphen and the \
         sandbox's name; {EXPECTED}"
    )]
    MissingSandbox,
    /// Lucca's domain under another ending.
    #[error("the host resembles Lucca's but has another ending: tenants are under .net or .ch; {EXPECTED}")]
    WrongEnding,
    /// Lucca's domain as part of another one.
    #[error("the host only resembles Lucca's: it belongs to another domain; {EXPECTED}")]
    LookAlike,
    /// Lucca's web site, help centre, documentation or sign-in.
    #[error(
        "this is one of Lucca's own sites, not a tenant: open your company's Lucca and copy its URL; \
         {EXPECTED}"
    )]
    LuccaSite,
    /// Any other domain.
    #[error("the host is not one of Lucca's; {EXPECTED}")]
    OtherDomain,
}

const EXPECTED: &str = "a tenant URL looks like https://acme.ilucca.net, with your company's account name instead of acme \
                        (ilucca.net, ilucca.ch, ilucca-test, ilucca-demo, or a sandbox under luccasoftware.com)";

impl TenantUrlError {
    /// A stable code for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "tenant_url.empty",
            Self::TooLong => "tenant_url.too_long",
            Self::SeveralWords => "tenant_url.several_words",
            Self::Email => "tenant_url.email",
            Self::ApiKey => "tenant_url.api_key",
            Self::Scheme => "tenant_url.scheme",
            Self::UserInfo => "tenant_url.user_info",
            Self::Port => "tenant_url.port",
            Self::InvalidPort => "tenant_url.invalid_port",
            Self::IpAddress => "tenant_url.ip_address",
            Self::LoopbackNotAllowed => "tenant_url.loopback_not_allowed",
            Self::NotAscii => "tenant_url.not_ascii",
            Self::Punycode => "tenant_url.punycode",
            Self::InvalidCharacter => "tenant_url.invalid_character",
            Self::EmptyLabel => "tenant_url.empty_label",
            Self::Hyphen => "tenant_url.hyphen",
            Self::LabelTooLong => "tenant_url.label_too_long",
            Self::MissingAccount => "tenant_url.missing_account",
            Self::Www => "tenant_url.www",
            Self::NotAnAccount => "tenant_url.not_an_account",
            Self::NestedAccount => "tenant_url.nested_account",
            Self::MissingSandbox => "tenant_url.missing_sandbox",
            Self::WrongEnding => "tenant_url.wrong_ending",
            Self::LookAlike => "tenant_url.look_alike",
            Self::LuccaSite => "tenant_url.lucca_site",
            Self::OtherDomain => "tenant_url.other_domain",
        }
    }
}

/// Browsers stop at 2048 or slightly above.
const LONGEST_TEXT: usize = 4096;

#[derive(Clone, Copy)]
enum Scheme {
    Http,
    Https,
}

impl Scheme {
    const fn text(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// Splits off `https://` or `//`. Any other scheme is an error, with or without slashes.
fn split_scheme(text: &str) -> Result<(Option<Scheme>, &str), TenantUrlError> {
    if let Some(rest) = text.strip_prefix("//") {
        return Ok((None, rest));
    }
    let Some((before, after)) = text.split_once(':') else { return Ok((None, text)) };
    let is_word = before.starts_with(|c: char| c.is_ascii_alphabetic())
        && before.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-'));
    if let Some(rest) = after.strip_prefix("//").filter(|_| is_word) {
        return match before.to_ascii_lowercase().as_str() {
            "https" => Ok((Some(Scheme::Https), rest)),
            "http" => Ok((Some(Scheme::Http), rest)),
            _ => Err(TenantUrlError::Scheme),
        };
    }
    // `mailto:`, `javascript:`, `https:acme…`; but not `localhost:8080`.
    let is_port = after.starts_with(|c: char| c.is_ascii_digit());
    if is_word && !is_port && !before.eq_ignore_ascii_case("localhost") {
        return Err(TenantUrlError::Scheme);
    }
    Ok((None, text))
}

/// Whether a path probably begins with the host that a broken scheme belongs to.
fn host_follows(path: &str) -> bool {
    if path.starts_with("//") {
        return true;
    }
    let path = path.trim_start_matches('/').to_ascii_lowercase();
    let first = path.split(['/', '?', '#']).next().unwrap_or_default();
    first.contains("lucca") && first.contains('.')
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), TenantUrlError> {
    let after_bracket = authority.rfind(']').map_or(0, |at| at + 1);
    let Some(colon) = authority[after_bracket..].find(':') else { return Ok((authority, None)) };
    let (host, port) = authority.split_at(after_bracket + colon);
    let port = &port[1..];
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|port| digits && *port > 0).ok_or(TenantUrlError::InvalidPort)?;
    Ok((host, Some(port)))
}

/// Invisible characters from web pages, chats and documents.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

fn is_wrapping(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '<' | '>' | '"' | '\'' | '`' | '(' | ')' | ',' | ';' | '“' | '”' | '‘' | '’' | '«' | '»'
        )
}
