//! The host names that a listener answers to, as a defence against DNS rebinding.
//!
//! An attacker's page can make its visitor's browser send requests to this server under the attacker's
//! name, which first resolves to the attacker's address and then to ours; for the browser that is one
//! origin. But the page cannot choose the `Host` that the browser sends. So only the operator's names
//! are accepted, besides addresses and `localhost`, which nobody can point elsewhere.

use super::response::{HttpResponse, text};
use super::sanitize::sanitize;
use crate::rejections::Rejections;
use http::{Request, StatusCode, header};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The accepted names of one listener.
#[derive(Debug, Clone)]
pub(super) struct Hosts {
    names: Vec<String>,
    /// Accepts every name.
    any_name: bool,
    setting: &'static str,
}

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WrongHost {
    /// The request names several hosts, or a malformed one.
    Malformed,
    /// The request names this host, sanitized, which is not accepted.
    Foreign(String),
}

impl Hosts {
    /// Returns the names of the operator's listener.
    pub(super) fn of_operator(names: &[String]) -> Self {
        Self {
            names: names.to_vec(),
            any_name: false,
            setting: "operator_names",
        }
    }

    /// Returns the names of the public listener. Without names it accepts every one: it cannot know how a
    /// proxy in front of it is called.
    pub(super) fn of_public(names: &[String]) -> Self {
        Self {
            names: names.to_vec(),
            any_name: names.is_empty(),
            setting: "public_names",
        }
    }

    /// Checks that the request names a host of this listener. A request without a host does not come from
    /// a browser and passes. `X-Forwarded-Host` is ignored: anyone can send it.
    pub(super) fn check<B>(&self, request: &Request<B>) -> Result<(), WrongHost> {
        let mut lines = request.headers().get_all(header::HOST).iter();
        let (line, further) = (lines.next(), lines.next());
        if further.is_some() {
            return Err(WrongHost::Malformed);
        }
        let target = request.uri().authority();
        let target = target.map(|authority| authority.as_str().as_bytes());
        let line = line.map(http::HeaderValue::as_bytes);
        for named in [target, line].into_iter().flatten() {
            if !named.is_empty() {
                self.check_name(named)?;
            }
        }
        Ok(())
    }

    /// Returns the response to a request for a wrong host, and records the rejection.
    pub(super) fn refuse(&self, wrong: WrongHost, rejections: &Rejections) -> HttpResponse {
        let setting = self.setting;
        let WrongHost::Foreign(host) = wrong else {
            let line = "A request must name one host, as host or host:port.\n";
            return text(StatusCode::BAD_REQUEST, line);
        };
        rejections.foreign_host(&host, setting);
        let variable = setting.to_ascii_uppercase();
        let line = format!(
            "This server does not answer to the name {host}. Its operator can add it to {setting} \
             (PARLOR_{variable}).\n"
        );
        text(StatusCode::MISDIRECTED_REQUEST, line)
    }

    fn check_name(&self, named: &[u8]) -> Result<(), WrongHost> {
        let host = Host::read(named).ok_or(WrongHost::Malformed)?;
        let answered = match host {
            Host::Address => true,
            Host::Name(name) => is_loopback(&name) || self.is_listed(&name),
        };
        if answered {
            return Ok(());
        }
        Err(WrongHost::Foreign(sanitize(named)))
    }

    fn is_listed(&self, name: &str) -> bool {
        self.any_name || self.names.iter().any(|known| is_same(known, name))
    }
}

/// `name` must be in lower case, without a dot at its end.
fn is_same(known: &str, name: &str) -> bool {
    let known = known.strip_suffix('.').unwrap_or(known);
    known.eq_ignore_ascii_case(name)
}

