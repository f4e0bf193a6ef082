//! Which pages may connect: the server's own and those that the operator has named.

use http::{HeaderMap, header};

/// What an `Origin` must be to get in: absent (not a browser), the server's own host, or listed.
///
/// # Errors
/// The origin that was refused, shortened: it comes from outside.
pub(super) fn check(headers: &HeaderMap, allowed: &[String]) -> Result<(), String> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = String::from_utf8_lossy(origin.as_bytes());
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    if host.is_some_and(|host| is_own(&origin, host)) || is_listed(&origin, allowed) {
        return Ok(());
    }
    Err(origin.chars().take(200).collect())
}

/// The scheme does not count: TLS may end in front of the server.
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

fn is_listed(origin: &str, allowed: &[String]) -> bool {
    allowed
        .iter()
        .any(|listed| listed.trim_end_matches('/').eq_ignore_ascii_case(origin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn gets_in(origin: &'static str, host: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        headers.insert(header::HOST, HeaderValue::from_static(host));
        check(&headers, &["https://chat.example.org".to_owned()]).is_ok()
    }

    #[test]
    fn the_servers_own_page_gets_in_behind_tls_too() {
        assert!(gets_in("http://127.0.0.1:8080", "127.0.0.1:8080"));
        assert!(gets_in("https://Parlor.example", "parlor.example"));
        assert!(gets_in("https://parlor.example", "parlor.example:443"));
    }

    #[test]
    fn a_listed_origin_gets_in() {
        assert!(gets_in("https://chat.example.org", "parlor.example"));
    }

    #[test]
    fn everyone_else_is_refused() {
        assert!(!gets_in("https://evil.example", "parlor.example"));
        assert!(!gets_in("http://chat.example.org", "parlor.example"));
        assert!(!gets_in("http://parlor.example:8081", "parlor.example"));
        assert!(!gets_in("null", "null"));
    }

    #[test]
    fn a_program_that_sends_none_gets_in() {
        assert_eq!(check(&HeaderMap::new(), &[]), Ok(()));
    }
}
