//! The client's address: the peer's, or the one that a trusted proxy names.

use http::HeaderMap;
use ipnet::IpNet;
use std::net::IpAddr;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// Returns whether this peer is a trusted proxy, whose `X-Forwarded-For` counts.
pub(super) fn is_trusted(peer: IpAddr, trusted: &[IpNet]) -> bool {
    let peer = peer.to_canonical();
    trusted.iter().any(|network| network.contains(&peer))
}

/// Returns the client behind `peer`: the rightmost address of `X-Forwarded-For` that is not a trusted
/// proxy. Everything left of that may be forged by the client.
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

/// Parses an address, with or without a port.
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
    fn only_a_trusted_proxy_may_forward() {
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(seen("10.1.2.3", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("::ffff:10.1.2.3", &["198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn addresses_left_of_the_first_untrusted_one_are_ignored() {
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
}
