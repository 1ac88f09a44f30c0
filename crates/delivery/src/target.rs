//! Addresses that webhooks and SCIM may send data to: HTTPS on the public internet; in development, loopback
//! too. `net`'s guarded client checks the resolved IP address of each connection.

use net::{NetworkPolicy, Reach};
use url::{Host, Url};

/// The longest accepted address, in bytes.
const LONGEST: usize = 2048;

/// An address that data may be sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub(crate) url: Url,
    pub(crate) reach: Reach,
}

/// Errors of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetRefused {
    /// It can't be parsed, or has a user, a password or a fragment.
    #[error("the URL must have the form https://host/path, without user, password and fragment")]
    Invalid,
    /// It is not HTTPS.
    #[error("the URL must begin with https://")]
    NotHttps,
    /// It is not on the public internet.
    #[error("the URL must lead to a public address")]
    NotPublic,
}

impl TargetRefused {
    /// The stable code that API and docs share.
    pub fn code(self) -> &'static str {
        match self {
            Self::Invalid => "target.invalid_url",
            Self::NotHttps => "target.not_https",
            Self::NotPublic => "target.not_public",
        }
    }
}

impl Target {
    /// Parses an address. Loopback may use `http:` if the policy allows loopback.
    ///
    /// # Errors
    ///
    /// If data may not be sent to the address.
    pub fn parse(text: &str, policy: NetworkPolicy) -> Result<Self, TargetRefused> {
        let url = Url::parse(text.trim()).map_err(|_| TargetRefused::Invalid)?;
        let has_more = !url.username().is_empty() || url.password().is_some() || url.fragment().is_some();
        if has_more || text.len() > LONGEST {
            return Err(TargetRefused::Invalid);
        }
        let (address, is_local_name) = match url.host().ok_or(TargetRefused::Invalid)? {
            Host::Ipv4(address) => (Some(address.into()), false),
            Host::Ipv6(address) => (Some(address.into()), false),
            Host::Domain(name) => (None, is_local(name)),
        };
        let is_loopback = is_local_name || address.is_some_and(|address| Reach::Loopback.allows(address));
        match url.scheme() {
            "http" | "https" if is_loopback && policy == NetworkPolicy::AllowLoopback => {
                return Ok(Self { url, reach: Reach::Loopback });
            }
            "https" => {}
            "http" => return Err(TargetRefused::NotHttps),
            _ => return Err(TargetRefused::Invalid),
        }
        if is_local_name || address.is_some_and(|address| !Reach::Public.allows(address)) {
            return Err(TargetRefused::NotPublic);
        }
        Ok(Self { url, reach: Reach::Public })
    }

    /// The normalised address, as it is stored and shown.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }
}

fn is_local(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_by_https() {
        let parse = |text| Target::parse(text, NetworkPolicy::PublicOnly);
        for text in ["https://app.example/hooks?tenant=1", "https://8.8.8.8/x", "https://app.example:8443/"] {
            assert_eq!(parse(text).unwrap().reach, Reach::Public, "{text}");
        }
        for (text, why) in [
            ("http://app.example/", TargetRefused::NotHttps),
            ("http://127.0.0.1/", TargetRefused::NotHttps),
            ("https://127.0.0.1/", TargetRefused::NotPublic),
            ("https://2130706433/", TargetRefused::NotPublic),
            ("https://0x7f.1/", TargetRefused::NotPublic),
            ("https://[::1]/", TargetRefused::NotPublic),
            ("https://[::ffff:10.0.0.1]/", TargetRefused::NotPublic),
            ("https://169.254.169.254/latest/meta-data", TargetRefused::NotPublic),
            ("https://localhost/", TargetRefused::NotPublic),
            ("https://a.localhost./", TargetRefused::NotPublic),
            ("https://user:pw@app.example/", TargetRefused::Invalid),
            ("https://app.example/#x", TargetRefused::Invalid),
            ("ftp://app.example/", TargetRefused::Invalid),
            ("file:///etc/passwd", TargetRefused::Invalid),
            ("app.example", TargetRefused::Invalid),
        ] {
            assert_eq!(parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn loopback_needs_the_development_policy() {
        let parse = |text| Target::parse(text, NetworkPolicy::AllowLoopback).map(|target| target.reach);
        assert_eq!(parse("http://127.0.0.1:9/x"), Ok(Reach::Loopback));
        assert_eq!(parse("http://localhost:9/x"), Ok(Reach::Loopback));
        assert_eq!(parse("http://10.0.0.1/"), Err(TargetRefused::NotHttps));
        assert_eq!(parse("https://10.0.0.1/"), Err(TargetRefused::NotPublic));
        assert_eq!(parse("https://app.example/"), Ok(Reach::Public));
    }
}
