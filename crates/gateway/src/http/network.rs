//! Whose connection it is, as limits count it.

use http::HeaderMap;
use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

const FORWARDED_FOR: &str = "x-forwarded-for";

/// An address as limits count it: IPv4 whole, IPv6 by its /64, which is one household's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// The network of an address; an IPv4 address in IPv6 clothes counts as IPv4.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(v4) => v4.into(),
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(v4) => v4.fmt(f),
            IpAddr::V6(v6) => write!(f, "{v6}/64"),
        }
    }
}

/// Whether `X-Forwarded-For` of this peer counts.
pub(super) fn is_trusted(peer: IpAddr, trusted: &[IpNet]) -> bool {
    let peer = peer.to_canonical();
    trusted.iter().any(|network| network.contains(&peer))
}

/// The client behind `peer`: the rightmost address of `X-Forwarded-For` that no trusted proxy has,
/// since everything left of that is the client's own word.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut client = peer;
    if !is_trusted(peer, trusted) {
        return client;
    }
    let lines: Vec<_> = headers.get_all(FORWARDED_FOR).iter().collect();
    let hops = lines
        .iter()
        .rev()
        .flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
    for hop in hops {
        let Some(address) = address(hop.trim()) else {
            return client;
        };
        client = address;
        if !is_trusted(address, trusted) {
            return client;
        }
    }
    client
}

/// An address, with a port or without.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    bare.parse()
        .ok()
        .or_else(|| hop.parse::<std::net::SocketAddr>().ok().map(|a| a.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn forwarded(lines: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
        }
        headers
    }

    fn seen(peer: &str, lines: &[&'static str]) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        client(peer.parse().unwrap(), &forwarded(lines), &trusted).to_string()
    }

    #[test]
    fn nobody_but_a_trusted_proxy_forwards() {
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(seen("10.1.2.3", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("::ffff:10.1.2.3", &["198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn what_a_client_claims_left_of_the_first_stranger_is_not_believed() {
        let lines = ["1.1.1.1, 198.51.100.1", "10.9.9.9"];
        assert_eq!(seen("10.1.2.3", &lines), "198.51.100.1");
    }

    #[test]
    fn a_hop_that_is_no_address_ends_the_search() {
        assert_eq!(seen("10.1.2.3", &["198.51.100.1, unknown"]), "10.1.2.3");
        assert_eq!(seen("::1", &["unknown, 10.4.4.4"]), "10.4.4.4");
        assert_eq!(seen("::1", &[]), "::1");
    }

    #[test]
    fn a_hop_may_name_its_port() {
        assert_eq!(seen("10.1.2.3", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(seen("10.1.2.3", &["[2001:db8::1]:4711"]), "2001:db8::1");
    }

    #[test]
    fn one_household_of_ipv6_counts_as_one() {
        let of = |address: &str| Network::of(address.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::3"), of("2001:db8:1:2:ffff::4"));
        assert_ne!(of("2001:db8:1:2::3"), of("2001:db8:1:3::3"));
        assert_eq!(of("2001:db8:1:2::3").to_string(), "2001:db8:1:2::/64");
        assert_eq!(of("::ffff:192.0.2.1").to_string(), "192.0.2.1");
    }
}
