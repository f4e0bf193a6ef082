//! Settings of the listeners: what they admit and how long they wait.

use super::{limits, of};
use crate::config::Config;
use crate::config::setting::{Setting, millis, number, value};

const NAMES: &str = "names such as chat.example.org, separated by commas";

pub(super) fn listeners() -> Vec<Setting<Config>> {
    let mut rows = admission();
    rows.extend(http());
    rows
}

fn admission() -> Vec<Setting<Config>> {
    vec![
        value(
            "allowed_origins",
            "origins such as https://chat.example.org, separated by commas",
            |c| &mut of(c).allowed_origins,
        )
        .about("Origins, besides the server's own, whose web pages may connect and use the API (CORS).")
        .ends(
            "Pages of other origins get 403.",
            "A page of a listed origin can act for anyone who gives it a token.",
        ),
        value("public_names", NAMES, |c| &mut of(c).gateway.public_names)
            .about(
                "Host names of the server; requests for other names get 421. Addresses and \
                 localhost are always accepted. Unset: every name is.",
            )
            .ends(
                "People who use an unlisted name of the server get 421.",
                "A page on a foreign name can use its visitors' browsers (DNS rebinding).",
            ),
        value("operator_names", NAMES, |c| {
            &mut of(c).gateway.operator_names
        })
        .about("Host names, besides localhost, that the operator's listener answers to.")
        .ends(
            "A monitor that uses another name gets 421.",
            "A page on a foreign name can read the operator's data.",
        ),
        value(
            "trusted_proxies",
            "networks such as 10.0.0.0/8 or 127.0.0.1, separated by commas",
            |c| &mut of(c).gateway.trusted_proxies,
        )
        .about("Networks of proxies whose X-Forwarded-For is trusted.")
        .ends(
            "All users behind the proxy share one address and its limits.",
            "Clients can forge their address.",
        ),
        number("connections_max", "connections", 1..=10_000_000, |c| {
            &mut of(c).gateway.connections_max
        })
        .about("Open connections in total.")
        .ends(
            "People are turned away with 503.",
            "The process runs out of file descriptors and accepts connections erratically.",
        ),
        number("connections_per_address", "sockets", 1..=10_000_000, |c| {
            &mut limits(c).connections_per_address
        })
        .about("Open sockets from one address (IPv6: one /64).")
        .ends(
            "An office behind one address is turned away (4505).",
            "One machine can take all connections.",
        ),
        number("http_per_address", "connections", 1..=10_000_000, |c| {
            &mut of(c).gateway.http_per_address
        })
        .about(
            "Open connections from one address (IPv6: one /64) that are not sockets, or its \
             concurrent requests through a trusted proxy.",
        )
        .ends(
            "Pages load slowly in an office behind one address (429).",
            "One machine can take all connections.",
        ),
        number("connections_per_user", "sockets", 1..=10_000_000, |c| {
            &mut limits(c).connections_per_user
        })
        .about("Open sockets of one user on all devices.")
        .ends(
            "People with many devices are turned away.",
            "One account can take all connections.",
        ),
        number("tabs_max", "sockets", 1..=10_000_000, |c| {
            &mut limits(c).tabs_max
        })
        .about("Open sockets of one session, one per tab.")
        .ends(
            "People with many tabs are turned away.",
            "One session can take all connections.",
        ),
    ]
}

fn http() -> Vec<Setting<Config>> {
    vec![
        millis("header_timeout_ms", 100..=600_000, |c| {
            &mut of(c).gateway.header_timeout
        })
        .about(
            "Time for the head of a request, on top of what its bytes take at 250 a second; for the \
             first one, counted from the beginning of the connection.",
        )
        .ends(
            "Slow networks fail to connect.",
            "Silent connections occupy file descriptors.",
        ),
        millis("keep_alive_ms", 1_000..=86_400_000, |c| {
            &mut of(c).gateway.keep_alive
        })
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
        number("header_bytes_max", "bytes", 8_192..=1_048_576, |c| {
            &mut of(c).gateway.header_bytes_max
        })
        .about("Largest head of a request.")
        .ends(
            "Long cookies of other sites on the host cause 431.",
            "Memory per connection.",
        ),
        number("body_bytes_max", "bytes", 1_024..=16_777_216, |c| {
            &mut of(c).gateway.body_bytes_max
        })
        .about("Largest body of an HTTP request.")
        .ends("Long messages get 413.", "Memory per request."),
        number("requests_max", "requests", 1..=1_000_000, |c| {
            &mut of(c).gateway.requests_max
        })
        .about("Concurrent HTTP requests.")
        .ends(
            "Requests get 503 although the server is idle.",
            "Memory and long queues under overload.",
        ),
        millis("reply_timeout_ms", 100..=600_000, |c| {
            &mut limits(c).reply_within
        })
        .about("Time limit of a command or HTTP request, including its reply.")
        .ends(
            "Requests that would have succeeded get 504.",
            "Stuck requests occupy capacity.",
        ),
        millis("ask_timeout_ms", 100..=600_000, |c| {
            &mut limits(c).ask_within
        })
        .about("Time limit of an internal request; less than reply_timeout_ms.")
        .ends(
            "Requests that would have succeeded get 503 or 504 under load.",
            "Clients give up before they get an error.",
        ),
    ]
}
