//! Lucca's host shapes, and the classification of all other hosts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Environment, Region, TenantUrlError};

/// A host that may be a tenant's.
pub(super) enum HostShape {
    Tenant { host: String, environment: Environment, region: Region },
    Loopback { host: String },
}

/// Classifies a host. `may_be_bare`: a single label may be an account's name.
pub(super) fn shape(host: &str, may_be_bare: bool) -> Result<HostShape, TenantUrlError> {
    if let Some(inner) = host.strip_prefix('[') {
        let address: Ipv6Addr = inner
            .strip_suffix(']')
            .and_then(|inner| inner.parse().ok())
            .ok_or(TenantUrlError::InvalidCharacter)?;
        return loopback(IpAddr::V6(address), format!("[{address}]"));
    }
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    if host.is_empty() {
        return Err(TenantUrlError::MissingAccount);
    }
    if host == "localhost" {
        return Ok(HostShape::Loopback { host });
    }
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return loopback(IpAddr::V4(address), host);
    }
    if !host.is_ascii() {
        return Err(TenantUrlError::NotAscii);
    }
    let labels: Vec<&str> = host.split('.').collect();
    labels.iter().try_for_each(|label| check_label(label))?;
    // Other notations of IPv4 addresses that resolvers accept: 127.1, 2130706433, 0x7f000001.
    if labels.last().is_some_and(|last| is_number(last)) {
        return Err(TenantUrlError::IpAddress);
    }
    let tenant = |environment, region, host| Ok(HostShape::Tenant { host, environment, region });
    match labels.as_slice() {
        [account] if may_be_bare => {
            check_bare(account)?;
            check_account(account)?;
            if environment_of(account).is_some() {
                return Err(TenantUrlError::MissingAccount);
            }
            tenant(Environment::Production, Region::Europe, format!("{account}.ilucca.net"))
        }
        [account, domain, ending] if environment_of(domain).is_some() => {
            let environment = environment_of(domain).ok_or(TenantUrlError::OtherDomain)?;
            let region = region_of(ending).ok_or(TenantUrlError::WrongEnding)?;
            check_account(account)?;
            tenant(environment, region, host.clone())
        }
        // A separate production domain, found in one of Lucca's operations tools. unverified: whether account
        // names precede it as they precede Lucca's other domains, and its hosting region.
        [account, "dauphine", "fr"] => {
            check_account(account)?;
            tenant(Environment::Production, Region::Europe, host.clone())
        }
        [account, "sandbox", server @ ("eu1" | "eu2" | "ch1"), "luccasoftware", "com"] => {
            check_account(account)?;
            if !account.contains('-') {
                return Err(TenantUrlError::MissingSandbox);
            }
            let region = if *server == "ch1" { Region::Switzerland } else { Region::Europe };
            tenant(Environment::Sandbox, region, host.clone())
        }
        labels => Err(foreign_host_error(labels)),
    }
}

fn loopback(address: IpAddr, host: String) -> Result<HostShape, TenantUrlError> {
    if address.is_loopback() { Ok(HostShape::Loopback { host }) } else { Err(TenantUrlError::IpAddress) }
}

fn check_label(label: &str) -> Result<(), TenantUrlError> {
    if label.is_empty() {
        Err(TenantUrlError::EmptyLabel)
    } else if !label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        Err(TenantUrlError::InvalidCharacter)
    } else if label.len() > 63 {
        Err(TenantUrlError::LabelTooLong)
    } else if label.starts_with('-') || label.ends_with('-') {
        Err(TenantUrlError::Hyphen)
    } else if label.starts_with("xn--") {
        Err(TenantUrlError::Punycode)
    } else if is_key(label) {
        Err(TenantUrlError::ApiKey)
    } else {
        Ok(())
    }
}

/// Real accounts have letters, digits and hyphens (directory.md §2); the documented grammar has letters only.
fn check_account(account: &str) -> Result<(), TenantUrlError> {
    match account {
        "www" => Err(TenantUrlError::Www),
        "http" | "https" | "localhost" | "null" | "undefined" => Err(TenantUrlError::NotAnAccount),
        _ => Ok(()),
    }
}

/// Returns an error for words that are implausible as a bare account name, though valid in front of Lucca's
/// domain.
fn check_bare(account: &str) -> Result<(), TenantUrlError> {
    match account {
        "http" | "https" | "ftp" | "ws" | "wss" | "file" | "mailto" => Err(TenantUrlError::Scheme),
        "false" | "nan" | "nil" | "none" | "true" => Err(TenantUrlError::NotAnAccount),
        _ => Ok(()),
    }
}

/// Prevents a DNS look-up of a key that was pasted in the wrong place.
fn is_key(label: &str) -> bool {
    let digits: Vec<u8> = label.bytes().filter(|byte| *byte != b'-').collect();
    digits.len() == 32 && digits.iter().all(u8::is_ascii_hexdigit)
}

fn is_number(label: &str) -> bool {
    let hexadecimal =
        label.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    hexadecimal || label.bytes().all(|byte| byte.is_ascii_digit())
}

fn environment_of(domain: &str) -> Option<Environment> {
    match domain {
        "ilucca" => Some(Environment::Production),
        "ilucca-test" => Some(Environment::Test),
        "ilucca-demo" => Some(Environment::Demo),
        _ => None,
    }
}

fn region_of(ending: &str) -> Option<Region> {
    match ending {
        "net" => Some(Region::Europe),
        "ch" => Some(Region::Switzerland),
        _ => None,
    }
}

/// The error for a host that is not a tenant's.
fn foreign_host_error(labels: &[&str]) -> TenantUrlError {
    let tail = |from_end: usize| labels.len().checked_sub(from_end).and_then(|at| labels.get(at)).copied();
    let (ending, domain) = (tail(1).unwrap_or_default(), tail(2).unwrap_or_default());
    match (environment_of(domain), region_of(ending)) {
        (Some(_), Some(_)) if labels.len() == 2 => return TenantUrlError::MissingAccount,
        (Some(_), Some(_)) => return TenantUrlError::NestedAccount,
        (Some(_), None) => return TenantUrlError::WrongEnding,
        _ => {}
    }
    if (domain, ending) == ("luccasoftware", "com") {
        let is_sandbox = tail(4) == Some("sandbox") && matches!(tail(3), Some("eu1" | "eu2" | "ch1"));
        return match (is_sandbox, labels.len()) {
            (true, 4) => TenantUrlError::MissingSandbox,
            (true, _) => TenantUrlError::NestedAccount,
            (false, _) => TenantUrlError::LuccaSite,
        };
    }
    if (domain, ending) == ("dauphine", "fr") {
        return if labels.len() == 2 {
            TenantUrlError::MissingAccount
        } else {
            TenantUrlError::NestedAccount
        };
    }
    if (domain, ending) == ("lucca", "fr") {
        return TenantUrlError::LuccaSite;
    }
    if labels.iter().any(|label| label.contains("lucca")) {
        return TenantUrlError::LookAlike;
    }
    TenantUrlError::OtherDomain
}
