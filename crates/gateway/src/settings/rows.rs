//! The rows of the listeners in the configuration: what they admit and how long they wait.

use super::{Settings, limit_rows};
use crate::AllowedOrigin;
use ipnet::IpNet;
use settings::{Contradiction, Setting, Table, group, list, millis, number, parsed, quoted, value};
use std::net::IpAddr;

const NAMES: &str = "names such as chat.example.org, separated by commas";
const PROXIES: &str = "networks such as 10.0.0.0/8 or 127.0.0.1, separated by commas";

impl Table for Settings {
    fn rows() -> Vec<Setting<Self>> {
        let limits = limit_rows::rows().into_iter();
        let limits = limits.map(|row| row.within(|c: &mut Self| &mut c.limits));
        let mut rows = group("Connections and HTTP", admission());
        rows.extend(group("Connections and HTTP", http()));
        rows.extend(group("Limits of one client", limits.collect()));
        rows
    }

    fn check(&self) -> Result<(), Contradiction> {
        names("public_names", &self.public_names)?;
        names("operator_names", &self.operator_names)?;
        let (ask, reply) = (self.limits.ask_within, self.limits.reply_within);
        if ask < reply {
            return Ok(());
        }
        Err(Contradiction::new(
            "ask_timeout_ms",
            ask.as_millis().to_string(),
            format!("less than reply_timeout_ms, which is {}", reply.as_millis()),
        ))
    }
}

/// Rejects schemes, ports and patterns, which would never match a host name.
fn names(key: &str, names: &[String]) -> Result<(), Contradiction> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    match names.iter().find(|name| !name.chars().all(is_allowed)) {
        None => Ok(()),
        Some(wrong) => {
            let expected = "names such as chat.example.org, without scheme, port or *";
            Err(Contradiction::new(key, wrong, expected))
        }
    }
}

fn origins(text: &str) -> Result<Vec<AllowedOrigin>, String> {
    list(text, AllowedOrigin::parse).map_err(|error| error.to_string())
}

/// Accepts networks and single addresses.
fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    list(text, |item| {
        let network = item.parse();
        network.or_else(|_| item.parse().map(IpAddr::into))
    })
    .map_err(|_| PROXIES.to_owned())
}

fn shown<T: ToString>(all: &[T]) -> String {
    let all: Vec<_> = all.iter().map(|one| quoted(&one.to_string())).collect();
    format!("[{}]", all.join(", "))
}

fn admission() -> Vec<Setting<Settings>> {
    vec![
        parsed(
            "allowed_origins",
            "origins such as https://chat.example.org, separated by commas",
            origins,
            |all| shown(all),
            |c: &mut Settings| &mut c.allowed_origins,
        )
        .about("Origins, besides the server's own, whose web pages may connect and use the API (CORS).")
        .ends(
            "Pages of other origins get 403.",
            "A page of a listed origin can act for anyone who gives it a token.",
        ),
        value("public_names", NAMES, |c: &mut Settings| &mut c.public_names)
            .about(
                "Host names of the server; requests for other names get 421. Addresses and \
                 localhost are always accepted. Unset: every name is.",
            )
            .ends(
                "People who use an unlisted name of the server get 421.",
                "A page on a foreign name can use its visitors' browsers (DNS rebinding).",
            ),
        value("operator_names", NAMES, |c: &mut Settings| &mut c.operator_names)
        .about("Host names, besides localhost, that the operator's listener answers to.")
        .ends(
            "A monitor that uses another name gets 421.",
            "A page on a foreign name can read the operator's data.",
        ),
        parsed(
            "trusted_proxies",
            PROXIES,
            networks,
            |all| shown(all),
            |c: &mut Settings| &mut c.trusted_proxies,
        )
        .about("Networks of proxies whose X-Forwarded-For is trusted.")
        .ends(
            "All users behind the proxy share one address and its limits.",
            "Clients can forge their address.",
        ),
        number("connections_max", "connections", 1..=10_000_000, |c: &mut Settings| &mut c.connections_max)
        .about("Open connections in total.")
        .ends(
            "People are turned away with 503.",
            "The process runs out of file descriptors and accepts connections erratically.",
        ),
        number("connections_per_address", "sockets", 1..=10_000_000, |c: &mut Settings| &mut c.limits.connections_per_address)
        .about("Open sockets from one address (IPv6: one /64).")
        .ends(
            "An office behind one address is turned away (4505).",
            "One machine can take all connections.",
        ),
        number("http_per_address", "connections", 1..=10_000_000, |c: &mut Settings| &mut c.http_per_address)
        .about(
            "Open connections from one address (IPv6: one /64) that are not sockets, or its \
             concurrent requests through a trusted proxy.",
        )
        .ends(
            "Pages load slowly in an office behind one address (429).",
            "One machine can take all connections.",
        ),
        number("connections_per_user", "sockets", 1..=10_000_000, |c: &mut Settings| &mut c.limits.connections_per_user)
        .about("Open sockets of one user on all devices.")
        .ends(
            "People with many devices are turned away.",
            "One account can take all connections.",
        ),
        number("tabs_max", "sockets", 1..=10_000_000, |c: &mut Settings| &mut c.limits.tabs_max)
        .about("Open sockets of one session, one per tab.")
        .ends(
            "People with many tabs are turned away.",
            "One session can take all connections.",
        ),
    ]
}

