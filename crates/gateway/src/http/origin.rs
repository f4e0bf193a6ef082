//! Checks the `Origin`: only the server's own page and those that the operator allows may connect.

use super::allowed_origin::AllowedOrigin;
use super::sanitize::sanitize;
use http::{HeaderMap, header};

/// The sender of a request according to its `Origin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sender {
    /// No `Origin`: a program, or a browser's navigation.
    Program,
    /// The server's own page.
    OwnPage,
    /// A page of an origin that the operator allows.
    ListedPage,
    /// Any other page, with its sanitized origin.
    ForeignPage(String),
}

/// Classifies a request by its `Origin`.
pub(super) fn sender(headers: &HeaderMap, allowed: &[AllowedOrigin]) -> Sender {
    let mut lines = headers.get_all(header::ORIGIN).iter();
    let (Some(given), further) = (lines.next(), lines.next()) else {
        return Sender::Program;
    };
    let foreign = || Sender::ForeignPage(sanitize(given.as_bytes()));
    let (Ok(origin), None) = (given.to_str(), further) else {
        return foreign();
    };
    // Check the list first: for the browser, http://name and https://name are two origins.
    if allowed.iter().any(|listed| listed.is(origin)) {
        return Sender::ListedPage;
    }
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    if host.is_some_and(|host| is_own(origin, host)) {
        return Sender::OwnPage;
    }
    foreign()
}

/// Ignores the scheme, since TLS may end at a proxy.
fn is_own(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else {
        return false;
    };
    let port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    bare(authority, port).eq_ignore_ascii_case(bare(host, port))
}

fn bare<'a>(authority: &'a str, port: &str) -> &'a str {
    authority.strip_suffix(port).unwrap_or(authority)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn of(origins: &[&'static str], host: &'static str) -> Sender {
        let mut headers = HeaderMap::new();
        for origin in origins {
            headers.append(header::ORIGIN, HeaderValue::from_static(origin));
        }
        headers.insert(header::HOST, HeaderValue::from_static(host));
        sender(
            &headers,
            &[AllowedOrigin::parse("https://chat.example.org").unwrap()],
        )
    }

    #[test]
    fn the_servers_own_page_may_connect_behind_tls() {
        for (origin, host) in [
            ("http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("https://Parlor.example", "parlor.example"),
            ("https://parlor.example", "parlor.example:443"),
        ] {
            assert_eq!(of(&[origin], host), Sender::OwnPage, "{origin}");
        }
    }

    #[test]
    fn a_listed_origin_may_connect() {
        let listed = of(&["https://chat.example.org"], "parlor.example");
        assert_eq!(listed, Sender::ListedPage);
    }

    #[test]
    fn every_other_origin_is_foreign() {
        for (origin, host) in [
            ("https://evil.example", "parlor.example"),
            ("http://chat.example.org", "parlor.example"),
            ("http://parlor.example:8081", "parlor.example"),
            ("null", "null"),
        ] {
            assert_eq!(of(&[origin], host), Sender::ForeignPage(origin.to_owned()));
        }
        let two = of(
            &["https://parlor.example", "https://evil.example"],
            "parlor.example",
        );
        assert!(
            matches!(two, Sender::ForeignPage(_)),
            "one of two does not count"
        );
    }

    #[test]
    fn a_program_sends_none() {
        assert_eq!(sender(&HeaderMap::new(), &[]), Sender::Program);
    }
}
