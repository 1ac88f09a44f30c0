//! Network addresses that a request may go to. The guard runs when a name is resolved, for each connection: a
//! tenant URL or a webhook's URL may look public and resolve to a machine in the local network.

use std::error::Error;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The networks that the operator allows clients to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkPolicy {
    /// The public internet.
    PublicOnly,
    /// This machine too: a development switch, for an emulated tenant or a receiver under test.
    AllowLoopback,
}

/// The addresses that one client may connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Public ones only.
    Public,
    /// This machine only: the development switch.
    Loopback,
}

impl Reach {
    /// Whether the client may connect to an address.
    pub fn allows(self, address: IpAddr) -> bool {
        match self {
            Self::Public => is_public(address),
            Self::Loopback => address.is_loopback(),
        }
    }

    /// The allowed addresses of one DNS answer. The connection gets only these, so a name that resolves
    /// differently a moment later (DNS rebinding) can't bypass the guard: every answer is filtered here.
    fn among(
        self,
        host: &str,
        found: impl Iterator<Item = SocketAddr>,
    ) -> Result<Vec<SocketAddr>, AddressRefused> {
        let allowed: Vec<SocketAddr> = found.filter(|address| self.allows(address.ip())).collect();
        if allowed.is_empty() { Err(AddressRefused { host: host.to_owned() }) } else { Ok(allowed) }
    }
}

/// The system's resolver, without disallowed addresses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GuardedResolver(pub(crate) Reach);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let Self(reach) = *self;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(reach.among(name.as_str(), found)?.into_iter()) as Addrs)
        })
    }
}

/// Error: a host name has no allowed address.
#[derive(Debug)]
pub(crate) struct AddressRefused {
    host: String,
}

impl fmt::Display for AddressRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} does not resolve to an allowed address", self.host)
    }
}

impl Error for AddressRefused {}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Everything outside the special-purpose blocks of IANA's registry (RFC 6890 and later).
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || a >= 224
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b)))
}

/// Global unicast (`2000::/3`), except the blocks that embed other addresses or are reserved.
fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let segments = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        // NAT64: the last 32 bits are the real destination.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        // 6to4: likewise, after the prefix.
        [0x2002, high, low, ..] => embedded(high, low),
        // IETF protocol assignments, Teredo and benchmarking among them; documentation.
        [0x2001, second, ..] if second < 0x0200 => false,
        [0x2001, 0x0db8, ..] | [0x3fff, 0x0000..=0x0fff, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_not_public_are_refused() {
        for address in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!Reach::Public.allows(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn public_addresses_are_allowed() {
        for address in [
            "8.8.8.8",
            "100.63.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "2a00:1450:4007::1",
            "2606:4700::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(Reach::Public.allows(address.parse().unwrap()), "{address}");
            assert!(!Reach::Loopback.allows(address.parse().unwrap()), "{address}");
        }
        assert!(Reach::Loopback.allows("127.0.0.1".parse().unwrap()));
        assert!(Reach::Loopback.allows("::1".parse().unwrap()));
    }

    #[test]
    fn each_dns_answer_is_checked() {
        let answer = |addresses: &[&str]| {
            let found = addresses.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 443));
            Reach::Public.among("acme.ilucca.net", found.collect::<Vec<_>>().into_iter())
        };
        // A private address among public ones is left out, whichever comes first.
        for mixed in [["10.0.0.1", "8.8.8.8"], ["8.8.8.8", "10.0.0.1"]] {
            let allowed = answer(&mixed).unwrap();
            assert_eq!(allowed, [SocketAddr::from(([8, 8, 8, 8], 443))]);
        }
        // A name that had a public address and now has another is refused now.
        assert!(answer(&["8.8.8.8"]).is_ok());
        for elsewhere in
            [&["127.0.0.1"][..], &["169.254.169.254"], &["::1", "fd00::1"], &["::ffff:10.0.0.1"], &[]]
        {
            assert!(answer(elsewhere).is_err(), "{elsewhere:?}");
        }
    }

    #[test]
    fn name_resolving_to_loopback_is_refused() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let resolve = |reach| runtime.block_on(GuardedResolver(reach).resolve("localhost".parse().unwrap()));
        assert!(resolve(Reach::Public).err().unwrap().is::<AddressRefused>());
        assert!(resolve(Reach::Loopback).is_ok());
    }
}
