//! The address that identifies one client for rate limits.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;

/// One client for rate limits: an IPv4 address, or the 64-bit network of an IPv6 address. Providers assign a whole
/// 64-bit network to each household or machine.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Address(IpAddr);

/// A mask of the 64 bits that identify an IPv6 network.
const NETWORK_MASK: u128 = !0 << 64;

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & NETWORK_MASK).into(),
            ipv4 => ipv4,
        })
    }
}

/// The proxies that are trusted to state a client's address.
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Trusts the proxies in these networks.
    pub fn new(trusted: Vec<IpNet>) -> Self {
        Self(trusted)
    }

    /// Whether the address belongs to one of the proxies.
    pub fn is_proxy(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Returns the client behind `peer`. `hops` are the addresses that proxies wrote, with the nearest proxy first.
    /// Each proxy adds the address that it saw. Therefore the first address that is not a trusted proxy is the client,
    /// and all addresses after it may be forged. If a hop is invalid (`None`), the proxy that wrote it counts as the
    /// client.
    pub fn client(&self, peer: IpAddr, hops: impl Iterator<Item = Option<IpAddr>>) -> IpAddr {
        let mut client = peer;
        for hop in hops {
            match hop {
                Some(address) if self.is_proxy(client) => client = address,
                _ => break,
            }
        }
        client
    }
}

/// Parses one address of `X-Forwarded-For` or of `for=` in `Forwarded`, with or without a port.
fn parse(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address);
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some(address.ip());
    }
    text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
}

impl Address {
    /// The addresses in one value of `X-Forwarded-For`, nearest proxy first. `None` stands for an invalid address.
    pub fn parse_forwarded_for(value: &str) -> impl Iterator<Item = Option<IpAddr>> {
        value.rsplit(',').map(parse)
    }

    /// The addresses in one value of `Forwarded` (RFC 7239), nearest proxy first. `None` stands for an invalid or
    /// missing address.
    pub fn parse_forwarded(value: &str) -> impl Iterator<Item = Option<IpAddr>> {
        value.rsplit(',').map(|element| {
            let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
            let mut for_pairs = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
            parse(for_pairs.next()?.1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_ipv6_client_is_identified_by_network_and_an_ipv4_client_by_address() {
        let is_same_client = |one: &str, other: &str| Address::from(ip(one)) == Address::from(ip(other));
        assert!(is_same_client("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
        assert!(!is_same_client("2001:db8:1:2::1", "2001:db8:1:3::1"));
        assert!(is_same_client("192.0.2.1", "::ffff:192.0.2.1"));
        assert!(!is_same_client("192.0.2.1", "192.0.2.2"));
    }

    #[test]
    fn every_form_of_address_that_proxies_write_is_parsed() {
        for (text, address) in [
            ("192.0.2.60", "192.0.2.60"),
            (" 192.0.2.60:4711 ", "192.0.2.60"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("\"[2001:db8::1]:4711\"", "2001:db8::1"),
        ] {
            assert_eq!(parse(text), Some(ip(address)), "{text}");
        }
        for text in ["", "unknown", "_hidden", "192.0.2", "192.0.2.1:x", "[2001:db8::1", "example.org"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_client_is_the_nearest_address_that_is_not_a_trusted_proxy() {
        let networks = ["10.0.0.0/8", "::1/128"].map(|network| network.parse().unwrap());
        let proxies = Proxies::new(networks.to_vec());
        let client = |peer: &str, header: &str| {
            proxies.client(ip(peer), Address::parse_forwarded_for(header)).to_string()
        };
        assert_eq!(
            client("192.0.2.9", "198.51.100.1"),
            "192.0.2.9",
            "a header from an untrusted peer must be ignored"
        );
        assert_eq!(client("10.0.0.1", "198.51.100.1"), "198.51.100.1");
        assert_eq!(client("::1", "203.0.113.5, 198.51.100.1, 10.1.1.1"), "198.51.100.1");
        assert_eq!(client("::ffff:10.0.0.1", "198.51.100.1"), "198.51.100.1");
        assert_eq!(client("10.0.0.1", "198.51.100.1, unknown"), "10.0.0.1");
        assert_eq!(client("10.0.0.1", "10.0.0.3, 10.0.0.2"), "10.0.0.3");
        assert_eq!(client("10.0.0.1", ""), "10.0.0.1");
    }

    #[test]
    fn the_header_forwarded_is_read_from_right_to_left() {
        let value = "for=\"[2001:db8::1]:4711\";proto=https, For=192.0.2.7; by=10.0.0.1, proto=http";
        let addresses: Vec<_> = Address::parse_forwarded(value).collect();
        assert_eq!(addresses, [None, Some(ip("192.0.2.7")), Some(ip("2001:db8::1"))]);
    }
}
