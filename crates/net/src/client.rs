//! The HTTP client for servers whose address a user has entered, and the reasons why a request got no answer.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName};
use reqwest::redirect;

use crate::address::{AddressRefused, GuardedResolver, Reach};
use crate::tls;

/// Maximum time to establish a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// No HTTP client can be built: the machine's root certificates can't be used.
#[derive(Debug, thiserror::Error)]
#[error("could not create the HTTP client")]
pub struct SetupError(#[source] Box<dyn StdError + Send + Sync>);

impl SetupError {
    /// The stable code that API, CLI and docs share.
    pub const fn code(&self) -> &'static str {
        "net.setup"
    }
}

/// Creates an HTTP client for an address that a user has entered: it follows no redirect, uses no proxy, uses
/// HTTPS except for this machine, and connects to no address that `reach` excludes. `timeout` covers the
/// request and its whole answer.
///
/// An IP address in the URL is not resolved, so the caller checks it with [`Reach::allows`].
///
/// # Errors
///
/// When the machine's root certificates can't be used.
#[expect(clippy::disallowed_methods, reason = "this is where HTTP clients are built")]
pub fn guarded_client(
    reach: Reach,
    user_agent: &str,
    headers: HeaderMap,
    timeout: Duration,
) -> Result<reqwest::Client, SetupError> {
    let tls = tls::config().map_err(|error| SetupError(error.into()))?;
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(user_agent)
        .default_headers(headers)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .https_only(reach == Reach::Public)
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(timeout)
        .pool_max_idle_per_host(4)
        .dns_resolver(Arc::new(GuardedResolver(reach)))
        .build()
        .map_err(|error| SetupError(error.into()))
}

/// A header of a response, if it is present and text.
pub fn header_text(response: &reqwest::Response, name: HeaderName) -> Option<&str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

/// The reason why a request got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The host resolves to no allowed address. No request was sent.
    AddressRefused,
    /// The server's certificate or TLS version can't be used. No request was sent.
    Tls,
    /// No answer in time.
    Timeout,
    /// No connection, or one that broke.
    Unreachable,
}

impl Failure {
    /// Classifies an error of [`reqwest`].
    pub fn of(error: &reqwest::Error) -> Self {
        if chain_any(error, |cause| cause.is::<AddressRefused>()) {
            Self::AddressRefused
        } else if error.is_timeout() {
            Self::Timeout
        } else if chain_any(error, speaks_of_tls) {
            Self::Tls
        } else {
            Self::Unreachable
        }
    }
}

fn chain_any(error: &reqwest::Error, test: impl Fn(&(dyn StdError + 'static)) -> bool) -> bool {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(current) = cause {
        if test(current) {
            return true;
        }
        // `source` of an I/O error skips the error that it wraps.
        let inner = current.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if inner.is_some_and(|inner| test(inner)) {
            return true;
        }
        cause = current.source();
    }
    false
}

/// The TLS library's error type is not public here, so its message decides. A server with an old TLS version
/// only answers with an alert (`received fatal alert: ProtocolVersion`), or is reported as incompatible.
fn speaks_of_tls(cause: &(dyn StdError + 'static)) -> bool {
    const WORDS: [&str; 7] = [
        "certificate",
        "tls",
        "handshake",
        "corrupt message",
        "fatal alert",
        "peer is incompatible",
        "peer misbehaved",
    ];
    let text = cause.to_string().to_lowercase();
    WORDS.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_errors_are_known_by_their_words() {
        let of_tls = |text: &str| speaks_of_tls(&std::io::Error::other(text.to_owned()));
        assert!(of_tls("received fatal alert: ProtocolVersion"));
        assert!(of_tls("peer is incompatible: ServerDoesNotSupportTls12Or13"));
        assert!(!of_tls("Connection refused (os error 111)"));
    }
}
