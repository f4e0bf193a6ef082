//! An origin that the operator allows, in the form in which browsers send it.

use std::fmt;
use std::net::Ipv6Addr;

/// An origin as browsers write it: lower case, no default port, no path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedOrigin(String);

/// Why a text is no origin; shown as what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// It allows everyone, or many.
    #[error("each origin by its own name: * would let any page act for the people who use it")]
    Pattern,
    /// It is what browsers send for pages without an origin.
    #[error("no null: browsers send that for sandboxed frames and local files of anybody")]
    Null,
    /// It does not begin with a scheme.
    #[error("a scheme in front, as in https://{0}")]
    NoScheme(String),
    /// It is the address of a socket, not of the page that opens it.
    #[error("the origin of the page that connects, as in {0}")]
    SocketScheme(String),
    /// It goes on after the port.
    #[error("the origin without what follows it: {0}")]
    Path(String),
    /// It contains a name or a password.
    #[error("no user name: {0}")]
    UserInfo(String),
    /// Its name has letters that browsers encode.
    #[error(
        "the name as browsers send it (punycode, xn--…); location.origin shows it in their console"
    )]
    NotAscii,
    /// Its host or port cannot be.
    #[error("a host and at most a port, as in https://chat.example.org or http://localhost:3000")]
    Host,
}

impl AllowedOrigin {
    /// Parses what an operator writes.
    ///
    /// # Errors
    /// If no browser would ever send it.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        if text.eq_ignore_ascii_case("null") {
            return Err(OriginError::Null);
        }
        if text.contains('*') {
            return Err(OriginError::Pattern);
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            let name = text.trim_start_matches('/');
            return Err(OriginError::NoScheme(name.to_owned()));
        };
        let scheme = scheme.to_ascii_lowercase();
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if let Some((_, host)) = authority.rsplit_once('@') {
            return Err(OriginError::UserInfo(format!("{scheme}://{host}")));
        }
        if !authority.is_ascii() {
            return Err(OriginError::NotAscii);
        }
        let origin = format!("{scheme}://{}", host_and_port(&scheme, authority)?);
        match scheme.strip_prefix("ws") {
            Some(secure @ ("" | "s")) => {
                let page = format!("http{secure}://{authority}");
                Err(OriginError::SocketScheme(page))
            }
            _ if !is_scheme(&scheme) => Err(OriginError::Host),
            _ if !matches!(path, "" | "/") => Err(OriginError::Path(origin)),
            _ => Ok(Self(origin)),
        }
    }

    /// Returns whether a browser's `Origin` is this one.
    pub(super) fn is(&self, given: &str) -> bool {
        self.0.eq_ignore_ascii_case(given)
    }
}

impl fmt::Display for AllowedOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Accepts those of apps too, such as `capacitor`.
fn is_scheme(scheme: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(fits)
}

/// Returns host and port as browsers write them.
fn host_and_port(scheme: &str, authority: &str) -> Result<String, OriginError> {
    let end = authority.rfind(']').unwrap_or_default();
    let (host, port) = match authority[end..].rfind(':') {
        Some(at) => (&authority[..end + at], Some(&authority[end + at + 1..])),
        None => (authority, None),
    };
    let host = match host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        Some(address) => {
            let address: Ipv6Addr = address.parse().map_err(|_| OriginError::Host)?;
            format!("[{address}]")
        }
        None if is_name(host) => host.to_ascii_lowercase(),
        None => return Err(OriginError::Host),
    };
    let default = match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    };
    match port.map(str::parse::<u16>) {
        None => Ok(host),
        Some(Ok(port)) if Some(port) == default => Ok(host),
        Some(Ok(port)) => Ok(format!("{host}:{port}")),
        Some(Err(_)) => Err(OriginError::Host),
    }
}

fn is_name(host: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    !host.is_empty() && host.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_becomes_what_browsers_send() {
        for (given, sent) in [
            ("https://chat.example.org", "https://chat.example.org"),
            ("https://chat.example.org/", "https://chat.example.org"),
            ("HTTPS://Chat.Example.ORG", "https://chat.example.org"),
            ("https://chat.example.org:443", "https://chat.example.org"),
            ("http://chat.example.org:80/", "http://chat.example.org"),
            ("https://chat.example.org:80", "https://chat.example.org:80"),
            ("http://localhost:03000", "http://localhost:3000"),
            ("http://[2001:DB8:0:0::1]:8080", "http://[2001:db8::1]:8080"),
            (
                "https://xn--mller-kva.example",
                "https://xn--mller-kva.example",
            ),
            ("capacitor://localhost", "capacitor://localhost"),
            ("chrome-extension://abcdef", "chrome-extension://abcdef"),
        ] {
            assert_eq!(AllowedOrigin::parse(given).unwrap().to_string(), sent);
        }
    }

    #[test]
    fn what_no_browser_sends_is_refused_with_what_to_write() {
        for (given, expected) in [
            ("example.org", "https://example.org"),
            ("//example.org", "https://example.org"),
            ("localhost:3000", "https://localhost:3000"),
            ("*", "by its own name"),
            ("https://*.example.org", "by its own name"),
            ("null", "null"),
            ("wss://chat.example.org", "https://chat.example.org"),
            (
                "https://chat.example.org/app",
                "it: https://chat.example.org",
            ),
            (
                "https://chat.example.org?x=1",
                "it: https://chat.example.org",
            ),
            ("https://a:b@chat.example.org", "https://chat.example.org"),
            ("https://müller.example", "punycode"),
            ("https://", "a host"),
            ("https://chat.example.org:http", "a host"),
            ("https://chat.example.org:99999", "a host"),
            ("https://chat example", "a host"),
            ("https://[::1", "a host"),
            ("ht tp://chat.example.org", "a host"),
        ] {
            let error = AllowedOrigin::parse(given).unwrap_err().to_string();
            assert!(error.contains(expected), "{given}: {error}");
        }
    }
}