fn http() -> Vec<Setting<Settings>> {
    vec![
        millis("header_timeout_ms", 100..=600_000, |c: &mut Settings| &mut c.header_timeout)
        .about(
            "Time for the head of a request, on top of what its bytes take at 250 a second; for the \
             first one, counted from the beginning of the connection.",
        )
        .ends(
            "Slow networks fail to connect.",
            "Silent connections occupy file descriptors.",
        ),
        millis("keep_alive_ms", 1_000..=86_400_000, |c: &mut Settings| &mut c.keep_alive)
        .about(
            "Time for the next request to begin on an open connection; longer than any proxy in \
             front keeps its own. All connections of trusted proxies stay open that long. Any other \
             address may keep a quarter of http_per_address open, and all of them together an eighth of \
             connections_max.",
        )
        .ends(
            "A proxy that reuses a connection just as it is closed answers 502.",
            "Idle connections occupy file descriptors.",
        ),
        number("header_bytes_max", "bytes", 8_192..=1_048_576, |c: &mut Settings| &mut c.header_bytes_max)
        .about("Largest head of a request.")
        .ends(
            "Long cookies of other sites on the host cause 431.",
            "Memory per connection.",
        ),
        number("body_bytes_max", "bytes", 1_024..=16_777_216, |c: &mut Settings| &mut c.body_bytes_max)
        .about("Largest body of an HTTP request.")
        .ends("Long messages get 413.", "Memory per request."),
        number("requests_max", "requests", 1..=1_000_000, |c: &mut Settings| &mut c.requests_max)
        .about("Concurrent HTTP requests.")
        .ends(
            "Requests get 503 although the server is idle.",
            "Memory and long queues under overload.",
        ),
        millis("reply_timeout_ms", 100..=600_000, |c: &mut Settings| &mut c.limits.reply_within)
        .about("Time limit of a command or HTTP request, including its reply.")
        .ends(
            "Requests that would have succeeded get 504.",
            "Stuck requests occupy capacity.",
        ),
        millis("ask_timeout_ms", 100..=600_000, |c: &mut Settings| &mut c.limits.ask_within)
        .about("Time limit of an internal request; less than reply_timeout_ms.")
        .ends(
            "Requests that would have succeeded get 503 or 504 under load.",
            "Clients give up before they get an error.",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(key: &str, text: &str) -> Result<Settings, String> {
        let rows = Settings::rows();
        let row = rows.iter().find(|row| row.key() == key).unwrap();
        let mut settings = Settings::default();
        row.set(&mut settings, text).map(|()| settings)
    }

    #[test]
    fn a_proxy_is_a_network_or_one_address() {
        let proxies = set("trusted_proxies", "10.0.0.0/8, ::1")
            .unwrap()
            .trusted_proxies;
        assert_eq!(shown(&proxies), r#"["10.0.0.0/8", "::1/128"]"#);
        for wrong in ["10.0.0.0/40", "10.0.0.1, proxy"] {
            let expected = set("trusted_proxies", wrong).unwrap_err();
            assert_eq!(expected, PROXIES, "{wrong}");
        }
    }

    #[test]
    fn an_origin_that_no_browser_sends_is_refused_with_what_to_write() {
        let expected = set("allowed_origins", "https://a.example, b.example").unwrap_err();
        assert!(expected.contains("https://b.example"), "{expected}");
        let both = set(
            "allowed_origins",
            "https://a.example, http://localhost:3000",
        )
        .unwrap();
        assert_eq!(both.allowed_origins.len(), 2);
    }

    #[test]
    fn a_request_to_another_crate_takes_less_than_the_reply() {
        let mut settings = Settings::default();
        assert_eq!(settings.check(), Ok(()));
        settings.limits.ask_within = settings.limits.reply_within;
        assert_eq!(settings.check().unwrap_err().key, "ask_timeout_ms");
    }
}