fn is_loopback(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// A parsed `Host`, without its port.
#[derive(Debug, PartialEq, Eq)]
enum Host {
    Address,
    Name(String),
}

impl Host {
    fn read(authority: &[u8]) -> Option<Self> {
        let authority = std::str::from_utf8(authority).ok()?;
        if let Some(rest) = authority.strip_prefix('[') {
            let (address, port) = rest.split_once(']')?;
            let is_one = address.parse::<Ipv6Addr>().is_ok();
            let port = port.strip_prefix(':').unwrap_or(port);
            return (is_one && is_port(port)).then_some(Self::Address);
        }
        let (name, port) = authority.split_once(':').unwrap_or((authority, ""));
        let name = name.strip_suffix('.').unwrap_or(name);
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        if !is_port(port) || name.is_empty() || !name.chars().all(fits) {
            return None;
        }
        if name.parse::<Ipv4Addr>().is_ok() {
            return Some(Self::Address);
        }
        Some(Self::Name(name.to_ascii_lowercase()))
    }
}

/// Accepts up to five digits, or nothing.
fn is_port(port: &str) -> bool {
    port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str, hosts: &[&[u8]]) -> Request<()> {
        let mut request = Request::builder().uri(target);
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        request.body(()).unwrap()
    }

    fn answers(hosts: &Hosts, host: &str) -> bool {
        hosts.check(&request("/", &[host.as_bytes()])).is_ok()
    }

    fn named() -> Vec<String> {
        vec!["chat.example.org".to_owned(), "Ops.Internal.".to_owned()]
    }

    const ALWAYS: [&str; 11] = [
        "localhost",
        "LOCALHOST:9090",
        "localhost.",
        "parlor.localhost",
        "127.0.0.1",
        "127.0.0.1:9090",
        "10.1.2.3:8080",
        "[::1]",
        "[::1]:9090",
        "[2001:db8::1]:80",
        "localhost:",
    ];

    const FOREIGN: [&str; 6] = [
        "evil.example",
        "evil.example:9090",
        "EVIL.example.",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "notlocalhost.example",
    ];

    #[test]
    fn the_operators_listener_accepts_addresses_loopback_and_its_names() {
        let any_name = Hosts::of_operator(&[]);
        let named = Hosts::of_operator(&named());
        for host in ALWAYS {
            assert!(answers(&any_name, host) && answers(&named, host), "{host}");
        }
        for host in FOREIGN {
            assert!(
                !answers(&any_name, host) && !answers(&named, host),
                "{host}"
            );
        }
        assert!(!answers(&any_name, "parlor"), "not to a short name either");
        for host in ["chat.example.org", "CHAT.example.org.:80", "ops.internal"] {
            assert!(answers(&named, host) && !answers(&any_name, host), "{host}");
        }
    }

    #[test]
    fn the_public_listener_accepts_any_name_until_its_names_are_set() {
        let named = Hosts::of_public(&named());
        let any_name = Hosts::of_public(&[]);
        for host in ALWAYS {
            assert!(answers(&named, host) && answers(&any_name, host), "{host}");
        }
        for host in FOREIGN {
            assert!(!answers(&named, host) && answers(&any_name, host), "{host}");
        }
    }

    #[test]
    fn every_host_that_a_request_names_must_be_accepted() {
        let hosts = Hosts::of_operator(&[]);
        let check = |target: &str, lines: &[&[u8]]| hosts.check(&request(target, lines));
        assert_eq!(check("/metrics", &[]), Ok(()), "HTTP/1.0 needs none");
        assert_eq!(check("/metrics", &[b""]), Ok(()));
        assert!(check("http://evil.example/metrics", &[b"localhost"]).is_err());
        assert!(check("http://localhost/metrics", &[b"evil.example"]).is_err());
        assert!(check("http://127.0.0.1:9090/metrics", &[b"localhost"]).is_ok());
        let two: [&[u8]; 2] = [b"localhost", b"localhost"];
        assert_eq!(check("/metrics", &two), Err(WrongHost::Malformed));
        for bad in [
            "a b",
            "user@localhost",
            "localhost:80:80",
            "[::1",
            "::1",
            "ex\u{e4}mple",
            ".",
        ] {
            assert_eq!(
                check("/", &[bad.as_bytes()]),
                Err(WrongHost::Malformed),
                "{bad}"
            );
        }
    }
}
