//! The gateway: what its listeners admit and how long they wait.

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
            |c| &mut of(c).gateway.allowed_origins,
        )
        .about("Origins besides the server's own that a page in a browser may connect from.")
        .ends(
            "Those pages get 403.",
            "A page of theirs can act for whoever gives it a token.",
        ),
        value("public_names", NAMES, |c| &mut of(c).gateway.public_names)
            .about(
                "Names that people reach the server by; requests for other names get 421. Addresses and \
                 localhost always count. Unset: every name.",
            )
            .ends(
                "People at a further name of the server get 421.",
                "A page at a name of somebody else's can use its visitors' browsers (DNS rebinding).",
            ),
        value("operator_names", NAMES, |c| {
            &mut of(c).gateway.operator_names
        })
        .about("Names besides localhost that the operator's listener answers to.")
        .ends(
            "A monitor that uses another name gets 421.",
            "A page at a name of somebody else's reads the server's inside.",
        ),
        value(
            "trusted_proxies",
            "networks such as 10.0.0.0/8 or 127.0.0.1, separated by commas",
            |c| &mut of(c).gateway.trusted_proxies,
        )
        .about("Networks whose X-Forwarded-For counts.")
        .ends(
            "All users behind the proxy share one address and its limits.",
            "Clients choose their own address.",
        ),
        number("connections_max", "connections", 1..=10_000_000, |c| {
            &mut of(c).gateway.connections_max
        })
        .about("Open connections in all.")
        .ends(
            "People are turned away with 503.",
            "The process runs out of file descriptors and accepts in fits.",
        ),
        number("connections_per_address", "sockets", 1..=10_000_000, |c| {
            &mut limits(c).connections_per_address
        })
        .about("Open sockets of one address (IPv6: of one /64).")
        .ends(
            "An office behind one address is turned away (4505).",
            "One machine takes all connections.",
        ),
        number("http_per_address", "connections", 1..=10_000_000, |c| {
            &mut of(c).gateway.http_per_address
        })
        .about(
            "Open connections of one address (IPv6: of one /64) that are not sockets, or its requests \
             under way through a trusted proxy.",
        )
        .ends(
            "Pages of an office behind one address load slowly (429).",
            "One machine takes all connections.",
        ),
        number("connections_per_user", "sockets", 1..=10_000_000, |c| {
            &mut limits(c).connections_per_user
        })
        .about("Open sockets of one user, on all devices.")
        .ends(
            "People with many devices are turned away.",
            "One account takes everything.",
        ),
        number("tabs_max", "sockets", 1..=10_000_000, |c| {
            &mut limits(c).tabs_max
        })
        .about("Open sockets of one session, told apart by tab.")
        .ends(
            "People with many tabs are turned away.",
            "One session takes everything.",
        ),
    ]
}

fn http() -> Vec<Setting<Config>> {
    vec![
        millis("header_timeout_ms", 100..=600_000, |c| {
            &mut of(c).gateway.header_timeout
        })
        .about("Time for a request's head, and for the next one to begin on an open connection.")
        .ends(
            "Slow networks fail to connect.",
            "Silent connections hold file descriptors.",
        ),
        number("header_bytes_max", "bytes", 8_192..=1_048_576, |c| {
            &mut of(c).gateway.header_bytes_max
        })
        .about("Size of a request's head.")
        .ends(
            "431 for the long cookies of other sites on the host.",
            "Memory per connection.",
        ),
        number("body_bytes_max", "bytes", 1_024..=16_777_216, |c| {
            &mut of(c).gateway.body_bytes_max
        })
        .about("Size of an HTTP request's body.")
        .ends("413 for long messages.", "Memory per request."),
        number("requests_max", "requests", 1..=1_000_000, |c| {
            &mut of(c).gateway.requests_max
        })
        .about("HTTP requests under way at once.")
        .ends(
            "503 although the server is idle.",
            "Memory and queues under overload.",
        ),
        millis("reply_timeout_ms", 100..=600_000, |c| {
            &mut limits(c).reply_within
        })
        .about("Time for one command or HTTP request, its reply included.")
        .ends(
            "504 for what would have succeeded.",
            "Stuck requests hold their places.",
        ),
        millis("ask_timeout_ms", 100..=600_000, |c| {
            &mut limits(c).ask_within
        })
        .about("Time for the inside to answer; less than reply_timeout_ms.")
        .ends(
            "503 and 504 under load that would have passed.",
            "Clients give up before they are told.",
        ),
    ]
}
