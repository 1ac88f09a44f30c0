//! The error type of all requests to a tenant.
//!
//! `retry` and `transport` classify answers; this module holds their texts.

use std::fmt;
use std::time::Duration;

use crate::stream::Stream;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A request to Lucca that failed, after every retry that could help.
///
/// `Display` describes the failure, without the source; the source chain holds the rest. Neither ever
/// contains the API key, nor values of a query.
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    stream: Option<Stream>,
    method: &'static str,
    path: Option<String>,
    status: Option<u16>,
    message: Option<String>,
    may_have_happened: bool,
    source: Option<Source>,
}

/// The caller's possible reaction to an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Try again later: the failure is probably temporary.
    Retry,
    /// Try again, but not before this much time has passed.
    Wait(Duration),
    /// The key is no longer accepted: the customer has to provide another.
    Relink,
    /// The key is accepted but lacks a permission: continue without the data, or have the permission granted.
    MissingPermission,
    /// A retry gives the same result.
    Stop,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    KeyRefused,
    PermissionMissing,
    NotFound,
    RateLimited(Duration),
    Unavailable,
    Unreachable,
    Timeout,
    Tls,
    NotLucca,
    BadRequest,
    AddressRefused,
    BodyTooLarge,
    Endless,
    Malformed,
    Setup,
}

impl Kind {
    const fn code(self) -> &'static str {
        match self {
            Self::KeyRefused => "lucca.key_refused",
            Self::PermissionMissing => "lucca.permission_missing",
            Self::NotFound => "lucca.not_found",
            Self::RateLimited(_) => "lucca.rate_limited",
            Self::Unavailable => "lucca.unavailable",
            Self::Unreachable => "lucca.unreachable",
            Self::Timeout => "lucca.timeout",
            Self::Tls => "lucca.tls",
            Self::NotLucca => "lucca.not_lucca",
            Self::BadRequest => "lucca.bad_request",
            Self::AddressRefused => "lucca.address_refused",
            Self::BodyTooLarge => "lucca.body_too_large",
            Self::Endless => "lucca.endless_list",
            Self::Malformed => "lucca.malformed",
            Self::Setup => "lucca.setup",
        }
    }

    const fn says(self) -> &'static str {
        match self {
            Self::KeyRefused => "Lucca refuses the API key",
            Self::PermissionMissing => "the API key lacks a permission",
            Self::NotFound => "Lucca has no such resource, or hides it from this API key",
            Self::RateLimited(_) => {
                "Lucca's rate limit is exceeded: too many requests were sent to this tenant"
            }
            Self::Unavailable => "Lucca is unavailable",
            Self::Unreachable => "the tenant is unreachable",
            Self::Timeout => "the request timed out",
            Self::Tls => "could not establish a TLS connection to the tenant",
            Self::NotLucca => "the response does not come from Lucca's API",
            Self::BadRequest => "Lucca refuses the request as invalid",
            Self::AddressRefused => "the tenant's host name resolves to an address that is not public",
            Self::BodyTooLarge => "the response is larger than the limit",
            Self::Endless => "the list has far more records than a tenant of this size, or does not end",
            Self::Malformed => "the response is not valid JSON",
            Self::Setup => "could not create the HTTP client",
        }
    }

    const fn advice(self) -> &'static str {
        match self {
            Self::KeyRefused => {
                "Check that the key was copied completely and still exists in Lucca under Settings > \
                 Authentication, SSO and API > API keys. Then link the tenant again with it."
            }
            Self::PermissionMissing => {
                "In Lucca, open the role that carries the API key's name, at the bottom of the list of \
                 roles, and grant the permission; or continue without this data."
            }
            Self::NotFound => {
                "If every request fails like this, check the tenant URL. If only this one does, the tenant \
                 does not have the module, or the key lacks access to it: continue without this data."
            }
            Self::RateLimited(_) => {
                "Wait and try again. All integrations of the tenant share the limit of 50 requests a minute: \
                 if this happens often, lower this integration's request budget."
            }
            Self::Unavailable => {
                "Try again later. If it fails for long, send the message and the time to Lucca's support."
            }
            Self::Unreachable => {
                "Check the network and that the firewall allows outgoing HTTPS to the tenant's host, then \
                 try again."
            }
            Self::Timeout => "Try again later; Lucca may be busy. If it fails again, request smaller pages.",
            Self::Tls => {
                "Check the machine's clock and root certificates, whether a proxy replaces certificates, and \
                 whether the server supports TLS 1.2 or 1.3: older versions are refused."
            }
            Self::NotLucca => {
                "Check the tenant URL: another server answers there, such as a sign-in page, a proxy or a \
                 renamed tenant."
            }
            Self::BadRequest => "This is a defect or a change in Lucca's API: report it with the message.",
            Self::AddressRefused => {
                "A tenant must resolve to public addresses. Check the tenant URL and the machine's DNS."
            }
            Self::Endless => {
                "The connector stopped reading. Check the number of records in Lucca; if the tenant has \
                 really grown tenfold, sync once with --accept-missing."
            }
            Self::BodyTooLarge => "Request smaller pages, or raise the limit on bodies.",
            Self::Malformed => {
                "Try again later. If it fails again, check whether a proxy truncates or changes responses."
            }
            Self::Setup => "Check the machine's root certificates.",
        }
    }

    const fn action(self) -> Action {
        match self {
            Self::KeyRefused => Action::Relink,
            Self::PermissionMissing => Action::MissingPermission,
            Self::RateLimited(wait) => Action::Wait(wait),
            Self::Unavailable | Self::Unreachable | Self::Timeout | Self::Malformed => Action::Retry,
            Self::NotFound
            | Self::Tls
            | Self::NotLucca
            | Self::BadRequest
            | Self::AddressRefused
            | Self::BodyTooLarge
            | Self::Endless
            | Self::Setup => Action::Stop,
        }
    }
}

impl Error {
    pub(crate) fn new(kind: Kind) -> Self {
        Self(Box::new(Inner {
            kind,
            stream: None,
            method: "GET",
            path: None,
            status: None,
            message: None,
            may_have_happened: false,
            source: None,
        }))
    }

    /// Whether reading stopped because the list does not end.
    pub fn is_endless(&self) -> bool {
        matches!(self.0.kind, Kind::Endless)
    }

    pub(crate) fn on(mut self, stream: Stream, method: &'static str, path: &str) -> Self {
        self.0.stream = Some(stream);
        self.0.method = method;
        self.0.path = Some(path.to_owned());
        self
    }

    pub(crate) fn having_happened(mut self, may_have_happened: bool) -> Self {
        self.0.may_have_happened = may_have_happened;
        self
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(crate) fn with_message(mut self, message: Option<String>) -> Self {
        self.0.message = message;
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The failure as a stable code: `lucca.key_refused`, `lucca.permission_missing`, `lucca.not_found`,
    /// `lucca.rate_limited`, `lucca.unavailable`, `lucca.unreachable`, `lucca.timeout`, `lucca.tls`,
    /// `lucca.not_lucca`, `lucca.bad_request`, `lucca.address_refused`, `lucca.body_too_large`,
    /// `lucca.endless_list`, `lucca.malformed` or `lucca.setup`.
    pub fn code(&self) -> &'static str {
        self.0.kind.code()
    }

    /// The possible reaction of a program.
    pub fn action(&self) -> Action {
        self.0.kind.action()
    }

    /// The HTTP status, if there was an answer. For an error body under 200 it is the body's status.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// For a request that changes data: whether Lucca may have accepted it despite the error. Check before
    /// sending it again. False: Lucca certainly did not accept it.
    pub fn may_have_happened(&self) -> bool {
        self.0.may_have_happened
    }

    /// The stream that was being read.
    pub fn stream(&self) -> Option<Stream> {
        self.0.stream
    }

    /// Lucca's message, at most 500 characters, never with the key in it.
    pub fn lucca_message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// Advice for the caller.
    pub fn advice(&self) -> String {
        match self.0.kind {
            Kind::RateLimited(wait) if !wait.is_zero() => {
                format!(
                    "Lucca requires a wait of {} seconds. {}",
                    wait.as_secs().max(1),
                    self.0.kind.advice()
                )
            }
            kind => kind.advice().to_owned(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.kind.says())?;
        if let Some(path) = &self.0.path {
            write!(f, " ({} {path}", self.0.method)?;
            if let Some(status) = self.0.status {
                write!(f, " answered {status}")?;
            }
            f.write_str(")")?;
        }
        if let Some(message) = &self.0.message {
            write!(f, ": {message:?}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.code())
            .field("stream", &self.0.stream)
            .field("method", &self.0.method)
            .field("path", &self.0.path)
            .field("status", &self.0.status)
            .field("message", &self.0.message)
            .field("source", &self.0.source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
